// What the kernel says about a process: memory and descriptors, for tests of leaks and bounds.

import Foundation

/// Reads /proc.
package enum ProcessFacts {
    /// Resident memory in bytes of a process; 0 when it is gone.
    package static func residentSize(of process: Int32 = getpid()) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kilobytes = line?.split(separator: " ").dropLast().last.flatMap { Int($0) }
        return (kilobytes ?? 0) * 1024
    }

    /// Open descriptors of a process.
    package static func descriptorCount(of process: Int32 = getpid()) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count) ?? 0
    }

    /// Raises this process's limit of descriptors as far as it goes.
    package static func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Looks until `condition` holds or ten seconds have passed; returns whether it held.
    package static func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<1000 {
            if try condition() { return true }
            usleep(10_000)
        }
        return try condition()
    }
}
