// Facts about a template, read from the text.

import Testing

import Templates

@Suite("template facts")
struct TemplateFactsTests {
    @Test("variables, keys, functions and macros are listed")
    func listsNames() throws {
        let source = """
            {% set ns = namespace(a=1) %}{% macro show(m) %}{{ m.content }}{{ caller }}\
            {% endmacro %}
            {% for m in messages %}{{ m['role'] }}{{ m.get('name') }}{{ show(m) }}{{ loop.index }}
            {% endfor %}{% if tools %}{{ strftime_now('%Y') }}{% endif %}{{ bos_token }}
            {% generation %}{% endgeneration %}
            """
        let facts = try Template(source: source).facts
        #expect(facts.variables == ["bos_token", "messages", "tools"])
        #expect(facts.keys == ["content", "index", "name", "role"])
        #expect(facts.functions == ["namespace", "strftime_now"])
        #expect(facts.macros == ["show"])
        #expect(facts.readsTools && facts.readsTime && facts.hasGenerationBlock)
        #expect(facts.lineCount == 4)
    }

    @Test("the table of constructs is what the compiler accepts")
    func tableIsComplete() throws {
        for filter in SupportedConstructs.filters {
            _ = try Template(source: "{{ x|\(filter) }}")
        }
        for test in SupportedConstructs.tests where test.allSatisfy(\.isLetter) {
            _ = try Template(source: "{{ x is \(test) }}")
        }
        for method in SupportedConstructs.methods {
            _ = try Template(source: "{{ x.\(method)() }}")
        }
        for function in SupportedConstructs.functions {
            _ = try Template(source: "{{ \(function)(x) }}")
        }
        for code in SupportedConstructs.timeCodes {
            _ = try Template(source: "{{ strftime_now('\(code)') }}")
        }
    }
}
