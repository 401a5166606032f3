// The error for a refused model file. No other error type leaves the assay.
//
// Errors of the modules below are turned into an `AssayRejection` exactly once, at the layer that
// ran them, and keep their stable code name.
// Guarantees: a rejection has layer, code, tried, found, allowed and location, and says whether the
// condition can pass by itself.
// Does not: hold file content beyond short printable samples.

import Compute
import Inference
import ModelFiles

/// A model file refused by the assay. A value. Any thread.
public struct AssayRejection: Error, Sendable, CustomStringConvertible {
    /// A stable snake_case reason. Open: compare with `==` or by `name`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The stable name.
        public let name: String
        /// The name.
        public var description: String { name }

        package init(_ name: String) { self.name = name }

        /// The total timeout passed before the layer answered.
        public static let timedOut = Code("timed_out")
        /// The SHA-256 of the model differs from the required digest.
        public static let fingerprintMismatch = Code("fingerprint_mismatch")
        /// The model needs more memory than is free or allowed.
        public static let memoryBudgetExceeded = Code("memory_budget_exceeded")
        /// The process could not get a thread, descriptor or memory for loading.
        public static let resourcesExhausted = Code("resources_exhausted")
        /// The seal beside the model is not a regular file, not readable or not a valid seal.
        public static let sealInvalid = Code("seal_invalid")
        /// The seal was made of another file.
        public static let sealFingerprintMismatch = Code("seal_fingerprint_mismatch")
        /// The tokenizer gives different ids for the seal's prompt.
        public static let sealTokensDiffer = Code("seal_tokens_differ")
        /// The model's logits for the seal's prompt differ from the sealed logits.
        public static let sealLogitsDiffer = Code("seal_logits_differ")
        /// An error without a code of its own. `cause` has the details.
        public static let unexpected = Code("unexpected_error")
    }

    /// The layer that refused.
    public let layer: Layer
    /// The stable reason.
    public let code: Code
    /// The attempted action, such as "reading the seal".
    public let tried: String
    /// The value or condition found.
    public let found: String
    /// Acceptable values or conditions. May be empty.
    public let allowed: String
    /// Path, and as far as known offset, key or tensor.
    public let location: String
    /// The error of the module below, if any.
    public let cause: (any Error)?
    /// True if a later attempt can succeed without a change to the file's content.
    public let isTransient: Bool
    /// One sentence for a person.
    public let message: String
    /// The memory that is missing, for `memory_budget_exceeded`.
    public let memory: MemoryShortage?

    package init(
        _ layer: Layer, _ code: Code, tried: String, found: String, allowed: String,
        location: String, cause: (any Error)? = nil, isTransient: Bool = false,
        complaint: String? = nil, message: String? = nil, memory: MemoryShortage? = nil
    ) {
        self.layer = layer
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
        self.location = location
        self.cause = cause
        self.isTransient = isTransient
        self.memory = memory
        self.message =
            message
            ?? refusalSentence(
                complaint ?? Self.complaints[code.name] ?? "loading failed", found: found,
                allowed: allowed, tried, location)
    }

    /// Layer, code, message and advice.
    public var description: String { "\(layer)/\(code): \(message). \(advice)" }
}

extension AssayRejection {
    /// Turns an error of a module below into a rejection. The layer is `layer`, unless the error
    /// belongs to a layer of its own.
    package init(_ error: any Error, in layer: Layer, path: String) {
        switch error {
        case let rejection as AssayRejection:
            self = rejection
        case let error as ModelFileError:
            self.init(
                error.code.layer == .file ? .file : .parse, Code(error.code.name),
                tried: error.tried, found: error.found, allowed: error.allowed,
                location: error.location.description, cause: error.cause,
                isTransient: error.code.isTransient, message: error.message)
        case let error as InferenceError where error.cause is ModelFileError:
            self.init(error.cause ?? error, in: layer, path: path)
        case let error as InferenceError:
            let place = ModelFileError.Location(path: path).description
            self.init(
                layer, Code(error.code.name), tried: error.tried,
                found: error.cause.map { "\(error.found): \($0)" } ?? error.found,
                allowed: error.allowed,
                location: error.location.map { "\(place), \($0)" } ?? place, cause: error.cause,
                isTransient: (error.cause as? ComputeError)?.canHeal ?? false,
                complaint: error.code.complaint)
        case let error as ComputeError:
            self.init(
                layer, Code(error.code.name), tried: error.tried, found: error.found,
                allowed: error.allowed,
                location: ModelFileError.Location(path: path).description, cause: error,
                isTransient: error.canHeal, complaint: error.code.complaint)
        default:
            self.init(
                layer, .unexpected, tried: "running the \(layer) layer", found: "\(error)",
                allowed: "", location: ModelFileError.Location(path: path).description,
                cause: error)
        }
    }
}

extension ComputeError {
    /// True when the condition can pass. Memory and threads become free again. Shapes, formats and
    /// absent devices stay as they are.
    fileprivate var canHeal: Bool { code == .outOfMemory || code == .threadsUnavailable }
}
