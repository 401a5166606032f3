// The JSON reader: what the grammar allows is read, everything else refused at its place.

import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct JSONTests {
    private func root(
        _ text: String, limits: JSONLimits = .default
    ) throws(JSONError) -> JSONValue {
        try JSONDocument(Array(text.utf8), limits: limits).root
    }

    @Test func readsEveryKindOfValue() throws {
        let text = #" {"a":[1,-2.5e3,true,false,null,"x"],"":{},"u":"é\u00e9\ud83d\ude00\n\/"} "#
        let value = try root(text)
        #expect(value.count == 3)
        let list = try #require(value["a"])
        let elements = Array(list.elements)
        #expect(elements.count == 6 && list.count == 6)
        #expect(elements[0].asInteger == 1)
        #expect(elements[0].asDouble == 1)
        #expect(elements[1].asDouble == -2500)
        #expect(elements[1].asInteger == nil)
        #expect(elements[2].asBool == true && elements[3].asBool == false)
        #expect(elements[4].isNull)
        #expect(elements[5].asString == "x")
        #expect(value[""]?.isObject == true)
        #expect(value["u"]?.asString == "éé😀\n/")
        #expect(value["b"] == nil)
        #expect(value.members.map { String(decoding: $0.key, as: UTF8.self) } == ["a", "", "u"])
    }

    @Test(arguments: [
        "", " ", "{", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{\"a\" 1}",
        "{1:2}", "{\"a\":}", "\"", "\"a", "\"\\\"", "\"\\u12\"", "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\q\"", "\"\n\"", "tru", "truth", "nul", "+1", "01", "1.", ".5", "1e", "1e+", "-", "--1",
        "NaN", "Infinity", "0x10", "1 2", "{} {}", "'a'", "// c\n1", "[1]]", "\u{FEFF}1",
    ])
    func refuses(_ text: String) {
        let error = #expect(throws: JSONError.self) { _ = try root(text) }
        #expect(error?.code == .syntax)
    }

    @Test func readsPythonsWordsOnlyWhereTheyAreAllowed() throws {
        var limits = JSONLimits()
        limits.allowsNonFinite = true
        let list = try root("[Infinity,-Infinity,NaN,-1]", limits: limits)
        let elements = Array(list.elements)
        #expect(elements.map(\.nonFinite)[..<2] == [.infinity, -.infinity])
        #expect(elements[2].nonFinite?.isNaN == true && elements[3].nonFinite == nil)
        #expect(elements[..<3].allSatisfy { $0.asDouble == nil && $0.asInteger == nil })
        #expect(elements[3].asInteger == -1)
        for text in ["Infinit", "Nan", "-Infinit", "-I", "inf", "[-]"] {
            #expect(throws: JSONError.self) { _ = try root(text, limits: limits) }
        }
    }

    @Test func refusesInvalidUTF8() {
        let error = #expect(throws: JSONError.self) {
            _ = try JSONDocument([0x22, 0xC3, 0x22])
        }
        #expect(error?.code == .notUTF8)
    }

    @Test func findsDuplicateKeysHoweverWrittenAndHoweverMany() {
        let many = (0..<2_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        for text in [
            #"{"a":1,"a":2}"#, #"[{"a":{"b":1,"\u0062":2}}]"#, "{\(many),\"k1000\":1}",
        ] {
            let error = #expect(throws: JSONError.self) { _ = try root(text) }
            #expect(error?.code == .keyDuplicate)
        }
        #expect(throws: Never.self) { _ = try root(#"[{"a":1},{"a":1},{"A":{"a":1},"a":1}]"#) }
    }

    @Test func obeysLimits() {
        func code(_ text: String, _ change: (inout JSONLimits) -> Void) -> JSONError.Code? {
            var limits = JSONLimits()
            change(&limits)
            return #expect(throws: JSONError.self) { _ = try root(text, limits: limits) }?.code
        }
        #expect(code("[[]]") { $0.depthMax = 1 } == .tooDeep)
        #expect(code("[1,2]") { $0.valueCountMax = 2 } == .tooLarge)
        #expect(code("[1,2]") { $0.sizeMax = 4 } == .tooLarge)
        #expect(code("12345") { $0.numberSizeMax = 4 } == .tooLarge)
    }

    @Test(.timeLimit(.minutes(1)))
    func megabytesOfOneThingAreReadInOnePass() throws {
        let count = 500_000
        for unit in ["[", "{\"a\":", "[1],", "\"\\n\",", " ", "1"] {
            _ = try? root("[" + String(repeating: unit, count: count))
        }
        #expect(try root("[" + String(repeating: "1,", count: count) + "1]").count == count + 1)
    }

    /// Foundation's reader as a second opinion on random nonsense made of JSON's pieces.
    @Test func agreesWithFoundationOnRandomTexts() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("JSON pieces"))
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\\u00e9\"", "1", "-0.5", "1e5 ", "true",
            "null", " ", "\n", "\"\"", "0", "\"\\\"", "12",
        ]
        var accepted = 0
        for _ in 0..<20_000 {
            let text =
                "["
                + (0..<random.below(9)).map { _ in pieces[random.below(pieces.count)] }
                .joined() + "]"
            let ours: JSONError.Code?
            do throws(JSONError) {
                _ = try root(text)
                ours = nil
                accepted += 1
            } catch {
                ours = error.code
            }
            // Foundation lets a comma stand in front of a closing bracket.
            let dense = text.filter { !$0.isWhitespace }
            if ours == .keyDuplicate || dense.contains(",]") || dense.contains(",}") { continue }
            let theirs = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil
            #expect(theirs == (ours == nil), "\(text)")
        }
        #expect(accepted > 500)
    }
}
