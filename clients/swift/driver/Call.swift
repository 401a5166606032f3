// One call of the driver: a kind by name, its request from JSON, its answer to JSON.

import AssayClient

struct Call {
    let client: Client
    let command: Command

    func run() async {
        do {
            try await answer()
        } catch {
            Output.write(command.id, error)
        }
    }

    private var deadline: UInt32 {
        UInt32(clamping: command.line["deadline_milliseconds"]?.integer ?? 0)
    }

    private func request<Request: RequestMessage>() throws -> Request {
        try Values.message(command.line["request"] ?? .object([]), as: Request.self)
    }

    private func answer() async throws {
        let deadline = deadline
        switch command.kind {
        case "Ping": write(try await client.ping(request(), deadlineMilliseconds: deadline))
        case "Health": write(try await client.health(request(), deadlineMilliseconds: deadline))
        case "Models": write(try await client.models(request(), deadlineMilliseconds: deadline))
        case "Stats": write(try await client.stats(request(), deadlineMilliseconds: deadline))
        case "Load": try await load(deadline)
        case "Swap": try await swap(deadline)
        case "Rollback": write(try await client.rollback(request(), deadlineMilliseconds: deadline))
        case "Pin": write(try await client.pin(request(), deadlineMilliseconds: deadline))
        case "Alias": write(try await client.alias(request(), deadlineMilliseconds: deadline))
        case "Unload": write(try await client.unload(request(), deadlineMilliseconds: deadline))
        case "Tokenize": write(try await client.tokenize(request(), deadlineMilliseconds: deadline))
        case "Detokenize":
            write(try await client.detokenize(request(), deadlineMilliseconds: deadline))
        case "Generate": try await generate(deadline)
        case "Score": write(try await client.score(request(), deadlineMilliseconds: deadline))
        case "Logits": write(try await client.logits(request(), deadlineMilliseconds: deadline))
        case "Embed": write(try await client.embed(request(), deadlineMilliseconds: deadline))
        case "Render": write(try await client.render(request(), deadlineMilliseconds: deadline))
        default: Output.refuse(command.id, "no call of kind \"\(command.kind)\"", nil)
        }
    }

    private func load(_ deadline: UInt32) async throws {
        let request: LoadRequest = try request()
        let isShown = command.line["stream"]?.bool ?? false
        let reply = try await client.load(request, deadlineMilliseconds: deadline) { layer in
            if isShown {
                Output.write(command.id, "chunk", Values.json(LoadProgress(layer: layer)))
            }
        }
        write(reply)
    }

    private func swap(_ deadline: UInt32) async throws {
        let request: SwapRequest = try request()
        let isShown = command.line["stream"]?.bool ?? false
        let reply = try await client.swap(request, deadlineMilliseconds: deadline) { progress in
            if isShown { Output.write(command.id, "chunk", Values.json(progress)) }
        }
        write(reply)
    }

    private func generate(_ deadline: UInt32) async throws {
        let stream = client.generateStream(try request(), deadlineMilliseconds: deadline)
        if command.line["stream"]?.bool ?? false {
            let stop = command.line["cancel_after_chunks"]?.integer ?? 0
            var count = 0
            for try await part in stream where part.answer == nil {
                Output.write(command.id, "chunk", Values.json(part.chunk))
                count += 1
                if count == stop { break }
            }
        }
        write(try await stream.result())
    }

    private func write<Message>(_ reply: Reply<Message>) {
        Output.write(
            command.id, "ok",
            .object([
                ("provenance", .string(reply.provenance.description)),
                ("generation", .integer(Int(reply.generation))),
                ("degraded", .bool(reply.degraded)),
                ("response", Values.json(reply.message)),
            ]))
    }
}
