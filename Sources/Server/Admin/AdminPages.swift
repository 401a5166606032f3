// The pages of the admin port, a JSON object each.
//
//   /livez   200 while the loop thread answers and the engine works, otherwise 503
//   /readyz  200 when every required model is ready and real, otherwise 503 with the reasons
//   /models  every model with its state, provenance, fingerprint, device and generation
//
// Guarantees: field names and their order are fixed. No text of a request gets into an answer.
// Does not: read sockets (AdminServer does) or decide (Readiness does).

import CHTTPParser
import Loading
import PlainText
import Service

/// Builds the answers. A value. Any thread.
struct AdminPages: Sendable {
    private let board: AdminBoard

    init(_ board: AdminBoard) { self.board = board }

    /// Returns the bytes to send for `request`, head and body.
    func answer(_ request: AdminRequest) async -> [UInt8] {
        guard let page = Page(rawValue: String(request.path.dropFirst())) else {
            let pages = Page.allCases.map { "/\($0.rawValue)" }.joined(separator: " ")
            return Self.refusal(
                AdminRefusal(status: 404, sentence: "there is no such page; there are: \(pages)"),
                isHead: request.isHead)
        }
        let view = await board.look()
        return Self.encode(
            page.isGreen(view) ? 200 : 503, page.body(view), isHead: request.isHead)
    }

    /// Returns the answer to a refused request.
    static func refusal(_ refusal: AdminRefusal, isHead: Bool = false) -> [UInt8] {
        encode(
            refusal.status, .object([("error", .string(refusal.sentence))]), isHead: isHead)
    }

    /// Writes head and body. A connection serves one request, so every answer closes the
    /// connection.
    private static func encode(_ status: Int, _ page: JSONText, isHead: Bool) -> [UInt8] {
        let body = page.text + "\n"
        let phrase = String(cString: http_status_str(http_status(UInt32(status))))
        var head = "HTTP/1.1 \(status) \(phrase)\r\n"
        head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        if status == 405 { head += "Allow: GET, HEAD\r\n" }
        head += "Connection: close\r\n\r\n"
        return [UInt8]((isHead ? head : head + body).utf8)
    }
}

/// A page.
private enum Page: String, CaseIterable, Sendable {
    case livez, readyz, models

    func isGreen(_ view: AdminBoard.View) -> Bool {
        switch self {
        case .livez: view.death == nil
        case .readyz: view.isAnswered && view.readiness.isReady
        case .models: true
        }
    }

    func body(_ view: AdminBoard.View) -> JSONText {
        let phase = ("phase", JSONText.string(view.readiness.phase.rawValue))
        let reasons =
            self == .readyz && view.isAnswered
            ? view.readiness.reasons : (view.death.map { [$0] } ?? [])
        let why = ("reasons", JSONText.array(reasons.map { .string($0) }))
        switch self {
        case .livez:
            return .object([
                ("live", .bool(view.death == nil)), phase, why,
                ("server", .string(AssayServer.version)),
            ])
        case .readyz:
            return .object([
                ("ready", .bool(reasons.isEmpty)), phase, why,
                ("models", .array(view.readiness.models.map(Self.verdict))),
            ])
        case .models:
            return .object([
                phase, why,
                ("models", .array(view.readiness.models.map { Self.model($0, view.entries) })),
            ])
        }
    }

    private static func verdict(_ model: Readiness.Model) -> JSONText {
        .object([
            ("name", .string(model.name)), ("required", .bool(model.isRequired)),
            ("ready", .bool(model.isReady)), ("reason", text(model.reason)),
        ])
    }

    private static func model(
        _ model: Readiness.Model, _ entries: [ModelRegistry.Entry]
    ) -> JSONText {
        let entry = entries.first { $0.name == model.name }
        let facts = entry?.facts
        return .object([
            ("name", .string(model.name)),
            ("state", .string(entry?.state.rawValue ?? "absent")),
            ("required", .bool(model.isRequired)), ("ready", .bool(model.isReady)),
            ("reason", text(model.reason)),
            ("provenance", text(facts?.provenance.description)),
            ("fingerprint", text(facts?.fingerprint.map { hexText($0) })),
            ("device", text(facts?.device)), ("device_reason", text(facts?.deviceReason)),
            ("generation", .integer(Int(entry?.generation ?? 0))),
            ("architecture", text(facts?.architecture)),
            ("parameters", number(facts?.parameters)),
            ("vocabulary", number(facts?.vocabulary)),
            ("context", number(facts?.context)), ("bytes", number(facts?.bytes)),
            ("in_flight", .integer(entry?.inFlightCount ?? 0)),
            ("degradations", .array((facts?.degradations ?? []).map { .string($0) })),
            ("pinned", .bool(entry?.isPinned == true)),
            ("load_failure", text(entry?.loadFailure)),
            ("labels", .array((entry?.labels ?? []).map(label))),
            ("generations", .array(entry.map(generations) ?? [])),
        ])
    }

    private static func label(_ label: ModelRegistry.Label) -> JSONText {
        .object([
            ("label", .string(label.name)), ("generation", .integer(Int(label.generation))),
            ("share", label.share.map { .number($0) } ?? .null),
        ])
    }

    /// The generations in memory, oldest first.
    private static func generations(_ entry: ModelRegistry.Entry) -> [JSONText] {
        entry.generations.map { generation in
            .object([
                ("generation", .integer(Int(generation.number))),
                ("role", .string(entry.role(of: generation.number).rawValue)),
                ("fingerprint", text(generation.facts.fingerprint.map { hexText($0) })),
                ("bytes", number(generation.facts.bytes)),
                ("in_flight", .integer(generation.inFlightCount)),
                ("file", text(generation.file?.state.rawValue)),
                ("reason", text(generation.fault)),
            ])
        }
    }

    private static func text(_ value: String?) -> JSONText { value.map { .string($0) } ?? .null }

    private static func number(_ value: UInt64?) -> JSONText {
        value.map { .integer(Int(clamping: $0)) } ?? .null
    }
}
