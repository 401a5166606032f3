// A piece of outgoing bytes together with the libuv write request that may carry it.
//
//   bytes   |sent already|waiting        |free          |
//           0            start           end        capacity
//
// Invariant: 0 <= start <= end <= capacity. A chunk belongs to one stream at a time, or to the pool
// of the loop. While libuv writes a chunk, the data pointer of the request holds the only
// reference.

import CLibUV
import Glibc

final class OutputChunk {
    /// Capacity of pooled chunks: room for many small frames, and little memory per slow reader.
    static let gatherSize = 16 * 1024

    let request: UnsafeMutablePointer<uv_write_t>
    let capacity: Int
    private let bytes: UnsafeMutableRawPointer
    private(set) var start = 0
    private(set) var end = 0

    /// Returns nil when the system refuses the memory.
    init?(capacity: Int) {
        // One block, aligned for any type: the request, then the bytes.
        let requestSize = (MemoryLayout<uv_write_t>.size + 15) & ~15
        guard let block = malloc(requestSize + capacity) else { return nil }
        self.capacity = capacity
        request = block.bindMemory(to: uv_write_t.self, capacity: 1)
        bytes = block + requestSize
    }

    deinit { free(request) }

    var waitingCount: Int { end - start }
    var freeCount: Int { capacity - end }

    func append(_ source: UnsafeRawBufferPointer) {
        precondition(source.count <= freeCount, "chunk overflow: \(source.count) > \(freeCount)")
        guard let base = source.baseAddress else { return }
        (bytes + end).copyMemory(from: base, byteCount: source.count)
        end += source.count
    }

    /// Forgets the first `count` waiting bytes, because the kernel has them.
    func consume(_ count: Int) {
        precondition((0...waitingCount).contains(count), "consumed \(count) of \(waitingCount)")
        start += count
    }

    func reset() {
        start = 0
        end = 0
    }

    /// The waiting bytes as a libuv buffer.
    var buffer: uv_buf_t {
        uv_buf_t(base: (bytes + start).assumingMemoryBound(to: CChar.self), len: waitingCount)
    }
}
