// Memory available to a model.
//
// Guarantees: the budget is the smaller of the machine's available memory and the rest of the
// control group's limit. Unknown sources count as unlimited, so a missing /proc never refuses a
// model.
// Does not: reserve anything.

package enum MemoryBudget {
    /// Bytes free for a model right now, or nil if the system does not say.
    package static func available() -> Int? {
        let machine = meminfo(SystemText.read("/proc/meminfo"))
        let group = remaining(
            max: SystemText.read("/sys/fs/cgroup/memory.max"),
            current: SystemText.read("/sys/fs/cgroup/memory.current"))
        return [machine, group].compactMap { $0 }.min()
    }

    /// `MemAvailable` of /proc/meminfo in bytes: free memory and caches that can be dropped.
    package static func meminfo(_ text: String) -> Int? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        let words = line?.split(separator: " ") ?? []
        return words.dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// Bytes left in a version 2 control group. Nil without a limit, when the file holds `max`.
    package static func remaining(max limit: String, current: String) -> Int? {
        let number = { (text: String) in text.split(separator: "\n").first.flatMap { Int($0) } }
        guard let limit = number(limit), let used = number(current) else { return nil }
        return Swift.max(0, limit - used)
    }
}
