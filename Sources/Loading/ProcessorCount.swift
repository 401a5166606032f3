// Number of processors usable by the process.
//
// Guarantees: at least 1. Respects the affinity mask (taskset, cpusets), unlike a count of the
// machine's processors.
// Does not: read control group quotas, because quotas limit time, not threads.

/// Processors usable by the process.
public enum ProcessorCount {
    /// Bits in the affinity mask, or 1 if the system does not say. Reads a small system file.
    public static var usable: Int { count(inStatus: SystemText.read("/proc/self/status")) }

    /// Bits in the line `Cpus_allowed:\tff,ffffffff`: hexadecimal words, commas between them.
    package static func count(inStatus text: String) -> Int {
        let name = "Cpus_allowed:"
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
            return 1
        }
        let bits = line.dropFirst(name.count).reduce(0) { sum, character in
            sum + (character.hexDigitValue?.nonzeroBitCount ?? 0)
        }
        return max(1, bits)
    }
}
