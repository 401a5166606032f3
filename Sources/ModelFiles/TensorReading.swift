// One pass over a model's weights, front to back: every byte of the files is read once, shown to an
// observer (the fingerprint) and, where it belongs to a tensor, handed to the caller from the same
// memory.
//
//   file   | header, metadata | pad | tensor | tensor | gap | tensor | tail |
//   shown  | the parsed copy  |  x  |   x    |   x    |  x  |   x    |  x   |
//
// Guarantees: what a caller makes of a tensor was made of exactly the bytes the observer saw.
// Does not: keep bytes. Memory for the largest tensor is taken once and released at the end.

import Glibc

/// Sees every byte of a model's files while they are read. Calls come from one thread, in the order
/// of the bytes of each file.
package protocol ReadObserver: AnyObject, Sendable {
    /// The next bytes of `file`. They stay as they are until `wait` returns.
    func observe(_ bytes: UnsafeRawBufferPointer, of file: ModelFile)
    /// Returns when the observer needs none of the bytes any more.
    func wait()
    /// True when nobody waits for the model any more: reading stops at its next piece.
    var isGivenUp: Bool { get }
}

/// See the head of the file. A value; blocking.
package struct TensorReading {
    private let source: any TensorSource
    private let observer: (any ReadObserver)?

    /// Bytes of a gap that are read at a time.
    private static let gapStep = 1 << 20

    /// - Parameter observer: nil when nobody wants to see what no tensor uses.
    package init(_ source: any TensorSource, observer: (any ReadObserver)?) {
        self.source = source
        self.observer = observer
    }

    /// Bytes of staging memory that `run` takes.
    package static func stagingSize(_ source: any TensorSource) -> Int {
        max(gapStep, source.tensors.reduce(0) { max($0, $1.byteSize) })
    }

    /// Calls `body` with each tensor and its bytes, valid during the call, in the order of the
    /// files.
    ///
    /// Throws what `body` throws; `resources_exhausted` without memory, `changed_while_read` when a
    /// file has become shorter, `io_error`.
    package func run(
        _ body: (TensorInfo, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let size = Self.stagingSize(source)
        let memory = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw ModelFileError.reserving(
                path: source.files[0].path, size: size,
                SystemCallFailure(call: "mmap", number: errno))
        }
        defer { munmap(memory, size) }
        madvise(memory, size, MADV_HUGEPAGE)
        let staging = UnsafeMutableRawBufferPointer(start: memory, count: size)
        // Whatever ends the pass, nobody may look at memory that is given back.
        defer { observer?.wait() }
        for (file, tensors) in tensorsByFile() { try read(file, tensors, staging, body) }
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
        _ file: ModelFile, _ tensors: [TensorInfo], _ staging: UnsafeMutableRawBufferPointer,
        _ body: (TensorInfo, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        // A part without tensors has been parsed all the same.
        var end = tensors.first.map { source.part(of: $0).dataOffset } ?? file.headSize
        observer?.observe(try file.head(end), of: file)
        for tensor in tensors {
            try checkWanted(file)
            try show(end..<tensor.byteOffset, of: file, staging)
            observer?.wait()
            let bytes = UnsafeMutableRawBufferPointer(rebasing: staging[..<tensor.byteSize])
            try file.fill(bytes, from: tensor.byteOffset)
            observer?.observe(UnsafeRawBufferPointer(bytes), of: file)
            try body(tensor, UnsafeRawBufferPointer(bytes))
            end = tensor.byteOffset + tensor.byteSize
        }
        try show(end..<file.size, of: file, staging)
    }

    private func checkWanted(_ file: ModelFile) throws(ModelFileError) {
        guard observer?.isGivenUp == true else { return }
        throw ModelFileError(
            .ioError, tried: "reading the weights", found: "the load was given up",
            allowed: "a load that is still waited for", location: .init(path: file.path))
    }

    /// Shows the observer what belongs to no tensor.
    private func show(
        _ range: Range<Int>, of file: ModelFile, _ staging: UnsafeMutableRawBufferPointer
    ) throws(ModelFileError) {
        guard let observer else { return }
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.gapStep) {
            try checkWanted(file)
            observer.wait()
            let count = min(Self.gapStep, range.upperBound - start)
            let bytes = UnsafeMutableRawBufferPointer(rebasing: staging[..<count])
            try file.fill(bytes, from: start)
            observer.observe(UnsafeRawBufferPointer(bytes), of: file)
        }
    }
}
