// Asks a server a sum, then has it tell a story piece by piece.
import AssayClient
import Foundation

let server = ProcessInfo.processInfo.environment["ASSAY_SERVER"] ?? "tcp://127.0.0.1:7411"
do {
    let client = try Client(server)

    var sum = GenerateRequest(prompt: .text("317+485="))
    sum.maxTokens = 8
    let reply = try await client.generate(sum, deadlineMilliseconds: 30_000)
    print(reply.text, "(\(reply.provenance), by \(reply.answer.model))")

    var story = GenerateRequest(prompt: .text("Story about a fox:"))
    story.maxTokens = 60
    for try await part in client.generateStream(story) {
        print(part.text, terminator: "")
        if let whole = part.answer { print("\n(\(whole.completionTokens) tokens)") }
    }
} catch {
    print(error)
    exit(1)
}
