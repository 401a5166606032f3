// Shows each use of the client, against the demo model.
import AssayClient
import Foundation

let server = ProcessInfo.processInfo.environment["ASSAY_SERVER"] ?? "tcp://127.0.0.1:7411"
do {
    let client = try Client(server)

    let sum = try await client.generate("317+485=", maxTokens: 8, deadlineMilliseconds: 30_000)
    print(sum.text, "(\(sum.provenance), by \(sum.answer.model))")

    for try await part in client.generateStream("Story about a fox:", maxTokens: 60) {
        print(part.text, terminator: "")
        if let whole = part.answer { print("\n(\(whole.completionTokens) tokens)") }
    }

    for try await part in client.generateStream("Story about a hen:") {
        print(part.text)
        break  // cancels the rest on the server, like cancelling the task
    }

    let reply = try await client.chat([.user("317+485=")], maxTokens: 8)
    print(reply.text)

    for vector in try await client.embed(["a fox", "a hen"]).vectors {
        print(vector.count)
    }

    // The server ends the answer at the deadline, with the reason "deadline".
    do {
        print(try await client.generate("Story:", deadlineMilliseconds: 20).finishReason)
    } catch let error where error.code == .timedOut {
        print(error)
    }
} catch {
    print(error)
    exit(1)
}
