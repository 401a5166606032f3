// Tokens on a connection: who is greeted, what a scope opens, and what a withdrawn token loses.

import Service
import Testing
import Wire

@Suite struct PrincipalTests {
    private static func principal(
        _ name: String, _ scopes: Set<AccessScope>, priorityMax: UInt64 = 9, hash: UInt8 = 1
    ) -> Principal {
        Principal(
            tokenName: name, tokenHash: [hash], scopes: scopes, tenant: name,
            priorityMax: priorityMax, share: 1)
    }

    private static let all = [
        principal("i", [.infer], priorityMax: 2), principal("o", [.observe]),
        principal("a", [.admin]),
    ]

    /// A gate whose tokens are the names.
    private static func gate(_ principals: [Principal] = all) -> TokenGate {
        TokenGate(principals) { token in principals.first { $0.tokenName == token } }
    }

    private func conversation(
        _ right: LoadingRight = .nobody, isOwner: Bool = true, gate: TokenGate? = Self.gate()
    ) throws -> ConnectionConversation {
        var limits = ServiceLimits()
        limits.loadingRight = right
        var talk = try ConnectionConversation(limits: limits)
        talk.machine = ConnectionMachine(id: 1, isOwner: isOwner, peer: "uid 1")
        talk.context.tokens = gate
        return talk
    }

    private func greeted(_ token: String) throws -> ConnectionConversation {
        var talk = try conversation()
        #expect(try talk.hello(token).map(\.status) == [.ok])
        return talk
    }

    // MARK: - Hello

    @Test func withoutATokenTheConnectionEndsAfterTheAnswer() throws {
        var talk = try conversation()
        let answer = try #require(try talk.hello(nil).first)
        #expect(answer.status == .unauthenticated && answer.error?.code == "token_required")
        #expect(answer.header.requestID == 1 && talk.ending == .afterFlush)
        #expect(try talk.hello("i").isEmpty, "one try a connection")
    }

    @Test(arguments: ["x", "I", "ii", "i\u{0}"])
    func anUnknownTokenEndsTheConnection(token: String) throws {
        var talk = try conversation()
        let answer = try #require(try talk.hello(token).first)
        #expect(answer.status == .unauthenticated && answer.error?.code == "token_invalid")
        #expect(answer.error?.message.contains("\"\(token)\"") == false)
        #expect(talk.ending == .afterFlush)
    }

    @Test func aTokenSettlesWhoSpeaks() throws {
        let talk = try greeted("i")
        #expect(talk.machine.principal == Self.all[0])
    }

    @Test func withoutATokenFileNothingChanges() throws {
        var talk = try conversation(gate: nil)
        #expect(try talk.hello("whatever", tenant: "t").map(\.status) == [.ok])
        #expect(talk.machine.principal.tokenName == nil && talk.machine.principal.tenant == "t")
        #expect(talk.machine.principal.scopes == [.infer, .observe])
        #expect(try talk.send(ModelsRequest(), id: 2).map(\.status) == [.ok])
    }

    // MARK: - Scopes

    /// Codes of the answers to a request of each kind.
    private func codes(_ talk: inout ConnectionConversation) throws -> [String: String] {
        var codes: [String: String] = [:]
        func note(_ name: String, _ answers: [ConnectionConversation.Answer]) {
            codes[name] = answers.first.map { $0.error?.code ?? "ok" } ?? "work"
        }
        note("ping", try talk.send(PingRequest(), id: 10))
        note("health", try talk.send(HealthRequest(), id: 11))
        note("health of a model", try talk.send(HealthRequest(model: "real"), id: 12))
        note("models", try talk.send(ModelsRequest(), id: 13))
        note("stats", try talk.send(StatsRequest(), id: 14))
        note("cancel", try talk.send(CancelRequest(target: 99), id: 15))
        let prompt = Prompt.tokens([1])
        note("tokenize", try talk.send(TokenizeRequest(text: Array("a".utf8)), id: 16))
        note("detokenize", try talk.send(DetokenizeRequest(tokens: [1]), id: 17))
        note("generate", try talk.send(GenerateRequest(prompt: prompt), id: 18))
        note("logits", try talk.send(LogitsRequest(prompt: prompt), id: 19))
        note("unload", try talk.send(UnloadRequest(name: "none"), id: 20))
        note("load", try talk.send(LoadRequest(name: "new", path: "/m"), id: 21))
        note("rollback", try talk.send(RollbackRequest(name: "none"), id: 22))
        note("pin", try talk.send(PinRequest(name: "none"), id: 23))
        let alias = AliasRequest(name: "none", label: "stable", generation: 1)
        note("alias", try talk.send(alias, id: 24))
        note("swap", try talk.send(SwapRequest(name: "real", path: "/m"), id: 25))
        return codes
    }

