// One line of the table: what was checked, how far off it is on each instruction set, how far off
// it may be.
//
// Guarantees: a row holds only if every finding is a number within the tolerance; NaN is not. A
// check that could not be carried out is a row that misses and says why.
// Does not: measure anything.

import Compute

/// How far one check is off on one instruction set.
struct Finding: Sendable {
    /// The set, or nil where the check does not depend on it.
    let set: InstructionSet?
    /// In the unit of the row's tolerance; infinite where there is nothing to compare.
    let difference: Double
}

/// One line of the table.
package struct FidelityRow: Sendable {
    /// The model, format or vocabulary.
    let subject: String
    /// What is compared with what.
    let check: String
    /// How many things were compared, on each set.
    let count: Int
    let findings: [Finding]
    /// The largest difference that holds.
    let tolerance: Double
    /// Why the check could not be carried out, when it could not.
    let failure: String?

    init(
        _ subject: String, _ check: String, count: Int, tolerance: Double, findings: [Finding]
    ) {
        (self.subject, self.check, self.count) = (subject, check, count)
        (self.tolerance, self.findings) = (tolerance, findings)
        failure = nil
    }

    /// A row for something that was to be checked and cannot be.
    init(_ subject: String, _ check: String, failure: String) {
        (self.subject, self.check, self.count) = (subject, check, 0)
        (tolerance, findings) = (0, [])
        self.failure = failure
    }

    /// True if every difference is within the tolerance, and there is at least one.
    package var holds: Bool {
        failure == nil && !findings.isEmpty && count > 0
            && findings.allSatisfy { $0.difference <= tolerance }
    }
}

/// The table as text: fixed columns, one line a row.
enum FidelityTable {
    private static let subjectWidth = 26, checkWidth = 46, countWidth = 9, numberWidth = 9

    static var header: String {
        let sets = InstructionSet.allCases.reversed().map { left($0.rawValue, numberWidth) }
        return left("subject", subjectWidth) + left("check", checkWidth)
            + right("compared", countWidth) + "  " + sets.joined() + left("allowed", numberWidth)
            + "verdict"
    }

    static func line(_ row: FidelityRow) -> String {
        var text = left(row.subject, subjectWidth) + left(row.check, checkWidth)
        if let failure = row.failure { return text + "  MISS: " + failure }
        text += right(String(row.count), countWidth) + "  "
        for set in InstructionSet.allCases.reversed() {
            let finding = row.findings.first { $0.set == set || $0.set == nil }
            text += left(finding.map { number($0.difference) } ?? "-", numberWidth)
        }
        return text + left(number(row.tolerance), numberWidth) + (row.holds ? "ok" : "MISS")
    }

    /// Two digits, and whole numbers as they are.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        if value == value.rounded(), abs(value) < 1e6 { return String(Int(value)) }
        if (0.01..<1000).contains(abs(value)) { return "\((value * 1000).rounded() / 1000)" }
        var (digits, exponent) = (abs(value), 0)
        while digits < 1 { (digits, exponent) = (digits * 10, exponent - 1) }
        while digits >= 10 { (digits, exponent) = (digits / 10, exponent + 1) }
        return (value < 0 ? "-" : "") + "\((digits * 10).rounded() / 10)e\(exponent)"
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
