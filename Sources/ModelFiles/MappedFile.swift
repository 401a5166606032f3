// The `file` layer: a path becomes read-only mapped bytes, or a typed refusal.
//
// Guarantees: only regular files are opened (never a directory, FIFO, socket or device) and
// opening never blocks on what the path turns out to be; the bytes are mapped, not read; a file
// that shrinks or fails under the mapping cannot end the process: the reader sees zero bytes and
// `checkUnchanged()` reports it.
// Does not: look at the content; does not protect against a hung file system (the loader's
// timeout does).

import CMapGuard
import Glibc

/// The container format a path's extension promises.
public enum ModelFileFormat: String, Sendable, CaseIterable {
    case gguf
    case safetensors
}

/// A regular file of a model, mapped read-only for the life of this object.
///
/// Any thread may read `bytes` and call any method: all state is immutable after `init`.
///
/// Why the unchecked conformance holds: every stored property is a `let`; the raw pointer is to
/// read-only pages that stay mapped until deinit, and deinit cannot run while another thread holds
/// a reference.
public final class MappedFile: @unchecked Sendable {
    /// The path as given.
    public let path: String
    /// The format the extension names; nil for a file beside the weights.
    public let format: ModelFileFormat?
    /// Size, place and time of the file when it was opened.
    public let identity: FileIdentity
    /// The file's bytes. Valid while this object is alive.
    public let bytes: UnsafeRawBufferPointer

    private let descriptor: Int32
    private let guardSlot: Int32

    /// Checks, opens and maps the file at `path`. Blocking; any thread; allocates nothing of the
    /// file's size.
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
        let size = opened.identity.size
        // mmap(2): "a file is mapped in multiples of the page size … the remaining bytes in the
        // partial page at the end of the mapping are zeroed when mapped". Later shrinking raises
        // SIGBUS: hence the guard.
        guard
            let base = mmap(
                nil, size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, opened.descriptor, 0),
            base != MAP_FAILED
        else {
            let failure = SystemCallFailure(call: "mmap", number: errno)
            close(opened.descriptor)
            throw .mapping(path: path, size: size, failure)
        }
        let slot = mapguard_register(base, size)
        guard slot >= 0 else {
            munmap(base, size)
            close(opened.descriptor)
            throw .guarding(path: path, isFull: slot == MAPGUARD_FULL)
        }
        self.path = path
        self.format = opened.format
        self.identity = opened.identity
        self.descriptor = opened.descriptor
        self.guardSlot = slot
        self.bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit {
        mapguard_unregister(guardSlot)
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        close(descriptor)
    }

    /// False once a read of `bytes` has hit a page the file no longer has. Costs one atomic load.
    public var isIntact: Bool { mapguard_faulted(guardSlot) == 0 }

    /// Confirms that the file is still the one that was opened: no page lost, size, inode and
    /// modification time equal, path still naming it. Two `stat` calls; throws
    /// `changed_while_read`.
    public func checkUnchanged() throws(ModelFileError) {
        guard isIntact else {
            throw changed(
                found: "pages of the mapping are gone (the file shrank or failed to read)")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw changed(found: "fstat: \(systemErrorText(errno))")
        }
        let now = FileIdentity(status)
        guard now == identity else { throw changed(found: identity.difference(to: now)) }
        guard stat(path, &status) == 0 else {
            throw changed(found: "the path is gone (\(systemErrorText(errno)))")
        }
        let named = FileIdentity(status)
        guard named == identity else { throw changed(found: identity.difference(to: named)) }
    }

    /// Reads up to `buffer.count` bytes from `offset` through the descriptor, so without
    /// touching the mapping's resident memory; returns the number read, 0 at the end. Blocking.
    /// Throws `io_error`.
    public func read(
        at offset: Int, into buffer: UnsafeMutableRawBufferPointer
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

    private func changed(found: String) -> ModelFileError {
        ModelFileError(
            .changedWhileRead, tried: "checking that the file stayed the same while it was read",
            found: found, allowed: "a file that nobody writes to or replaces during the load",
            location: .init(path: path))
    }
}
