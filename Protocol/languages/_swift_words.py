"""Text of clients/swift/Sources/AssayClient/Generated/Words.swift, for swift_client.py: calls with
a text, a conversation or a list of texts."""

CALL = """    /// %(about)s.
    public func %(name)s(
        _ %(given)s, maxTokens: UInt64 = 256, temperature: Double = 0,
        topP: Double = 1, seed: UInt64 = 0, stop: [String] = [], model: String? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) %(result)s {
        let request = GenerateRequest(
            model: model, prompt: %(prompt)s, maxTokens: maxTokens,
            temperature: temperature, topP: topP, seed: seed, stop: stop)
        return %(call)s(request, deadlineMilliseconds: deadlineMilliseconds)
    }
"""
WHOLE = {"result": "async throws(AssayError) -> Reply<GenerateResponse>",
         "call": "try await generate"}
STREAM = {"result": "-> GenerateStream", "call": "generateStream"}
CALLS = [
    dict(WHOLE, name="generate", given="text: String", prompt=".text(text)",
         about="Continues a text"),
    dict(STREAM, name="generateStream", given="text: String", prompt=".text(text)",
         about="Continues a text, as a stream of parts"),
    dict(WHOLE, name="chat", given="messages: [ChatMessage]", prompt=".messages(messages)",
         about="Continues a conversation"),
    dict(STREAM, name="chatStream", given="messages: [ChatMessage]",
         prompt=".messages(messages)", about="Continues a conversation, as a stream of parts"),
]

REST = """
    /// Turns each text into a vector: `reply.vectors`.
    public func embed(
        _ texts: [String], model: String? = nil, deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<EmbedResponse> {
        let request = EmbedRequest(model: model, inputs: texts.map { .text($0) })
        return try await embed(request, deadlineMilliseconds: deadlineMilliseconds)
    }
}

extension EmbedResponse {
    /// One vector for each input, in the order of the inputs. The vectors share memory with
    /// `embeddings`, and keep its indices.
    public var vectors: [ArraySlice<Float>] {
        let size = max(1, Int(clamping: dimensions))
        return stride(from: 0, to: embeddings.count, by: size).map {
            embeddings[$0...].prefix(size)
        }
    }
}

extension ChatMessage {
%s}
"""

TURN = """    /// A turn of the role `%s`.
    public static func %s(_ content: String) -> ChatMessage {
        ChatMessage(role: .%s, content: content)
    }
"""


def words(protocol):
    """The text below the head."""
    role = next(field for field in protocol["messages"]["Chat message"]["fields"]
                if field["name"] == "role")
    turns = "\n".join(TURN % (word, word, word) for word in role["choices"])
    return ("import Wire\n\nextension Client {\n    /// Version of this client.\n"
            '    public static let version = "%s"\n\n' % protocol["release"]
            + "\n".join(CALL % call for call in CALLS) + REST % turns)
