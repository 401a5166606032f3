// Bounds: a template that asks for too much ends with `template_limit`, never with less text.

import Foundation
import Testing

import Templates

@Suite("template limits")
struct LimitTests {
    private func code(
        _ source: String, _ variables: [(String, TemplateValue)] = [],
        change: (inout TemplateLimits) -> Void = { _ in }
    ) -> TemplateError.Code? {
        var limits = TemplateLimits.default
        change(&limits)
        do throws(TemplateError) {
            _ = try Template(source: source, limits: limits).render(
                variables: variables, now: nil)
            return nil
        } catch { return error.code }
    }

    @Test(
        "work without end is stopped",
        arguments: [
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{% macro m(n) %}{% if n %}{{ m(n - 1) ~ m(n - 1) }}{% endif %}{% endmacro %}"
                + "{{ m(60) }}",
            "{{ 'x' * 999999999 }}", "{{ [1] * 999999999 }}", "{{ range(1000000) }}",
            "{% set s = 'y' * 99999 %}{{ range(99999)|join(s) }}",
            "{% set s = 'y' * 99999 %}{{ s|replace('y', s) }}", "{{ 'a'|indent(999999999999) }}",
            grown("'x'", "ns.v + ns.v"), grown("[]", "[ns.v, ns.v]", times: 99) + "{{ ns.v }}",
            grown("[]", "[ns.v]"), grown("{}", "{'k': ns.v}"), grown("()", "(ns.v, 1)"),
            grown("{}", "{'k': ns.v}.items()|list"),
            "{% set l = range(50000)|list %}{% for i in l %}{{ i in l }}{% endfor %}",
            "{% set l = ('ab ' * 9999).split() %}{% for i in l %}{{ l|sort|length }}{% endfor %}",
            "{% set s = 'é' * 30000 %}{% for i in range(9999) %}{{ s[i] }}{% endfor %}",
            "{% set s = 'ab' * 20000 %}{% for i in range(999) %}{{ s.split('a')[0] }}{% endfor %}",
        ])
    func stopsEndlessWork(_ source: String) {
        #expect(code(source) == .limit)
    }

    /// A template that changes a value again and again.
    private static func grown(_ start: String, _ next: String, times: Int = 9999) -> String {
        "{% set ns = namespace(v=\(start)) %}{% for i in range(\(times)) %}"
            + "{% set ns.v = \(next) %}{% endfor %}"
    }

