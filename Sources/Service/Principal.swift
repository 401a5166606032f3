// Who speaks on a connection, and what the speaker may do. Pure.

/// Parts of the service that a token opens.
package enum Scope: String, Sendable, CaseIterable {
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
    /// Open parts of the service. `admin` is in it only by a token.
    package var scopes: Set<Scope>
    /// Tenant of the token, else the tenant that Hello named within the peer's own share, or nil.
    package var tenant: String?
    /// Highest priority of a request.
    package var priorityMax: UInt64
    /// Weight of the tenant against other tenants, above 0.
    package var share: Double

    /// A speaker on a server without tokens.
    package static let anyone = Principal(
        tokenName: nil, scopes: [.infer, .observe], tenant: nil, priorityMax: 9, share: 1)

    /// See the properties.
    package init(
        tokenName: String?, scopes: Set<Scope>, tenant: String?, priorityMax: UInt64, share: Double
    ) {
        self.tokenName = tokenName
        self.scopes = scopes
        self.tenant = tenant
        self.priorityMax = priorityMax
        self.share = share
    }
}
