// Log-probabilities as JSON and as a table.

import Loading
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

    /// Returns a line per token: id, log-probability, then the alternatives as `id:logprob`.
    static func table(_ logprobs: Logprobs, title: String) -> String {
        let lines = logprobs.tokens.indices.map { index in
            let top = logprobs.top(at: index).map { "\t\($0.token):\(fixed($0.logprob))" }
            return "\(logprobs.tokens[index])\t\(fixed(logprobs.logprobs[index]))"
                + top.joined()
        }
        return ([title] + lines).joined(separator: "\n")
    }

    /// Formats a number with four decimals, for people to compare.
    static func fixed(_ value: some BinaryFloatingPoint) -> String {
        let value = Double(value)
        guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
        let scaled = Int((value.magnitude * 10_000).rounded())
        let decimals = "\(scaled % 10_000)"
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return "\(sign)\(scaled / 10_000)."
            + String(repeating: "0", count: 4 - decimals.count) + decimals
    }
}
