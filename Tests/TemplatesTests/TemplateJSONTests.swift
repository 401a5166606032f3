// JSON into values: digits, kinds, order, bounds.

import Testing

import Templates

@Suite("JSON of conversations")
struct TemplateJSONTests {
    private func printed(_ json: String, _ source: String = "{{ v|tojson }}") throws -> String {
        let value = try TemplateValue(json: Array(json.utf8))
        return try Template(source: source).render(variables: [("v", value)], now: nil).text.string
    }

    @Test(
        "a text is written as it was read",
        arguments: [
            #"{"b": 1, "a": [1.0, -0.5, 12345678901234567890, -98765432109876543210]}"#,
            #"["é🙂", "\n\t\"\\", "", true, false, null, {}, []]"#, "1e-07", "1e+22", "0.1",
            "-9223372036854775808", "9223372036854775807", "9223372036854775808",
        ])
    func keeps(_ json: String) throws {
        #expect(try printed(json) == json)
    }

    @Test("kinds of numbers stay apart")
    func keepsKinds() throws {
        let numbers = try printed("[1, 1.0, 1e2, -0, -0.0, 1e400]", "{{ v }}")
        #expect(numbers == "[1, 1.0, 100.0, 0, -0.0, inf]")
        let large = try printed("12345678901234567890", "{{ v is integer }}{{ v is number }}")
        #expect(large == "TrueTrue")
    }

    @Test("of equal keys the last value wins, in the first one's place")
    func takesLastDuplicate() throws {
        #expect(try printed(#"{"a": 1, "b": 2, "\u0061": 3}"#) == #"{"a": 3, "b": 2}"#)
    }

    @Test("many keys keep their order and are found")
    func keepsManyKeys() throws {
        let members = (0..<500).map { "\"k\($0)\": \($0)" }.joined(separator: ", ")
        #expect(try printed("{\(members)}") == "{\(members)}")
        let found = try printed("{\(members)}", "{{ v.k0 + v['k499'] }}{{ v.k500 is defined }}")
        #expect(found == "499False")
    }

    @Test("escapes become characters")
    func readsEscapes() throws {
        #expect(try printed(#""\u00e9\ud83d\ude42\/\b""#, "{{ v|length }}") == "4")
    }

    @Test("elements of a list at the top have origins of their own")
    func numbersElements() throws {
        let json = #"["a", {"k": ["b", ["c"]]}, [["d"]]]"#
        func origins(numbersElements: Bool) throws -> [UInt32] {
            let value = try TemplateValue(
                json: Array(json.utf8), origin: 5, numbersElements: numbersElements)
            let template = try Template(source: "{{ v[0] }}{{ v[1]|tojson }}{{ v[2][0][0] }}")
            let text = try template.render(variables: [("v", value)], now: nil).text
            return text.runs.map(\.origin).filter { $0 > 0 }
        }
        #expect(try origins(numbersElements: true) == [5, 6, 6, 6, 7])
        #expect(try origins(numbersElements: false) == [5, 5, 5, 5, 5])
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e", "nul", "'a'",
            "\"a", "\"\n\"", "\"\\q\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
            "\"\\u+123\"",
            "1 2", "[1 2]", "NaN", "Infinity", "-", "{1: 2}",
        ])
    func refuses(_ json: String) {
        #expect(throws: TemplateJSONError.self) { try TemplateValue(json: Array(json.utf8)) }
    }

    @Test("each bound counts")
    func bounds() throws {
        func error(_ json: String, _ change: (inout TemplateJSONLimits) -> Void) -> Bool {
            var limits = TemplateJSONLimits.default
            change(&limits)
            do throws(TemplateJSONError) {
                _ = try TemplateValue(json: Array(json.utf8), limits: limits)
                return false
            } catch { return true }
        }
        #expect(error("[[1]]") { $0.depthMax = 1 })
        #expect(!error("[[1]]") { $0.depthMax = 2 })
        #expect(error("[1,2]") { $0.valueCountMax = 2 })
        #expect(error("12345") { $0.numberSizeMax = 4 })
        #expect(error("12345") { $0.sizeMax = 4 })
        #expect(error(String(repeating: "[", count: 100_000)) { _ in })
    }
}
