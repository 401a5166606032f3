// POSIX sockets: the only file of the client that connects, reads and writes.
//
// Guarantees: nothing but `connect` waits, and that no longer than it was told to; interrupted
// calls are resumed; a peer that is gone is a value and never a signal.
// Not here: frames, retries, TLS, who may use a descriptor when (see Connection).

import Glibc

/// What reading once came to.
enum ReadOutcome {
    /// So many bytes.
    case bytes(Int)
    /// None now.
    case nothing
    /// The peer will send no more; why, when that was not its orderly end.
    case end(String?)
}

/// What writing once came to.
enum WriteOutcome {
    /// So many bytes were taken.
    case bytes(Int)
    /// The peer is gone.
    case gone(String?)
}

/// Functions on non-blocking stream sockets.
enum Socket {
    /// Connects, to the first of a host's addresses that accepts. Blocks. The descriptor is
    /// non-blocking and the caller's to close.
    static func connect(
        to address: ServerAddress, timeoutMilliseconds: UInt32
    ) throws(ClientError) -> Int32 {
        let end = Moment.now.advanced(byMilliseconds: timeoutMilliseconds)
        let timeout = Timeout(milliseconds: timeoutMilliseconds, end: end)
        return switch address {
        case .unix(let path): try connectUnix(path, address, timeout)
        case .tcp(let host, let port): try connectTCP(host, port, address, timeout)
        }
    }

    /// Reads what is there, once.
    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> ReadOutcome {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end(nil) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            case ECONNRESET: return .end(nil)
            default: return .end(text(errno))
            }
        }
    }

    /// Writes what fits, once.
    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> WriteOutcome {
        while true {
            // MSG_NOSIGNAL: a peer that is gone is EPIPE here, not a signal to the process.
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .bytes(0)
            case EPIPE, ECONNRESET: return .gone(nil)
            default: return .gone(text(errno))
            }
        }
    }

    /// Ends a connection and closes its descriptor. A process that was forked meanwhile holds a
    /// copy of it, which would keep the connection open for the server.
    static func end(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Closes a descriptor.
    static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    private struct Timeout {
        let milliseconds: UInt32
        let end: Moment
    }

    // MARK: - Connecting

    private static func connectUnix(
        _ path: String, _ address: ServerAddress, _ timeout: Timeout
    ) throws(ClientError) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        // The path fits: ServerAddress checked it. The rest of sun_path stays zero.
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                open(AF_UNIX, $0, size, timeout)
            }
        }
        switch result {
        case .success(let descriptor): return descriptor
        case .failure(let failure): throw .unreachable(address, failure.reason)
        }
    }

    private static func connectTCP(
        _ host: String, _ port: UInt16, _ address: ServerAddress, _ timeout: Timeout
    ) throws(ClientError) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0 else {
            throw .unreachable(address, String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(list) }
        var reason = "the host has no address"
        var next = list
        while let entry = next?.pointee {
            switch open(entry.ai_family, entry.ai_addr, entry.ai_addrlen, timeout) {
            case .success(let descriptor):
                tune(descriptor)
                return descriptor
            case .failure(let failure):
                reason = failure.reason
            }
            next = entry.ai_next
        }
        throw .unreachable(address, reason)
    }

    /// Sets what every TCP connection of a client has.
    private static func tune(_ descriptor: Int32) {
        let tcp = Int32(IPPROTO_TCP)
        // A request is one write: waiting to merge it with the next only adds delay. A host that
        // goes without a word is noticed after 30 seconds of silence and three lost probes.
        let settings: [(level: Int32, name: Int32, value: Int32)] = [
            (tcp, TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, 30),
            (tcp, TCP_KEEPINTVL, 10), (tcp, TCP_KEEPCNT, 3),
        ]
        for setting in settings {
            var value = setting.value
            _ = setsockopt(
                descriptor, setting.level, setting.name, &value,
                socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private struct ConnectFailure: Error { let reason: String }

    /// A connected descriptor, or why not. The connection is made without blocking, so that a
    /// host that never answers costs `timeout` and no more.
    private static func open(
        _ family: Int32, _ name: UnsafePointer<sockaddr>?, _ size: socklen_t, _ timeout: Timeout
    ) -> Result<Int32, ConnectFailure> {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failure(ConnectFailure(reason: text(errno))) }
        setNonBlocking(descriptor)
        if Glibc.connect(descriptor, name, size) == 0 { return .success(descriptor) }
        var reason = text(errno)
        if errno == EINPROGRESS || errno == EINTR {
            let outcome = outcomeOfConnect(descriptor, timeout)
            if outcome == 0 { return .success(descriptor) }
            reason =
                outcome == ETIMEDOUT ? "no answer within \(timeout.milliseconds) ms" : text(outcome)
        }
        _ = Glibc.close(descriptor)
        return .failure(ConnectFailure(reason: reason))
    }

    /// Waits for a connection in progress; 0 or an errno.
    private static func outcomeOfConnect(_ descriptor: Int32, _ timeout: Timeout) -> Int32 {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let result = poll(&entry, 1, timeout.end.pollMilliseconds(from: .now))
            if result == 0 { return ETIMEDOUT }
            if result > 0 { break }
            if errno != EINTR { return errno }
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    private static func setNonBlocking(_ descriptor: Int32) {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    }

    /// The system's text for an errno, by the re-entrant function.
    private static func text(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress else { return "error \(code)" }
            return strerror_r(code, base, buffer.count) == 0
                ? String(cString: base) : "error \(code)"
        }
    }
}
