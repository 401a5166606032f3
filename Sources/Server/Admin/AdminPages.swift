// The pages of the admin port: FlyingFox routes a request to a page, the page is one JSON object.
//
//   /livez   200 while the loop thread answers and the engine works, 503 when one of them does not
//   /readyz  200 when every required model is ready and real, 503 with the reasons when not
//   /models  every model with its state, provenance, fingerprint, device and generation
//
// Guarantees: field names and their order are fixed; nothing of a request gets into an answer.
// Does not: read sockets (AdminServer does) or decide (Readiness does).

import FlyingFox
import Foundation
import Loading
import Service

/// Builds the answers. A value; any thread.
struct AdminPages: Sendable {
    private let routes: RoutedHTTPHandler

    init(_ board: AdminBoard) {
        var routes = RoutedHTTPHandler()
        for page in Page.allCases {
            routes.appendRoute("/\(page.rawValue)", for: [.GET, .HEAD]) { _ in
                page.response(await board.look())
            }
        }
        self.routes = routes
    }

    /// The bytes to send for `request`, head and body.
    func answer(_ request: AdminRequest) async -> [UInt8] {
        let question = HTTPRequest(
            method: request.isHead ? .HEAD : .GET, version: .http11,
            target: .init(path: request.path, query: ""), headers: [:], body: HTTPBodySequence())
        let response: HTTPResponse
        do {
            response = try await routes.handleRequest(question)
        } catch {
            let pages = Page.allCases.map { "/\($0.rawValue)" }.joined(separator: " ")
            return Self.refusal(
                AdminRefusal(status: 404, sentence: "there is no such page; there are: \(pages)"),
                isHead: request.isHead)
        }
        let body = (try? await response.bodyData) ?? Data()
        return Self.encode(response.statusCode, body: [UInt8](body), isHead: request.isHead)
    }

    /// The answer to a request that is refused.
    static func refusal(_ refusal: AdminRefusal, isHead: Bool = false) -> [UInt8] {
        let status: HTTPStatusCode =
            switch refusal.status {
            case 400: .badRequest
            case 404: .notFound
            case 405: .methodNotAllowed
            case 408: .requestTimeout
            case 413: HTTPStatusCode(413, phrase: "Content Too Large")
            case 414: HTTPStatusCode(414, phrase: "URI Too Long")
            case 431: HTTPStatusCode(431, phrase: "Request Header Fields Too Large")
            case 505: HTTPStatusCode(505, phrase: "HTTP Version Not Supported")
            default: .internalServerError
            }
        let body = JSONText.object([("error", .string(refusal.sentence))])
        return encode(status, body: [UInt8]((body.text + "\n").utf8), isHead: isHead)
    }

    /// A connection serves one request, so every answer says that it closes.
    private static func encode(
        _ status: HTTPStatusCode, body: [UInt8], isHead: Bool
    ) -> [UInt8] {
        var head = "HTTP/1.1 \(status.code) \(status.phrase)\r\n"
        head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
        head += "Connection: close\r\n\r\n"
        return isHead ? [UInt8](head.utf8) : [UInt8](head.utf8) + body
    }
}

/// One page.
private enum Page: String, CaseIterable, Sendable {
    case livez, readyz, models

    func response(_ view: AdminBoard.View) -> HTTPResponse {
        let isGreen =
            switch self {
            case .livez: view.death == nil
            case .readyz: view.isAnswered && view.readiness.isReady
            case .models: true
            }
        return HTTPResponse(
            statusCode: isGreen ? .ok : .serviceUnavailable,
            body: Data((body(view).text + "\n").utf8))
    }

    private func body(_ view: AdminBoard.View) -> JSONText {
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
                ("models", .array(view.readiness.models.map { Self.model($0, view.slots) })),
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
        _ model: Readiness.Model, _ slots: [ModelDirectory.Slot]
    ) -> JSONText {
        let slot = slots.first { $0.name == model.name }
        let facts = slot?.facts
        return .object([
            ("name", .string(model.name)),
            ("state", .string(slot?.state.rawValue ?? "absent")),
            ("required", .bool(model.isRequired)), ("ready", .bool(model.isReady)),
            ("reason", text(model.reason)),
            ("provenance", text(facts?.provenance.description)),
            ("fingerprint", text(facts?.fingerprint.map(hex))),
            ("device", text(facts?.device)), ("device_reason", text(facts?.deviceReason)),
            ("generation", .integer(Int(slot?.generation ?? 0))),
            ("architecture", text(facts?.architecture)),
            ("parameters", number(facts?.parameters)),
            ("vocabulary", number(facts?.vocabulary)),
            ("context", number(facts?.context)), ("bytes", number(facts?.bytes)),
            ("in_flight", .integer(slot?.inFlightCount ?? 0)),
            ("degradations", .array((facts?.degradations ?? []).map { .string($0) })),
        ])
    }

    private static func text(_ value: String?) -> JSONText { value.map { .string($0) } ?? .null }

    private static func number(_ value: UInt64?) -> JSONText {
        value.map { .integer(Int(clamping: $0)) } ?? .null
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
