// The audit in the log: a line for every request that changes models, and every refused right.
//
// Guarantees: the lines are written at every log level, a text of a peer cannot end its field, and
// a line is bounded. The log's sink keeps the lines apart from others and does not drop them by
// rate (`LineSink.Kind`).

import Console
import Logging
import PlainText
import Service

/// See the head of the file. A value.
struct AuditLog {
    /// Key of the metadata that makes a line one of the audit. `changed` of the line tells its
    /// kind.
    static let key = "audit"
    /// Most bytes of a path in a line.
    private static let pathSizeMax = 1024

    private let logger: Logger

    init(_ logger: Logger) {
        var logger = logger
        logger.logLevel = min(logger.logLevel, .notice)
        self.logger = logger
    }

    func write(_ record: AuditRecord) {
        logger.notice("\(record.action.rawValue): \(record.outcome)", metadata: Self.facts(record))
    }

    static func facts(_ record: AuditRecord) -> Logger.Metadata {
        var facts: Logger.Metadata = [
            key: "\(record.action.rawValue)", "changed": "\(record.isChange)",
            "peer": "\(quoted(record.peer))", "connection": "\(record.connection)",
            "model": "\(quoted(record.model))", "outcome": "\(record.outcome)",
            "before": "\(text(record.before.fingerprint))",
            "after": "\(text(record.after.fingerprint))",
            "generation_before": "\(record.before.generation)",
            "generation_after": "\(record.after.generation)",
        ]
        if let label = record.label { facts["label"] = "\(quoted(label))" }
        if let path = record.path { facts["path"] = "\(quoted(clipped(path)))" }
        return facts
    }

    /// The kind of a log line by its metadata.
    static func kind(_ metadata: Logger.Metadata) -> LineSink.Kind {
        guard metadata[key] != nil else { return .ordinary }
        return metadata["changed"] == "true" ? .change : .refusal
    }

    private static func text(_ fingerprint: [UInt8]?) -> String {
        fingerprint.map { hexText($0) } ?? "none"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { result += "\\" }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }

    private static func clipped(_ path: String) -> String {
        guard path.utf8.count > pathSizeMax else { return path }
        return String(decoding: path.utf8.prefix(pathSizeMax), as: UTF8.self) + "…"
    }
}
