// The catalogue of broken files through the whole assay: layer, code and named culprit for each,
// within one second and
// 100 MB.

import Glibc
import Loading
import TestSupport
import Testing

@Suite(.serialized) struct MalformedAssayTests {
    @Test(arguments: MalformedFile.all)
    func refuses(_ file: MalformedFile) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(file.bytes(), as: "model.gguf")
        let outcome = try ModelLoader.test().run(path: path)
        let rejection = try #require(outcome.rejection)
        #expect(rejection.layer.rawValue == file.layer)
        #expect(rejection.code.name == file.code)
        #expect(file.isNamed(in: rejection.message), "\(rejection.message)")
        #expect(rejection.location.contains(path))
        #expect(!rejection.isTransient)
        #expect(!rejection.advice.isEmpty)
        #expect(outcome.report.provenance == nil)
        #expect(!outcome.report.accepted)
        let layers = outcome.report.layers
        #expect(layers.map(\.layer) == Array(Layer.allCases.prefix(layers.count)))
        #expect(layers.last?.layer == rejection.layer)
        #expect(layers.map(\.ok) == layers.map { $0.layer != rejection.layer })
    }

    @Test func eachIsRefusedWithinASecondAndAllWithin100MB() throws {
        let loader = try ModelLoader.test()
        let directory = try TemporaryDirectory()
        let paths = try MalformedFile.all.enumerated().map { index, file in
            try directory.write(file.bytes(), as: "\(index).gguf")
        }
        _ = loader.run(path: paths[0])
        let before = ProcessMemory.startPeak()
        for path in paths {
            let duration = ContinuousClock().measure { _ = loader.run(path: path) }
            #expect(duration < .seconds(1), "\(path)")
        }
        let growth = ProcessMemory.peak - before
        #expect(growth < 100 << 20, "\(growth) bytes")
    }

    /// 10 GB of holes: nothing of it may be read or allocated in proportion.
    @Test(arguments: SparseFile.all)
    func handlesSparseFilesOfTenGigabytes(_ file: SparseFile) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(file.head, as: "sparse.gguf")
        try #require(truncate(path, 10 << 30) == 0)
        let loader = try ModelLoader.test()
        _ = loader.run(path: directory.path("absent.gguf"))
        let before = ProcessMemory.startPeak()
        let clock = ContinuousClock()
        let start = clock.now
        let rejection = try #require(loader.run(path: path).rejection)
        #expect(clock.now - start < .seconds(1))
        #expect(ProcessMemory.peak - before < 100 << 20)
        #expect("\(rejection.layer)/\(rejection.code)" == file.expected)
    }
}

struct SparseFile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let expected: String
    let head: [UInt8]

    init(_ name: String, _ expected: String, _ build: (inout GGUFBuilder) -> Void) {
        testDescription = name
        self.expected = expected
        var builder = MalformedFile.smallest
        build(&builder)
        head = builder.build()
    }

    init(_ name: String, _ expected: String, bytes: [UInt8]) {
        testDescription = name
        self.expected = expected
        head = bytes
    }

    static let all: [SparseFile] = [
        SparseFile("nothing but holes", "parse/not_gguf", bytes: [0]),
        SparseFile("counts of all ones", "parse/tensor_count_invalid") {
            $0.claimedTensorCount = .max
        },
        SparseFile("65536 tensors in the holes", "parse/tensor_name_length_invalid") {
            $0.claimedTensorCount = 65_536
        },
        SparseFile("16384 keys in the holes", "parse/key_length_invalid") {
            $0.claimedMetadataCount = 16_384
            $0.tensors = []
        },
        SparseFile("array of ten billion booleans", "parse/metadata_too_large") {
            $0.tensors = []
            $0.add(
                "test.bad", .claimedArray(type: 7, count: 10_000_000_000, payload: []))
        },
        SparseFile("array of a billion empty strings", "parse/metadata_too_large") {
            $0.tensors = []
            $0.add(
                "test.bad", .claimedArray(type: 8, count: 1_000_000_000, payload: []))
        },
        SparseFile("two arrays of four million empty strings", "parse/metadata_too_large") {
            $0.tensors = []
            $0.add("test.bad", .claimedArray(type: 8, count: 4_190_000, payload: []))
            $0.add("test.next", .claimedArray(type: 8, count: 4_190_000, payload: []))
        },
        SparseFile("a string of nine gigabytes", "parse/metadata_too_large") {
            $0.tensors = []
            $0.add("test.bad", .raw(type: 8, payload: [0, 0, 0, 64, 2, 0, 0, 0]))
        },
        SparseFile("a string of 31 MiB", "compatibility/missing_key") {
            $0.tensors = []
            $0.add("test.bad", .raw(type: 8, payload: [0, 0, 240, 1, 0, 0, 0, 0]))
        },
        SparseFile("a tensor of nine gigabytes", "compatibility/missing_key") {
            $0.tensors = [.init("huge", [9 << 28], format: 0, data: [])]
        },
    ]
}

/// Resident memory of this process, from /proc/self/status.
enum ProcessMemory {
    /// Forgets the peak so far (proc(5): writing 5 to clear_refs resets it) and returns what is
    /// resident now, in bytes.
    static func startPeak() -> Int {
        let descriptor = open("/proc/self/clear_refs", O_WRONLY)
        if descriptor >= 0 {
            _ = write(descriptor, "5", 1)
            close(descriptor)
        }
        return field("VmRSS:")
    }

    static var peak: Int { field("VmHWM:") }

    private static func field(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            if text.hasPrefix(name) {
                let words = text.dropFirst(name.count).split { !$0.isNumber }
                return words.first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
            }
        }
        return 0
    }
}
