// What the flag of a setting shows: its form, its help, and the words that a shell can complete.
//
// Guarantees: everything comes from the row of the table. Defaults are the documented ones,
// whatever the machine.

import Service

extension ConfigurationField {
    /// True for a setting that is given by its name alone, or with `no-` before the name.
    package var isSwitch: Bool { if case .flag = storage { true } else { false } }

    /// True for a number, which may begin with a dash.
    package var isNumber: Bool {
        switch storage {
        case .integer, .seconds, .duration: true
        case .text, .texts, .right, .flag: false
        }
    }

    /// Explanation, allowed values, default and variable, in one line. Words are in the value's
    /// form already.
    package var help: String {
        let bounds =
            isNumber
            ? "\(range) \(unit); " : isSwitch || !words.isEmpty ? "" : "\(allowed); "
        return "\(explanation) (\(bounds)default: \(plain(in: ServerConfiguration())); "
            + "\(environmentName))"
    }

    /// Form of the value, such as `HOST:PORT|/PATH`.
    package var valueName: String {
        switch storage {
        case .integer: "N"
        case .seconds, .duration: "TIME"
        case .flag: "true|false"
        case .text, .texts, .right:
            words.isEmpty ? form.joined(separator: "|") : words.joined(separator: "|")
        }
    }

    /// The allowed words. Empty when the value is not one of few words.
    package var words: [String] {
        switch storage {
        case .text(_, let words): words
        case .right: LoadingRight.allCases.map(\.rawValue)
        default: []
        }
    }

    /// What a shell completes after the name.
    package var completion: Completion {
        switch name {
        case "model-root": .folder
        case "token-file": .file
        case "device": .words(form.filter { !$0.contains(":") })
        default: words.isEmpty ? .none : .words(words)
        }
    }

    /// A way to complete a value.
    package enum Completion { case none, file, folder, words([String]) }

    /// The alternatives that the unit names: `HOST:PORT or /PATH` has two.
    private var form: [String] {
        unit.replacing(", or ", with: ", ").replacing(" or ", with: ", ").split(separator: ", ")
            .map { part in
                // Articles and explanations are left out.
                let words = part.split(separator: " ")
                return String(words.first == "a" ? words.last ?? part : words.first ?? part)
            }
    }
}
