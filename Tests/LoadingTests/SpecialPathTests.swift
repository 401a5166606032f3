// Things that are no files at all, through the whole assay: refused at the file layer, without
// hanging.

import Foundation
import Loading
import TestSupport
import Testing

@Suite struct SpecialPathTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func refusal(_ path: String) throws -> String? {
        let outcome = try ModelLoader.test().run(path: path)
        #expect(outcome.rejection?.layer == .file)
        #expect(outcome.report.layers.map(\.layer) == [.file])
        #expect(outcome.report.layers.map(\.ok) == [false])
        return outcome.rejection?.code.name
    }

    @Test func refusesWhatIsNoRegularFile() throws {
        let fifo = directory.path("fifo.gguf")
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(try refusal(fifo) == "is_fifo")
        let dangling = directory.path("dangling.gguf")
        #expect(symlink("nowhere.gguf", dangling) == 0)
        #expect(try refusal(dangling) == "dangling_link")
        let empty = try TemporaryDirectory()
        #expect(try refusal(empty.path) == "is_directory")
        #expect(try refusal(directory.path) == "several_models")
        #expect(try refusal("/dev/zero") == "is_device")
        let device = directory.path("zero.gguf")
        #expect(symlink("/dev/zero", device) == 0)
        #expect(try refusal(device) == "is_device")
        #expect(try refusal(directory.path("absent.gguf")) == "not_found")
        #expect(try refusal(directory.write([], as: "empty.gguf")) == "empty_file")
        #expect(try refusal(directory.write([1], as: "a.bin")) == "extension_unsupported")
    }

    @Test func refusesSockets() throws {
        let path = directory.path("s.gguf")
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0)
        #expect(try refusal(path) == "is_socket")
    }

    /// A file that shrinks between two layers: the process survives, the reason is named.
    @Test(arguments: [Layer.parse, .compatibility, .placement, .validation])
    func aFileCutWhileALayerRunsIsAFileThatChanged(_ layer: Layer) throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "cut.gguf")
        let cut: @Sendable () -> Void = { #expect(truncate(path, 5000) == 0) }
        let loader = try ModelLoader.test(steps: { steps in
            let real = steps
            switch layer {
            case .parse:
                steps.parse = {
                    cut(); return try real.parse($0, $1)
                }
            case .compatibility:
                steps.plan = {
                    cut(); return try real.plan($0, $1)
                }
            case .placement:
                steps.place = {
                    cut(); return try real.place($0, $1, $2, $3)
                }
            default:
                steps.validate = {
                    cut(); try real.validate($0, $1)
                }
            }
        })
        let outcome = loader.run(path: path)
        let rejection = try #require(outcome.rejection)
        #expect(rejection.layer == .file)
        #expect(rejection.code.name == "changed_while_read")
        #expect(rejection.isTransient)
        #expect(outcome.report.layers.map(\.layer) == [.file])
    }

    /// A terabyte of nothing behind the tensors is read, because the fingerprint covers it; when
    /// the load is given up, its thread ends.
    @Test func aLoadThatIsGivenUpReadsNoFurther() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "endless.gguf")
        try #require(truncate(path, 1 << 40) == 0)
        func threads() -> Int {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
        }
        _ = try ModelLoader.test().run(path: directory.path("none.gguf"))
        let before = threads()
        let loader = try ModelLoader.test { $0.timeout = .milliseconds(300) }
        #expect(loader.run(path: path).rejection?.code == .timedOut)
        for _ in 0..<1000 where threads() > before { usleep(10_000) }
        #expect(threads() <= before)
    }

    @Test func aFileReplacedDuringTheLoadIsAFileThatChanged() throws {
        let bytes = GGUFBuilder.tinyLlama().build()
        let path = try directory.write(bytes, as: "replaced.gguf")
        let other = try directory.write(bytes, as: "other")
        let loader = try ModelLoader.test(steps: { steps in
            let validate = steps.validate
            steps.validate = { placed, plan in
                try validate(placed, plan)
                #expect(rename(other, path) == 0)
            }
        })
        #expect(loader.run(path: path).rejection?.code.name == "changed_while_read")
    }

    @Test func aFileCutWhileItIsPackedIsNoticedWithoutValidation() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "cut.gguf")
        let loader = try ModelLoader.test(
            { $0.requireValidation = false },
            steps: { steps in
                let place = steps.place
                steps.place = { plan, configuration, path, observer in
                    #expect(truncate(path, 5000) == 0)
                    return try place(plan, configuration, path, observer)
                }
            })
        #expect(loader.run(path: path).rejection?.code.name == "changed_while_read")
    }
}
