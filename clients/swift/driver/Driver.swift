// The client behind standard input and output, for the conformance kit: a JSON object per line.
//
//     {"id":1,"op":"open","client":"a","server":URL,"options":{…}}        -> {"id":1,"ok":{}}
//     {"id":2,"op":"call","client":"a","kind":"Ping","request":{…}}       -> {"id":2,"ok":{…}}
//     {"id":3,"op":"close","client":"a"}                                  -> {"id":3,"ok":{}}
//     {"id":4,"op":"fork",…}                                -> {"id":4,"unsupported":"fork"}
//
// Commands are read while calls run, and each call has a task. The driver ends with standard input.

import AssayClient
import Foundation
import Synchronization

@main
enum Driver {
    static func main() async {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        Thread.detachNewThread {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
        var clients: [String: Client] = [:]
        for await line in lines {
            guard let command = Command(line) else { continue }
            switch command.op {
            case "open":
                do {
                    clients[command.client] = try command.open()
                    Output.write(command.id, "ok", .object([]))
                } catch {
                    Output.write(command.id, error)
                }
            case "close":
                clients[command.client]?.close()
                Output.write(command.id, "ok", .object([]))
            case "fork":
                // The Swift client refuses to work in a forked process.
                Output.write(command.id, "unsupported", .string(command.op))
            default:
                guard let client = clients[command.client] else {
                    Output.refuse(command.id, "no client \"\(command.client)\" is open", nil)
                    continue
                }
                Task { await Call(client: client, command: command).run() }
            }
        }
        exit(0)
    }
}

/// A line of input.
struct Command: Sendable {
    let id: Int
    let op: String
    let client: String
    let kind: String
    let line: JSON

    init?(_ text: String) {
        guard let line = JSON(reading: text), let id = line["id"]?.integer,
            let op = line["op"]?.string
        else { return nil }
        self.line = line
        self.id = id
        self.op = op
        client = line["client"]?.string ?? ""
        kind = line["kind"]?.string ?? ""
    }

    func open() throws -> Client {
        let given = line["options"] ?? .object([])
        var options = Options()
        func set(_ name: String, _ path: WritableKeyPath<Options, Bool>) {
            if let value = given[name]?.bool { options[keyPath: path] = value }
        }
        func set(_ name: String, _ path: WritableKeyPath<Options, Int>) {
            if let value = given[name]?.integer { options[keyPath: path] = value }
        }
        func set(_ name: String, _ path: WritableKeyPath<Options, UInt32>) throws {
            guard let value = given[name]?.integer else { return }
            guard let word = UInt32(exactly: value) else {
                throw ValueError(message: "found \(name) \(value), allowed: a u32", field: name)
            }
            options[keyPath: path] = word
        }
        if let name = given["name"]?.string { options.name = name }
        options.token = given["token"]?.string
        options.tenant = given["tenant"]?.string
        options.tokenFile = given["token_file"]?.string
        set("allow_mock", \.allowMock)
        set("compression", \.compression)
        set("body_size_max", \.bodySizeMax)
        set("answer_size_max", \.answerSizeMax)
        set("connections", \.connections)
        set("attempts", \.attempts)
        try set("connect_milliseconds", \.connectMilliseconds)
        try set("wait_milliseconds", \.waitMilliseconds)
        try set("answer_milliseconds", \.answerMilliseconds)
        try set("grace_milliseconds", \.graceMilliseconds)
        try set("backoff_milliseconds", \.backoffMilliseconds)
        try set("backoff_max_milliseconds", \.backoffMaxMilliseconds)
        return try Client(line["server"]?.string ?? "", options: options)
    }
}

/// Lines of output, whole and in the order of writing.
enum Output {
    private static let lock = Mutex(())

    static func write(_ id: Int, _ name: String, _ value: JSON) {
        let line = JSON.object([("id", .integer(id)), (name, value)]).text + "\n"
        lock.withLock { _ in FileHandle.standardOutput.write(Data(line.utf8)) }
    }

    /// Writes the client's error, or the error for a request that the client's types cannot hold.
    static func write(_ id: Int, _ error: any Error) {
        switch error {
        case let error as AssayError: write(id, error)
        case let error as ValueError: refuse(id, error.message, error.field)
        default: refuse(id, "\(error)", nil)
        }
    }

    private static func write(_ id: Int, _ error: AssayError) {
        let retryAfter = error.retryAfterMilliseconds.map { JSON.integer(Int($0)) }
        write(
            id, "error",
            .object([
                ("code", .string(error.code.name)),
                ("status", .string(error.status.description)),
                ("message", .string(error.message)),
                ("server_code", .text(error.serverCode)),
                ("field", .text(error.field)),
                ("layer", .text(error.layer)),
                ("retry_after_milliseconds", retryAfter ?? .null),
                ("server_load", error.serverLoad.map { Values.json($0) } ?? .null),
                ("provenance", .text(error.provenance?.description)),
            ]))
    }

    static func refuse(_ id: Int, _ message: String, _ field: String?) {
        write(
            id, "error",
            .object([
                ("code", .string("request_invalid")), ("status", .string("INVALID_ARGUMENT")),
                ("message", .string(message)), ("field", .text(field)),
            ]))
    }
}
