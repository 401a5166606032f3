// The entries of the token file in the terms of the decisions.

import Credentials
import Service

extension TokenGate {
    /// Knows the tokens of a table. The tenant of an entry without one is the token's name.
    init(_ table: TokenTable) {
        self.init(
            table.entries.map { Principal($0) },
            find: { table.entry(of: $0).map { Principal($0) } })
    }
}

extension Principal {
    init(_ entry: TokenEntry) {
        self.init(
            tokenName: entry.name, tokenHash: entry.hash,
            scopes: Set(entry.scopes.map { AccessScope($0) }), tenant: entry.tenantName,
            priorityMax: entry.priorityMax, share: entry.share)
    }
}

extension AccessScope {
    init(_ scope: TokenScope) {
        self =
            switch scope {
            case .infer: .infer
            case .observe: .observe
            case .admin: .admin
            }
    }
}
