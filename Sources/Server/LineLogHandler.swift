// Log events as lines for a sink: time, level, label, metadata by key, module, message.
//
// Does not: write. The sink escapes lines, bounds them and writes them on its own thread.

import Console
import Glibc
import Logging

/// A log handler that makes lines. A value.
package struct LineLogHandler: LogHandler {
    package var metadata = Logger.Metadata()
    package var logLevel = Logger.Level.info
    private let label: String
    private let write: @Sendable (String, LineSink.Kind) -> Void

    /// - Parameter write: takes a line without its newline, on any thread.
    package init(label: String, write: @escaping @Sendable (String, LineSink.Kind) -> Void) {
        (self.label, self.write) = (label, write)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let facts = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        write(
            "\(Self.stamp()) \(event.level) \(label):\(facts) [\(event.source)] \(event.message)",
            AuditLog.kind(all))
    }

    private static func stamp() -> String {
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let base = text.baseAddress else { return "" }
            base[strftime(base, text.count, "%Y-%m-%dT%H:%M:%S%z", &local)] = 0
            return String(cString: base)
        }
    }
}
