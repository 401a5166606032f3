// Who is at the other end of a stream, as a text for people.

import CLibUV

extension Stream {
    /// `uid N` for a Unix peer, `HOST:PORT` for a TCP peer, or `unknown`. IPv4 in an IPv6 socket is
    /// written as IPv4. Asks the kernel.
    package var peerName: String {
        if transport == .unix { return peerUser.map { "uid \($0)" } ?? "unknown" }
        var descriptor: uv_os_fd_t = -1
        let handle = UnsafeMutableRawPointer(stream).assumingMemoryBound(to: uv_handle_t.self)
        guard uv_fileno(handle, &descriptor) == 0,
            let address = SocketAddress(peerOf: descriptor), let name = address.hostAndPort()
        else { return "unknown" }
        let mapped = "::ffff:"
        let isMapped = name.host.hasPrefix(mapped) && name.host.utf8.contains(UInt8(ascii: "."))
        let host = isMapped ? String(name.host.dropFirst(mapped.count)) : name.host
        return Address.tcp(host: host, port: name.port).hostAndPortText
    }
}
