// Failures between EventLoop and the operating system, as a value.
//
// Guarantees: every failed libuv call or system call becomes an `EventLoopError` with the call, the
// libuv code ("EADDRINUSE") and the system's sentence for the code. Names and sentences come from
// the re-entrant string functions, because the plain functions allocate and leak for unknown codes.
// Not here: bugs of the program (wrong thread, use after close of a loop). Bugs stop the process as
// failed preconditions.

import CLibUV

/// A failed operation of an event loop, a socket or an address.
package struct EventLoopError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure. The set is open: new codes may appear, so switch with a default.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
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
        package var name: String { kind.rawValue }
        /// Equal to `name`.
        package var description: String { name }

        /// The text is no address in a known form.
        package static let addressInvalid = Code(kind: .addressInvalid)
        /// Another living server listens on the address, or is binding in the directory of the
        /// path.
        package static let addressInUse = Code(kind: .addressInUse)
        /// The machine does not have the address, or the directory of the path does not exist.
        package static let addressUnavailable = Code(kind: .addressUnavailable)
        /// The Unix socket path is longer than the kernel's field for a path.
        package static let pathTooLong = Code(kind: .pathTooLong)
        /// The path holds a file that is no stream socket. The file is left alone.
        package static let pathOccupied = Code(kind: .pathOccupied)
        /// The kernel refused for lack of rights.
        package static let permissionDenied = Code(kind: .permissionDenied)
        /// The process or the machine has no file descriptor left.
        package static let descriptorsExhausted = Code(kind: .descriptorsExhausted)
        /// The kernel has no memory for the operation.
        package static let memoryExhausted = Code(kind: .memoryExhausted)
        /// The peer reset the connection or went away during a write.
        package static let connectionLost = Code(kind: .connectionLost)
        /// The peer does not read, and the bytes waiting for the peer passed the limit of the
        /// stream.
        package static let writeBacklogExceeded = Code(kind: .writeBacklogExceeded)
        /// Any other error of the system. `systemName` names the error.
        package static let system = Code(kind: .system)

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
    package let code: Code
    /// The attempted operation, for example `listening on tcp://127.0.0.1:80`.
    package let tried: String
    /// The obstacle, or the system's sentence for the error.
    package let found: String
    /// The accepted values, or empty where the system decides alone.
    package let allowed: String
    /// The failed call, for example `uv_tcp_open` or `bind`, or empty when EventLoop itself
    /// refused.
    package let operation: String
    /// The libuv name of the system's code, for example `EADDRINUSE`, or empty when EventLoop
    /// itself refused.
    package let systemName: String

    /// One sentence: the operation, the obstacle, the accepted values and the failed call.
    package var description: String {
        var text = "\(tried): \(found)"
        if !allowed.isEmpty { text += "; allowed: \(allowed)" }
        if !operation.isEmpty { text += " (\(operation): \(systemName))" }
        return text
    }

    /// A refusal by EventLoop itself, with no system call behind.
    init(_ code: Code, tried: String, found: String, allowed: String) {
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
        self.operation = ""
        self.systemName = ""
    }

    /// A failed call. `status` is libuv's negative number, on Linux `-errno`.
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

    /// Runs a libuv `_r` string function on a small stack buffer. The function always terminates
    /// the text.
    private static func text(
        size: Int, _ fill: (UnsafeMutablePointer<CChar>, Int) -> UnsafeMutablePointer<CChar>?
    ) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
            guard let base = buffer.baseAddress, fill(base, size) != nil else { return "" }
            return String(cString: base)
        }
    }
}

/// Turns a libuv status into a Swift error, for the whole module. A negative status always means
/// failure.
@inline(__always)
func check(
    _ status: Int32, _ operation: StaticString, _ tried: @autoclosure () -> String
) throws(EventLoopError) {
    if status < 0 { throw EventLoopError(status: status, operation: operation, tried: tried()) }
}
