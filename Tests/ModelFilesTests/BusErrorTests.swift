// Bus errors that are none of ours: they must end where they would have ended without the guard.
//
// Each case runs in a process of its own, because it ends that process.

import CMapGuard
import Glibc
import TestSupport
import Testing

@Suite struct BusErrorTests {
    /// Maps a file without the guard's knowledge, cuts it, and reads behind its end.
    private static func readBehindTheEnd() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([UInt8](repeating: 1, count: 8192), as: "cut")
        let descriptor = open(path, O_RDONLY)
        let base = try #require(mmap(nil, 8192, PROT_READ, MAP_PRIVATE, descriptor, 0))
        _ = truncate(path, 0)
        // Used, or an optimising build would not read at all.
        print("read \(base.load(fromByteOffset: 4096, as: UInt8.self))")
    }

    /// Makes the guard install its handler, with a range that is never touched.
    private static func installGuard() {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let memory = UnsafeMutableRawPointer.allocate(byteCount: page, alignment: page)
        _ = mapguard_register(memory, page)
    }

    @Test func aFaultOutsideEveryRangeEndsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            signal(SIGBUS, SIG_DFL)
            Self.installGuard()
            try Self.readBehindTheEnd()
        }
    }

    @Test func aSignalSentByHandEndsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            signal(SIGBUS, SIG_DFL)
            Self.installGuard()
            raise(SIGBUS)
        }
    }

    @Test func aHandlerThatWasThereBeforeIsCalled() async {
        await #expect(processExitsWith: .exitCode(7)) {
            signal(SIGBUS) { _ in _exit(7) }
            Self.installGuard()
            try Self.readBehindTheEnd()
        }
    }

    @Test func aHandlerThatWantsDetailsIsCalledWithThem() async {
        await #expect(processExitsWith: .exitCode(8)) {
            var action = sigaction()
            action.sa_flags = SA_SIGINFO
            action.__sigaction_handler.sa_sigaction = { number, info, _ in
                _exit(number == SIGBUS && info != nil ? 8 : 9)
            }
            sigaction(SIGBUS, &action, nil)
            Self.installGuard()
            try Self.readBehindTheEnd()
        }
    }
}