    @Test("deep sources are refused when they are read")
    func refusesDepth() {
        for (open, close) in [
            ("(", ")"), ("[", "]"), ("not ", ""), ("-", ""), ("{1:", "}"), ("f(", ")"), ("x[", "]"),
            ("1 if (", ")"),
        ] {
            let source = String(repeating: open, count: 5000)
            #expect(
                code("{{ " + source + "1" + String(repeating: close, count: 5000) + " }}")
                    == .unsupported)
        }
        for (open, close) in [("if x", "endif"), ("for x in y", "endfor"), ("set x", "endset")] {
            let source = String(repeating: "{% \(open) %}", count: 5000)
            #expect(
                code(source + String(repeating: "{% \(close) %}", count: 5000)) == .unsupported)
        }
    }

    @Test("long chains are refused, shorter ones work")
    func boundsChains() {
        for link in [" + 1", ".x", "|string", "[0]", " and 1", " or 1", " is not number()"] {
            #expect(code("{{ 1" + String(repeating: link, count: 9000) + " }}") == .unsupported)
        }
        #expect(code("{{ 1" + String(repeating: " + 1", count: 200) + " }}") == nil)
        #expect(code("{{ 1" + String(repeating: " ~ 1", count: 5000) + " }}") == nil)
    }

    @Test("each bound of the source counts")
    func boundsSource() {
        #expect(code("abc") { $0.sourceSizeMax = 2 } == .unsupported)
        #expect(code("{{ 1 }}") { $0.tokenCountMax = 2 } == .unsupported)
        #expect(code("{{ 'abcd' }}") { $0.literalSizeMax = 3 } == .unsupported)
    }

    @Test("each bound of a rendering counts, and what is within it works")
    func boundsRendering() {
        #expect(code("{{ 'ab' ~ 'cd' }}") { $0.textSizeMax = 3 } == .limit)
        #expect(code("abcd") { $0.textSizeMax = 3 } == .limit)
        #expect(code("{{ [1, 2] + [3] }}") { $0.listCountMax = 2 } == .limit)
        #expect(code("{{ [1, 2] + [3] }}") { $0.listCountMax = 3 } == nil)
        #expect(code("{{ 1 }}") { $0.stepsMax = 1 } == .limit)
        let nested = "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}"
        #expect(code(nested + "{{ m(40) }}") == nil)
        #expect(code(nested + "{{ m(120) }}") == .limit)
        let asking =
            "{% macro m(n) %}{% for x in [1] if n == 0 or m(n - 1) == '' %}{{ loop.last }}"
            + "{% endfor %}{% endmacro %}"
        #expect(code(asking + "{{ m(19) }}") == nil)
        #expect(code(asking + "{{ m(20) }}") == .limit)
        #expect(code("{{ v }}", [("v", deep(100))]) == nil)
        #expect(code("{{ v }}", [("v", deep(101))]) == .limit)
    }

    @Test(
        "a calculation with an integer outside 64 bits is stopped",
        arguments: [
            "{{ v + 1 }}", "{{ 1 - v }}", "{{ v * v }}", "{{ v // 7 }}", "{{ v % 2 }}",
            "{{ v is even }}", "{{ v / 2 }}", "{{ 1e22|int }}", "{{ 9223372036854775807 + 1 }}",
            "{{ 9223372036854775807 * 2 }}", "{{ 3 / 9007199254740993 }}", "{{ v == v|float }}",
        ])
    func boundsIntegers(_ source: String) throws {
        let value = try TemplateValue(json: Array("12345678901234567890".utf8))
        #expect(code(source, [("v", value)]) == .limit)
    }

    @Test("a larger conversation may take more steps")
    func scalesWithInput() {
        let source = "{% for m in v %}{% for c in m %}{{ c|upper }}{% endfor %}{% endfor %}"
        let words = TemplateValue.list(Array(repeating: .text("some words"), count: 20_000))
        #expect(code(source, [("v", words)]) == nil)
        #expect(code(source, [("v", words)]) { $0.stepsPerInputByteMax = 0 } == .limit)
    }

    private func deep(_ depth: Int) -> TemplateValue {
        (0..<depth).reduce(TemplateValue.integer(1)) { value, _ in .list([value]) }
    }
}

/// Threads of a server have small stacks.
@Suite("template stacks")
struct TemplateStackTests {
    #if DEBUG
        // Frames are several times larger without optimisation.
        private static let stackSize = 8 << 20
    #else
        private static let stackSize = 512 << 10
    #endif

    /// Runs `body` on a thread with a small stack.
    private func onSmallStack(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                body()
                continuation.resume()
            }
            thread.stackSize = Self.stackSize
            thread.start()
        }
    }

    @Test("the deepest sources and values fit on a small stack")
    func fitsSmallStack() async {
        let sources =
            [("(", ")"), ("[", "]"), ("{1:", "}"), ("f(", ")"), ("x[", "]"), ("not ", "")]
            .map { "{{ " + repeated($0, 58) + "1" + repeated($1, 58) + " }}" }
            + ["{{ 1" + repeated(" + 1", 240) + " }}", "{{ 1" + repeated("|string", 240) + " }}"]
            + [repeated("{% if 1 %}", 58) + repeated("{% endif %}", 58)]
            + [repeated("{% macro m() %}", 58) + repeated("{% endmacro %}", 58)]
        let deep = (0..<100).reduce(TemplateValue.integer(1)) { value, count in
            count % 2 == 0 ? .list([value]) : .dictionary([("k", value)])
        }
        await onSmallStack {
            for source in sources {
                let template = try? Template(source: source)
                #expect(template != nil, "\(source.prefix(20))")
                _ = try? template?.render(variables: [], now: nil)
            }
            let source = "{{ v }}{{ v|tojson(indent=1) }}{{ v == w }}{{ v|tojson|length }}"
            let text = try? Template(source: source).render(
                variables: [("v", deep), ("w", deep)], now: nil)
            #expect(text != nil)
        }
    }

    private func repeated(_ text: String, _ count: Int) -> String {
        String(repeating: text, count: count)
    }
}
