// Writes a report to standard output and to files in the requested forms.

import ArgumentParser
import Console
import Foundation
import LoadTesting
import PlainText

/// Flags for the output of a report.
struct ReportOptions: ParsableArguments {
    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(help: "Write the report as JSON, for compare.", completion: .file())
    var saveJson: String?

    @Option(help: "Write the timeline as CSV.", completion: .file())
    var saveCsv: String?

    @Option(help: "Write an HdrHistogram interval log.", completion: .file())
    var saveHdr: String?

    @Option(help: "Write one HTML page with plots.", completion: .file())
    var saveHtml: String?

    /// Prints the report and writes the requested files.
    func write(_ report: RunReport, intervals: [TimedInterval]) throws {
        let object = try Self.json(report)
        Console.output(json ? object + "\n" : report.text)
        try save(object + "\n", to: saveJson)
        try save(report.csv, to: saveCsv)
        try save(HTMLReport.page(report), to: saveHtml)
        if let saveHdr {
            let start = report.startedAt + report.setup.warmupSeconds
            try save(
                HDRLog.text(
                    intervals, startedAt: start, isMock: report.isMock, missing: report.missing),
                to: saveHdr)
        }
    }

    /// Refuses a path that cannot be written, before a load whose report would be lost.
    func checkPaths() throws {
        let paths = [
            ("--save-json", saveJson), ("--save-csv", saveCsv), ("--save-hdr", saveHdr),
            ("--save-html", saveHtml),
        ]
        for case (let flag, let path?) in paths {
            guard let found = Self.obstacle(path) else { continue }
            throw Self.unwritable("\(flag) \(path)", found)
        }
    }

    /// The reason against writing a file at `path`. Nil when nothing speaks against it.
    private static func obstacle(_ path: String) -> String? {
        if path.isEmpty { return "an empty path" }
        let files = FileManager.default
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        if files.fileExists(atPath: path, isDirectory: &isFolder) {
            if isFolder.boolValue { return "a folder" }
            return files.isWritableFile(atPath: path) ? nil : "a file that may not be written"
        }
        guard files.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
        else { return "no folder \(folder)" }
        return files.isWritableFile(atPath: folder) ? nil : "no right to write in \(folder)"
    }

    private static func unwritable(_ what: String, _ found: String) -> RunRefused {
        RunRefused(
            status: 74,
            sentence:
                "writing \(what): found \(found), allowed: a file that this user may write, in a "
                + "folder that is there; make the folder, or name another file")
    }

    /// Replaces a file as a whole. A device or a pipe is written as it is.
    private func save(_ text: String, to path: String?) throws {
        guard let path else { return }
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        let type = facts?[.type] as? FileAttributeType
        do {
            try text.write(
                toFile: path, atomically: type == nil || type == .typeRegular, encoding: .utf8)
        } catch {
            throw Self.unwritable(path, "that the system refuses")
        }
    }

    static func json(_ report: RunReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    static func report(_ path: String) throws -> RunReport {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(RunReport.self, from: Data(try contents(path)))
        } catch is DecodingError {
            throw LoadTestError(
                .reportInvalid,
                "reading \(path): found no report, allowed: a file that assay-load rpc --save-json "
                    + "wrote")
        }
    }
}

/// A line on standard error that follows a run, on a terminal that can replace it.
struct ProgressLine {
    private let isShown = Console.errorCanRewrite

    /// Shows only the last interval of each second, since percentiles of every interval would cost
    /// the run too much.
    func show(_ interval: TimedInterval) {
        let end = interval.start + interval.seconds
        guard isShown, Int(end + 1e-6) > Int(interval.start + 1e-6) else { return }
        let record = interval.record
        let rate = Double(record.succeeded) / max(interval.seconds, 1e-9)
        var text =
            "\(NumberText.fixed(interval.start + interval.seconds, 1)) s  "
            + "\(NumberText.short(rate))/s"
        if !record.latency.isEmpty {
            let table = record.latency.table
            for percentile in [50, 99, 100]
            where percentile == 100
                || record.latency.count >= EnoughSamples.needed(for: Double(percentile))
            {
                let time = Double(table.value(at: Double(percentile))) / 1e6
                text +=
                    "  \(percentile == 100 ? "max" : "p\(percentile)") "
                    + NumberText.time(milliseconds: time)
            }
        }
        let missing = record.failed + record.late
        if missing > 0 { text += "  failed \(missing)" }
        if record.isMock { text += "  MOCK" }
        Console.progress(text)
    }

    func say(_ text: String) {
        clear()
        if Console.errorIsTerminal { Console.error(text) }
    }

    func clear() {
        if isShown { Console.progress("") }
    }
}
