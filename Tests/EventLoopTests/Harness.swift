// What the live tests share: a loop with an alarm, and peers made of plain system calls.
//
// Everything happens on the test's own thread: connecting and writing on loopback completes in
// the kernel without the other side's help, so a test is a sequence of "peer acts" and "loop runs
// until". Nothing sleeps; the alarm only turns a hang into a failure.

import EventLoop
import Glibc
import Synchronization
import Testing

/// A loop that is closed at the end of `body`, whatever happened.
func withLoop(
    _ configuration: Loop.Configuration = Loop.Configuration(), _ body: (Loop) throws -> Void
) throws {
    let loop = try Loop(configuration)
    defer { loop.close() }
    try body(loop)
}

extension Loop {
    /// Runs until somebody calls `stop()`; thirty seconds of silence are a failure, not a hang.
    func runUntilStopped(_ location: SourceLocation = #_sourceLocation) throws {
        let alarm = try Timer(loop: self)
        alarm.start(after: .seconds(30)) { [unowned self] in
            Issue.record("the loop waited in vain", sourceLocation: location)
            stop()
        }
        run()
        alarm.close()
    }
}

/// A Unix or TCP listener on a fresh address.
enum Fresh {
    static func listener(
        _ loop: Loop, _ transport: Stream.Transport, in directory: ScratchDirectory,
        settings: Listener.Settings = Listener.Settings()
    ) throws -> Listener {
        let address: Address =
            switch transport {
            case .tcp: .tcp(host: "127.0.0.1", port: 0)
            case .unix: .unix(path: directory.path("s"))
            }
        return try Listener(loop: loop, address: address, settings: settings)
    }

    /// A connected stream and its peer, through a real listener.
    static func pair(
        _ loop: Loop, _ transport: Stream.Transport, in directory: ScratchDirectory,
        settings: Stream.Settings = Stream.Settings()
    ) throws -> (stream: Stream, peer: Peer) {
        var listening = Listener.Settings()
        listening.stream = settings
        return try accept(
            Fresh.listener(loop, transport, in: directory, settings: listening), loop)
    }

    /// A connection to a listener, which is closed afterwards.
    static func accept(
        _ listener: Listener, _ loop: Loop
    ) throws -> (stream: Stream, peer: Peer) {
        var accepted: Stream?
        listener.start { [unowned loop] stream in
            accepted = stream
            loop.stop()
        }
        let peer = try Peer(connecting: listener.address)
        try loop.runUntilStopped()
        listener.close()
        return (try #require(accepted), peer)
    }
}

/// A directory that disappears with its contents' owner.
final class ScratchDirectory {
    private let base: String

    init() throws {
        var template = Array("/tmp/assay-loop-XXXXXX\0".utf8.map(CChar.init(bitPattern:)))
        guard let made = mkdtemp(&template) else { throw PeerError(call: "mkdtemp", code: errno) }
        base = String(cString: made)
    }

    deinit {
        for name in ["s", "other", "plain"] { unlink(path(name)) }
        rmdir(base)
    }

    func path(_ name: String) -> String { base + "/" + name }
}

struct PeerError: Error { let call: String, code: Int32 }

/// The other end of a stream: a blocking socket with a five-second limit on every call.
final class Peer {
    private(set) var descriptor: Int32

    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    init(connecting address: Address, receiveBuffer: Int32? = nil) throws {
        switch address {
        case .unix(let path):
            descriptor = try Peer.socket(AF_UNIX, receiveBuffer)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            try Peer.connect(descriptor, &name)
        case .tcp(let host, let port) where host.contains(":"):
            descriptor = try Peer.socket(AF_INET6, receiveBuffer)
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &name.sin6_addr)
            try Peer.connect(descriptor, &name)
        case .tcp(let host, let port):
            descriptor = try Peer.socket(AF_INET, receiveBuffer)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &name.sin_addr)
            try Peer.connect(descriptor, &name)
        }
    }

    deinit { close() }

    private static func socket(_ family: Int32, _ receiveBuffer: Int32?) throws -> Int32 {
        let descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw PeerError(call: "socket", code: errno) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        if var bytes = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(4))
        }
        return descriptor
    }

    private static func connect<Name>(_ descriptor: Int32, _ name: inout Name) throws {
        let size = socklen_t(MemoryLayout<Name>.size)
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, size)
            }
        }
        guard result == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw PeerError(call: "connect", code: code)
        }
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw PeerError(call: "send", code: errno) }
            sent += count
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// One recv: empty at the end of the stream.
    func receive(atMost limit: Int = 65536, flags: Int32 = 0) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let received = recv(descriptor, buffer.baseAddress, limit, flags)
            count = max(0, received)
            if received < 0 { failure = errno }
        }
        guard failure == 0 else { throw PeerError(call: "recv", code: failure) }
        return bytes
    }

    /// What is there already, without waiting: empty when nothing is.
    func receiveAvailable(atMost limit: Int = 65536) throws -> [UInt8] {
        do {
            return try receive(atMost: limit, flags: Int32(MSG_DONTWAIT))
        } catch let error as PeerError where error.code == EAGAIN {
            return []
        }
    }

    func receiveText() throws -> String {
        String(decoding: try receive(), as: UTF8.self)
    }

    /// Everything up to the end of the stream.
    func receiveToEnd() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let part = try receive()
            if part.isEmpty { return all }
            all += part
        }
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends with a reset instead of an orderly end. TCP only.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

extension Stream {
    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { write($0) } }

    /// Answers everything with itself.
    func echo() {
        onRead = { [unowned self] bytes in write(bytes) }
        startReading()
    }
}

func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

/// Bytes whose order can be checked anywhere: position modulo a prime. Cut from one long array,
/// because unoptimised and sanitized builds run these tests too.
func pattern(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    while bytes.count < range.count {
        let phase = (range.lowerBound + bytes.count) % 251
        let count = min(range.count - bytes.count, cycles.count - phase)
        bytes += cycles[phase..<phase + count]
    }
    return bytes
}

private let cycles: [UInt8] = {
    var bytes = (0..<251).map { UInt8($0) }
    while bytes.count < 1 << 20 { bytes += bytes }
    return bytes
}()

/// Runs `body` on a thread of its own and returns a function that waits for its end.
func startThread(_ body: @escaping @Sendable () -> Void) -> () -> Void {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, argument)
    let started = thread
    return { pthread_join(started, nil) }
}

/// Descriptors this process has open.
func openDescriptorCount() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}

/// A value two threads hand to each other.
final class Shared<Value: Sendable>: Sendable {
    fileprivate let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func set(_ new: Value) { value.withLock { $0 = new } }
    func get() -> Value { value.withLock { $0 } }

    func replace(with new: Value) -> Value {
        value.withLock { old in
            defer { old = new }
            return old
        }
    }
}

extension Shared where Value == [Int] {
    func append(_ item: Int) { value.withLock { $0.append(item) } }
}
