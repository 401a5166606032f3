// assay-bench templates: the time that a conversation takes from messages to prompt text.
//
// A request pays for marking the caller's words, rendering, and looking for what is missing. The
// template was read and probed before, as at load. Beside each figure are the limit, a floor in the
// same run (the bytes of the prompt copied one by one, each with its origin) and, where a Python
// with jinja2 is named, what the reference takes to render the same template.

import ArgumentParser
import Conversations
import Foundation
import Templates

struct TemplatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates",
        abstract: "Rendering a conversation with tools; without files, with our own templates.")

    @Argument(help: "Template files.")
    var templates: [String] = []

    @Option(help: "Renderings of each template.")
    var count = 4000

    @Option(help: "scripts/jinja-peer.py: jinja2 is measured beside, by the python3 of PATH.")
    var peer: String?

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        guard (100...1_000_000).contains(count) else {
            throw ValidationError("--count is \(count); allowed are 100 to 1000000")
        }
    }

    func run() throws {
        var sources = SampleTemplate.allCases.map { ($0.rawValue, Array($0.source.utf8)) }
        if !templates.isEmpty {
            sources = try templates.map { path in
                let url = URL(fileURLWithPath: path)
                return (url.lastPathComponent, Array(try Data(contentsOf: url)))
            }
        }
        let rows = try sources.map { try measure($0.0, $0.1) }
        print(json ? try jsonText(rows) : TemplateRow.text(rows))
    }

    private func measure(_ name: String, _ source: [UInt8]) throws -> TemplateRow {
        let sources = ChatTemplateSources(ChatTemplateSource(place: name, text: source))
        let tokens = ["bos_token": "<s>", "eos_token": "</s>"].map {
            SpecialTokenText(name: $0, text: $1)
        }
        let conversation = try SampleConversation.conversation()
        let templates = try CheckedTemplates(sources, specialTokens: tokens).probed()
        guard let template = templates.template(for: conversation) else {
            throw BenchError("\(name): no template")
        }
        var rendering: [UInt64] = []
        var floor: [UInt64] = []
        var prompt: [UInt8] = []
        for round in 0..<count + count / 10 {
            let start = DispatchTime.now().uptimeNanoseconds
            prompt = try template.render(conversation, at: 1_772_701_623).prompt.text
            let middle = DispatchTime.now().uptimeNanoseconds
            let sum = CopyFloor.copy(prompt)
            let end = DispatchTime.now().uptimeNanoseconds
            guard sum == prompt.count else { throw BenchError("\(name): a wrong copy") }
            // The first renderings warm the caches.
            guard round >= count / 10 else { continue }
            rendering.append(middle - start)
            floor.append(end - middle)
        }
        return TemplateRow(
            template: name, promptBytes: prompt.count,
            medianMicroseconds: Statistics.percentile(rendering, 0.5) / 1000,
            p99Microseconds: Statistics.percentile(rendering, 0.99) / 1000,
            floorMicroseconds: Statistics.percentile(floor, 0.5) / 1000,
            referenceMicroseconds: try peer.map { try reference($0, source) })
    }

    /// The median of jinja2 for the same messages, measured by the peer.
    private func reference(_ peer: String, _ source: [UInt8]) throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", peer, "\(count / 4)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let text = String(decoding: source, as: UTF8.self)
        let request = PeerRequest(
            source: text, messages: SampleConversation.messages, tools: SampleConversation.tools)
        try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(request))
        try input.fileHandleForWriting.close()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard
            let median = Double(
                String(decoding: answer, as: UTF8.self).trimmingCharacters(
                    in: .whitespacesAndNewlines))
        else { throw BenchError("\(peer) does not render with jinja2") }
        return median
    }
}

/// The input of the peer.
private struct PeerRequest: Encodable {
    let source: String
    let messages: String
    let tools: String
}

/// The figures of one template.
struct TemplateRow: Codable {
    /// Median and p99 of a usual conversation have to stay below this.
    static let limitMicroseconds = 200.0

    let template: String
    let promptBytes: Int
    let medianMicroseconds: Double
    let p99Microseconds: Double
    let floorMicroseconds: Double
    let referenceMicroseconds: Double?

    static func text(_ rows: [TemplateRow]) -> String {
        let title =
            "A conversation of 8 messages with 3 tools, from messages to prompt text (limit "
            + "\(Int(limitMicroseconds)) µs)"
        let head = columns.line(
            "template", "bytes", "p50", "p99", "floor", "ratio", "jinja2", "ratio", "")
        return ([title, head] + rows.map(\.line)).joined(separator: "\n")
    }

    private var line: String {
        let isOver = max(medianMicroseconds, p99Microseconds) > Self.limitMicroseconds
        let ratio = referenceMicroseconds.map { String(format: "%.2f", medianMicroseconds / $0) }
        return Self.columns.line(
            template, "\(promptBytes)", TextColumns.micro(medianMicroseconds),
            TextColumns.micro(p99Microseconds),
            TextColumns.micro(floorMicroseconds),
            String(format: "%.1f", medianMicroseconds / floorMicroseconds),
            referenceMicroseconds.map(TextColumns.micro) ?? "-", ratio ?? "-",
            isOver ? "OVER THE LIMIT" : "")
    }

    private static let columns = TextColumns(first: 24, others: 10)
}

/// The floor: every byte and its origin written once.
enum CopyFloor {
    /// The number of bytes copied.
    @inline(never)
    static func copy(_ text: [UInt8]) -> Int {
        var bytes: [UInt8] = []
        var origins: [UInt32] = []
        for byte in text {
            bytes.append(byte)
            origins.append(UInt32(byte & 1))
        }
        return min(bytes.count, origins.count)
    }
}
