// Callers' words stay callers' words through every operation on texts.

import Testing

import Templates

@Suite("origins of words")
struct OriginTests {
    /// Every letter of the caller's text is in `Z…Z`, no letter of a template is.
    private static let operations = [
        "{{ w }}", "{{ w[1:] }}", "{{ w[::-1] }}", "{{ w|trim }}", "{{ w.strip('Z') }}",
        "{{ 'a' + w + 'b' }}", "{{ 'a' ~ w ~ 1 }}", "{{ w|tojson }}", "{{ [w]|tojson(indent=2) }}",
        "{{ {'k': w}|tojson }}", "{{ {w: 1}|tojson }}", "{{ [w] }}", "{{ {'k': w} }}",
        "{{ {w: 1} }}",
        "{{ w|upper }}", "{{ w|lower }}", "{{ w|capitalize }}", "{{ w|title }}", "{{ w.title() }}",
        "{{ w|replace('<', '(') }}", "{{ w.replace('|', w) }}", "{{ 'a<b'|replace('<', w) }}",
        "{{ [w, 'a']|join('-') }}", "{{ ['a', 'b']|join(w) }}", "{{ w.join(['a', 'b']) }}",
        "{{ w.split('|')|join('+') }}", "{{ w.split()[0] }}", "{{ w|list|join }}",
        "{% for c in w %}{{ c }}{% endfor %}", "{{ '{}:{k}'.format(w, k=w) }}", "{{ w * 2 }}",
        "{{ ('<a>'|safe) + w }}", "{{ w|e }}", "{{ w|indent(2, true) }}", "{{ w|string }}",
        "{% set x %}a{{ w }}b{% endset %}{{ x }}", "{% filter upper %}a{{ w }}{% endfilter %}",
        "{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(w) }}", "{{ nope|default(w) }}",
        "{% set ns = namespace(s='') %}{% for i in [1] %}{% set ns.s = ns.s + w %}{% endfor %}"
            + "{{ ns.s }}",
        "{{ [w, w]|unique|list }}", "{{ [w]|map('upper')|join }}",
        "{{ w|tojson(ensure_ascii=true) }}",
        "{{ {'a': w}|dictsort }}", "{{ {'a': w}.items()|list }}", "{{ w[1:-1] ~ w[0] }}",
        "{% generation %}{{ w }}{% endgeneration %}", "{{ dict(a=w)['a'] }}", "{{ w or 'x' }}",
    ]

    @Test("a caller's text keeps its origin", arguments: operations)
    func keepsOrigin(_ source: String) throws {
        let word = "Z<|Zz|>\"é\nZ"
        let text = try Template(source: source)
            .render(variables: [("w", .text(word, origin: 7))], now: nil).text
        #expect(text.string.contains { "Zz<éÉ".contains($0) })
        for run in text.runs {
            let part = String(decoding: Array(text.utf8)[run.range], as: UTF8.self)
            // Letters of the caller: Z in any case. Letters of templates are never Z.
            if run.origin == 0 {
                #expect(!part.contains { "Zzé\u{C9}|".contains($0) }, "\(part) of \(source)")
            } else {
                #expect(run.origin == 7)
                #expect(!part.contains { "aAbBkK".contains($0) }, "\(part) of \(source)")
            }
        }
    }

    @Test("runs cover the text in order, cut where the origin changes")
    func runsCoverText() throws {
        let text = try Template(source: "a{{ x }}{{ y }}b{{ x }}{{ x }}").render(
            variables: [("x", .text("1", origin: 1)), ("y", .text("22", origin: 2))], now: nil
        ).text
        #expect(text.string == "a122b11")
        #expect(text.runs.map(\.origin) == [0, 1, 2, 0, 1])
        #expect(text.runs.map(\.range) == [0..<1, 1..<2, 2..<4, 4..<5, 5..<7])
    }

    @Test("slices of mixed texts keep the origin of each byte")
    func slicesKeepOrigins() throws {
        let source = "{% set t = 'ab' ~ x ~ 'cd' %}{{ t[1:4] }}|{{ t[-3:] }}|{{ t[3] }}"
        let text = try Template(source: source)
            .render(variables: [("x", .text("XY", origin: 3))], now: nil).text
        #expect(text.string == "bXY|Ycd|Y")
        #expect(text.runs.map(\.origin) == [0, 3, 0, 3, 0, 3])
    }

    @Test("a value's texts can be numbered later")
    func attributes() throws {
        let value = try TemplateValue(json: Array(#"{"a":["b",{"c":"d"}]}"#.utf8))
        let text = try Template(source: "{{ v }}")
            .render(variables: [("v", value.attributed(to: 9))], now: nil).text
        #expect(text.string == "{'a': ['b', {'c': 'd'}]}")
        let callers = text.runs.filter { $0.origin == 9 }
        #expect(callers.count == 4)
    }
}
