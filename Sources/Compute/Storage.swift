// An owned piece of memory (or the thread pool), freed exactly once.
//
// Guarantees: memory is 64-byte aligned and zeroed. A piece of 1 MiB or more has a mapping of its
// own on a 2 MiB boundary, and costs no memory until touched. Huge pages are advised for every
// 2 MiB that the piece fills. Memory of another device is an address that this process never
// dereferences.
// Does not: guard against concurrent writes. See the safety note at the class.

import CKernels
import Glibc

/// Owner of raw memory behind matrices, buffers and caches.
///
/// `@unchecked Sendable`, because the compiler cannot see through the pointer. Sharing is safe:
/// - The address and size never change, and only `deinit` releases the memory.
/// - Matrices are written before they are handed out and never after.
/// - Only operations of the back end write buffers and caches. The caller keeps each buffer on a
///   single thread at a time, as `Backend` demands.
package final class Storage: @unchecked Sendable {
    /// Origin of the memory, and so the way to release it.
    private enum Kind {
        case heap, pool
        case mapping(start: UnsafeMutableRawPointer, size: Int)
        /// Part of another storage, which stays as long as its parts.
        case part(of: Storage)
        case device(release: @Sendable () -> Void)
    }

    /// Address in the memory of the device that owns the bytes.
    package let address: UInt
    /// Usable bytes, or 0 for a pool.
    package let size: Int
    /// First byte, aligned to 64, or nil for memory of another device.
    private let host: UnsafeMutableRawPointer?
    private let kind: Kind

    /// Bytes of a huge page of the processor.
    static let hugePageSize = 2 << 20
    private static let mappingSizeMin = 1 << 20

    /// Allocates zeroed memory. `purpose` goes into the error text.
    convenience init(size: Int, purpose: String) throws(ComputeError) {
        precondition(size >= 0)
        if size >= Self.mappingSizeMin {
            guard let mapped = Self.map(size) else { throw Self.refusal(size, purpose) }
            self.init(mapped.base, size, .mapping(start: mapped.start, size: mapped.size))
        } else {
            let rounded = (max(size, 1) + 63) / 64 * 64
            guard let memory = aligned_alloc(64, rounded) else { throw Self.refusal(size, purpose) }
            memset(memory, 0, rounded)
            self.init(memory, size, .heap)
        }
    }

    /// Allocates memory that holds `bytes`.
    convenience init(copying bytes: UnsafeRawBufferPointer, purpose: String) throws(ComputeError) {
        try self.init(size: bytes.count, purpose: purpose)
        UnsafeMutableRawBufferPointer(start: base, count: size).copyMemory(from: bytes)
    }

    /// Makes `size` bytes from `offset` on of `whole`, a multiple of 64, an object of their own.
    convenience init(part offset: Int, size: Int, of whole: Storage) {
        precondition(offset % 64 == 0 && offset >= 0 && size >= 0 && offset + size <= whole.size)
        self.init(whole.base + offset, size, .part(of: whole))
    }

    /// Creates a pool of `threads` threads, the caller included.
    convenience init(poolThreads threads: Int) throws(ComputeError) {
        guard (1...1024).contains(threads), let pool = kn_pool_create(UInt32(threads)) else {
            throw ComputeError(
                .threadsUnavailable, tried: "starting compute threads", found: "\(threads)",
                allowed: "1 to 1024, as far as the system grants them")
        }
        self.init(UnsafeMutableRawPointer(pool), 0, .pool)
    }

    /// Owns `size` bytes in the memory of another device. Any thread may call `release`, once, when
    /// the last user has gone.
    package init(deviceAddress: UInt, size: Int, release: @escaping @Sendable () -> Void) {
        (address, self.size, host) = (deviceAddress, size, nil)
        kind = .device(release: release)
    }

    private init(_ host: UnsafeMutableRawPointer, _ size: Int, _ kind: Kind) {
        (self.host, self.size, self.kind) = (host, size, kind)
        address = UInt(bitPattern: host)
    }

    deinit {
        switch kind {
        case .heap: free(host)
        case .mapping(let start, let size): MemoryReturn.take(start, size)
        case .pool: kn_pool_destroy(pool)
        case .part: break
        case .device(let release): release()
        }
    }

    /// First byte in the memory of this process.
    var base: UnsafeMutableRawPointer {
        guard let host else {
            preconditionFailure("address \(address) of a device used as memory of this process")
        }
        return host
    }
    var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
    var pool: OpaquePointer { OpaquePointer(base) }

    private static func map(
        _ size: Int
    ) -> (base: UnsafeMutableRawPointer, start: UnsafeMutableRawPointer, size: Int)? {
        let (padded, overflow) = size.addingReportingOverflow(2 * hugePageSize)
        guard !overflow else { return nil }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let start = mmap(nil, padded, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let start, start != MAP_FAILED else { return nil }
        let base = start.alignedUp(toMultipleOf: hugePageSize)
        // A huge page that the piece fills in part would cost a whole page of memory.
        let wholePages = size / hugePageSize * hugePageSize
        if wholePages > 0 { madvise(base, wholePages, MADV_HUGEPAGE) }
        return (base, start, padded)
    }

    private static func refusal(_ size: Int, _ purpose: String) -> ComputeError {
        ComputeError(
            .outOfMemory, tried: "allocating memory for \(purpose)",
            found: "\(size) bytes refused by the system", allowed: "what the system grants")
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func alignedUp(toMultipleOf alignment: Int) -> UnsafeMutableRawPointer {
        let address = Int(bitPattern: self)
        return self + (alignment - address % alignment) % alignment
    }
}
