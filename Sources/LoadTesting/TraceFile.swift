// Reads a trace: times of recorded requests, with optional kinds and lengths.
//
//     # seconds, kind, prompt tokens, output tokens. Only the seconds are required
//     0.000,generate,512,64
//     0.013,tokenize
//     0.020
//
// Hostile input: the size is checked before anything is split, lines and their number are bounded,
// times must be finite and must not go back. The first wrong line is an error.

/// One line of a trace.
package struct TraceEntry: Sendable, Equatable {
    /// Nanoseconds from the start of the run.
    package let intended: Int64
    /// Nil: drawn from the mix.
    package let kind: RequestKind?
    /// Nil: drawn from the distribution.
    package let promptTokens: Int?
    /// Nil: drawn from the distribution.
    package let outputTokens: Int?
}

/// Reads traces.
package enum TraceFile {
    /// All entries of `bytes`. `name` is for messages.
    package static func parse(
        _ bytes: [UInt8], name: String
    ) throws(LoadTestError) -> [TraceEntry] {
        guard bytes.count <= LoadLimits.fileSizeMax else {
            throw LoadTestError(
                .fileInvalid,
                "reading \(name): found \(bytes.count) bytes, allowed: \(LoadLimits.fileSizeMax)")
        }
        var entries: [TraceEntry] = []
        var number = 0
        for slice in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let line = slice.last == 0x0D ? slice.dropLast() : slice
            guard line.count <= LoadLimits.traceLineSizeMax else {
                throw .file(
                    name, line: number, "\(line.count) bytes",
                    allowed: "\(LoadLimits.traceLineSizeMax) bytes a line")
            }
            guard let first = line.first(where: { $0 != 0x20 && $0 != 0x09 }), first != 0x23
            else { continue }
            guard entries.count < LoadLimits.traceRequestsMax else {
                throw .file(
                    name, line: number, "more requests",
                    allowed: "\(LoadLimits.traceRequestsMax)")
            }
            let text = String(decoding: line, as: UTF8.self)
            entries.append(try entry(text, name, number, after: entries.last?.intended ?? 0))
        }
        guard !entries.isEmpty else {
            throw LoadTestError(
                .fileInvalid, "reading \(name): found no requests, allowed: 1 or more")
        }
        return entries
    }

    private static func entry(
        _ text: String, _ name: String, _ line: Int, after previous: Int64
    ) throws(LoadTestError) -> TraceEntry {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        guard fields.count <= 4 else {
            throw .file(
                name, line: line, text, allowed: "SECONDS[,KIND[,PROMPT_TOKENS[,OUTPUT_TOKENS]]]")
        }
        guard let seconds = NumberText.plain(fields[0]), seconds <= LoadLimits.durationSecondsMax
        else {
            throw .file(
                name, line: line, fields[0],
                allowed: "seconds from the start, 0 to \(Int(LoadLimits.durationSecondsMax))")
        }
        let intended = Int64(seconds * 1e9)
        guard intended >= previous else {
            throw .file(name, line: line, fields[0], allowed: "a time not before the line above")
        }
        return TraceEntry(
            intended: intended, kind: try kind(fields, name, line),
            promptTokens: try tokens(fields, 2, name, line),
            outputTokens: try tokens(fields, 3, name, line))
    }

    private static func kind(
        _ fields: [String], _ name: String, _ line: Int
    ) throws(LoadTestError) -> RequestKind? {
        guard fields.count > 1, !fields[1].isEmpty else { return nil }
        guard let kind = RequestKind(rawValue: fields[1]) else {
            throw .file(name, line: line, fields[1], allowed: RequestKind.names)
        }
        return kind
    }

    private static func tokens(
        _ fields: [String], _ index: Int, _ name: String, _ line: Int
    ) throws(LoadTestError) -> Int? {
        guard fields.count > index, !fields[index].isEmpty else { return nil }
        guard let count = Int(fields[index]), (1...LoadLimits.tokensMax).contains(count) else {
            throw .file(
                name, line: line, fields[index], allowed: "1 to \(LoadLimits.tokensMax) tokens")
        }
        return count
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var rest = text.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}
