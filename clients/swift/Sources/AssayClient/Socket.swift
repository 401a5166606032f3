// POSIX sockets: the only file of the client that connects, reads and writes.
//
// Guarantees: only `connect` waits, and no longer than its time limit. Interrupted calls are
// resumed. A vanished peer is a value and never a signal.
// Not here: frames, retries, TLS, the order of descriptor use (see Pool).

import Glibc

/// Functions on stream sockets.
enum Socket {
    /// Outcome of a single read or write.
    enum Outcome {
        /// Number of bytes read or written.
        case bytes(Int)
        /// The socket has no bytes, or no room, now.
        case nothing
        /// The peer is gone. The text is the reason, nil after an orderly end.
        case end(String?)
    }

    /// Reads the available bytes, once.
    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        outcome { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
    }

    /// Writes the bytes that fit, once.
    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Outcome {
        // MSG_NOSIGNAL: a vanished peer is EPIPE here, not a signal to the process.
        outcome { send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
    }

    private static func outcome(_ call: () -> Int) -> Outcome {
        while true {
            let count = call()
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end(nil) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            default: return .end(text(errno))
            }
        }
    }

    /// Ends a connection and closes its descriptor. Shutdown comes first, because a process forked
    /// meanwhile holds a copy of the descriptor and would keep the connection open.
    static func end(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    // MARK: - Connecting

    /// Connects to the first of a host's addresses that accepts. Blocks for a name server, and for
    /// `timeoutMilliseconds` in all. The descriptor is non-blocking, and the caller must close it.
    static func connect(
        to address: ServerAddress, timeoutMilliseconds: UInt32
    ) throws(AssayError) -> Int32 {
        let end = Moment.now.after(milliseconds: timeoutMilliseconds)
        var outcome = -EADDRNOTAVAIL
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            // The path fits: ServerAddress checked it. The rest of sun_path stays zero.
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            outcome = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    open($0, socklen_t(MemoryLayout<sockaddr_un>.size), until: end)
                }
            }
        case .tcp(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            let status = getaddrinfo(host, "\(port)", &hints, &list)
            guard status == 0 else {
                throw .unreachable(address, String(cString: gai_strerror(status)), number: status)
            }
            defer { freeaddrinfo(list) }
            var next = list
            while outcome < 0, let entry = next?.pointee {
                outcome = open(entry.ai_addr, entry.ai_addrlen, until: end)
                next = entry.ai_next
            }
        }
        if outcome >= 0 { return outcome }
        // The first two errors end a wait of full length: for TCP, and for a Unix socket.
        let isLate = [-EINPROGRESS, -EAGAIN, -ETIMEDOUT].contains(outcome)
        throw .unreachable(address, isLate ? "no answer in time" : text(-outcome), number: -outcome)
    }

    /// A connected descriptor, or a negative errno. A host that never answers, and a Unix socket
    /// with a full queue, take until `end` and no longer.
    private static func open(
        _ name: UnsafePointer<sockaddr>, _ size: socklen_t, until end: Moment
    ) -> Int32 {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(Int32(name.pointee.sa_family), Int32(kind), 0)
        guard descriptor >= 0 else { return -errno }
        tune(descriptor)
        var status: Int32
        repeat {
            // Bounds connect(2), too. The value 0 would mean no bound.
            let left = Int(max(1, end.milliseconds(since: .now)))
            let timeout = timeval(tv_sec: left / 1000, tv_usec: left % 1000 * 1000)
            set(descriptor, SOL_SOCKET, SO_SNDTIMEO, timeout)
            status = Glibc.connect(descriptor, name, size)
        } while status != 0 && errno == EINTR
        if status == 0 { status = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        if status == 0 { return descriptor }
        let code = errno
        close(descriptor)
        return -code
    }

    /// Sets the options of every TCP connection of a client. A Unix socket ignores them.
    private static func tune(_ descriptor: Int32) {
        let tcp = Int32(IPPROTO_TCP)
        // A request is a single write, so waiting to merge writes only adds delay. A vanished host
        // is noticed after 30 seconds of silence and three lost probes.
        let settings: [(level: Int32, name: Int32, value: Int32)] = [
            (tcp, TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, 30),
            (tcp, TCP_KEEPINTVL, 10), (tcp, TCP_KEEPCNT, 3),
        ]
        for (level, name, value) in settings { set(descriptor, level, name, value) }
    }

    private static func set<Value>(
        _ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Value
    ) {
        _ = withUnsafePointer(to: value) {
            setsockopt(descriptor, level, name, $0, socklen_t(MemoryLayout<Value>.size))
        }
    }

    /// The system's text for an errno, by the re-entrant function.
    private static func text(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress,
                strerror_r(code, base, buffer.count) == 0
            else { return "error \(code)" }
            return String(cString: base)
        }
    }
}
