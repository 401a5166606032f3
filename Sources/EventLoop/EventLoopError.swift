// What can go wrong between us and the operating system, as one value.
//
// Guarantees: every failed libuv call or system call becomes an `EventLoopError` that names the
// call, the libuv code ("EADDRINUSE") and the system's sentence for it. The re-entrant string
// functions are used because the plain ones allocate and leak for codes they do not know.
// Not here: our own mistakes (wrong thread, use after close of a loop). Those are preconditions.

import CLibUV

/// A failed operation of the event loop, its sockets or its addresses.
public struct EventLoopError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure this is. Open: new codes may appear, so switch with a default.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case addressInvalid = "address_invalid"
            case addressInUse = "address_in_use"
            case addressUnavailable = "address_unavailable"
            case pathTooLong = "path_too_long"
            case pathOccupied = "path_occupied"
            case permissionDenied = "permission_denied"
            case descriptorsExhausted = "descriptors_exhausted"
            case memoryExhausted = "memory_exhausted"
            case connectionLost = "connection_lost"
            case writeBacklogExceeded = "write_backlog_exceeded"
            case system = "system"
        }

        private let kind: Kind

        /// The stable name in snake_case, for logs and metrics.
        public var name: String { kind.rawValue }
        /// The same as `name`.
        public var description: String { name }

        /// The text is not an address this module understands.
        public static let addressInvalid = Code(kind: .addressInvalid)
        /// Somebody else is listening there, and is alive.
        public static let addressInUse = Code(kind: .addressInUse)
        /// The address does not belong to this machine, or its directory does not exist.
        public static let addressUnavailable = Code(kind: .addressUnavailable)
        /// A Unix socket path longer than the kernel's field for it.
        public static let pathTooLong = Code(kind: .pathTooLong)
        /// Something that is not a stream socket sits at the path; it is left alone.
        public static let pathOccupied = Code(kind: .pathOccupied)
        /// The kernel refused for lack of rights.
        public static let permissionDenied = Code(kind: .permissionDenied)
        /// The process or the machine has no file descriptor left.
        public static let descriptorsExhausted = Code(kind: .descriptorsExhausted)
        /// The kernel has no memory for the operation.
        public static let memoryExhausted = Code(kind: .memoryExhausted)
        /// The peer reset the connection or went away while we wrote.
        public static let connectionLost = Code(kind: .connectionLost)
        /// The peer does not read, and the bytes waiting for it passed the stream's limit.
        public static let writeBacklogExceeded = Code(kind: .writeBacklogExceeded)
        /// Anything else the system reports; `systemName` says what.
        public static let system = Code(kind: .system)

        static func from(status: Int32) -> Code {
            table[status] ?? .system
        }

        private static let table: [Int32: Code] = [
            UV_EADDRINUSE.rawValue: .addressInUse,
            UV_EADDRNOTAVAIL.rawValue: .addressUnavailable,
            UV_ENOENT.rawValue: .addressUnavailable,
            UV_ENOTDIR.rawValue: .addressUnavailable,
            UV_ENAMETOOLONG.rawValue: .pathTooLong,
            UV_EACCES.rawValue: .permissionDenied,
            UV_EPERM.rawValue: .permissionDenied,
            UV_EMFILE.rawValue: .descriptorsExhausted,
            UV_ENFILE.rawValue: .descriptorsExhausted,
            UV_ENOMEM.rawValue: .memoryExhausted,
            UV_ENOBUFS.rawValue: .memoryExhausted,
            UV_ECONNRESET.rawValue: .connectionLost,
            UV_ECONNABORTED.rawValue: .connectionLost,
            UV_EPIPE.rawValue: .connectionLost,
            UV_ETIMEDOUT.rawValue: .connectionLost,
            UV_EHOSTUNREACH.rawValue: .connectionLost,
        ]
    }

    /// The kind of failure.
    public let code: Code
    /// What was being done, for example `listening on tcp://127.0.0.1:80`.
    public let tried: String
    /// What was met instead.
    public let found: String
    /// What would have been accepted; empty where the system decides alone.
    public let allowed: String
    /// The call that reported it, for example `uv_tcp_open` or `bind`; empty when we decided.
    public let operation: String
    /// The libuv name of the system's code, for example `EADDRINUSE`; empty when we decided.
    public let systemName: String

    /// One sentence: what was tried, found and allowed, and the call that said so.
    public var description: String {
        var text = "\(tried): \(found)"
        if !allowed.isEmpty { text += "; allowed: \(allowed)" }
        if !operation.isEmpty { text += " (\(operation): \(systemName))" }
        return text
    }

    /// A refusal of our own, with no system call behind it.
    init(_ code: Code, tried: String, found: String, allowed: String) {
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
        self.operation = ""
        self.systemName = ""
    }

    /// A failed call. `status` is libuv's negative number; on Linux that is `-errno`.
    init(status: Int32, operation: StaticString, tried: String, allowed: String = "") {
        self.code = Code.from(status: status)
        self.tried = tried
        self.found = EventLoopError.sentence(status)
        self.allowed = allowed
        self.operation = "\(operation)"
        self.systemName = EventLoopError.name(status)
    }

    private static func name(_ status: Int32) -> String {
        text(size: 32) { uv_err_name_r(status, $0, $1) }
    }

    private static func sentence(_ status: Int32) -> String {
        text(size: 128) { uv_strerror_r(status, $0, $1) }
    }

    /// Runs one of libuv's `_r` string functions on a small stack buffer; they always terminate it.
    private static func text(
        size: Int, _ fill: (UnsafeMutablePointer<CChar>, Int) -> UnsafeMutablePointer<CChar>?
    ) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
            guard let base = buffer.baseAddress, fill(base, size) != nil else { return "" }
            return String(cString: base)
        }
    }
}

/// The one place where a libuv status becomes a Swift error. Negative is failure, always.
@inline(__always)
func check(
    _ status: Int32, _ operation: StaticString, _ tried: @autoclosure () -> String
) throws(EventLoopError) {
    if status < 0 { throw EventLoopError(status: status, operation: operation, tried: tried()) }
}
