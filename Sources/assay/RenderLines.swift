// assay render --json-lines: conversations that bring their template along, a line each.
//
// Renders as the reference does, without looking for words that a template leaves out.

import Console
import Conversations
import Foundation
import Loading
import Templates

/// See the head of the file.
enum RenderLines {
    /// Bytes of a line.
    private static let sizeMax = 32 << 20

    /// Renders every line of standard input. A line out is {"text"} or {"error": {"code",
    /// "message"}}.
    ///
    /// - Parameter path: the template of lines that name none.
    static func run(template path: String?) async throws {
        var templates = TemplateFiles()
        try await StandardInput.eachLine(sizeMax: sizeMax) { number, text in
            let line = try Line(line: Array(text), number: number)
            do throws(TemplateError) {
                let template = try templates.template(line, otherwise: path, number)
                let rendering = try line.conversation.render(template, now: line.now)
                return JSONText.object([("text", .string(rendering.text.string))]).text
            } catch {
                let message = error.code == .raised ? error.message : error.sentence
                let fields = JSONText.object([
                    ("code", .string(error.code.rawValue)), ("message", .string(message)),
                ])
                return JSONText.object([("error", fields)]).text
            }
        }
    }
}

/// A line of --json-lines.
private struct Line {
    /// The path of a template file.
    var path: String?
    /// The text of a template.
    var source: String?
    var conversation = ReferenceConversation(messages: [])
    var now: TemplateTime?

    init(line: [UInt8], number: Int) throws {
        let value: TemplateValue
        do throws(TemplateJSONError) {
            value = try TemplateValue(json: line, origin: 1)
        } catch {
            throw Failure.usage("line \(number): not the JSON that is expected here: \(error)")
        }
        guard case .dictionary(let fields) = value else {
            throw Failure.usage("line \(number): not a JSON object")
        }
        for (key, field) in zip(fields.keys, fields.values) {
            guard case .text(let name) = key else { continue }
            guard try set(name.string, field) else {
                throw Failure.usage("line \(number): \"\(name.string)\" is not what is expected")
            }
        }
        guard fields["messages"] != nil else {
            throw Failure.usage("line \(number): \"messages\" is needed")
        }
    }

    /// Sets a field. False for an unknown name or a wrong kind of value.
    private mutating func set(_ name: String, _ value: TemplateValue) throws -> Bool {
        switch (name, value) {
        case ("template", .text(let text)): path = text.string
        case ("source", .text(let text)): source = text.string
        case ("messages", .list(let messages)): conversation.setMessages(Array(messages))
        case ("tools", .list), ("tools", .none): conversation.tools = value
        case ("variables", .dictionary(let variables)):
            for (key, value) in zip(variables.keys, variables.values) {
                guard case .text(let name) = key else { return false }
                conversation.variables.append((name.string, value))
            }
        // The caller's special tokens are the template's own words.
        case ("bos_token", .text), ("eos_token", .text):
            conversation.variables.append((name, value.attributed(to: 0)))
        case ("bos_token", .none), ("eos_token", .none), ("now", .none): break
        case ("add_generation_prompt", .boolean(let flag)): conversation.addGenerationPrompt = flag
        case ("continue_final_message", .boolean(let flag)):
            conversation.continueFinalMessage = flag
        case ("now", .text(let text)):
            now = TemplateTime(text.string)
            return now != nil
        default: return false
        }
        return true
    }
}

/// The template read last, for lines that name the same file.
private struct TemplateFiles {
    private var last: (path: String, template: Template)?

    /// A usage failure for a file that cannot be read.
    mutating func template(
        _ line: Line, otherwise: String?, _ number: Int
    ) throws(TemplateError) -> Template {
        if let source = line.source { return try Template(source: source) }
        guard let path = line.path ?? otherwise else {
            throw TemplateError(.invalid, "line \(number) names no template")
        }
        if let last, last.path == path { return last.template }
        let template = try Template(source: try Self.source(path))
        last = (path, template)
        return template
    }

    private static func source(_ path: String) throws(TemplateError) -> [UInt8] {
        let sizeMax = TemplateLimits.default.sourceSizeMax
        guard let file = FileHandle(forReadingAtPath: path),
            let data = try? file.read(upToCount: sizeMax + 1)
        else { throw TemplateError(.invalid, "the template file cannot be read") }
        return Array(data)
    }
}
