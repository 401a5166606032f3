// Findings of a benchmark run, as text for people and JSON for programs.

import EngineMeasure
import Foundation

/// The round trips of one run.
struct WireReport: Codable {
    let placement: String
    let scenarios: [PingComparison]

    var text: String {
        let title = "Round trips beside a bare libuv echo, same run, placement \(placement)"
        let head = Self.columns.line(
            "", "echo p50", "p99", "assay p50", "p99", "p50 ratio", "echo req/s", "assay req/s",
            "ratio", "CPU ratio")
        return ([title, head] + scenarios.map(line)).joined(separator: "\n")
    }

    private func line(_ ping: PingComparison) -> String {
        Self.columns.line(
            ping.scenario, TextColumns.micro(ping.echo.p50), TextColumns.micro(ping.echo.p99),
            TextColumns.micro(ping.assay.p50), TextColumns.micro(ping.assay.p99),
            String(format: "%.2f", ping.p50Ratio),
            String(format: "%.0f", ping.echo.requestsPerSecond),
            String(format: "%.0f", ping.assay.requestsPerSecond),
            String(format: "%.2f", ping.throughputRatio),
            String(format: "%.2f", ping.serverCPURatio))
    }

    private static let columns = TextColumns(first: 12, others: 12)
}

/// The columns of a table in text, with their characters. The first one is left-aligned and cut.
struct TextColumns {
    let first: Int
    let others: Int

    func line(_ title: String, _ cells: String...) -> String {
        cells.reduce(title.padding(toLength: first, withPad: " ", startingAt: 0)) { line, cell in
            line + String(repeating: " ", count: max(1, others - cell.count)) + cell
        }
    }

    /// A cell of microseconds.
    static func micro(_ value: Double) -> String { String(format: "%.1f µs", value) }
}

/// One model measured with one or more numbers of threads.
struct EngineReport: Codable {
    let model: String
    let runs: [EngineFigures]

    var text: String {
        (["Engine on \(model)"] + runs.map { "  " + $0.summary }).joined(separator: "\n")
    }
}

func jsonText(_ report: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self)
}
