// A process without descriptors or address space: an error that can heal, not a crash.
//
// Each case runs in a process of its own, because it takes the resource from the whole process.

import Glibc
import ModelFiles
import TestSupport
import Testing

@Suite struct ScarceResourcesTests {
    /// The code and system call of the refusal.
    private static func refusal(_ path: String) -> (code: String, call: String)? {
        do throws(ModelFileError) {
            _ = try ModelFile(path: path)
            return nil
        } catch {
            return (error.code.name, error.cause?.call ?? "")
        }
    }

    @Test(.enabled(if: !Sanitizer.isActive, "takes memory a sanitizer needs"))
    func noDescriptorIsLeft() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = try directory.write([1, 2, 3], as: "model.gguf")
            var limit = rlimit(rlim_cur: 3, rlim_max: 3)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            let refusal = try #require(Self.refusal(path))
            #expect(refusal == ("resources_exhausted", "open"))
        }
    }

    @Test(.enabled(if: !Sanitizer.isActive, "takes memory a sanitizer needs"))
    func noAddressSpaceIsLeft() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = try directory.write([1, 2, 3], as: "model.gguf")
            try #require(truncate(path, 1 << 40) == 0)
            var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
            let refusal = try #require(Self.refusal(path))
            #expect(refusal == ("resources_exhausted", "mmap"))
        }
    }
}
