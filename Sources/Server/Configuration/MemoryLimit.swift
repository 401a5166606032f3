// The memory that this process may use: the smallest of the machine's memory, the limits of its
// control groups (version 1 and 2, with all groups above) and RLIMIT_AS.
//
// Guarantees: a limit that cannot be read, or that is no number, counts as none. So the result is
// at most the machine's memory, and never 0.

import Foundation
import Glibc

/// See the head of the file.
package enum MemoryLimit {
    /// Bytes that the process may use, read afresh. Reads a few small files.
    package static var bytes: Int {
        let file: (String) -> String? = { path in
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        }
        return [machineMemory, addressSpace, groupLimit(reading: file)].compactMap(\.self).min()
            ?? .max
    }

    private static var machineMemory: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size : nil
    }

    private static var addressSpace: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
        return positive(limit.rlim_cur)
    }

    /// The smallest limit of the control groups of this process, or nil without one.
    ///
    /// - Parameter file: returns the text of a file, or nil.
    package static func groupLimit(reading file: (_ path: String) -> String?) -> Int? {
        var limits: [Int] = []
        // A line is ID:CONTROLLERS:PATH. Version 2 has ID 0 and no controllers.
        for line in (file("/proc/self/cgroup") ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[0] == "0" && parts[1].isEmpty {
                limits += chain(String(parts[2]), "/sys/fs/cgroup", "memory.max", file)
            } else if parts[1].split(separator: ",").contains("memory") {
                limits += chain(
                    String(parts[2]), "/sys/fs/cgroup/memory", "memory.limit_in_bytes", file)
            }
        }
        return limits.min()
    }

    /// The limits of a group and of all groups above it. Inside a container the path may be the
    /// host's and lie nowhere, and then the root of the mount has the container's limit.
    private static func chain(
        _ path: String, _ root: String, _ name: String, _ file: (_ path: String) -> String?
    ) -> [Int] {
        var limits: [Int] = []
        var parts = path.split(separator: "/")
        while true {
            let folder = ([root] + parts.map(String.init)).joined(separator: "/")
            if let limit = file(folder + "/" + name).flatMap(number) { limits.append(limit) }
            guard parts.popLast() != nil else { return limits }
        }
    }

    /// Bytes in a limit's file. The word `max`, and the huge number of version 1, are no limit.
    private static func number(_ text: String) -> Int? {
        UInt(text.filter { !$0.isWhitespace }).flatMap(positive)
    }

    private static func positive(_ value: UInt) -> Int? {
        value > 0 && value < UInt(Int.max) / 2 ? Int(value) : nil
    }
}
