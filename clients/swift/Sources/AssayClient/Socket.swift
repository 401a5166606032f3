// One connected POSIX socket with timeouts: the only file of the client that makes system calls.
//
// Guarantees: every wait ends at its deadline; interrupted calls are resumed; a peer that is
// gone is
// an error and never a signal; the descriptor is closed exactly once.
// Not here: frames, retries, TLS.

import Glibc

/// A connected stream socket. Confined to one thread at a time.
final class Socket {
    private var descriptor: Int32

    /// Takes over a connected descriptor and makes it non-blocking.
    init(adopting descriptor: Int32) {
        self.descriptor = descriptor
        Self.setNonBlocking(descriptor)
    }

    deinit { close() }

    /// Connects, to the first of a host's addresses that accepts.
    static func connect(
        to address: ServerAddress, timeoutMilliseconds: Int
    ) throws(ClientError) -> Socket {
        switch address {
        case .unix(let path):
            try connectUnix(path, address, timeoutMilliseconds)
        case .tcp(let host, let port):
            try connectTCP(host, port, address, timeoutMilliseconds)
        }
    }

    /// Closes; later calls fail. Safe to repeat.
    func close() {
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
        descriptor = -1
    }

    /// Writes all of `bytes` or throws.
    func write(_ bytes: [UInt8], until deadline: Deadline) throws(ClientError) {
        var offset = 0
        while offset < bytes.count {
            // MSG_NOSIGNAL: a peer that is gone is EPIPE here, not a signal to the process.
            let count = bytes.withUnsafeBytes { view in
                send(
                    descriptor, view.baseAddress?.advanced(by: offset), view.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                offset += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: Int16(POLLOUT), until: deadline, doing: "sending a request")
            case EPIPE, ECONNRESET: throw .closed("sending a request")
            default: throw .closed("sending a request (\(Self.text(errno)))")
            }
        }
    }

    /// Reads what is there, at least one byte; throws when the peer closed.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, until deadline: Deadline
    ) throws(ClientError) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return count }
            if count == 0 { throw .closed("waiting for an answer") }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                try wait(for: Int16(POLLIN), until: deadline, doing: "waiting for an answer")
            case ECONNRESET: throw .closed("waiting for an answer")
            default: throw .closed("waiting for an answer (\(Self.text(errno)))")
            }
        }
    }

    private func wait(
        for events: Int16, until deadline: Deadline, doing: String
    ) throws(ClientError) {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let result = poll(&entry, 1, deadline.pollMilliseconds)
            if result > 0 { return }
            if result == 0 { throw .timedOut(doing, milliseconds: deadline.milliseconds) }
            if errno != EINTR { throw .closed("\(doing) (poll: \(Self.text(errno)))") }
        }
    }

    // MARK: - Connecting

    private static func connectUnix(
        _ path: String, _ address: ServerAddress, _ timeout: Int
    ) throws(ClientError) -> Socket {
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
        case .success(let descriptor): return Socket(adopting: descriptor)
        case .failure(let failure): throw .unreachable(address, failure.reason)
        }
    }

    private static func connectTCP(
        _ host: String, _ port: UInt16, _ address: ServerAddress, _ timeout: Int
    ) throws(ClientError) -> Socket {
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
                var on: Int32 = 1
                // A request is one write: waiting to merge it with the next only adds delay.
                _ = setsockopt(
                    descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on,
                    socklen_t(MemoryLayout<Int32>.size))
                return Socket(adopting: descriptor)
            case .failure(let failure):
                reason = failure.reason
            }
            next = entry.ai_next
        }
        throw .unreachable(address, reason)
    }

    private struct ConnectFailure: Error { let reason: String }

    /// A connected descriptor, or why not. The connection is made without blocking, so that a
    /// host that never answers costs `timeout` and no more.
    private static func open(
        _ family: Int32, _ name: UnsafePointer<sockaddr>?, _ size: socklen_t, _ timeout: Int
    ) -> Result<Int32, ConnectFailure> {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failure(ConnectFailure(reason: text(errno))) }
        setNonBlocking(descriptor)
        if Glibc.connect(descriptor, name, size) == 0 { return .success(descriptor) }
        var reason = text(errno)
        if errno == EINPROGRESS || errno == EINTR {
            let outcome = outcomeOfConnect(descriptor, timeout)
            if outcome == 0 { return .success(descriptor) }
            reason = outcome == ETIMEDOUT ? "no answer within \(timeout) ms" : text(outcome)
        }
        _ = Glibc.close(descriptor)
        return .failure(ConnectFailure(reason: reason))
    }

    /// Waits for a connection in progress; 0 or an errno.
    private static func outcomeOfConnect(_ descriptor: Int32, _ timeout: Int) -> Int32 {
        let deadline = Deadline(milliseconds: timeout)
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let result = poll(&entry, 1, deadline.pollMilliseconds)
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

/// A point in time by the monotonic clock; never, when made without milliseconds.
struct Deadline {
    /// What it was made from, for messages.
    let milliseconds: Int
    private let instant: ContinuousClock.Instant?

    init(milliseconds: Int?) {
        self.milliseconds = milliseconds ?? 0
        instant = milliseconds.map { ContinuousClock.now + .milliseconds($0) }
    }

    /// What poll(2) wants: milliseconds left, rounded up; -1 for ever.
    var pollMilliseconds: Int32 {
        guard let instant else { return -1 }
        let left = ContinuousClock.now.duration(to: instant)
        guard left > .zero else { return 0 }
        let parts = left.components
        let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000 + 1
        return Int32(clamping: milliseconds)
    }
}
