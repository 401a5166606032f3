// Log-probabilities as JSON and as tables.

import Loading
import PlainText
import Wire

enum LogprobsOutput {
    /// Returns an object per token, or null without log-probabilities.
    static func json(_ logprobs: Logprobs?) -> JSONText {
        guard let logprobs else { return .null }
        return .array(
            logprobs.tokens.indices.map { index in
                .object([
                    ("token", .unsigned(UInt64(logprobs.tokens[index]))),
                    ("logprob", .float(logprobs.logprobs[index])),
                    ("top", top(logprobs, at: index)),
                ])
            })
    }

    /// Returns the alternatives at each position.
    static func top(_ logprobs: Logprobs) -> JSONText {
        .array(logprobs.tokens.indices.map { top(logprobs, at: $0) })
    }

    private static func top(_ logprobs: Logprobs, at index: Int) -> JSONText {
        .array(
            logprobs.top(at: index).map { alternative in
                .object([
                    ("token", .unsigned(UInt64(alternative.token))),
                    ("logprob", .float(alternative.logprob)),
                ])
            })
    }

    /// Returns a row per token: id, log-probability, then the alternatives as `id:logprob`.
    ///
    /// - Parameter heading: the first column's.
    static func table(_ logprobs: Logprobs, heading: String = "TOKEN") -> TextTable {
        var table = TextTable([.number(heading), .number("LOGPROB"), .reason("BEST")])
        for index in logprobs.tokens.indices {
            let top = logprobs.top(at: index).map { "\($0.token):\(fixed($0.logprob))" }
            table.add([
                .init("\(logprobs.tokens[index])"), .init(fixed(logprobs.logprobs[index])),
                .init(top.joined(separator: " ")),
            ])
        }
        return table
    }

    /// Four decimals, for people to compare.
    static func fixed(_ value: some BinaryFloatingPoint) -> String { Quantity.fixed(value, 4) }
}
