// Who is at the other end of a stream.

extension Stream {
    /// Numeric address of a TCP peer without the port. An IPv4-mapped address reads as its IPv4
    /// address. Nil for a Unix socket, and for a peer that has gone.
    package var peerHost: String? { peerAddress?.host }

    /// The peer for people: `uid N` for a Unix peer, `HOST:PORT` for a TCP peer, or `unknown`.
    package var peerName: String {
        if transport == .unix { return peerUser.map { "uid \($0)" } ?? "unknown" }
        guard let (host, port) = peerAddress else { return "unknown" }
        return Address.tcp(host: host, port: port).hostAndPortText
    }

    /// Asks the kernel.
    static func peerAddress(of descriptor: Int32) -> (host: String, port: UInt16)? {
        guard let found = SocketAddress(peerOf: descriptor)?.hostAndPort() else { return nil }
        let mapped = "::ffff:"
        let isMapped = found.host.hasPrefix(mapped) && found.host.utf8.contains(UInt8(ascii: "."))
        return (isMapped ? String(found.host.dropFirst(mapped.count)) : found.host, found.port)
    }
}
