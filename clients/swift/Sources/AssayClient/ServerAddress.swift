// Addresses of servers: `tcp://host:port`, `tcp://[::1]:port`, `unix:///path`; the scheme may be
// left out.
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

    /// Parses an address. Without a scheme, a slash at the beginning makes it a path, and all else
    /// is a host and a port. Throws `address_invalid`.
    public init(_ given: String) throws(AssayError) {
        let isPath = given.hasPrefix("/")
        let text = given.contains("://") ? given : (isPath ? "unix://" : "tcp://") + given
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst("unix://".count))
            guard path.hasPrefix("/"), path.utf8.count <= Self.pathSizeMax else {
                throw Self.invalid(
                    given, "an absolute path of at most \(Self.pathSizeMax) bytes after unix://")
            }
            self = .unix(path: path)
            return
        }
        let rest = text.dropFirst("tcp://".count)
        let colon = rest.lastIndex(of: ":") ?? rest.endIndex
        let port = UInt16(rest[colon...].dropFirst()) ?? 0
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard text.hasPrefix("tcp://"), port > 0, !host.isEmpty, !host.contains("/") else {
            throw Self.invalid(
                given, "tcp://HOST:PORT with a port from 1 to 65535, or unix:///PATH")
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
