// How much memory this process has had at most, for tests of bounds.

import Foundation

/// Reads /proc.
package enum PeakMemory {
    /// Bytes of resident memory at most since the program began. Unlike `getrusage`, it counts
    /// nothing of the process that started this one.
    package static var bytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
            return 0
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(separator: " ").dropLast().last.flatMap { Int($0) }
        return (kilobytes ?? 0) * 1024
    }
}
