// A process that cannot start threads: loading is refused with an error that can heal.
//
// Runs in a process of its own, because it takes the address space from the whole process.

import Glibc
import Loading
import TestSupport
import Testing

@Suite struct ScarceThreadsTests {
    @Test(.enabled(if: !Sanitizer.isActive, "takes memory a sanitizer needs"))
    func noStackForTheLoadingThread() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = try directory.write([1], as: "model.gguf")
            let loader = try ModelLoader.test()
            // Less than a thread's stack of 8 MiB beyond what is mapped already.
            var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
            let rejection = try #require(loader.run(path: path).rejection)
            #expect(rejection.layer == .file)
            #expect(rejection.code == .resourcesExhausted)
            #expect(rejection.isTransient)
            await #expect(throws: AssayRejection.self) {
                let model: LoadedModel = try await loader.load(path: path)
                _ = model
            }
        }
    }
}
