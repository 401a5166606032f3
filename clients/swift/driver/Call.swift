// One call of the driver: a kind by name, its request from JSON, its answer to JSON.

import AssayClient

struct Call {
    let client: Client
    let command: Command

    func run() async {
        do {
            try await answer()
        } catch let error as ClientError {
            Output.write(command.id, error)
        } catch let error as ValueError {
            Output.refuse(command.id, error.message, error.field)
        } catch {
            Output.refuse(command.id, "\(error)", nil)
        }
    }

    private var deadline: UInt32 {
        UInt32(clamping: command.line["deadline_milliseconds"]?.integer ?? 0)
    }

    private func request<Request: RequestMessage>(_ type: Request.Type) throws -> Request {
        try Values.message(command.line["request"] ?? .object([]), as: type)
    }

    private func answer() async throws {
        let deadline = deadline
        switch command.kind {
        case "Ping":
            let request = try request(PingRequest.self)
            write(try await client.ping(request.payload, deadlineMilliseconds: deadline))
        case "Health":
            let request = try request(HealthRequest.self)
            write(
                try await client.health(
                    model: request.model, verify: request.verify,
                    requirements: request.requirements, deadlineMilliseconds: deadline))
        case "Models":
            _ = try request(ModelsRequest.self)
            write(try await client.models(deadlineMilliseconds: deadline))
        case "Stats":
            _ = try request(StatsRequest.self)
            write(try await client.stats(deadlineMilliseconds: deadline))
        case "Load": try await load(deadline)
        case "Unload":
            let name = try request(UnloadRequest.self).name
            write(try await client.unload(name: name, deadlineMilliseconds: deadline))
        case "Tokenize":
            write(
                try await client.tokenize(
                    request(TokenizeRequest.self), deadlineMilliseconds: deadline))
        case "Detokenize":
            write(
                try await client.detokenize(
                    request(DetokenizeRequest.self), deadlineMilliseconds: deadline))
        case "Generate": try await generate(deadline)
        case "Score":
            write(
                try await client.score(request(ScoreRequest.self), deadlineMilliseconds: deadline))
        case "Logits":
            write(
                try await client.logits(
                    request(LogitsRequest.self), deadlineMilliseconds: deadline))
        case "Embed":
            write(
                try await client.embed(request(EmbedRequest.self), deadlineMilliseconds: deadline))
        default: Output.refuse(command.id, "no call of kind \"\(command.kind)\"", nil)
        }
    }

    private func load(_ deadline: UInt32) async throws {
        let request = try request(LoadRequest.self)
        let isShown = command.line["stream"]?.bool ?? false
        let reply = try await client.load(request, deadlineMilliseconds: deadline) { layer in
            if isShown {
                Output.write(command.id, "chunk", Values.json(LoadProgress(layer: layer)))
            }
        }
        write(reply)
    }

    private func generate(_ deadline: UInt32) async throws {
        let request = try request(GenerateRequest.self)
        guard command.line["stream"]?.bool ?? false else {
            return write(try await client.generate(request, deadlineMilliseconds: deadline))
        }
        let stop = command.line["cancel_after_chunks"]?.integer ?? 0
        var count = 0
        for try await part in client.generateStream(request, deadlineMilliseconds: deadline) {
            if let answer = part.answer { return write(answer) }
            Output.write(command.id, "chunk", Values.json(part.chunk))
            count += 1
            if count == stop { break }
        }
        Output.write(
            command.id, "error",
            .object([
                ("code", .string("given_up")), ("status", .string("CANCELLED")),
                ("message", .string("the caller gave the answer up")),
            ]))
    }

    private func write<Message>(_ reply: Reply<Message>) {
        Output.write(
            command.id, "ok",
            .object([
                ("provenance", .string(reply.provenance.description)),
                ("generation", .integer(Int(reply.generation))),
                ("degraded", .bool(reply.isDegraded)),
                ("response", Values.json(reply.message)),
            ]))
    }
}
