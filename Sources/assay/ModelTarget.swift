// The model that a verb is about: NAME, NAME=PATH or NAME:LABEL, from the words of the command
// line.
//
// Guarantees: what a server would refuse for its form is refused here, before a connection, with
// what was found and what is allowed.

import Wire

/// A name with the path of its file on the server's machine.
struct NamedPath {
    let name: String
    let path: String

    /// Reads NAME=PATH, or PATH beside --model NAME.
    init(_ target: String, model: String?) throws {
        var parts = target.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 1 {
            guard let model else {
                throw Failure.usage("the model needs a name: NAME=PATH, or --model NAME")
            }
            parts.insert(Substring(model), at: 0)
        } else if model != nil {
            throw Failure.usage("NAME=PATH and --model exclude each other")
        }
        try ModelTarget.check(parts[0], "NAME=PATH", "the name", Limits.modelNameSizeMax)
        try ModelTarget.check(parts[1], "NAME=PATH", "the path", Limits.pathSizeMax)
        guard !parts[0].contains(":") else {
            throw Failure.usage(
                "NAME=PATH: found \":\" in the name \"\(parts[0])\", allowed: a name without it",
                advice: "NAME:LABEL is for labels: assay help alias")
        }
        (name, path) = (String(parts[0]), String(parts[1]))
    }
}

/// A name with a label of one of its generations.
struct NamedLabel {
    let name: String
    let label: String

    /// Reads NAME:LABEL.
    init(_ target: String) throws {
        let parts = target.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw Failure.usage(
                "NAME:LABEL: found \(parts.count - 1) colons in \"\(target)\", allowed: one")
        }
        try ModelTarget.check(parts[0], "NAME:LABEL", "the name", Limits.modelNameSizeMax)
        try ModelTarget.check(parts[1], "NAME:LABEL", "the label", Limits.labelSizeMax)
        (name, label) = (String(parts[0]), String(parts[1]))
    }
}

enum ModelTarget {
    /// Refuses a part of a form that is empty or too long.
    fileprivate static func check(
        _ text: Substring, _ form: String, _ part: String, _ sizeMax: Int
    ) throws {
        guard (1...sizeMax).contains(text.utf8.count) else {
            throw Failure.usage(
                "\(form): found \(text.utf8.count) bytes in \(part), allowed: 1 to \(sizeMax)")
        }
    }
}

extension ServerOptions {
    /// The name of a command about one model: its argument, or --model.
    func name(_ argument: String?) throws -> String {
        guard let name = argument ?? model else {
            throw Failure.usage("NAME: found none, allowed: NAME or --model NAME")
        }
        if argument != nil, model != nil {
            throw Failure.usage("NAME and --model exclude each other")
        }
        return name
    }
}
