package dev.aviary.flagger.gotemplate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// Walks the nodes; bounded, so that no template holds up its reader.
final class Evaluator {
    private static final int LONGEST = 256 * 1024;
    private static final int MOST_STEPS = 200_000;

    private final Map<String, ?> functions;
    private final StringBuilder out = new StringBuilder();
    private final Deque<Map<String, Object>> scopes = new ArrayDeque<>();
    private int steps;

    Evaluator(Map<String, ?> functions) {
        this.functions = functions;
    }

    /// How a list of nodes was left.
    private enum Left {
        AT_ITS_END,
        BY_BREAK,
        BY_CONTINUE
    }

    String render(List<Node> nodes) throws TemplateException {
        scopes.push(new HashMap<>(Map.of("$", Values.NIL)));
        var _ = walk(nodes, Values.NIL);
        return out.toString();
    }

    private Left walk(List<Node> nodes, Object dot) throws TemplateException {
        for (var node : nodes) {
            var left = visit(node, dot);
            if (left != Left.AT_ITS_END) {
                return left;
            }
        }
        return Left.AT_ITS_END;
    }

    private Left visit(Node node, Object dot) throws TemplateException {
        if (++steps > MOST_STEPS || out.length() > LONGEST) {
            throw new TemplateException("it grows too long");
        }
        return switch (node) {
            case Node.Text(var text) -> {
                out.append(text);
                yield Left.AT_ITS_END;
            }
            case Node.Action(var pipeline) -> {
                var value = evaluate(pipeline, dot);
                if (pipeline.variables().isEmpty()) {
                    out.append(Values.shown(value));
                }
                yield Left.AT_ITS_END;
            }
            case Node.If(var condition, var then, var otherwise) ->
                scoped(() -> walk(Values.truth(evaluate(condition, dot)) ? then : otherwise, dot));
            case Node.With(var value, var then, var otherwise) ->
                scoped(() -> {
                    var found = evaluate(value, dot);
                    return Values.truth(found) ? walk(then, found) : walk(otherwise, dot);
                });
            case Node.Range range -> scoped(() -> range(range, dot));
            case Node.Break() -> Left.BY_BREAK;
            case Node.Continue() -> Left.BY_CONTINUE;
        };
    }

    private Left range(Node.Range range, Object dot) throws TemplateException {
        var elements = elements(
                evaluate(new Node.Pipeline(List.of(), false, range.over().commands()), dot));
        if (elements.isEmpty()) {
            return walk(range.otherwise(), dot);
        }
        for (var element : elements) {
            var left = scoped(() -> {
                var variables = range.over().variables();
                if (variables.size() == 1) {
                    set(variables.getFirst(), element.getValue(), range.over().declares());
                } else if (variables.size() == 2) {
                    set(variables.getFirst(), element.getKey(), range.over().declares());
                    set(variables.getLast(), element.getValue(), range.over().declares());
                }
                return walk(range.body(), element.getValue());
            });
            if (left == Left.BY_BREAK) {
                break;
            }
        }
        return Left.AT_ITS_END;
    }

    private static List<Map.Entry<Object, Object>> elements(Object over) throws TemplateException {
        var elements = new ArrayList<Map.Entry<Object, Object>>();
        switch (over) {
            case List<?> list -> list.forEach(element -> elements.add(Map.entry((long) elements.size(), element)));
            case Map<?, ?> map -> new TreeMap<>(map).forEach((key, value) -> elements.add(Map.entry(key, value)));
            case Long count
            when count <= MOST_STEPS -> {
                for (long i = 0; i < count; i++) {
                    elements.add(Map.entry(i, i));
                }
            }
            default -> throw new TemplateException("range over " + Values.type(over));
        }
        return elements;
    }

    private Object evaluate(Node.Pipeline pipeline, Object dot) throws TemplateException {
        Optional<Object> value = Optional.empty();
        for (var command : pipeline.commands()) {
            value = Optional.of(command(command, dot, value));
        }
        var result = value.orElse(Values.NIL);
        for (var variable : pipeline.variables()) {
            set(variable, result, pipeline.declares());
        }
        return result;
    }

    private Object command(Node.Command command, Object dot, Optional<Object> piped) throws TemplateException {
        var first = command.operands().getFirst();
        var rest = command.operands().subList(1, command.operands().size());
        if (!(first instanceof Node.Function(var name))) {
            if (piped.isPresent()) {
                throw new TemplateException("a pipe leads to something that is no function");
            }
            return operand(first, dot);
        }
        if (name.equals("and") || name.equals("or")) {
            return early(name, rest, dot, piped);
        }
        var arguments = new ArrayList<Object>();
        for (var argument : rest) {
            arguments.add(operand(argument, dot));
        }
        piped.ifPresent(arguments::add);
        if (!functions.containsKey(name)) {
            return Functions.call(name, arguments);
        }
        if (!arguments.isEmpty()) {
            throw new TemplateException("%s takes no arguments".formatted(name));
        }
        return Objects.requireNonNull(functions.get(name));
    }

    private Object early(String name, List<Node.Operand> operands, Object dot, Optional<Object> piped)
            throws TemplateException {
        Object value = Values.NIL;
        for (var argument : operands) {
            value = operand(argument, dot);
            if (Values.truth(value) == name.equals("or")) {
                return value;
            }
        }
        if (operands.isEmpty() && piped.isEmpty()) {
            throw new TemplateException(name + " wants an argument");
        }
        return piped.orElse(value);
    }

    private Object operand(Node.Operand operand, Object dot) throws TemplateException {
        return switch (operand) {
            case Node.Constant(var value) -> Values.of(value);
            case Node.Dot() -> dot;
            case Node.Variable(var name) -> variable(name);
            case Node.Function _ -> command(new Node.Command(List.of(operand)), dot, Optional.empty());
            case Node.Nested(var pipeline) -> evaluate(pipeline, dot);
            case Node.Fields(var of, var names) -> {
                var found = operand(of, dot);
                for (var name : names) {
                    found = field(found, name);
                }
                yield found;
            }
        };
    }

    private static Object field(Object of, String name) throws TemplateException {
        if (!(of instanceof Map<?, ?> map)) {
            throw new TemplateException("%s has no field %s".formatted(Values.type(of), name));
        }
        var found = map.get(name);
        if (found == null) {
            throw new TemplateException("there is no entry for \"%s\"; there are: %s".formatted(name, keys(map)));
        }
        return found;
    }

    private static String keys(Map<?, ?> map) {
        return map.isEmpty()
                ? "none"
                : String.join(
                        ", ",
                        map.keySet().stream().map(Object::toString).sorted().toList());
    }

    private Object variable(String name) throws TemplateException {
        return scopes.stream()
                .filter(scope -> scope.containsKey(name))
                .findFirst()
                .flatMap(scope -> Optional.ofNullable(scope.get(name)))
                .orElseThrow(() -> new TemplateException("variable %s isn't set".formatted(name)));
    }

    private void set(String name, Object value, boolean declares) {
        var scope = declares
                ? scopes.peek()
                : scopes.stream()
                        .filter(outer -> outer.containsKey(name))
                        .findFirst()
                        .orElse(scopes.peek());
        Objects.requireNonNull(scope).put(name, value);
    }

    @FunctionalInterface
    private interface Walk {
        Left walk() throws TemplateException;
    }

    private Left scoped(Walk walk) throws TemplateException {
        scopes.push(new HashMap<>());
        try {
            return walk.walk();
        } finally {
            scopes.pop();
        }
    }
}
