package dev.aviary.flagger.gotemplate;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// A query with holes, and what fills them: functions without arguments, such as `{{ namespace }}`, and one that gives
/// a
/// map, `{{ variables.x }}`. A key that isn't there is an error, as with Go's `missingkey=error`.
public final class GoTemplate {
    private final List<Node> nodes;

    private GoTemplate(List<Node> nodes) {
        this.nodes = nodes;
    }

    /// @param functions that it may call besides Go's own
    /// @throws TemplateException in words, with the line
    public static GoTemplate parse(String text, Set<String> functions) throws TemplateException {
        return new GoTemplate(new Parser(text, functions).parse());
    }

    /// @param functions by name what each gives: String, Long, Double, Boolean, List or Map
    /// @throws TemplateException if something isn't there, or isn't of the kind that is wanted
    public String render(Map<String, ?> functions) throws TemplateException {
        return new Evaluator(functions).render(nodes);
    }
}
