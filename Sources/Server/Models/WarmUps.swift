// The requests by which a swap warms its candidate: a file of the operator, a sample of live
// requests, or a short request of the server's own.
//
// A line of the file is {"prompt": TEXT, "max_tokens": N} or {"tokens": [1, 2], "max_tokens": N}.
//
// Guarantees: the file is read once, at the start, within bounds, and a line that does not fit is
// refused with its number.

import Foundation
import Loading
import ModelFiles
import Service
import Wire

/// See the head of the file. Any thread.
package struct WarmUps: Sendable {
    /// A line of the file.
    package struct Line: Sendable, Equatable {
        package let input: Input
        package let tokensMax: UInt64
    }

    package let lines: [Line]

    private static let sizeMax = 1 << 20
    private static let linesMax = 256
    private static let tokensMax: ClosedRange<Int> = 1...512
    private static let tokensDefault = 16

    private init(lines: [Line]) { self.lines = lines }

    /// Reads the file at `path`. The path `none` is no file.
    init(path: String) throws(ConfigurationError) {
        guard path != "none" else {
            self.init(lines: [])
            return
        }
        guard let file = FileHandle(forReadingAtPath: path),
            let data = try? file.read(upToCount: Self.sizeMax + 1)
        else {
            throw Self.refusal(
                .fileUnreadable, path, 0, "no file that can be read", "a file of JSON lines")
        }
        try self.init([UInt8](data), path: path)
    }

    /// Reads the text of a file.
    package init(_ text: [UInt8], path: String) throws(ConfigurationError) {
        guard text.count <= Self.sizeMax else {
            throw Self.refusal(
                .fileMalformed, path, 0, "more than \(Self.sizeMax) bytes",
                "at most \(Self.sizeMax)")
        }
        var lines: [Line] = []
        let texts = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in texts.enumerated() where !line.isEmpty {
            lines.append(try Self.line(Array(line), path, index + 1))
        }
        guard (1...Self.linesMax).contains(lines.count) else {
            throw Self.refusal(
                .fileMalformed, path, 0, "\(lines.count) requests", "1 to \(Self.linesMax)")
        }
        self.init(lines: lines)
    }

    private static func line(
        _ text: [UInt8], _ path: String, _ number: Int
    ) throws(ConfigurationError) -> Line {
        func refuse(_ found: String) -> ConfigurationError {
            refusal(
                .fileMalformed, path, number, found,
                "an object with prompt (a text) or tokens (ids), and max_tokens ("
                    + "\(tokensMax.lowerBound) to \(tokensMax.upperBound))")
        }
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(text).root
        } catch {
            throw refuse(error.found)
        }
        guard root.isObject else { throw refuse(root.typeName) }
        for (key, _) in root.members {
            let name = String(decoding: key, as: UTF8.self)
            guard ["prompt", "tokens", "max_tokens"].contains(name) else {
                throw refuse("the key \"\(name.prefix(40))\"")
            }
        }
        let count = root["max_tokens"].map { $0.asInteger ?? 0 } ?? tokensDefault
        guard tokensMax.contains(count) else { throw refuse("another max_tokens") }
        switch (root["prompt"], root["tokens"]) {
        case (let prompt?, nil):
            guard let prompt = prompt.asString else { throw refuse("a prompt that is no text") }
            return Line(input: .text(prompt), tokensMax: UInt64(count))
        case (nil, let tokens?) where tokens.isArray && tokens.count > 0:
            let ids = tokens.elements.compactMap { $0.asInteger.flatMap { UInt32(exactly: $0) } }
            guard ids.count == tokens.count else { throw refuse("a token that is no id") }
            return Line(input: .tokens(ids), tokensMax: UInt64(count))
        default: throw refuse("no prompt, or both kinds")
        }
    }

    private static func refusal(
        _ code: ConfigurationError.Code, _ path: String, _ line: Int, _ found: String,
        _ allowed: String
    ) -> ConfigurationError {
        ConfigurationError(
            code: code,
            message: "reading warm-up requests of \"\(path)\"" + (line > 0 ? ", line \(line)" : "")
                + ": found \(found), allowed: \(allowed)", location: "warm-up-requests")
    }

    // MARK: - Requests

    /// Requests for a candidate: those of the file, then the sampled ones, else a short one.
    func requests(for model: LoadedModel, sampled: [Work.Request]) -> [Work.Request] {
        let all = lines.map { Self.request($0, for: model) } + sampled
        guard all.isEmpty else { return all }
        let count = model.tokenModel.vocabularySize
        let line = Line(
            input: .tokens((1...8).map { UInt32(count * $0 / 9) }), tokensMax: 4)
        return [Self.request(line, for: model)]
    }

    /// A model that makes no text embeds the prompt.
    private static func request(_ line: Line, for model: LoadedModel) -> Work.Request {
        guard model.facts.textRefusal == nil, model.facts.isCausal else {
            return .embed(EmbedRequest(inputs: [line.input]))
        }
        let prompt: Prompt =
            switch line.input {
            case .text(let text): .text(text)
            case .tokens(let tokens): .tokens(tokens)
            }
        return .generate(GenerateRequest(prompt: prompt, maxTokens: line.tokensMax))
    }
}

/// The latest live requests of each model, where the operator allows it. A value of the loop
/// thread.
struct WarmUpSample {
    /// Bytes of a request that is kept, and of all of them.
    private static let requestSizeMax = 32 << 10
    private static let sizeMax = 16 << 20
    private static let tokensMax: UInt64 = 16

    private let countMax: Int
    private var kept: [String: [(request: Work.Request, size: Int)]] = [:]
    private var size = 0

    init(countMax: Int) { self.countMax = countMax }

    /// Keeps a live request in place of the oldest one of its model.
    mutating func add(_ work: Work) {
        guard countMax > 0, let name = work.model?.name, let request = Self.shortened(work.request)
        else { return }
        let size = PromptPreparation.size(of: request)
        guard size <= Self.requestSizeMax else { return }
        var requests = kept[name] ?? []
        if requests.count >= countMax { self.size -= requests.removeFirst().size }
        guard self.size + size <= Self.sizeMax else { return kept[name] = requests }
        self.size += size
        kept[name] = requests + [(request, size)]
    }

    /// The kept requests of a model, oldest first.
    func requests(of name: String) -> [Work.Request] { (kept[name] ?? []).map(\.request) }

    /// Forgets the requests of a model that left.
    mutating func remove(_ name: String) {
        size -= (kept.removeValue(forKey: name) ?? []).reduce(0) { $0 + $1.size }
    }

    private static func shortened(_ request: Work.Request) -> Work.Request? {
        switch request {
        case .generate(var generate):
            generate.maxTokens = min(generate.maxTokens, tokensMax)
            generate.minTokens = min(generate.minTokens, generate.maxTokens)
            return .generate(generate)
        case .logits, .score, .embed: return request
        default: return nil
        }
    }
}
