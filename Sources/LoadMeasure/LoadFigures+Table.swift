// The figures as a table for people: one row a layer and a strategy, cold beside warm.

import PlainText

extension LoadFigures {
    /// Lines without a final newline.
    package var table: String {
        var lines = [
            "\(path): \(Quantity.bytes(UInt64(clamping: size))) in "
                + "\(fileCount) file\(fileCount == 1 ? "" : "s"), "
                + "\(threads) thread\(threads == 1 ? "" : "s"), "
                + "\(rounds) round\(rounds == 1 ? "" : "s"), seal \(seal ?? "not compared")",
            "  milliseconds, median (min .. max)",
        ]
        lines += Self.rows("LAYER", layers)
        if !strategies.isEmpty { lines += Self.rows("STRATEGY", strategies) }
        if let coldMissing { lines.append("  no cold figures: \(coldMissing)") }
        if !faults.isEmpty {
            lines.append("  with a file that is missing for \(faultCount) attempts")
            lines += faults.map(Self.row)
        }
        if let refusal {
            lines.append("  refused at the \(refusal.layer) layer (\(refusal.code))")
            lines.append("    \(refusal.message)")
        }
        return lines.joined(separator: "\n")
    }

    private static func rows(_ heading: String, _ costs: [LoadCost]) -> [String] {
        var table = TextTable(
            [
                .text(heading, widthMin: 13), .text("COLD", widthMin: 28), .text("WARM"),
            ], indentation: 2)
        for cost in costs {
            table.add([
                .init(cost.name), .init(cost.cold.map(text) ?? ""),
                .init(cost.warm.map(text) ?? ""),
            ])
        }
        return table.lines().map(\.plain)
    }

    private static func row(_ fault: FaultFigures) -> String {
        let count = fault.attempts.count
        let tries = "\(count) attempt\(count == 1 ? "" : "s")"
        let waits = fault.attempts.dropFirst().map { number($0.waited) }
        let pauses = waits.isEmpty ? "" : ", waits \(waits.joined(separator: " + ")) ms"
        let last = fault.attempts.last
        let end =
            fault.accepted
            ? "accepted"
            : "refused at the \(last?.layer ?? "?") layer (\(last?.code ?? "?"))"
        return "  \(fault.strategy): \(end), \(tries)\(pauses), \(number(fault.total)) ms in all"
    }

    private static func text(_ spread: Spread) -> String {
        "\(number(spread.median)) (\(number(spread.min)) .. \(number(spread.max)))"
    }

    private static func number(_ value: Double) -> String { Quantity.fixed(value, 3) }
}
