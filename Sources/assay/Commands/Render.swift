// assay render: the text and the tokens that a model gets for a conversation: a server's model, a
// model's files on this machine, or a template alone.

import ArgumentParser
import AssayClient
import Console
import Loading
import PlainText
import Wire

struct Render: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A conversation to a model's text, by its chat template.",
        discussion: """
            With --json-lines, a line in is {"template": PATH or "source": TEXT, "messages", \
            "tools", "variables", "bos_token", "eos_token", "add_generation_prompt", \
            "continue_final_message", "now": "YYYY-MM-DDTHH:MM:SS"}. A line out is {"text"} or \
            {"error": {"code", "message"}}.
            """)

    @OptionGroup var options: ServerOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var demands: RequirementOptions
    @OptionGroup var place: ContextOptions

    @Option(
        name: .customLong("message"),
        help: ArgumentHelp(
            "One message of the conversation; repeatable. Roles: system, user, assistant, tool.",
            valueName: "role:text"))
    var messages: [String] = []

    @Option(help: "Use this model's files instead of a server.", completion: .model)
    var file: String?

    @Flag(help: "Read one conversation a line, with its template.")
    var jsonLines = false

    @Option(
        name: .customLong("template"),
        help: ArgumentHelp("The template of lines that name none.", valueName: "file"),
        completion: .file())
    var templateFile: String?

    func run() async throws {
        if jsonLines {
            try refuseBesideLines()
            return try await RenderLines.run(template: templateFile)
        }
        guard templateFile == nil else { throw Failure.usage("--template needs --json-lines") }
        guard let messages = try template.messages(messages) else {
            throw Failure.usage("one of --message and --conversation is needed")
        }
        var request = RenderRequest(model: options.model, messages: messages)
        try template.apply(to: &request)
        if let file {
            try refuseServer(beside: "--file")
            return try renderHere(request, file)
        }
        request.requirements = try demands.requirements()
        request.context = try place.context()
        let reply = try await options.withClient { client in
            try await client.render(request, deadlineMilliseconds: options.deadline)
        }
        let message = reply.message
        options.announce(reply.provenance, model: message.answer.model)
        let output = AnswerOutput(
            provenance: reply.provenance, generation: reply.generation, answer: message.answer)
        if options.json {
            Console.line(Self.json(message, output).text)
        } else {
            Console.output(message.text)
            if message.text.last != "\n" { Console.output("\n") }
            Console.error(output.line)
            Console.error(Self.summary(message))
        }
    }

    /// Refuses options that only a server has a use for.
    private func refuseServer(beside flag: String) throws {
        try options.refuse(beside: flag)
        try demands.refuse(beside: flag)
        try place.refuse(beside: flag)
    }

    /// Refuses what the lines of --json-lines say themselves.
    private func refuseBesideLines() throws {
        try refuseServer(beside: "--json-lines")
        let own = file != nil ? "--file" : messages.isEmpty ? template.given : "--message"
        guard let own else { return }
        throw Failure.usage(
            "--json-lines and \(own) exclude each other: each line has its conversation")
    }

    private static func json(_ message: RenderResponse, _ output: AnswerOutput) -> JSONText {
        .object(output.identity + fields(message) + output.account)
    }

    private static func fields(_ message: RenderResponse) -> [(String, JSONText)] {
        let facts = message.template
        return [
            ("text", .string(message.text)), ("tokens", .tokens(message.tokens)),
            ("template_time", message.answer.templateTime.map { .unsigned($0) } ?? .null),
            (
                "template",
                .object([
                    ("source", .string(facts.source)),
                    ("fingerprint", .string(hexText(facts.fingerprint))),
                    ("reads_tools", .bool(facts.readsTools)),
                    ("tool_arguments", .string(facts.toolArguments?.rawValue)),
                    ("thinking", .string(facts.thinking.rawValue)),
                    ("reads_time", .bool(facts.readsTime)),
                    ("variables", .array(facts.variables.map { .string($0) })),
                ])
            ),
        ]
    }

    /// Renders by the templates of a model's files.
    private func renderHere(_ request: RenderRequest, _ path: String) throws {
        let message = try LocalModel(path: path).render(request)
        if options.json {
            Console.line(JSONText.object(Self.fields(message)).text)
        } else {
            Console.output(message.text)
            if message.text.last != "\n" { Console.output("\n") }
            Console.error(Self.summary(message))
        }
    }

    private static func summary(_ message: RenderResponse) -> String {
        let facts = message.template
        let time = message.answer.templateTime.map { ", time \($0)" } ?? ""
        return "[\(message.tokens.count) tokens | template: \(facts.source), SHA-256 "
            + "\(hexText(facts.fingerprint.prefix(6)))…\(time)]"
    }
}
