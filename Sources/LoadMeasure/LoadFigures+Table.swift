// The figures as a table for people: one row a layer and a strategy, cold beside warm.

extension LoadFigures {
    /// Lines without a final newline.
    package var table: String {
        var lines = [
            "\(path): \(size) bytes in \(fileCount) file\(fileCount == 1 ? "" : "s"), "
                + "\(threads) thread\(threads == 1 ? "" : "s"), "
                + "\(rounds) round\(rounds == 1 ? "" : "s"), seal \(seal ?? "not compared")",
            "  milliseconds, median (min .. max)",
            "  " + Self.pad("layer", 15) + Self.pad("cold", 30) + "warm",
        ]
        lines += layers.map(Self.row)
        if !strategies.isEmpty {
            lines.append("  " + Self.pad("strategy", 15) + Self.pad("cold", 30) + "warm")
            lines += strategies.map(Self.row)
        }
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

    private static func row(_ cost: LoadCost) -> String {
        "  " + pad(cost.name, 15) + pad(cost.cold.map(text) ?? "-", 30)
            + (cost.warm.map(text) ?? "-")
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
        return "  " + pad(fault.strategy, 15)
            + "\(end), \(tries)\(pauses), \(number(fault.total)) ms in all"
    }

    private static func text(_ spread: Spread) -> String {
        "\(number(spread.median)) (\(number(spread.min)) .. \(number(spread.max)))"
    }

    /// Three decimals, without locale.
    private static func number(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: Swift.max(1, width - text.count))
    }
}
