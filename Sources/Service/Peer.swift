// The other end of a connection, as far as bounds and texts tell peers apart.

/// A peer. All connections of one address, or of one user on Unix sockets, are one peer. So a proxy
/// is one peer, whoever stands behind it.
package enum Peer: Sendable, Hashable, CustomStringConvertible {
    /// The source address of a TCP connection, without the port. An IPv4-mapped address is its IPv4
    /// address.
    case address(String)
    /// The user of the process at the other end of a Unix socket.
    case user(UInt32)
    /// The system did not tell.
    case unknown

    /// Text for people.
    package var description: String {
        switch self {
        case .address(let text): text
        case .user(let number): "user \(number)"
        case .unknown: "an unknown peer"
        }
    }
}
