// Facts about this machine and this command, for the head of a report.
//
// Flags of assay-load hold no secrets, so the command line is kept whole. Nothing here asks the
// network: the host's name is the kernel's.

import Foundation
import LoadTesting

extension OriginReport {
    /// The facts now, for a run started at `startedAt`, seconds since 1970.
    static func here(startedAt: Double) -> OriginReport {
        var system = utsname()
        uname(&system)
        return OriginReport(
            startedAt: startedAt, host: text(system.nodename),
            processors: ProcessInfo.processInfo.activeProcessorCount, processor: processor,
            system: "\(text(system.sysname)) \(text(system.release)) \(text(system.machine))",
            command: CommandLine.arguments)
    }

    /// The first processor's name. "unknown" where the kernel does not say.
    private static var processor: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":", maxSplits: 1).last ?? ""
        return name.isEmpty ? "unknown" : name.trimmingCharacters(in: .whitespaces)
    }

    /// A field of `utsname`, a tuple of characters that ends with 0.
    private static func text<Field>(_ field: Field) -> String {
        withUnsafeBytes(of: field) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
