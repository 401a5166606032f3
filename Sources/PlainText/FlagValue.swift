// Values of flags, read from their texts.
//
// Guarantees: every refusal names the flag, what was found and what is allowed. Nothing is clamped
// or rounded. What is found is cut to a bounded length.

/// Reason why the value of a flag was refused.
package struct FlagError: Error, Sendable, CustomStringConvertible {
    /// The refusal as a sentence.
    package let sentence: String

    /// Makes the sentence.
    package init(_ flag: String, found: String, allowed: String) {
        sentence = "\(flag): found \(found), allowed: \(allowed)"
    }

    /// The sentence behind a NUL. A parser of command lines puts words of its own in front. No
    /// argument holds a NUL, so the sentence begins at the last one.
    package var description: String { "\0" + sentence }

    /// The sentence in a message of a parser, or nil without one.
    package static func sentence(in message: String) -> String? {
        guard let mark = message.lastIndex(of: "\0") else { return nil }
        return String(message[message.index(after: mark)...])
    }
}

/// Readers of values. Each takes the flag's name and gives a function for texts.
package enum FlagValue {
    /// Most characters of a found text that are shown.
    private static let shownCountMax = 60

    /// A text between quotation marks, cut where it is long.
    package static func shown(_ text: String) -> String {
        let isLong = text.count > shownCountMax
        return "\"" + (isLong ? text.prefix(shownCountMax) + "…" : text[...]) + "\""
    }

    /// A whole number within `range`.
    package static func whole<Number: FixedWidthInteger & Sendable>(
        _ flag: String, _ range: ClosedRange<Number>
    ) -> @Sendable (String) throws -> Number {
        { text in
            let digits = text.utf8.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
            let isNumber = !digits.isEmpty && digits.utf8.allSatisfy { (48...57).contains($0) }
            guard isNumber, let number = Number(text), range.contains(number) else {
                throw FlagError(
                    flag, found: isNumber && text.utf8.count < 40 ? text : shown(text),
                    allowed: isNumber
                        ? "\(range.lowerBound) to \(range.upperBound)"
                        : "a whole number, \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    /// A decimal number within `range`, such as 0.7, -1 or 1e-3.
    package static func number(
        _ flag: String, _ range: ClosedRange<Double>
    ) -> @Sendable (String) throws -> Double {
        { text in
            let words = "\(short(range.lowerBound)) to \(short(range.upperBound))"
            guard let number = decimal(text) else {
                throw FlagError(flag, found: shown(text), allowed: "a number, \(words)")
            }
            guard range.contains(number) else {
                throw FlagError(flag, found: text, allowed: words)
            }
            return number
        }
    }

    /// A span of time within `range` of units, in whole ones.
    ///
    /// - Parameter unit: the unit of a bare number and of the result.
    package static func time(
        _ flag: String, in unit: TimeText.Unit, _ range: ClosedRange<UInt64>
    ) -> @Sendable (String) throws -> UInt64 {
        { text in
            let allowed = timeWords(unit, range)
            let parts = TimeText.nanoseconds(text, bare: unit)?.quotientAndRemainder(
                dividingBy: unit.rawValue)
            guard let parts, parts.remainder == 0, range.contains(parts.quotient) else {
                throw FlagError(flag, found: shown(text), allowed: allowed)
            }
            return parts.quotient
        }
    }

    /// A span of time in nanoseconds, up to `most` units.
    ///
    /// - Parameter unit: the unit of a bare number.
    package static func span(
        _ flag: String, bare unit: TimeText.Unit, upTo most: UInt64
    ) -> @Sendable (String) throws -> UInt64 {
        { text in
            guard let span = TimeText.nanoseconds(text, bare: unit), span / unit.rawValue <= most
            else {
                throw FlagError(flag, found: shown(text), allowed: timeWords(unit, 0...most))
            }
            return span
        }
    }

    /// Names the allowed spans of time.
    private static func timeWords(_ unit: TimeText.Unit, _ range: ClosedRange<UInt64>) -> String {
        "\(range.lowerBound) to \(range.upperBound) \(unit), or a time such as 50ms, 5s, 2m, 1h"
    }

    /// One of the words that stand for the cases of a type.
    package static func word<Choice>(
        _ flag: String
    ) -> @Sendable (String) throws -> Choice
    where Choice: RawRepresentable<String> & CaseIterable & Sendable {
        let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return { text in
            guard let choice = Choice(rawValue: text) else {
                throw FlagError(flag, found: shown(text), allowed: words)
            }
            return choice
        }
    }

    /// A text whose size in bytes is within `range`.
    package static func text(
        _ flag: String, _ range: ClosedRange<Int>
    ) -> @Sendable (String) throws -> String {
        { text in
            guard range.contains(text.utf8.count) else {
                throw FlagError(
                    flag, found: text.isEmpty ? "an empty text" : "\(text.utf8.count) bytes",
                    allowed: "\(range.lowerBound) to \(range.upperBound) bytes")
            }
            return text
        }
    }

    /// A finite decimal number: digits with a point or not, a sign and an exponent.
    package static func decimal(_ text: String) -> Double? {
        let allowed = text.utf8.allSatisfy {
            (48...57).contains($0) || "-+.eE".utf8.contains($0)
        }
        guard allowed, text.utf8.count <= 40, let number = Double(text), number.isFinite else {
            return nil
        }
        return number
    }

    /// A number without a fraction of zero.
    package static func short(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}
