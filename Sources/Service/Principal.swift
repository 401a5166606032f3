// Who speaks on a connection, and what the speaker may do. Pure.
//
// Guarantees: on a server with tokens nobody speaks without one, and the rights are those of the
// token's entry, whatever the transport. Nothing here holds a token: an entry is known by its hash.

import Wire

/// Parts of the service that a token opens.
package enum AccessScope: String, Sendable, CaseIterable {
    /// Requests to models.
    case infer
    /// Models, Stats and the health of a model.
    case observe
    /// Operations that change the served models.
    case admin
}

/// The speaker of a connection, as Hello settled it.
package struct Principal: Sendable, Equatable {
    /// Name of the token, or nil on a server without tokens.
    package var tokenName: String?
    /// Hash of the token, or nil on a server without tokens.
    package var tokenHash: [UInt8]?
    /// Open parts of the service. `admin` is in it only by a token.
    package var scopes: Set<AccessScope>
    /// Tenant of the token, else the tenant that Hello named within the peer's own share, or nil.
    package var tenant: String?
    /// Highest priority of a request.
    package var priorityMax: UInt64
    /// Weight of the tenant against other tenants, above 0.
    package var share: Double

    /// A speaker on a server without tokens.
    package static let anyone = Principal(
        tokenName: nil, scopes: [.infer, .observe], tenant: nil,
        priorityMax: Limits.priorityMax, share: 1)

    /// See the properties.
    package init(
        tokenName: String?, tokenHash: [UInt8]? = nil, scopes: Set<AccessScope>, tenant: String?,
        priorityMax: UInt64, share: Double
    ) {
        self.tokenName = tokenName
        self.tokenHash = tokenHash
        self.scopes = scopes
        self.tenant = tenant
        self.priorityMax = priorityMax
        self.share = share
    }

    /// The priority of a request: what the client says, lowered to the token's highest.
    package func priority(of context: RequestContext?) -> UInt64 {
        min(context?.priority ?? Limits.priorityDefault, priorityMax)
    }

    /// Throws unless the speaker has a scope.
    func check(_ scope: AccessScope, for what: String) throws(ServiceError) {
        guard !scopes.contains(scope) else { return }
        throw ServiceError(
            .permissionDenied, .scopeMissing,
            "answering \(what): found a token without the scope \(scope.rawValue), allowed: a "
                + "token with it")
    }
}

/// The tokens of a server. The owner knows how to find an entry by a token.
package struct TokenGate: Sendable {
    private let find: @Sendable (_ token: String) -> Principal?
    private let principals: [String: Principal]

    /// - Parameters:
    ///   - principals: the speakers, each with a token name of its own.
    ///   - find: returns the speaker of a token, in a time that tells nothing of other tokens.
    package init(
        _ principals: [Principal], find: @escaping @Sendable (_ token: String) -> Principal?
    ) {
        self.find = find
        self.principals = Dictionary(
            principals.map { ($0.tokenName ?? "", $0) }, uniquingKeysWith: { $1 })
    }

    /// Returns the speaker of a Hello.
    func principal(of hello: HelloRequest) throws(ServiceError) -> Principal {
        guard let token = hello.token else {
            throw ServiceError(
                .unauthenticated, .tokenRequired,
                "answering Hello: found no token, allowed: a token of this server", field: "token")
        }
        guard let principal = find(token) else {
            throw ServiceError(
                .unauthenticated, .tokenInvalid,
                "answering Hello: found a token that this server does not know, allowed: a token "
                    + "of this server", field: "token")
        }
        return principal
    }

    /// True while the entry of a speaker's token is there, unchanged.
    func isCurrent(_ principal: Principal) -> Bool {
        principal.tokenName.flatMap { principals[$0] } == principal
    }
}

extension MessageKind {
    /// The scope that every request of the kind needs. Nil for a kind that any token may use, and
    /// for a kind whose own code decides: Health by its fields, and the changes of models, which
    /// leave a record.
    var scope: AccessScope? {
        switch self {
        case .tokenize, .detokenize, .generate, .score, .logits, .embed, .render: .infer
        case .models, .stats: .observe
        case .hello, .ping, .health, .cancel, .load, .unload, .swap, .rollback, .pin, .alias,
            .goAway:
            nil
        }
    }
}

extension ConnectionMachine {
    /// Takes news of the tokens: a speaker whose entry is gone or changed loses the connection.
    package mutating func tokensChanged(
        context: inout ServiceContext, effects: inout ConnectionEffects
    ) {
        guard phase == .open || phase == .draining, let gate = context.tokens,
            !gate.isCurrent(principal)
        else { return }
        let error = ServiceError(
            .unauthenticated, .tokenInvalid,
            "keeping a connection: its token was withdrawn or changed, allowed: a token of this "
                + "server")
        end(error, tellPeer: true, context: &context, effects: &effects)
    }
}
