// Renders rows with mutants of the interpreter, and says how many rows turn red with each.
//
// scripts/mutate-templates builds it with a copy of Sources/Templates in which `mutant` chooses one
// change. Nothing here is part of the product.
//
//     Runner ROWS NUMBER…     a line for each number: the number, red rows, the first one's name

import Foundation
import Templates

/// A rendering and what it must give: the words of a line of ROWS.
struct Row {
    let name: String
    let source: [UInt8]
    let variables: [(String, TemplateValue)]
    let now: TemplateTime?
    let output: String?
    let raised: String?
    /// True if a refusal at load is as right as an error.
    let mayBeRefused: Bool

    init?(_ line: Substring) throws {
        let row = try TemplateValue(json: Array(line.utf8))
        guard let name = row[key: "name"].words,
            case .dictionary(let fields)? = row[key: "variables"]
        else { return nil }
        self.name = name
        if let path = row[key: "path"].words {
            source = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } else {
            source = Array((row[key: "source"].words ?? "").utf8)
        }
        variables = fields.keys.indices.compactMap { index in
            guard case .text(let name) = fields.keys[index] else { return nil }
            return (name.string, fields.values[index])
        }
        now = row[key: "now"].words.flatMap { TemplateTime($0) }
        output = row[key: "output"].words
        raised = row[key: "raised"].words
        mayBeRefused = row[key: "refused"] != nil
    }

    var isRed: Bool {
        do throws(TemplateError) {
            let text = try Template(source: source).render(variables: variables, now: now).text
            return text.string != output
        } catch {
            guard output == nil else { return true }
            if error.code.isLoading { return !mayBeRefused }
            return error.code == .raised ? error.message != raised : raised != nil
        }
    }
}

extension TemplateValue? {
    /// The words of a text, or nil.
    fileprivate var words: String? {
        if case .text(let text)? = self { text.string } else { nil }
    }
}

@main
struct Runner {
    static func main() throws {
        let text = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8)
        let rows = try text.split(separator: "\n").compactMap { try Row($0) }
        for argument in CommandLine.arguments.dropFirst(2) {
            mutant = Int(argument) ?? 0
            let red = rows.filter(\.isRed)
            let line = "\(argument) \(red.count) \(rows.count) \(red.first?.name ?? "")\n"
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
        }
    }
}
