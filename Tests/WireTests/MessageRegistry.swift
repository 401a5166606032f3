// The message and record types of Wire by the name their tables have, and a way to look inside one.

import Wire

enum MessageRegistry {
    static let requests = MessageTypes.requests
    static let responses = MessageTypes.responses

    static let all: [any WireRecord.Type] =
        requests.map { $0 as any WireRecord.Type } + responses.map { $0 as any WireRecord.Type }
        + MessageTypes.records

    static func type(named name: String) -> (any WireRecord.Type)? {
        all.first { "\($0.layout.name)" == name }
    }

    /// One value of each response type that a server could send, by type name.
    static func samples(degraded: Bool) -> [any ResponseMessage] {
        let answer = AnswerRecord(
            model: "m", fingerprint: [UInt8](repeating: 7, count: 32), device: "cpu",
            degradations: degraded ? ["truncated_context"] : [])
        let layer = LayerVerdictRecord(layer: "file", ok: true, microseconds: 9)
        let model = ModelInfo(
            name: "m", state: .ready, provenance: .real, architecture: "llama", parameters: 1,
            vocabulary: 2, context: 3, generation: 1, device: "cpu", bytes: 4)
        var logprobs = Logprobs(topCount: 1)
        logprobs.append(1, -0.5, top: [(1, -0.5)])
        return [
            HelloResponse(server: "s"), PingResponse(payload: [1, 2, 3]),
            HealthResponse(ready: true, state: .ready), ModelsResponse(models: [model]),
            LoadProgress(layer: layer),
            LoadResponse(accepted: true, layers: [layer], model: model),
            SwapProgress(layer: layer), SwapProgress(step: .shadow, done: 1, total: 2),
            SwapResponse(
                layers: [layer], model: model, previousGeneration: 1, warmed: 1,
                shadow: ShadowReport(compared: 2, equal: 1, divergenceMax: 0.5)),
            RollbackResponse(model: model), PinResponse(model: model),
            AliasResponse(model: model),
            UnloadResponse(), TokenizeResponse(tokens: [1, 2], answer: answer),
            DetokenizeResponse(text: [0xC3], answer: answer),
            GenerateChunk(
                tokens: [1], text: "a", promptDone: 1, promptTotal: 2, logprobs: logprobs),
            GenerateResponse(
                finishReason: .stop, promptTokens: 1, completionTokens: 2, answer: answer),
            ScoreResponse(
                scores: [Score(logprobs: logprobs, logprob: -0.5, greedy: true)],
                promptTokens: 1, answer: answer),
            EmbedChunk(embeddings: [1]),
            EmbedResponse(
                embeddings: [2], dimensions: 2, count: 1, promptTokens: 1, answer: answer),
            RenderResponse(
                text: "<user>a", tokens: [1, 2],
                template: ChatTemplateInfo(
                    source: "tokenizer.chat_template",
                    fingerprint: [UInt8](repeating: 8, count: 32), toolArguments: .object,
                    thinking: .optional, variables: ["messages"]),
                answer: answer),
            LogitsChunk(logits: [1, 2]),
            LogitsResponse(logits: [3], vocabulary: 1, positions: 3, answer: answer),
            CancelResponse(found: true),
            StatsResponse(counters: [CounterRecord(name: "c", real: 1, mock: 0)]),
            GoAway(reason: "shutting_down", drainMilliseconds: 5),
        ]
    }
}

/// A message seen as its wire fields, by reflection over the Swift properties: what a vector's
/// JSON is compared with.
enum Reflected {
    /// Name on the wire -> value as the vectors write it. Repeated fields keep their order.
    static func fields(of message: any WireRecord) -> [String: [JSON]] {
        var result: [String: [JSON]] = [:]
        for child in Mirror(reflecting: message).children {
            guard let label = child.label else { continue }
            if let prompt = child.value as? Prompt {
                switch prompt {
                case .text(let text): result["prompt"] = [.string(text)]
                case .tokens(let tokens): result["tokens"] = values(tokens)
                case .messages(let messages): result["messages"] = values(messages)
                }
            } else {
                result[snakeCase(label)] = values(child.value)
            }
        }
        return result
    }

    private static func values(_ value: Any) -> [JSON] {
        if let array = scalarArray(value) { return [array] }
        if let texts = value as? [String] { return texts.map { .string($0) } }
        if let records = value as? [any WireRecord] { return records.map { json($0) } }
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            return mirror.children.first.map { values($0.value) } ?? []
        }
        return [json(value)]
    }

    /// Arrays that are one value on the wire. An empty array casts to an array of anything, so the
    /// type is compared first.
    private static func scalarArray(_ value: Any) -> JSON? {
        let kind = type(of: value)
        if kind == [UInt8].self { return (value as? [UInt8]).map { .string(hex($0)) } }
        if kind == [UInt32].self {
            return (value as? [UInt32]).map { .array($0.map { .number(Double($0)) }) }
        }
        if kind == [Float].self {
            return (value as? [Float]).map { .array($0.map { .number(Double($0)) }) }
        }
        return nil
    }

    private static func json(_ value: Any) -> JSON {
        switch value {
        case let value as UInt64: .string(String(value))
        case let value as Double: .number(value)
        case let value as Bool: .bool(value)
        case let value as String: .string(value)
        case let value as Provenance: .string(String(value.rawValue))
        case let value as any RawRepresentable<String>: .string(value.rawValue)
        case let value as any WireRecord: .object(fields(of: value).mapValues { .array($0) })
        default: .null
        }
    }

    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { result, character in
            if character.isUppercase { result += "_" }
            result += character.lowercased()
        }
    }
}
