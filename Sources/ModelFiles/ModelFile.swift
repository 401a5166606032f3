// The `file` layer: opens a regular file and reads bytes into private memory, or refuses the path
// with an error.
//
// Guarantees:
// - Only regular files are opened, never a directory, FIFO, socket or device. Opening never blocks
//   on a special file.
// - No file is mapped. All bytes are copies, so no later write, truncation or stalled disk can
//   change them.
// - The head (header and metadata, or a whole text) is read once and kept, so parsing and hashing
//   see a single copy.
// Does not: look at the content, or protect a load against a hung file system (the loader's
// timeout does).

import Glibc
import Synchronization

/// The container format that a file extension stands for.
public enum ModelFileFormat: String, Sendable, CaseIterable {
    case gguf
    case safetensors
}

/// A regular file of a model, open for reading until `close()`.
///
/// Any thread may call any method.
///
/// The unchecked conformance is safe. The raw pointer is to a reservation that stays until deinit,
/// and deinit cannot run while another thread holds a reference. Bytes of the head are written
/// once, under the lock, before `headCount` grows past them. Everything else is a `let` or behind
/// the lock.
public final class ModelFile: @unchecked Sendable {
    /// The path as given.
    public let path: String
    /// The format of the extension, or nil for a text beside the weights.
    public let format: ModelFileFormat?
    /// Device, inode, size and modification time of the file at opening.
    public let identity: FileIdentity

    private struct State {
        /// File descriptor, -1 after closing.
        var descriptor: Int32
        /// Number of head bytes read so far.
        var headCount = 0
    }

    private let state: Mutex<State>
    private let head: UnsafeMutableRawPointer
    private let headCapacity: Int

    /// Largest head in bytes, above the limits of headers, metadata, tensor tables and texts. The
    /// head takes only address space before it is read.
    private static let headSizeMax = 128 << 20
    /// Least bytes of a read of the head. One call reads the header of most models.
    private static let headStep = 1 << 20

    /// Checks and opens the file at `path`. Blocking. Any thread. Reads nothing.
    /// Throws a `file` layer error, see `ModelFileError.Code`.
    public convenience init(
        path: String, limits: FileLimits = .default
    ) throws(ModelFileError) {
        try self.init(FileOpening(path: path, limits: limits).open(), path: path)
    }

    /// Checks and opens a text beside the weights, with any extension and at most
    /// `FileLimits.companionSizeMax` bytes.
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
        // Without access, the reservation costs nothing, not even under strict accounting.
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

    /// Bytes of the file at opening.
    public var size: Int { identity.size }

    // MARK: - Reading

    /// Returns the first `count` bytes, at most `size`, valid while this object is alive. Reads
    /// missing bytes from the file. Blocking.
    ///
    /// Throws `metadata_too_large` beyond 128 MiB, `changed_while_read` when the file has become
    /// shorter, `resources_exhausted` without memory, or `io_error`.
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

    /// Number of head bytes read so far.
    package var headSize: Int { state.withLock { $0.headCount } }

    /// Returns the bytes of `range`, which must lie in the head read so far.
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

    /// Fills `buffer` with the bytes from `offset` on. Blocking. Keeps no copy.
    ///
    /// Throws `changed_while_read` when the file has become shorter, or `io_error`.
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

    /// Has the system fetch the bytes of `range` soon. May block while the disk is busy. The file
    /// must stay open during the call.
    func willRead(_ range: Range<Int>) {
        let descriptor = state.withLock { $0.descriptor }
        posix_fadvise(
            descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
    }

    /// Reads up to `buffer.count` bytes from `offset`. Returns the number of bytes read, 0 at the
    /// end. Blocking. Throws `io_error`.
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

    /// Closes the descriptor and ends all reading. The head read so far stays valid.
    package func close() {
        state.withLock { state in
            if state.descriptor >= 0 { Glibc.close(state.descriptor) }
            state.descriptor = -1
        }
    }

    // MARK: - Changes

    /// Checks that the path still names the open file, with equal device, inode, size and
    /// modification time. One `stat` call. Throws `changed_while_read`.
    public func checkUnchanged() throws(ModelFileError) {
        if case .differs(_, let reason) = FileIdentity.compare(path, with: identity) {
            throw .changed(path, found: reason)
        }
    }
}
