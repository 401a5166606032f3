// A model that may answer: real or mock, and no third case.
//
// Guarantees: a `RealModel` is only ever made by the loader after every layer accepted the file;
// there is no conversion between the cases; whoever holds one can ask for the provenance at any
// time.
// Does not: run anything; `tokenModel` does.

import Inference
import ModelFiles
import Tokenizers

/// What stands behind an answer.
public enum ModelProvenance: String, Sendable, CaseIterable {
    case real
    case mock
}

/// A loaded model. Any thread.
public enum LoadedModel: Sendable {
    case real(RealModel)
    case mock(MockModel)

    /// What stands behind this model's answers.
    public var provenance: ModelProvenance {
        switch self {
        case .real: .real
        case .mock: .mock
        }
    }

    /// The model behind its numbers: tokens in, logits out.
    public var tokenModel: any TokenModel {
        switch self {
        case .real(let model): model.tokenModel
        case .mock(let model): model
        }
    }

    /// Text to tokens and back.
    public var tokenizer: any Tokenizer {
        switch self {
        case .real(let model): model.tokenizer
        case .mock(let model): model.tokenizer
        }
    }

    /// How the model takes conversations; always `absent` for a mock.
    public var chatTemplate: ChatTemplateState {
        switch self {
        case .real(let model): model.chatTemplate
        case .mock(let model): model.chatTemplate
        }
    }

    /// The fingerprint; always nil for a mock: no file stands behind it.
    public var fingerprint: Fingerprint? {
        switch self {
        case .real(let model): model.fingerprint
        case .mock: nil
        }
    }

    /// Facts for people and for `models`.
    public var facts: ModelFacts {
        switch self {
        case .real(let model): model.facts
        case .mock(let model): model.facts
        }
    }

    /// Where it runs: `cpu`, `cuda:0`.
    public var device: String {
        switch self {
        case .real(let model): model.device
        case .mock: "cpu"
        }
    }

    /// Why it runs there, when there is something to say.
    public var deviceReason: String? {
        switch self {
        case .real(let model): model.deviceReason
        case .mock: nil
        }
    }

    /// What is less than was asked for, by name: to be repeated in every answer.
    public var degradations: [String] {
        switch self {
        case .real(let model): model.report.degradations
        case .mock: ["mock_fallback"]
        }
    }

    /// Throws on a mock; returns the real model otherwise.
    @discardableResult
    public func ensureReal() throws(ProvenanceError) -> RealModel {
        switch self {
        case .real(let model): return model
        case .mock:
            throw ProvenanceError(
                .notReal,
                "a real model was required: found a mock; allowed: a model file that "
                    + "passed every layer of the assay")
        }
    }
}

/// A model file that passed every layer. Immutable; any thread.
public final class RealModel: Sendable {
    /// The engine's view of the model.
    public let tokenModel: any TokenModel
    /// Text to tokens and back.
    public let tokenizer: any Tokenizer
    /// How the model takes conversations.
    public let chatTemplate: ChatTemplateState
    /// Facts for people and for `models`.
    public let facts: ModelFacts
    /// Where it runs.
    public let device: String
    /// Why it runs there, when there is something to say.
    public let deviceReason: String?
    /// SHA-256 of the bytes that were parsed and packed.
    public let fingerprint: Fingerprint
    /// What the assay saw.
    public let report: LoadReport
    let sealPlaces: SealPlaces
    /// The seals that lay beside the files when they were loaded.
    let seals: [Seal]
    private let files: ModelFileSet

    // Not public: only the loader can say that a file passed every layer.
    init(_ accepted: AcceptedModel, _ report: LoadReport) {
        tokenModel = accepted.tokenModel
        tokenizer = accepted.tokenizer
        chatTemplate = accepted.chatTemplate
        facts = accepted.facts
        device = accepted.placement.device
        deviceReason = accepted.placement.reason
        files = accepted.files
        fingerprint = accepted.fingerprint
        sealPlaces = accepted.sealPlaces
        seals = accepted.seals
        self.report = report
    }

    /// How the files that the paths name now compare with those that were loaded. The model does
    /// not depend on them any more. One `stat` call a file; blocking; any thread.
    public func fileState() -> ModelFileState { ModelFileState(files) }
}

/// The files of a served model on disk, beside those that were loaded.
public enum ModelFileState: Sendable, Equatable {
    case unchanged
    /// Another file lies there, or its size or time is another. The reason names the file.
    case changed(reason: String)
    /// A path names nothing any more. The reason names the file.
    case missing(reason: String)

    /// Looks at each file; what is missing says more than what has changed.
    init(_ files: ModelFileSet) {
        self = .unchanged
        for file in files.files {
            guard
                case .differs(let isMissing, let found) = FileIdentity.compare(
                    file.path, with: file.identity)
            else { continue }
            let reason = "\(found) (\(ModelFileError.Location(path: file.path)))"
            if isMissing {
                self = .missing(reason: reason)
                return
            }
            if self == .unchanged { self = .changed(reason: reason) }
        }
    }
}

/// A mock where a real model was required, or where none may be.
public struct ProvenanceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable reason.
    public struct Code: Sendable, Hashable {
        /// The stable snake_case name.
        public let name: String
        /// A mock answered where a real model was required.
        public static let notReal = Code(name: "not_real")
        /// A mock was asked for in production.
        public static let mockForbidden = Code(name: "mock_forbidden")
    }

    /// The stable reason.
    public let code: Code
    /// One sentence.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and sentence.
    public var description: String { "\(code.name): \(message)" }
}
