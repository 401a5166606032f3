// The settings as flags of the command line, made from the configuration's table.
//
// Guarantees: every row of `ConfigurationField.all` has a flag of its name, with the help and the
// completion of the row. The argument parser finds options by reflection, so the mirror of this
// type has an option for each row, and the decoder reads the same options. Nothing is validated
// here.

import ArgumentParser
import Server

struct SettingOptions: ParsableArguments, CustomReflectable {
    /// Texts of the given flags by setting name.
    private(set) var given: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: SettingKey.self)
        for field in ConfigurationField.all {
            let key = SettingKey(field)
            let texts =
                if field.isSwitch {
                    try values.decode(Flag<Bool?>.self, forKey: key).wrappedValue.map { ["\($0)"] }
                } else {
                    try values.decode(Option<[String]>.self, forKey: key).wrappedValue
                }
            if let texts, !texts.isEmpty { given[field.name] = texts }
        }
    }

    var customMirror: Mirror {
        Mirror(
            self,
            children: ConfigurationField.all.map { field in
                (label: SettingKey(field).stringValue, value: Self.option(field))
            })
    }

    private static func option(_ field: ConfigurationField) -> Any {
        if field.isSwitch {
            return Flag<Bool?>(
                name: .customLong(field.name), inversion: .prefixedNo,
                help: ArgumentHelp(field.help))
        }
        return Option<[String]>(
            wrappedValue: [], name: .customLong(field.name),
            parsing: field.isNumber ? .unconditionalSingleValue : .singleValue,
            help: ArgumentHelp(field.help, valueName: field.valueName),
            completion: completion(field))
    }

    private static func completion(_ field: ConfigurationField) -> CompletionKind? {
        switch field.completion {
        case .none: nil
        case .file: .file()
        case .folder: .directory
        case .words(let words): .list(words)
        }
    }
}

/// Key of a setting: the name in the table.
private struct SettingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ field: ConfigurationField) { stringValue = field.name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
