// A loaded model that may answer. A model is either real or a mock.
//
// Guarantees: only the loader makes a `RealModel`, after every layer accepted the file. There is no
// conversion between the cases. The provenance can be asked for at any time.
// Does not: run anything. `tokenModel` does.

import Conversations
import Inference
import ModelFiles
import Tokenizers

/// Source of an answer: a real model or a mock.
public enum ModelProvenance: String, Sendable, CaseIterable {
    case real
    case mock
}

/// A loaded model. Any thread.
public enum LoadedModel: Sendable {
    case real(RealModel)
    case mock(MockModel)

    /// Source of the model's answers.
    public var provenance: ModelProvenance {
        switch self {
        case .real: .real
        case .mock: .mock
        }
    }

    /// The engine's view of the model: tokens in, logits out.
    public var tokenModel: any TokenModel {
        switch self {
        case .real(let model): model.tokenModel
        case .mock(let model): model
        }
    }

    /// Converts text to tokens and back.
    public var tokenizer: any Tokenizer {
        switch self {
        case .real(let model): model.tokenizer
        case .mock(let model): model.tokenizer
        }
    }

    /// The model's chat templates. A mock has none.
    public var chatTemplates: ChatTemplates {
        switch self {
        case .real(let model): model.chatTemplates
        case .mock: .none
        }
    }

    /// SHA-256 of the model. Nil for a mock, since no file stands behind a mock.
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

    /// The model's own pooling of embeddings. The mean for a mock, as for files that do not say.
    public var pooling: ModelConfiguration.Pooling { facts.pooling ?? .mean }

    /// Device of the model: `cpu`, `cuda:0`.
    public var device: String {
        switch self {
        case .real(let model): model.device
        case .mock: "cpu"
        }
    }

    /// Reason for the device, if there is anything to report.
    public var deviceReason: String? {
        switch self {
        case .real(let model): model.deviceReason
        case .mock: nil
        }
    }

    /// Names of shortfalls against the request. Every answer repeats them.
    public var degradations: [String] {
        switch self {
        case .real(let model): model.report.degradations
        case .mock: ["mock_fallback"]
        }
    }

    /// Returns the real model. Throws `not_real` on a mock.
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

/// A model file that passed every layer. Immutable. Any thread.
public final class RealModel: Sendable {
    /// The engine's view of the model.
    public let tokenModel: any TokenModel
    /// Converts text to tokens and back.
    public let tokenizer: any Tokenizer
    /// The model's chat templates.
    public let chatTemplates: ChatTemplates
    /// Facts for people and for `models`.
    public let facts: ModelFacts
    /// Device of the model.
    public let device: String
    /// Reason for the device, if there is anything to report.
    public let deviceReason: String?
    /// SHA-256 of the parsed and packed bytes.
    public let fingerprint: Fingerprint
    /// Report of the load.
    public let report: LoadReport
    let sealPlaces: SealPlaces
    /// Seals found beside the files during loading.
    let seals: [Seal]
    private let files: ModelFileSet
    private let packing: Packing
    /// Cache and scratch, counted as long as the model is held.
    let memory: MemoryReservation?

    // Not public, because only the loader knows that a file passed every layer.
    init(_ accepted: AcceptedModel, _ report: LoadReport) {
        packing = accepted.packing
        tokenModel = packing.tokenModel
        tokenizer = packing.tokenizer
        chatTemplates = packing.chatTemplates
        facts = packing.facts
        device = packing.placement.device
        deviceReason = packing.placement.reason
        fingerprint = packing.fingerprint
        files = accepted.files
        memory = accepted.memory?.runner
        sealPlaces = accepted.sealPlaces
        seals = accepted.seals
        self.report = report
    }

    /// True when both models answer from the same packed weights.
    public func sharesWeights(with other: RealModel) -> Bool { packing === other.packing }

    /// Identity of the packed weights.
    public var packingIdentity: ObjectIdentifier { ObjectIdentifier(packing) }
    /// Bytes of cache and scratch, by the estimate. 0 where nobody counts.
    public var runnerSize: Int { memory?.size ?? 0 }
    /// Bytes of the packed weights and texts, by the estimate. 0 where nobody counts.
    public var packingSize: Int { packing.size }

    /// Notes that the weights cannot be trusted, so that no later load takes them over.
    public func distrust() { packing.distrust() }

    /// Compares the files now at the paths with the loaded files. The model no longer depends on
    /// the files. A `stat` call per file. Blocking. Any thread.
    public func fileState() -> ModelFileState { ModelFileState(files) }
}

/// State of a served model's files on disk, compared with the loaded files.
public enum ModelFileState: Sendable, Equatable {
    case unchanged
    /// A file was replaced, or its size or time has changed. The reason names the file.
    case changed(reason: String)
    /// A file is gone from its path. The reason names the file.
    case missing(reason: String)

    /// Compares each file. A missing file takes precedence over a changed file.
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

/// A mock in place of a required real model, or in an environment that forbids mocks.
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
    /// A sentence for people.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and sentence.
    public var description: String { "\(code.name): \(message)" }
}
