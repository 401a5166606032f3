// Refusals of a back end: shapes and sizes that do not fit, memory, threads, instruction sets,
// devices.
//
// Guarantees: every refusal names the action tried, the finding and the allowed values.
// Not here: programming mistakes inside a step (a buffer too small for its rows). Preconditions
// catch such mistakes, and no file or request can cause them.

/// An operation that a compute back end refused. A plain value.
public struct ComputeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stable reason. New codes may appear, so switch with a default.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case formatUnsupported = "format_unsupported"
            case shapeInvalid = "shape_invalid"
            case sizeMismatch = "size_mismatch"
            case outOfMemory = "out_of_memory"
            case threadsUnavailable = "threads_unavailable"
            case instructionSetUnavailable = "instruction_set_unavailable"
            case deviceUnavailable = "device_unavailable"
            case deviceRequestInvalid = "device_request_invalid"
        }

        private let kind: Kind

        /// Subject and fault, the beginning of the error's sentence.
        package var complaint: String {
            switch kind {
            case .formatUnsupported: "format is not computed with"
            case .shapeInvalid: "shape is impossible"
            case .sizeMismatch: "bytes do not fit the shape"
            case .outOfMemory: "memory is used up"
            case .threadsUnavailable: "threads are not to be had"
            case .instructionSetUnavailable: "instruction set is not to be had"
            case .deviceUnavailable: "device is not usable"
            case .deviceRequestInvalid: "text names no device"
            }
        }

        /// The stable name in snake_case.
        public var name: String { kind.rawValue }
        /// Equal to `name`.
        public var description: String { name }

        /// The engine does not compute with the tensor format.
        public static let formatUnsupported = Code(kind: .formatUnsupported)
        /// Rows or columns are zero, too large, or not whole blocks.
        public static let shapeInvalid = Code(kind: .shapeInvalid)
        /// The number of bytes does not match the shape.
        public static let sizeMismatch = Code(kind: .sizeMismatch)
        /// The system has no memory for the request.
        public static let outOfMemory = Code(kind: .outOfMemory)
        /// The worker threads could not be started, or their number is out of range.
        public static let threadsUnavailable = Code(kind: .threadsUnavailable)
        /// The machine cannot run the requested instruction set.
        public static let instructionSetUnavailable = Code(kind: .instructionSetUnavailable)
        /// The requested device cannot be used.
        public static let deviceUnavailable = Code(kind: .deviceUnavailable)
        /// The text does not name a device.
        public static let deviceRequestInvalid = Code(kind: .deviceRequestInvalid)
    }

    /// The stable reason. Compare with `==`, print with `name`.
    public let code: Code
    /// The action that failed, for example `packing a Q8_0 matrix`.
    public let tried: String
    /// The value given or the system's answer.
    public let found: String
    /// Acceptable values.
    public let allowed: String

    /// Records a refusal.
    public init(_ code: Code, tried: String, found: String, allowed: String) {
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
    }

    /// One sentence for a person.
    public var message: String {
        "\(code.complaint): found \(found); allowed: \(allowed) (\(tried))"
    }
    /// Code and message.
    public var description: String { "\(code.name): \(message)" }
}
