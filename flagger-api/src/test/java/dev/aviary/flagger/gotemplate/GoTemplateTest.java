package dev.aviary.flagger.gotemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The expected texts are what Go 1.26's text/template printed for the same templates.
class GoTemplateTest {
    private static final Map<String, Object> WORDS = Map.of(
            "name", "checkout",
            "namespace", "shop",
            "target", "checkout",
            "interval", "1m",
            "variables", Map.of("host", "a.b", "code", "5..", "empty", ""));

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '~', textBlock = """
            plain => plain
            {{ namespace }}/{{ target }}-primary => shop/checkout-primary
            {{namespace}} => shop
            {{ variables.host }} => a.b
            {{ (variables).host }} => a.b
            {{ index variables "host" }} => a.b
            {{ with variables }}{{ .host }}{{ end }} => a.b
            a {{- /* note */ -}} b => ab
            {{ printf "%s-%d" namespace 3 }} => shop-3
            {{ printf "%q" namespace }} => "shop"
            {{ printf "%.2f|%5d|%-5s|%05d" 1.5 42 "a" 7 }} => 1.50|   42|a    |00007
            {{ namespace | printf "%s/%s" "x" }} => x/shop
            {{ if eq target "checkout" }}y{{ else }}n{{ end }} => y
            {{ if ne target "checkout" }}y{{ else if eq namespace "shop" }}s{{ else }}n{{ end }} => s
            {{ if and (eq 1 1) (lt 1 2) (not false) }}y{{ end }} => y
            {{ if or variables.empty "x" }}y{{ end }} => y
            {{ or variables.empty "fallback" }} => fallback
            {{ range $k, $v := variables }}{{ $k }}={{ $v }};{{ end }} => code=5..;empty=;host=a.b;
            {{ range $i := 3 }}{{ if eq $i 2 }}{{ break }}{{ end }}{{ $i }}{{ end }} => 01
            {{ $x := target }}{{ $x = "other" }}{{ $x }} => other
            {{ len variables }} {{ len "äb" }} => 3 3
            {{ slice target 0 5 }} => check
            {{ 1.0 }} {{ 1e21 }} {{ 0.00001 }} {{ 0x10 }} {{ 'a' }} {{ true }} => 1 1e+21 1e-05 16 97 true
            {{ "a\\"b" }}{{ `c\\d` }} => a"bc\\d
            {{ print "a" 1 2 "b" }} => a1 2b
            {{ urlquery "a b&c" }} {{ html "<a>" }} => a+b%26c &lt;a&gt;
            {{ eq target "a" "checkout" }} => true
            {{ variables }} => map[code:5.. empty: host:a.b]
            {{ with variables.empty }}a{{ else }}b{{ end }} => b
            """)
    void rendersAsGoDoes(String template, String expected) throws TemplateException {
        assertThat(render(template)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '~', textBlock = """
            {{ nope }} => line 1: function "nope" isn't defined; known: interval, name, namespace, target, variables
            {{ variables.nope }} => there is no entry for "nope"; there are: code, empty, host
            {{ .x }} => nil has no field x
            {{ name "a" }} => name takes no arguments
            {{ name => line 1: {{ without }}
            {{ }} => line 1: nothing between {{ and }}, or before or after |
            {{ if true }}a => line 1: {{if}} without {{end}}
            {{ end }} => line 1: unexpected {{end}}
            {{ "a }} => line 1: a quote isn't closed
            {{ $x }} => line 1: variable $x isn't defined
            {{ template "x" }} => line 1: {{template}} isn't supported in queries
            {{ printf "%d" "a" }} => printf: %d of string
            {{ printf "%s" }} => printf "%s" wants more arguments
            {{ eq 1 "a" }} => int and string can't be compared
            {{ range 100000000000 }}{{ end }} => range over int
            {{ range 200000 }}{{ range 200000 }}a{{ end }}{{ end }} => it grows too long
            {{ break }} => line 1: {{break}} outside of a range
            {{ 1 2 }} => line 1: arguments are given to something that is no function
            """)
    void saysWhatIsWrong(String template, String message) {
        assertThatThrownBy(() -> render(template))
                .isInstanceOf(TemplateException.class)
                .hasMessage(message);
    }

    @Test
    void linesAreCounted() {
        assertThatThrownBy(() -> render("a\nb\n{{ nope }}")).hasMessageStartingWith("line 3: ");
    }

    @Test
    void listsAreRangedOver() throws TemplateException {
        var words = Map.of("hosts", List.of("a", "b"));

        assertThat(GoTemplate.parse("{{ range hosts }}<{{ . }}>{{ else }}none{{ end }}", words.keySet())
                        .render(words))
                .isEqualTo("<a><b>");
    }

    private static String render(String template) throws TemplateException {
        return GoTemplate.parse(template, WORDS.keySet()).render(WORDS);
    }
}
