// Binding and listening, and the care for the file of a Unix socket.
//
// Guarantees: binding takes a path only when the path is free, or when the socket there is proven
// dead (connecting is refused). A socket file is removed only while it is the file of this
// listener. Two servers that start together are kept apart by a lock on the directory, held from
// the proof to listen(2).

import CLibUV
import Glibc

/// A listening descriptor, and the socket file to remove with it.
struct BoundSocket {
    let descriptor: Int32
    let address: Address
    let transport: Stream.Transport
    let socketFile: UnixSocketFile?

    init(_ address: Address, settings: Listener.Settings) throws(EventLoopError) {
        switch address {
        case .tcp(let host, _):
            (descriptor, self.address) = try BoundSocket.tcp(address, host: host, settings)
            transport = .tcp
            socketFile = nil
        case .unix(let path):
            (descriptor, socketFile) = try BoundSocket.unix(address, path: path, settings)
            self.address = address
            transport = .unix
        }
    }

    /// Removes the socket file and closes the descriptor, for a listener that cannot be made after
    /// all.
    func release() {
        socketFile?.remove()
        SystemCall.close(descriptor)
    }

    private static func tcp(
        _ address: Address, host: String, _ settings: Listener.Settings
    ) throws(EventLoopError) -> (Int32, Address) {
        let tried = "listening on \(address)"
        var name = try SocketAddress(address)
        let descriptor = try SystemCall.streamSocket(family: name.family, tried)
        do throws(EventLoopError) {
            // A restart can bind while old connections still linger in TIME_WAIT.
            _ = SystemCall.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            // "[::]" means every address of the machine, whatever the default of the system says.
            if name.family == AF_INET6 {
                _ = SystemCall.setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
            }
            guard name.bind(descriptor) == 0 else { throw SystemCall.failure("bind", tried) }
            try listen(descriptor, settings, tried)
            let bound = try SocketAddress(localOf: descriptor)
            return (descriptor, .tcp(host: host, port: bound.hostAndPort()?.port ?? 0))
        } catch {
            SystemCall.close(descriptor)
            throw error
        }
    }

    private static func unix(
        _ address: Address, path: String, _ settings: Listener.Settings
    ) throws(EventLoopError) -> (Int32, UnixSocketFile) {
        let tried = "listening on \(address)"
        var name = try SocketAddress(address)
        let lock = DirectoryLock(
            containing: path, attemptCountMax: settings.waitsForDirectory ? 50 : 1)
        defer { lock.release() }
        if lock.isTaken, !settings.waitsForDirectory {
            throw EventLoopError(
                .addressInUse, tried: tried, found: "another server that binds in that directory",
                allowed: "one at a time; try again")
        }
        try UnixSocketFile.clearStale(path, tried)
        let descriptor = try SystemCall.streamSocket(family: AF_UNIX, tried)
        guard name.bind(descriptor) == 0 else {
            let error = SystemCall.failure("bind", tried)
            SystemCall.close(descriptor)
            throw error
        }
        let file = UnixSocketFile(path)
        do throws(EventLoopError) {
            // Nobody can connect before listen(2), so the mode is right from the first caller on.
            guard chmod(path, settings.unixMode) == 0 else {
                throw SystemCall.failure("chmod", tried)
            }
            try listen(descriptor, settings, tried)
            return (descriptor, file)
        } catch {
            file.remove()
            SystemCall.close(descriptor)
            throw error
        }
    }

    private static func listen(
        _ descriptor: Int32, _ settings: Listener.Settings, _ tried: String
    ) throws(EventLoopError) {
        guard Glibc.listen(descriptor, Int32(clamping: settings.backlog)) == 0 else {
            throw SystemCall.failure("listen", tried)
        }
    }
}

/// State of the path at which a socket file was made.
package enum SocketFileState: Sendable, Equatable {
    /// The file is there, or the address is a TCP port and needs no file.
    case present
    /// The path is empty: no client can connect any more.
    case missing
    /// Another file is at the path: a client reaches another server, or none.
    case replaced
}

/// The file of a bound Unix socket, recognised by device and inode.
struct UnixSocketFile {
    private let path: String
    private let identity: (device: dev_t, inode: ino_t)?

    /// Remembers the file that bind(2) has just made at `path`.
    init(_ path: String) {
        self.path = path
        var facts = stat()
        identity = lstat(path, &facts) == 0 ? (facts.st_dev, facts.st_ino) : nil
    }

    /// Deletes the file unless another file has taken the path.
    func remove() {
        if check() == .present { unlink(path) }
    }

    /// Looks at the path with lstat(2). A file that lstat(2) cannot read counts as missing, because
    /// no client could connect through such a file.
    func check() -> SocketFileState {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return .missing }
        guard let identity, facts.st_dev == identity.device, facts.st_ino == identity.inode
        else { return .replaced }
        return .present
    }

    /// Makes room at `path`. A free path is fine, a dead socket is removed, and anything else stays
    /// and is an error.
    static func clearStale(_ path: String, _ tried: String) throws(EventLoopError) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            if errno == ENOENT { return }
            throw SystemCall.failure("lstat", tried)
        }
        guard facts.st_mode & S_IFMT == S_IFSOCK else {
            throw EventLoopError(
                .pathOccupied, tried: tried, found: "something that is not a socket at that path",
                allowed: "a free path, or the socket file of a server that is gone")
        }
        switch try connectStatus(path, tried) {
        case ECONNREFUSED:
            guard unlink(path) == 0 || errno == ENOENT else {
                throw SystemCall.failure("unlink", tried)
            }
        case ENOENT:
            return
        case 0, EAGAIN, EINPROGRESS:
            throw EventLoopError(
                .addressInUse, tried: tried, found: "a living server on that socket",
                allowed: "one server per path; stop the other one or choose another path")
        case let status:
            throw EventLoopError(
                status: -status, operation: "connect", tried: tried,
                allowed: "a socket that can be proven dead")
        }
    }

    /// Returns 0 or the errno of connecting to `path`. EAGAIN, the answer of a full backlog, proves
    /// a living server.
    private static func connectStatus(
        _ path: String, _ tried: String
    ) throws(EventLoopError) -> Int32 {
        var name = try SocketAddress(.unix(path: path))
        let probe = try SystemCall.streamSocket(family: AF_UNIX, tried)
        defer { SystemCall.close(probe) }
        return name.connect(probe) == 0 ? 0 : errno
    }
}

/// An advisory lock on the directory of a socket path. Without the lock, two servers that find a
/// dead socket could each delete the new socket of the other.
/// The lock is best effort: binding goes on without a lock when the directory cannot be read or the
/// file system has no locks. When another process holds the lock to the last, only a listener with
/// `waitsForDirectory` goes on.
private struct DirectoryLock {
    private let descriptor: Int32
    /// True when another process held the lock through all attempts.
    private(set) var isTaken = false

    init(containing path: String, attemptCountMax: Int) {
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        descriptor = open(String(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        for attempt in 1...attemptCountMax {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { return }
            if attempt < attemptCountMax { usleep(10_000) }
        }
        isTaken = true
    }

    func release() {
        if descriptor >= 0 { SystemCall.close(descriptor) }
    }
}
