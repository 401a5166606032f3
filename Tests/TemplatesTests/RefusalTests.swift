// Refusals when a template is read, by name and line.

import Testing

import Templates

@Suite("template refusals")
struct RefusalTests {
    @Test(
        "an unsupported construct is refused by name",
        arguments: [
            ("{% include 'x' %}", "include"), ("{% import 'x' as y %}", "import"),
            ("{% from 'x' import y %}", "from"), ("{% extends 'x' %}", "extends"),
            ("{% block b %}{% endblock %}", "block"), ("{% do x %}", "do"),
            ("{% autoescape true %}{% endautoescape %}", "autoescape"),
            ("{% with a = 1 %}{% endwith %}", "with"), ("{% trans %}{% endtrans %}", "trans"),
            ("{% for x in y recursive %}{% endfor %}", "recursive"),
            ("{{ 2 ** 3 }}", "**"), ("{{ x|groupby('a') }}", "groupby"),
            ("{{ x|attr('y') }}", "attr"), ("{{ x is sameas y }}", "sameas"),
            ("{{ 'a'.encode('x') }}", "encode"), ("{{ cycler('a') }}", "cycler"),
            ("{{ joiner(',') }}", "joiner"), ("{{ lipsum() }}", "lipsum"),
            ("{{ x.__class__ }}", "__class__"), ("{{ x['__class__'] }}", "__class__"),
            ("{{ x|map(attribute='a.__b')|list }}", "__b"), ("{{ __x }}", "__x"),
            ("{% macro m() %}{{ varargs }}{% endmacro %}", "varargs"),
            ("{% macro m() %}{{ kwargs }}{% endmacro %}", "kwargs"),
            ("{{ strftime_now('%s') }}", "%s"), ("{{ '%s' % 1 }}", "%"),
            ("{{ 99999999999999999999 }}", "64 bits"), ("{{ é }}", "ASCII"),
            ("{{ '\\N{DIGIT ONE}' }}", "\\N"), ("{{ '\\ud800' }}", "half"),
        ])
    func refusesByName(_ source: String, _ name: String) {
        let error = #expect(throws: TemplateError.self) {
            try Template(source: "first line\n" + source)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.line == 2)
        #expect(error?.message.contains(name) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test(
        "a text that is no template is invalid",
        arguments: [
            "{% if x %}", "{% endif %}", "{% for x in y %}{% endif %}", "{{ x", "{# x", "{% raw %}",
            "{{ }}", "{{ x) }}", "{{ (x }}", "{{ 'a }}", "{{ a b }}", "{{ a. }}",
            "{{ a is b is c }}",
            "{% set true = 1 %}", "{% break %}", "{% for %}{% endfor %}", "{% macro m(a, a) %}",
            "{% macro m(a=1, b) %}{% endmacro %}", "{{ f(a=1, 2) }}", "{{ f(a=1, a=2) }}",
            "{{ '\\x4' }}", "{% if x %}{% else %}{% else %}{% endif %}", "{{ x ! y }}",
            "{% for x in y %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", "{{ not }}",
        ])
    func refusesNonsense(_ source: String) {
        let error = #expect(throws: TemplateError.self) { try Template(source: source) }
        #expect(error?.code == .invalid)
    }

    @Test("bytes that are no UTF-8 are invalid")
    func refusesOtherEncodings() {
        let error = #expect(throws: TemplateError.self) { try Template(source: [0x61, 0xFF]) }
        #expect(error?.code == .invalid)
    }

    @Test("an unknown filter waits until it is reached inside an if only")
    func unknownFiltersWait() throws {
        _ = try Template(source: "{% if a %}{{ x|frob }}{% endif %}")
        for source in [
            "{% if a %}{% for x in y %}{{ x|frob }}{% endfor %}{% endif %}",
            "{% if a %}{% set t %}{{ x|frob }}{% endset %}{% endif %}",
            "{% if a %}{% macro m() %}{{ x|frob }}{% endmacro %}{% endif %}",
            "{% for x in y|frob %}{% endfor %}", "{{ x|frob if a else b }}{{ x|frob }}",
        ] {
            let error = #expect(throws: TemplateError.self) { try Template(source: source) }
            #expect(error?.code == .unsupported)
        }
    }

    @Test("an error while rendering has the line of its construct")
    func namesLine() throws {
        let template = try Template(source: "a\n{{ 1 }}\n{% if true %}\n{{ nope.x }}{% endif %}")
        let error = #expect(throws: TemplateError.self) {
            try template.render(variables: [], now: nil)
        }
        #expect(error == TemplateError(.undefined, "'nope' is undefined", line: 4))
    }

    @Test("an error never repeats the caller's words")
    func keepsWordsOut() throws {
        let secret = "sesame-open"
        for source in [
            "{{ w + 1 }}", "{{ 1 in w }}", "{{ w() }}", "{{ {}[w].x }}", "{{ w|items }}",
            "{{ [1]|join(w) }}{{ w.x.y }}", "{{ w < 1 }}", "{{ f(w, w) }}", "{{ dict(w) }}",
            "{{ ''.format(**{w: 1, 2: 3}) }}", "{{ [1]|map(w)|list }}",
            "{{ strftime_now('%' ~ w) }}",
        ] {
            let template = try Template(source: "{% macro f(a) %}{% endmacro %}" + source)
            do throws(TemplateError) {
                _ = try template.render(variables: [("w", .text(secret, origin: 1))], now: nil)
            } catch {
                #expect(!error.message.contains(secret), "\(source): \(error)")
            }
        }
    }
}
