// What a back end can refuse: shapes and sizes that do not fit, memory, threads, instruction sets.
//
// Guarantees: every refusal names what was tried, what was found and what was allowed.
// Not here: our own mistakes inside a step (a buffer too small for its rows); those are
// preconditions, and no file or request can reach them.

/// An operation that a compute back end refused. A value; building one reads nothing.
public struct ComputeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stable reason. Open: new codes may appear, so switch with a default.
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

        /// The stable name in snake_case.
        public var name: String { kind.rawValue }
        /// The same as `name`.
        public var description: String { name }

        /// The tensor format is not one this engine computes with.
        public static let formatUnsupported = Code(kind: .formatUnsupported)
        /// Rows or columns are zero, too large, or not whole blocks.
        public static let shapeInvalid = Code(kind: .shapeInvalid)
        /// The bytes given are not the bytes the shape needs.
        public static let sizeMismatch = Code(kind: .sizeMismatch)
        /// The system has no memory for the request.
        public static let outOfMemory = Code(kind: .outOfMemory)
        /// The worker threads could not be started, or their number is out of range.
        public static let threadsUnavailable = Code(kind: .threadsUnavailable)
        /// This machine cannot run the instruction set that was asked for.
        public static let instructionSetUnavailable = Code(kind: .instructionSetUnavailable)
        /// The device that was asked for cannot be used.
        public static let deviceUnavailable = Code(kind: .deviceUnavailable)
        /// The text does not name a device.
        public static let deviceRequestInvalid = Code(kind: .deviceRequestInvalid)
    }

    /// The stable reason; compare with `==`, print with `name`.
    public let code: Code
    /// The action that failed, for example `packing a Q8_0 matrix`.
    public let tried: String
    /// What was given or what the system answered.
    public let found: String
    /// What would have been accepted.
    public let allowed: String

    /// Records a refusal.
    public init(_ code: Code, tried: String, found: String, allowed: String) {
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
    }

    /// One sentence: tried, found, allowed.
    public var message: String { "\(tried): found \(found); allowed: \(allowed)" }
    /// Code and message.
    public var description: String { "\(code.name): \(message)" }
}
