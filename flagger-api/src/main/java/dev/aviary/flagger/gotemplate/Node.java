package dev.aviary.flagger.gotemplate;

import java.util.List;
import java.util.Optional;

/// The parts of a template.
sealed interface Node {
    record Text(String text) implements Node {}

    record Action(Pipeline pipeline) implements Node {}

    record If(Pipeline condition, List<Node> then, List<Node> otherwise) implements Node {}

    record With(Pipeline value, List<Node> then, List<Node> otherwise) implements Node {}

    record Range(Pipeline over, List<Node> body, List<Node> otherwise) implements Node {}

    record Break() implements Node {}

    record Continue() implements Node {}

    /// @param variables `$index, $element`; none, one or two
    /// @param declares  `:=` and not `=`
    record Pipeline(List<String> variables, boolean declares, List<Command> commands) {}

    /// A function and its arguments, or a single operand.
    record Command(List<Operand> operands) {}

    sealed interface Operand {}

    record Constant(Optional<Object> value) implements Operand {}

    record Dot() implements Operand {}

    record Variable(String name) implements Operand {}

    record Function(String name) implements Operand {}

    record Nested(Pipeline pipeline) implements Operand {}

    record Fields(Operand of, List<String> names) implements Operand {}
}
