// Binding and listening, and the care a Unix socket's file needs.
//
// Guarantees: a path is taken only when nothing is there, or when the socket there is proven dead
// (connecting is refused); a socket file is removed only while it is the one we made. Two servers
// starting at once are kept apart by a lock on the directory, held from the proof to listen(2).

import CLibUV
import Glibc

/// A descriptor that listens, and what must be undone with it.
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

    /// Undoes everything, for when the listener cannot be made after all.
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
            // Lets a restart bind while old connections still linger in TIME_WAIT.
            _ = SystemCall.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            // "[::]" means every address of the machine, whatever the system's default says.
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

/// What is found where a socket file was made.
public enum SocketFileState: Sendable, Equatable {
    /// The file that was made, or no file is needed: a TCP port.
    case present
    /// No file: nobody can connect any more.
    case missing
    /// Another file: whoever connects reaches somebody else, or nobody.
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

    /// Deletes the file if it is still ours; somebody may have put another one there.
    func remove() {
        if check() == .present { unlink(path) }
    }

    /// What is at the path now. A file that cannot be looked at counts as missing: nobody could
    /// connect through it.
    func check() -> SocketFileState {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return .missing }
        guard let identity, facts.st_dev == identity.device, facts.st_ino == identity.inode
        else { return .replaced }
        return .present
    }

    /// Makes room at `path`: nothing there is fine, a dead socket is removed, anything else stays
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

    /// 0 or the errno of connecting to `path`. A full backlog answers EAGAIN: alive.
    private static func connectStatus(
        _ path: String, _ tried: String
    ) throws(EventLoopError) -> Int32 {
        var name = try SocketAddress(.unix(path: path))
        let probe = try SystemCall.streamSocket(family: AF_UNIX, tried)
        defer { SystemCall.close(probe) }
        return name.connect(probe) == 0 ? 0 : errno
    }
}

/// An advisory lock on the directory of a socket path, so that two servers which find the same
/// dead socket do not delete each other's new one. Best effort: where the directory cannot be
/// read or the file system has no locks, or somebody sits on the lock for long, we go on without.
private struct DirectoryLock {
    private let descriptor: Int32
    /// Whether somebody else held it to the last.
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
