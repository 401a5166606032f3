// Calls with plain values: vectors of an answer, turns of a conversation.
//
// Not here: the calls against a server, which the example makes.

import AssayClient
import Testing

@Suite struct WordsTests {
    private func embedded(_ values: [Float], dimensions: UInt64) -> [[Float]] {
        EmbedResponse(
            embeddings: values, dimensions: dimensions, count: 2, promptTokens: 2,
            answer: AnswerRecord(model: "m", device: "cpu")
        ).vectors.map(Array.init)
    }

    @Test func givesOneVectorPerInput() {
        #expect(embedded([1, 2, 3, 4], dimensions: 2) == [[1, 2], [3, 4]])
    }

    @Test func staysInsideValuesOfAnyDimensions() {
        #expect(embedded([1, 2], dimensions: .max) == [[1, 2]])
        #expect(embedded([1, 2], dimensions: 0) == [[1], [2]])
        #expect(embedded([], dimensions: 3) == [])
    }

    @Test func makesTurnsOfEachRole() {
        let turns: [ChatMessage] = [.system("a"), .user("b"), .assistant("c"), .tool("d")]
        #expect(turns.map(\.role) == [.system, .user, .assistant, .tool])
        #expect(turns.map(\.content) == ["a", "b", "c", "d"])
    }
}
