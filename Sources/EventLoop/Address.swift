// The address on which a server listens: a TCP host and port, or the path of a Unix socket.
//
// Guarantees: `parse` reads the `description` of a parsed address back. A parsed address is numeric
// (or `localhost`), so binding never waits for a name server.
// Not here: name resolution, abstract Unix sockets, TLS.

import Glibc

/// An address in the form `tcp://HOST:PORT`, `tcp://[IPV6]:PORT` or `unix:///PATH`, or one of them
/// without its scheme.
///
/// A value for any thread.
package enum Address: Sendable, Hashable, CustomStringConvertible {
    /// `host` is a numeric IPv4 or IPv6 address without brackets, or `localhost` (127.0.0.1).
    case tcp(host: String, port: UInt16)
    /// An absolute path, at most `unixPathSizeMax` bytes.
    case unix(path: String)

    /// Most bytes of a Unix path. The kernel's field on Linux has 108 bytes, the last for the final
    /// zero.
    package static let unixPathSizeMax = 107

    /// The text that `parse` reads back.
    package var description: String {
        switch self {
        case .tcp: "tcp://\(hostAndPortText)"
        case .unix(let path): "unix://\(path)"
        }
    }

    /// `HOST:PORT` with brackets around IPv6, or the path.
    var hostAndPortText: String {
        switch self {
        case .tcp(let host, let port):
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// True when only processes of this machine reach the address: a Unix socket, 127.0.0.0/8 or
    /// ::1.
    package var isLocal: Bool {
        switch self {
        case .unix: return true
        case .tcp(let host, _):
            if host == "localhost" { return true }
            let mapped = "::ffff:"
            let isMapped = host.lowercased().hasPrefix(mapped)
            return SocketAddress.isLoopback(
                isMapped && host.contains(".") ? String(host.dropFirst(mapped.count)) : host)
        }
    }

    /// Reads an address from text.
    ///
    /// - Throws: `addressInvalid` for an unknown form, a host that is not numeric, or a port
    ///   outside 0...65535. `pathTooLong` for a Unix path over `unixPathSizeMax` bytes.
    package static func parse(_ text: String) throws(EventLoopError) -> Address {
        if text.hasPrefix("tcp://") {
            return try parseTCP(text, rest: text.dropFirst(6))
        }
        if text.hasPrefix("unix://") {
            return try parseUnix(text, path: String(text.dropFirst(7)))
        }
        if text.hasPrefix("/") { return try parseUnix(text, path: text) }
        if !text.contains("://"), text.contains(":") {
            return try parseTCP(text, rest: text[...])
        }
        throw invalid(text, found: "no known form")
    }

    private static func parseTCP(
        _ text: String, rest: Substring
    ) throws(EventLoopError) -> Address {
        guard let colon = rest.lastIndex(of: ":") else {
            throw invalid(text, found: "no port")
        }
        let digits = rest[rest.index(after: colon)...]
        let areDigits = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard areDigits, let port = UInt16(digits) else {
            throw invalid(text, found: "port \"\(clipped(digits))\"")
        }
        var host = rest[..<colon]
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if bracketed { host = host.dropFirst().dropLast() }
        let name = String(host)
        guard SocketAddress.isNumeric(name, version6: bracketed) || name == "localhost" else {
            throw invalid(text, found: "host \"\(clipped(host))\"")
        }
        return .tcp(host: name, port: port)
    }

    private static func parseUnix(_ text: String, path: String) throws(EventLoopError) -> Address {
        guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw invalid(text, found: "path \"\(clipped(path[...]))\"")
        }
        guard path.utf8.count <= unixPathSizeMax else {
            throw pathTooLong(path)
        }
        return .unix(path: path)
    }

    static func pathTooLong(_ path: String) -> EventLoopError {
        EventLoopError(
            .pathTooLong, tried: "reading the address unix://\(clipped(path[...]))",
            found: "a path of \(path.utf8.count) bytes",
            allowed: "at most \(unixPathSizeMax) bytes")
    }

    private static func invalid(_ text: String, found: String) -> EventLoopError {
        EventLoopError(
            .addressInvalid, tried: "reading the address \"\(clipped(text[...]))\"", found: found,
            allowed: "IPV4:PORT, [IPV6]:PORT, localhost:PORT or /PATH, and tcp:// or unix:// "
                + "before it")
    }

    /// Cuts text for an error. Hostile text may be long, so an error repeats at most 120
    /// characters.
    private static func clipped(_ text: Substring) -> String {
        text.count <= 120 ? String(text) : text.prefix(120) + "…"
    }
}