    @Test func inferOpensRequestsToModels() throws {
        var talk = try greeted("i")
        let codes = try codes(&talk)
        #expect(
            codes == [
                "ping": "ok", "health": "ok", "cancel": "ok", "health of a model": "scope_missing",
                "models": "scope_missing", "stats": "scope_missing", "tokenize": "work",
                "detokenize": "work", "generate": "work", "logits": "work",
                "unload": "loading_not_allowed", "load": "loading_not_allowed",
                "rollback": "loading_not_allowed", "pin": "loading_not_allowed",
                "alias": "loading_not_allowed", "swap": "loading_not_allowed",
            ])
        #expect(talk.ending == nil, "a refused request never ends the connection")
    }

    @Test func observeOpensWhatTheServerTellsOfItself() throws {
        var talk = try greeted("o")
        let codes = try codes(&talk)
        #expect(
            codes == [
                "ping": "ok", "health": "ok", "cancel": "ok", "health of a model": "ok",
                "models": "ok", "stats": "ok", "tokenize": "scope_missing",
                "detokenize": "scope_missing", "generate": "scope_missing",
                "logits": "scope_missing", "unload": "loading_not_allowed",
                "load": "loading_not_allowed", "rollback": "loading_not_allowed",
                "pin": "loading_not_allowed", "alias": "loading_not_allowed",
                "swap": "loading_not_allowed",
            ])
    }

    @Test func adminTakesThePlaceOfAllowLoading() throws {
        var talk = try greeted("a")
        let codes = try codes(&talk)
        #expect(codes["load"] == "work" && codes["unload"] == "model_unknown")
        #expect(codes["rollback"] == "model_unknown" && codes["pin"] == "model_unknown")
        #expect(codes["alias"] == "model_unknown" && codes["swap"] == "work")
        #expect(codes["models"] == "scope_missing" && codes["generate"] == "scope_missing")
        // Without the scope no setting and no user helps.
        var open = try conversation(.anyone)
        _ = try open.hello("i")
        let load = try open.send(LoadRequest(name: "new", path: "/m"), id: 2)
        #expect(load.first?.error?.code == "loading_not_allowed")
        #expect(load.first?.error?.message.contains("scope admin") == true)
    }

    @Test func everyKindHasItsPlaceAmongTheScopes() throws {
        // A kind that comes without a scope of its own is one of these.
        let free: Set<MessageKind> = [
            .hello, .ping, .health, .cancel, .load, .unload, .swap, .rollback, .pin, .alias,
            .goAway,
        ]
        var talk = try conversation(gate: Self.gate([Self.principal("n", [])]))
        _ = try talk.hello("n")
        for kind in MessageKind.allCases where !free.contains(kind) {
            let answers = try talk.frame(kind, id: 5)
            #expect(answers.first?.error?.code == "scope_missing", "\(kind)")
        }
    }

    @Test func oldRevisionsGetACodeThatTheyKnow() throws {
        var talk = try conversation()
        _ = try talk.hello("o", revision: 3)
        let answers = try talk.send(GenerateRequest(prompt: .tokens([1])), id: 2)
        #expect(answers.first?.error?.code == "loading_not_allowed")
        #expect(answers.first?.status == .permissionDenied)
    }

    // MARK: - Priority

    @Test func aPriorityAboveTheTokensIsLowered() throws {
        var talk = try greeted("i")
        for (id, priority) in [(2, 9), (3, 2), (4, 1)] as [(UInt64, UInt64)] {
            var request = GenerateRequest(prompt: .tokens([1]))
            request.context = RequestContext(priority: priority)
            _ = try talk.send(request, id: id)
        }
        _ = try talk.send(GenerateRequest(prompt: .tokens([1])), id: 5)
        let lowered = min(Limits.priorityDefault, 2)
        #expect(talk.work.map(\.turn.priority) == [2, 2, 1, lowered])
    }

    // MARK: - Withdrawn tokens

    private func changed(_ talk: inout ConnectionConversation, to gate: TokenGate) throws
        -> [ConnectionConversation.Answer]
    {
        talk.context.tokens = gate
        talk.machine.tokensChanged(context: &talk.context, effects: &talk.effects)
        return try talk.collect()
    }

    @Test(arguments: [
        [], [principal("i", [.infer], priorityMax: 2, hash: 2)],
        [principal("i", [.infer, .admin], priorityMax: 2)], [principal("i", [.infer])],
    ])
    func aWithdrawnOrChangedTokenLosesItsConnection(left: [Principal]) throws {
        var talk = try greeted("i")
        _ = try talk.send(GenerateRequest(prompt: .tokens([1])), id: 2)
        let ticket = talk.work[0].ticket
        let answers = try changed(&talk, to: Self.gate(left))
        #expect(answers.count == 1 && answers[0].header.kind == .goAway)
        #expect(answers[0].status == .unauthenticated)
        #expect(answers[0].error?.code == "token_invalid")
        #expect(talk.cancelled == [ticket] && talk.ending == .afterFlush)
        #expect(try changed(&talk, to: Self.gate(left)).isEmpty, "told once")
    }

    @Test func anUnchangedTokenKeepsItsConnection() throws {
        var talk = try greeted("i")
        let other = Self.all.filter { $0.tokenName != "o" } + [Self.principal("new", [.infer])]
        #expect(try changed(&talk, to: Self.gate(other)).isEmpty && talk.ending == nil)
        #expect(try talk.send(PingRequest(), id: 2).map(\.status) == [.ok])
    }

    @Test func aConnectionThatHasNotGreetedWaitsForItsHello() throws {
        var talk = try conversation()
        #expect(try changed(&talk, to: Self.gate([])).isEmpty && talk.ending == nil)
        #expect(try talk.hello("i").first?.error?.code == "token_invalid")
    }

    // MARK: - Audit

    @Test func theAuditNamesTheToken() throws {
        var talk = try greeted("i")
        _ = try talk.send(LoadRequest(name: "new", path: "/m"), id: 2)
        _ = try talk.send(UnloadRequest(name: "real"), id: 3)
        _ = try talk.send(SwapRequest(name: "real", path: "/m"), id: 4)
        _ = try talk.send(RollbackRequest(name: "real"), id: 5)
        _ = try talk.send(PinRequest(name: "real"), id: 6)
        _ = try talk.send(AliasRequest(name: "real", label: "a", generation: 1), id: 7)
        let records = talk.context.audit.takeEnded()
        #expect(records.map(\.token) == Array(repeating: "i", count: 6))
        #expect(Set(records.map(\.action)).count == 6)
    }
}

extension ConnectionConversation {
    /// Greets with a token.
    fileprivate mutating func hello(
        _ token: String?, tenant: String? = nil, revision: UInt64 = Limits.revision
    ) throws -> [Answer] {
        try send(
            HelloRequest(client: "test", revision: revision, token: token, tenant: tenant), id: 1)
    }

    /// Sends a frame of a kind with an empty body.
    fileprivate mutating func frame(_ kind: MessageKind, id: UInt64) throws -> [Answer] {
        var encoder = FrameEncoder()
        try encoder.appendRequest(PingRequest(), requestID: id)
        var bytes = encoder.bytes
        bytes[5] = kind.rawValue
        return try receive(bytes)
    }
}
