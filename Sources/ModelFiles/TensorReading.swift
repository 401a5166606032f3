// A single pass over a model's weights, front to back. Every byte of the files is shown once to an
// observer (the fingerprint). Bytes of a tensor go to the caller from the memory that the observer
// sees.
//
//   file   | header, metadata | pad | tensor | tensor | gap | tensor | tail |
//   shown  | the parsed copy  |  x  |   x    |   x    |  x  |   x    |  x   |
//
// Guarantees: for each tensor, caller and observer get exactly equal bytes.
// Does not: keep bytes. Memory for the largest tensor is taken once and released at the end.

import Glibc

/// Sees every byte of a model's files while they are read. Calls come from one thread, in the order
/// of the bytes of each file.
package protocol ReadObserver: AnyObject, Sendable {
    /// Takes the next bytes of `file`. The bytes do not change until `wait` returns.
    func observe(_ bytes: UnsafeRawBufferPointer, of file: ModelFile)
    /// Returns when the observer no longer needs the bytes.
    func wait()
    /// True when nobody waits for the model any more. Reading stops before the next piece.
    var isGivenUp: Bool { get }
}

/// Reads the weights of `source` in a single pass. A value. Blocking.
package struct TensorReading {
    private let source: any TensorSource
    private let observer: (any ReadObserver)?

    /// Most bytes of a gap in a single read.
    private static let gapStep = 1 << 20

    /// - Parameter observer: nil to skip bytes outside tensors.
    package init(_ source: any TensorSource, observer: (any ReadObserver)?) {
        self.source = source
        self.observer = observer
    }

    /// Bytes of staging memory for `run`.
    package static func stagingSize(_ source: any TensorSource) -> Int {
        max(gapStep, source.tensors.reduce(0) { max($0, $1.byteSize) })
    }

    /// Calls `body` with each tensor and its bytes, valid during the call, in the order of the
    /// files.
    ///
    /// Throws the error of `body`, `resources_exhausted` without memory, `changed_while_read` when
    /// a file has become shorter, or `io_error`, also for a load that was given up.
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
        // However the pass ends, the observer must let go of the memory before munmap.
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
        // A part without tensors has a parsed head too.
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

    /// Shows the observer a range outside all tensors.
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
