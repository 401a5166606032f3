// POSIX sockets: the only file of the client that connects, reads and writes.
//
// Guarantees: nothing but `connect` waits, and that no longer than it was told to; interrupted
// calls are resumed; a peer that is gone is a value and never a signal.
// Not here: frames, retries, TLS, who may use a descriptor when (see Connection).

import Glibc

/// Functions on non-blocking stream sockets.
enum Socket {
    /// What reading or writing once came to.
    enum Outcome {
        /// So many bytes.
        case bytes(Int)
        /// None now.
        case nothing
        /// The peer is gone; why, when that was not its orderly end.
        case end(String?)
    }

    /// Reads what is there, once.
    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        outcome { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
    }

    /// Writes what fits, once.
    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Outcome {
        // MSG_NOSIGNAL: a peer that is gone is EPIPE here, not a signal to the process.
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
            case EPIPE, ECONNRESET: return .end(nil)
            default: return .end(text(errno))
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

    // MARK: - Connecting

    /// A socket's address as the system calls take it.
    private struct Name {
        private(set) var storage = sockaddr_storage()
        let size: socklen_t

        init(copying name: UnsafeRawPointer, size: Int) {
            self.size = socklen_t(size)
            withUnsafeMutableBytes(of: &storage) { room in
                room.copyMemory(from: UnsafeRawBufferPointer(start: name, count: size))
            }
        }

        func withPointer<Value>(_ body: (UnsafePointer<sockaddr>) -> Value) -> Value {
            withUnsafePointer(to: storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
            }
        }
    }

    private struct Failure: Error { let reason: String }

    /// Connects, to the first of a host's addresses that accepts. Blocks. The descriptor is
    /// non-blocking and the caller's to close.
    static func connect(
        to address: ServerAddress, timeoutMilliseconds: UInt32
    ) throws(AssayError) -> Int32 {
        let end = Moment.now.advanced(byMilliseconds: timeoutMilliseconds)
        var failure = Failure(reason: "the host has no address")
        do throws(Failure) {
            for name in try names(of: address) {
                do throws(Failure) {
                    let descriptor = try open(name, until: end)
                    if case .tcp = address { tune(descriptor) }
                    return descriptor
                } catch {
                    failure = error
                }
            }
        } catch {
            failure = error
        }
        throw .unreachable(address, failure.reason)
    }

    private static func names(of address: ServerAddress) throws(Failure) -> [Name] {
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            // The path fits: ServerAddress checked it. The rest of sun_path stays zero.
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            return [Name(copying: &name, size: MemoryLayout<sockaddr_un>.size)]
        case .tcp(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            let status = getaddrinfo(host, "\(port)", &hints, &list)
            guard status == 0 else {
                throw Failure(reason: String(cString: gai_strerror(status)))
            }
            defer { freeaddrinfo(list) }
            return sequence(first: list) { $0?.pointee.ai_next }.compactMap { entry in
                entry.map { Name(copying: $0.pointee.ai_addr, size: Int($0.pointee.ai_addrlen)) }
            }
        }
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
        for (level, name, value) in settings {
            var value = value
            let size = socklen_t(MemoryLayout<Int32>.size)
            _ = setsockopt(descriptor, level, name, &value, size)
        }
    }

    /// A connected descriptor. The connection is made without blocking, so that a host that never
    /// answers costs the time until `end` and no more.
    private static func open(_ name: Name, until end: Moment) throws(Failure) -> Int32 {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(Int32(name.storage.ss_family), Int32(kind), 0)
        guard descriptor >= 0 else { throw Failure(reason: text(errno)) }
        let status = name.withPointer { Glibc.connect(descriptor, $0, name.size) }
        var code = status == 0 ? 0 : errno
        if code == EINPROGRESS || code == EINTR { code = outcomeOfConnect(descriptor, until: end) }
        if code == 0 { return descriptor }
        close(descriptor)
        throw Failure(reason: code == ETIMEDOUT ? "no answer in time" : text(code))
    }

    /// Waits for a connection in progress; 0 or an errno.
    private static func outcomeOfConnect(_ descriptor: Int32, until end: Moment) -> Int32 {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let result = poll(&entry, 1, end.pollMilliseconds(from: .now))
            if result == 0 { return ETIMEDOUT }
            if result > 0 { break }
            if errno != EINTR { return errno }
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
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
