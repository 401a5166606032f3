// Addresses of servers: `tcp://host:port`, `tcp://[::1]:port`, `unix:///path`, and the same without
// a scheme.
//
// Guarantees: parsing touches no network. The error for a refused address names the expected form.

/// Address of a server.
public enum ServerAddress: Sendable, Equatable, CustomStringConvertible {
    /// Host name or numeric address, and port.
    case tcp(host: String, port: UInt16)
    /// Path of a Unix socket.
    case unix(path: String)

    /// Default address of `assayd`.
    public static let standard = ServerAddress.tcp(host: "127.0.0.1", port: 7411)

    /// Longest path that fits the address of a Unix socket, bytes (`sun_path` less its terminator).
    public static let pathSizeMax = 107

    /// Parses an address, with its scheme or without. Throws `address_invalid`.
    public init(_ text: String) throws(AssayError) {
        let isUnix = text.hasPrefix("unix://")
        if isUnix || text.hasPrefix("/") {
            let path = String(text.dropFirst(isUnix ? "unix://".count : 0))
            guard path.hasPrefix("/"), path.utf8.count <= Self.pathSizeMax else {
                throw Self.invalid(
                    text, "an absolute path of at most \(Self.pathSizeMax) bytes after unix://")
            }
            self = .unix(path: path)
            return
        }
        let rest = text.dropFirst(text.hasPrefix("tcp://") ? "tcp://".count : 0)
        let colon = rest.lastIndex(of: ":") ?? rest.endIndex
        let port = UInt16(rest[colon...].dropFirst()) ?? 0
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard port > 0, !host.isEmpty, !host.contains("/") else {
            throw Self.invalid(
                text, "HOST:PORT with a port from 1 to 65535, or /PATH, and tcp:// or unix:// "
                    + "before it")
        }
        self = .tcp(host: String(host), port: port)
    }

    private static func invalid(_ text: String, _ allowed: String) -> AssayError {
        AssayError(
            .addressInvalid,
            "reading the server address: found \"\(text)\", allowed: \(allowed)")
    }

    /// The URL.
    public var description: String {
        switch self {
        case .tcp(let host, let port):
            host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        case .unix(let path): "unix://\(path)"
        }
    }
}
