// A single pass over a model's weights, front to back. Every byte of the files is shown once to an
// observer (the fingerprint). Bytes of a tensor go to the caller from the memory that the observer
// sees.
//
//   file   | header, metadata | pad | tensor           | tensor | gap | tensor | tail |
//   shown  | the parsed copy  |  x  | piece | piece | p |   x    |  x  |   x    |  x   |
//   slots                       0     1       2      3    0 ...
//
// A piece is read into one of a few slots of memory. While the caller works on it, the observer may
// still look at the pieces before it. A slot is read into again when both have let go of it.
// Guarantees: for each piece, caller and observer get exactly equal bytes. Memory does not grow
// with the files, but for tensors that the caller takes whole.
// Does not: keep bytes. The memory is released at the end.

import Dispatch
import Glibc

/// Sees every byte of a model's files while they are read. Calls come from one thread, in the order
/// of the bytes of each file.
package protocol ReadObserver: AnyObject, Sendable {
    /// Takes the next bytes of `file`. The bytes do not change before the observer calls `done`,
    /// once, on any thread.
    func observe(
        _ bytes: UnsafeRawBufferPointer, of file: ModelFile, done: @escaping @Sendable () -> Void)
    /// True when nobody waits for the model any more. Reading stops before the next piece.
    var isGivenUp: Bool { get }
}

/// Consecutive bytes of a tensor.
package struct TensorPiece {
    /// The tensor, as stored.
    package let tensor: TensorInfo
    /// First byte of the piece in the tensor.
    package let offset: Int
    /// The bytes. Valid during the call only.
    package let bytes: UnsafeRawBufferPointer

    /// True for the first piece of the tensor.
    package var isFirst: Bool { offset == 0 }
    /// True for the last piece of the tensor.
    package var isLast: Bool { offset + bytes.count == tensor.byteSize }
}

/// Reads the weights of `source` in a single pass. A value. Blocking.
package struct TensorReading {
    private let source: any TensorSource
    private let observer: (any ReadObserver)?
    private let step: (TensorInfo) -> Int?

    /// Most bytes of a piece. The last slots are still in a processor's cache when they are packed
    /// and hashed.
    package static let pieceSizeMax = 2 << 20
    /// Most slots. The observer may be this many pieces behind.
    private static let slotCountMax = 8

    /// - Parameters:
    ///   - observer: nil to skip bytes outside tensors.
    ///   - step: bytes of which a piece of the tensor must be a multiple, but for the last piece.
    ///     Nil for a tensor that the caller takes whole.
    package init(
        _ source: any TensorSource, observer: (any ReadObserver)?,
        step: @escaping (TensorInfo) -> Int? = { _ in nil }
    ) {
        (self.source, self.observer, self.step) = (source, observer, step)
    }

    /// Bytes of staging memory for `run`.
    package static func stagingSize(
        _ source: any TensorSource, step: (TensorInfo) -> Int? = { _ in nil }
    ) -> Int {
        slotCount(source) * pieceSizeMax + wholeSize(source, step)
    }

    private static func slotCount(_ source: any TensorSource) -> Int {
        min(slotCountMax, source.fileSize / pieceSizeMax + 1)
    }

    /// Returns the bytes of the largest tensor that fits no slot and is not cut.
    private static func wholeSize(_ source: any TensorSource, _ step: (TensorInfo) -> Int?) -> Int {
        source.tensors.reduce(0) { largest, tensor in
            let size = pieceSize(tensor, step)
            return size > pieceSizeMax ? max(largest, size) : largest
        }
    }

    /// Returns the bytes of the tensor's pieces.
    private static func pieceSize(_ tensor: TensorInfo, _ step: (TensorInfo) -> Int?) -> Int {
        guard tensor.byteSize > pieceSizeMax, let step = step(tensor), step <= pieceSizeMax else {
            return tensor.byteSize
        }
        return pieceSizeMax / step * step
    }

    /// Calls `body` with the pieces of each tensor, in the order of the files.
    ///
    /// Throws the error of `body`, `resources_exhausted` without memory, `changed_while_read` when
    /// a file has become shorter, or `io_error`, also for a load that was given up.
    package func run(_ body: (TensorPiece) throws -> Void) throws {
        let slots = try Slots(
            path: source.files[0].path, count: Self.slotCount(source), size: Self.pieceSizeMax,
            wholeSize: Self.wholeSize(source, step))
        // However the pass ends, the observer must let go of the memory before it goes.
        defer { slots.end() }
        let ahead = ReadAhead(source.files)
        defer { ahead?.stop() }
        var before = 0
        for (file, tensors) in tensorsByFile() {
            let pass = FilePass(
                file: file, slots: slots, observer: observer, ahead: ahead, before: before)
            try read(tensors, pass, body)
            before += file.size
        }
    }

    private func tensorsByFile() -> [(file: ModelFile, tensors: [TensorInfo])] {
        let files = source.files
        var lists = [[TensorInfo]](repeating: [], count: files.count)
        let places = Dictionary(
            uniqueKeysWithValues: files.enumerated().map { (ObjectIdentifier($1), $0) })
        for tensor in source.tensors {
            guard let index = places[ObjectIdentifier(source.part(of: tensor).file)] else {
                preconditionFailure("tensor \(tensor.name) in a file that is none of the model's")
            }
            lists[index].append(tensor)
        }
        return zip(files, lists).map { ($0, $1.sorted { $0.byteOffset < $1.byteOffset }) }
    }

    private func read(
        _ tensors: [TensorInfo], _ pass: FilePass, _ body: (TensorPiece) throws -> Void
    ) throws {
        let file = pass.file
        // A part without tensors has a parsed head too.
        var end = tensors.first.map { source.part(of: $0).dataOffset } ?? file.headSize
        observer?.observe(try file.head(end), of: file, done: {})
        for tensor in tensors {
            try pass.show(end..<tensor.byteOffset)
            end = tensor.byteOffset + tensor.byteSize
            let size = Self.pieceSize(tensor, step)
            for start in stride(from: 0, to: tensor.byteSize, by: max(1, size)) {
                let count = min(size, tensor.byteSize - start)
                try pass.piece(tensor.byteOffset + start, count) { bytes in
                    try body(TensorPiece(tensor: tensor, offset: start, bytes: bytes))
                }
            }
        }
        try pass.show(end..<file.size)
    }
}

