// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Calls with a text, a conversation or a list of texts, and the other fields as arguments. Each
// makes a request and calls the method of the kind.

import Wire

extension Client {
    /// Version of this client.
    public static let version = "0.1.0"

    /// Continues a text.
    public func generate(
        _ text: String, maxTokens: UInt64 = 256, temperature: Double = 0,
        topP: Double = 1, seed: UInt64 = 0, stop: [String] = [], model: String? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<GenerateResponse> {
        let request = GenerateRequest(
            model: model, prompt: .text(text), maxTokens: maxTokens,
            temperature: temperature, topP: topP, seed: seed, stop: stop)
        return try await generate(request, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Continues a text, as a stream of parts.
    public func generateStream(
        _ text: String, maxTokens: UInt64 = 256, temperature: Double = 0,
        topP: Double = 1, seed: UInt64 = 0, stop: [String] = [], model: String? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) -> GenerateStream {
        let request = GenerateRequest(
            model: model, prompt: .text(text), maxTokens: maxTokens,
            temperature: temperature, topP: topP, seed: seed, stop: stop)
        return generateStream(request, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Continues a conversation.
    public func chat(
        _ messages: [ChatMessage], maxTokens: UInt64 = 256, temperature: Double = 0,
        topP: Double = 1, seed: UInt64 = 0, stop: [String] = [], model: String? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) async throws(AssayError) -> Reply<GenerateResponse> {
        let request = GenerateRequest(
            model: model, prompt: .messages(messages), maxTokens: maxTokens,
            temperature: temperature, topP: topP, seed: seed, stop: stop)
        return try await generate(request, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Continues a conversation, as a stream of parts.
    public func chatStream(
        _ messages: [ChatMessage], maxTokens: UInt64 = 256, temperature: Double = 0,
        topP: Double = 1, seed: UInt64 = 0, stop: [String] = [], model: String? = nil,
        deadlineMilliseconds: UInt32 = 0
    ) -> GenerateStream {
        let request = GenerateRequest(
            model: model, prompt: .messages(messages), maxTokens: maxTokens,
            temperature: temperature, topP: topP, seed: seed, stop: stop)
        return generateStream(request, deadlineMilliseconds: deadlineMilliseconds)
    }

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
    /// A turn of the role `system`.
    public static func system(_ content: String) -> ChatMessage {
        ChatMessage(role: .system, content: content)
    }

    /// A turn of the role `user`.
    public static func user(_ content: String) -> ChatMessage {
        ChatMessage(role: .user, content: content)
    }

    /// A turn of the role `assistant`.
    public static func assistant(_ content: String) -> ChatMessage {
        ChatMessage(role: .assistant, content: content)
    }

    /// A turn of the role `tool`.
    public static func tool(_ content: String) -> ChatMessage {
        ChatMessage(role: .tool, content: content)
    }
}
