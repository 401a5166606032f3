// The table of settings as JSON, for the generated pages.
//
// Guarantees: one object per row of `ConfigurationField.all`, in its order, and every object has
// the same fields. Defaults are the documented ones, whatever the machine.

import Loading
import PlainText

/// See the head of the file.
package enum SettingsTable {
    /// The table as a JSON list, one setting a line.
    package static var json: String {
        let defaults = ServerConfiguration()
        let rows = ConfigurationField.all.map { field in
            JSONText.object([
                ("name", .string(field.name)), ("variable", .string(field.environmentName)),
                ("flag", .string("--\(field.name)")),
                ("unit", .string(field.unit)), ("default", .string(field.plain(in: defaults))),
                ("range", .string(field.range)), ("explanation", .string(field.explanation)),
                ("repeatable", .bool(field.isRepeatable)),
                ("reload", .string(field.reload.rawValue)),
            ]).text
        }
        return "[\n" + rows.joined(separator: ",\n") + "\n]"
    }
}

extension ConfigurationField {
    /// Whether a change takes effect in a running server.
    enum Reload: String {
        /// The server has to be started again.
        case restart
    }

    /// No setting is read again after the start.
    var reload: Reload { .restart }

    /// True when the setting may be given several times.
    var isRepeatable: Bool { if case .texts = storage { true } else { false } }

    /// The allowed values without their unit. Empty for texts with a form of their own, which the
    /// unit describes.
    var range: String {
        switch storage {
        case .integer(_, let range): "\(range.lowerBound) to \(range.upperBound)"
        case .seconds(_, let range), .duration(_, let range):
            "\(FlagValue.short(range.lowerBound)) to \(FlagValue.short(range.upperBound))"
        case .text(_, let words): words.joined(separator: ", ")
        case .texts: ""
        case .flag, .right: allowed
        }
    }

    /// The value as a person writes it: lists without brackets, whole numbers without a point.
    func plain(in values: ServerConfiguration) -> String {
        switch storage {
        case .texts(let path):
            values[keyPath: path].isEmpty ? "none" : values[keyPath: path].joined(separator: ", ")
        case .seconds(let path, _): FlagValue.short(values[keyPath: path])
        case .duration(let path, _): FlagValue.short(Double(values[keyPath: path]) / 1_000_000)
        default: shown(in: values)
        }
    }
}