/// The pass over one file.
private struct FilePass {
    let file: ModelFile
    let slots: Slots
    let observer: (any ReadObserver)?
    let ahead: ReadAhead?
    /// Bytes of the files before this one.
    let before: Int

    /// Reads `count` bytes from `offset` on, shows them and lends them to `body`.
    func piece(
        _ offset: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard observer?.isGivenUp != true else { throw givenUp }
        let slot = slots.take(count)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: slot.memory[..<count])
        do {
            ahead?.reach(before + offset)
            try file.fill(bytes, from: offset)
        } catch {
            slot.free.signal()
            throw error
        }
        guard let observer else {
            defer { slot.free.signal() }
            return try body(UnsafeRawBufferPointer(bytes))
        }
        observer.observe(UnsafeRawBufferPointer(bytes), of: file) { [free = slot.free] in
            free.signal()
        }
        try body(UnsafeRawBufferPointer(bytes))
    }

    /// Shows the observer a range outside all tensors.
    func show(_ range: Range<Int>) throws {
        guard observer != nil else { return }
        let size = TensorReading.pieceSizeMax
        for start in stride(from: range.lowerBound, to: range.upperBound, by: size) {
            try piece(start, min(size, range.upperBound - start)) { _ in }
        }
    }

    private var givenUp: ModelFileError {
        ModelFileError(
            .ioError, tried: "reading the weights", found: "the load was given up",
            allowed: "a load that is still waited for", location: .init(path: file.path))
    }
}

/// Memory that pieces are read into. Used by the reading thread. Any thread may signal that a slot
/// is free.
private final class Slots {
    struct Slot {
        let memory: UnsafeMutableRawBufferPointer
        /// 1 while nobody uses the memory.
        let free: DispatchSemaphore
    }

    private let memory: UnsafeMutableRawBufferPointer
    private let slots: [Slot]
    /// For pieces that fit no slot.
    private let whole: Slot
    private var next = 0

    init(path: String, count: Int, size: Int, wholeSize: Int) throws(ModelFileError) {
        let total = count * size + wholeSize
        let base = mmap(
            nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let base, base != MAP_FAILED else {
            throw ModelFileError.reserving(
                path: path, size: total, SystemCallFailure(call: "mmap", number: errno))
        }
        madvise(base, total, MADV_HUGEPAGE)
        let memory = UnsafeMutableRawBufferPointer(start: base, count: total)
        func slot(_ range: Range<Int>) -> Slot {
            // A semaphore must not go with a lower value than it was made with.
            let free = DispatchSemaphore(value: 0)
            free.signal()
            return Slot(memory: UnsafeMutableRawBufferPointer(rebasing: memory[range]), free: free)
        }
        self.memory = memory
        slots = (0..<count).map { slot($0 * size..<($0 + 1) * size) }
        whole = slot(count * size..<total)
    }

    deinit { munmap(memory.baseAddress, memory.count) }

    /// Returns a slot with room for `count` bytes, when everybody has let go of it.
    func take(_ count: Int) -> Slot {
        var slot = whole
        if count <= slots[next].memory.count {
            slot = slots[next]
            next = (next + 1) % slots.count
        }
        slot.free.wait()
        return slot
    }

    /// Waits until everybody has let go of the memory.
    func end() {
        for slot in slots + [whole] { slot.free.wait() }
    }
}
