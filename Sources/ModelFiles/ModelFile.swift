// The `file` layer: a path becomes an open regular file that is read into memory of our own, or a
// typed refusal.
//
// Guarantees: only regular files are opened (never a directory, FIFO, socket or device) and
// opening never blocks on what the path turns out to be. Nothing is mapped: a byte that was handed
// out is a copy, so no later write, truncation or stalled disk can change it. The head (header,
// metadata, a text as a whole) is read once and kept, so that parsing and hashing see one copy.
// Does not: look at the content. Does not protect a load against a hung file system (the loader's
// timeout does).

import Glibc
import Synchronization

/// The container format a path's extension promises.
public enum ModelFileFormat: String, Sendable, CaseIterable {
    case gguf
    case safetensors
}

/// A regular file of a model, open for reading until `close()`.
///
/// Any thread may call any method.
///
/// Why the unchecked conformance holds: the raw pointer is to a reservation that stays until
/// deinit, and deinit cannot run while another thread holds a reference. Bytes of the head are
/// written once, under the lock, before the count that makes them readable grows. Everything else
/// is a `let` or behind the lock.
public final class ModelFile: @unchecked Sendable {
    /// The path as given.
    public let path: String
    /// The format the extension names; nil for a file beside the weights.
    public let format: ModelFileFormat?
    /// Size, place and time of the file when it was opened.
    public let identity: FileIdentity

    private struct State {
        /// -1 once closed.
        var descriptor: Int32
        /// Bytes of the head that have been read.
        var headCount = 0
    }

    private let state: Mutex<State>
    private let head: UnsafeMutableRawPointer
    private let headCapacity: Int

    /// Bytes that may be kept of the beginning: above what headers, metadata, tensor tables and
    /// texts may have by their own limits. Address space only, until it is read.
    private static let headSizeMax = 128 << 20
    /// Bytes that are read ahead at least: one call for the header of most models.
    private static let headStep = 1 << 20

    /// Checks and opens the file at `path`. Blocking; any thread; reads nothing.
    /// Throws a `file` layer error: see `ModelFileError.Code`.
    public convenience init(
        path: String, limits: FileLimits = .default
    ) throws(ModelFileError) {
        try self.init(FileOpening(path: path, limits: limits).open(), path: path)
    }

    /// The same for a text beside the weights, of any extension and bounded by
    /// `FileLimits.companionSizeMax`.
    public convenience init(
        companion path: String, limits: FileLimits = .default
    ) throws(ModelFileError) {
        var limits = limits
        limits.fileSizeMax = min(limits.fileSizeMax, limits.companionSizeMax)
        let (descriptor, identity) = try FileOpening(path: path, limits: limits).openRegularFile()
        try self.init(.init(descriptor: descriptor, identity: identity, format: nil), path: path)
    }

    private init(_ opened: FileOpening.Opened, path: String) throws(ModelFileError) {
        headCapacity = min(opened.identity.size, Self.headSizeMax)
        // No access yet, so that the reservation costs nothing, not even under strict accounting.
        guard
            let base = mmap(
                nil, headCapacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            base != MAP_FAILED
        else {
            let failure = SystemCallFailure(call: "mmap", number: errno)
            Glibc.close(opened.descriptor)
            throw .reserving(path: path, size: headCapacity, failure)
        }
        head = base
        self.path = path
        format = opened.format
        identity = opened.identity
        state = Mutex(State(descriptor: opened.descriptor))
    }

    deinit {
        munmap(head, headCapacity)
        close()
    }

    /// Bytes of the file when it was opened.
    public var size: Int { identity.size }

    // MARK: - Reading

    /// The first `count` bytes, at most `size`. They stay valid while this object is alive. Reads
    /// what has not been read before; blocking.
    ///
    /// Throws `metadata_too_large` beyond 128 MiB, `changed_while_read` when the file has become
    /// shorter, `io_error`.
    package func head(_ count: Int) throws(ModelFileError) -> UnsafeRawBufferPointer {
        precondition(count <= size, "\(count) bytes of a file of \(size)")
        guard count <= headCapacity else {
            throw ModelFileError(
                .metadataTooLarge, tried: "reading the head of the file", found: "\(count) bytes",
                allowed: "at most \(headCapacity) bytes", location: .init(path: path))
        }
        try state.withLock { state throws(ModelFileError) in
            guard state.headCount < count else { return }
            let end = min(headCapacity, max(count, state.headCount + Self.headStep))
            try unlock(end)
            let missing = UnsafeMutableRawBufferPointer(
                start: head + state.headCount, count: end - state.headCount)
            try Self.fill(missing, state.descriptor, path, from: state.headCount)
            state.headCount = end
        }
        return UnsafeRawBufferPointer(start: head, count: count)
    }

    /// Bytes of the head that have been read.
    package var headSize: Int { state.withLock { $0.headCount } }

    /// The part of the head that has been read: `range` lies in it.
    package func readHead(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        let count = headSize
        precondition(range.upperBound <= count, "bytes \(range) of a head of \(count)")
        return UnsafeRawBufferPointer(start: head + range.lowerBound, count: range.count)
    }

    private func unlock(_ end: Int) throws(ModelFileError) {
        guard mprotect(head, end, PROT_READ | PROT_WRITE) != 0 else { return }
        throw .reserving(
            path: path, size: end, SystemCallFailure(call: "mprotect", number: errno))
    }

    /// Reads exactly the bytes from `offset` on that fill `buffer`. Blocking; keeps nothing.
    ///
    /// Throws `changed_while_read` when the file has become shorter, `io_error`.
    package func fill(
        _ buffer: UnsafeMutableRawBufferPointer, from offset: Int
    ) throws(ModelFileError) {
        let descriptor = state.withLock { $0.descriptor }
        try Self.fill(buffer, descriptor, path, from: offset)
    }

    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer, _ descriptor: Int32, _ path: String,
        from offset: Int
    ) throws(ModelFileError) {
        var count = 0
        while count < buffer.count {
            let got = try read(
                UnsafeMutableRawBufferPointer(rebasing: buffer[count...]), descriptor, path,
                at: offset + count)
            guard got > 0 else {
                throw .changed(path, found: "the file ended at byte \(offset + count)")
            }
            count += got
        }
    }

    /// Reads up to `buffer.count` bytes from `offset`; returns the number read, 0 at the end.
    /// Blocking. Throws `io_error`.
    public func read(
        at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ModelFileError) -> Int {
        try Self.read(buffer, state.withLock { $0.descriptor }, path, at: offset)
    }

    private static func read(
        _ buffer: UnsafeMutableRawBufferPointer, _ descriptor: Int32, _ path: String, at offset: Int
    ) throws(ModelFileError) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            if errno == EINTR { continue }
            throw .system(
                SystemCallFailure(call: "pread", number: errno), tried: "reading the file",
                location: .init(path: path, offset: offset))
        }
    }

    /// Gives the descriptor back: nothing more is read. What was read stays.
    package func close() {
        state.withLock { state in
            if state.descriptor >= 0 { Glibc.close(state.descriptor) }
            state.descriptor = -1
        }
    }

    // MARK: - Changes

    /// Confirms that the path still names the file that was opened: size, inode and modification
    /// time equal. One `stat` call; throws `changed_while_read`.
    public func checkUnchanged() throws(ModelFileError) {
        if case .differs(_, let reason) = FileIdentity.compare(path, with: identity) {
            throw .changed(path, found: reason)
        }
    }
}
