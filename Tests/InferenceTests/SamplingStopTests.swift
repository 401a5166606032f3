// Stop strings across any cut of the text.

import Inference
import TestSupport
import Testing

@Suite struct SamplingStopTests {
    private func run(_ stops: [String], _ parts: [String]) throws -> (
        outputs: [String], index: Int?
    ) {
        var matcher = try StopMatcher(stops.map { Array($0.utf8) })
        var outputs = parts.map { matcher.append(Array($0.utf8)) }
        outputs.append(matcher.finish())
        return (outputs.map { String(decoding: $0, as: UTF8.self) }, matcher.matchedIndex)
    }

    @Test func holdsBackWhatMayBecomeAStopString() throws {
        let (outputs, index) = try run(["END"], ["the E", "N", "d of EN", "D more"])
        #expect(outputs == ["the ", "", "ENd of ", "", ""])
        #expect(index == 0)
    }

    @Test func releasesWhatWasHeldBackAtTheEnd() throws {
        let (outputs, index) = try run(["END"], ["EN"])
        #expect(outputs == ["", "EN"])
        #expect(index == nil)
    }

    @Test func selfOverlappingStopStringsAreFound() throws {
        let (outputs, index) = try run(["aab"], ["aa", "a", "ab", "x"])
        #expect(outputs == ["", "a", "a", "", ""])
        #expect(index == 0)
    }

    @Test func theStopStringThatEndsFirstWinsAndTheLongestOfThose() throws {
        #expect(try run(["abcd", "bc"], ["abcd"]).index == 1)
        #expect(try run(["c", "bc", "abc"], ["xabc"]).outputs == ["x", ""])
        #expect(try run(["c", "bc", "abc"], ["xabc"]).index == 2)
    }

    @Test func charactersStayWhole() throws {
        // "é" and "è" share their first byte; so do the emoji their first three.
        let (outputs, index) = try run(["é", "😀"], ["è", "😁", "😀"])
        #expect(outputs == ["è", "😁", "", ""])
        #expect(index == 1)
    }

    @Test func withoutStopStringsTextPassesThrough() throws {
        let (outputs, index) = try run([], ["a", "", "b"])
        #expect(outputs == ["a", "", "b", ""])
        #expect(index == nil)
    }

    /// Any cut, any stop strings: the output is the text up to the first stop string, and nothing
    /// comes out that could still have been the beginning of one.
    @Test func anyCutGivesTheSameText() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("stop strings"))
        func word(_ sizeMax: Int) -> [UInt8] {
            (0...random.below(sizeMax)).map { _ in UInt8(0x61 + random.below(2)) }
        }
        for _ in 0..<3_000 {
            let stops = (0...random.below(3)).map { _ in word(5) }
            let text = word(40)
            var matcher = try StopMatcher(stops)
            var output: [UInt8] = []
            var index = 0
            while index < text.count {
                let end = min(text.count, index + 1 + random.below(4))
                output += matcher.append(Array(text[index..<end]))
                #expect(matcher.pendingCount < stops.map(\.count).max() ?? 0)
                index = end
            }
            output += matcher.finish()
            let first = Self.firstEnd(text, stops)
            #expect(output == first.map { Array(text[..<$0.start]) } ?? text, "\(stops) \(text)")
            #expect((matcher.matchedIndex != nil) == (first != nil))
        }
    }

    private static func firstEnd(_ text: [UInt8], _ stops: [[UInt8]]) -> (start: Int, end: Int)? {
        for end in 0...text.count {
            let sizes = stops.filter { text[..<end].suffix($0.count).elementsEqual($0) }
                .map(\.count)
            if let size = sizes.max() { return (end - size, end) }
        }
        return nil
    }
}
