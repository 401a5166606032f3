// An entry of the token file: the hash of a token, and the rights of who shows the token.

import PlainText

/// A right of a token.
package enum TokenScope: String, Sendable, CaseIterable {
    /// Requests to models.
    case infer
    /// The list of models, the counters, the health of a model.
    case observe
    /// Changes of the served models.
    case admin
}

/// An entry of the token file.
package struct TokenEntry: Sendable, Equatable {
    /// Unique name of the token, for the log and the audit.
    package let name: String
    /// SHA-256 of the token.
    package let hash: [UInt8]
    package let scopes: Set<TokenScope>
    /// Tenant whose share the token's requests use. Nil for the token's name.
    package let tenant: String?
    /// Highest priority of a request, 0 to 9. A higher one is lowered to it.
    package let priorityMax: UInt64
    /// Weight of the tenant beside others.
    package let share: Double

    package init(
        name: String, hash: [UInt8], scopes: Set<TokenScope>, tenant: String? = nil,
        priorityMax: UInt64 = TokenFile.priorityMax, share: Double = 1
    ) {
        (self.name, self.hash, self.scopes, self.tenant) = (name, hash, scopes, tenant)
        (self.priorityMax, self.share) = (priorityMax, share)
    }

    /// The tenant, which is the token itself when none is named.
    package var tenantName: String { tenant ?? name }

    /// The entry as the file holds it, on one line.
    package var json: String {
        var fields = [
            "\"name\": \(Self.quoted(name))", "\"sha256\": \"\(hexText(hash))\"",
            "\"scopes\": ["
                + TokenScope.allCases.filter(scopes.contains).map { "\"\($0.rawValue)\"" }
                .joined(separator: ", ") + "]",
        ]
        if let tenant { fields.append("\"tenant\": \(Self.quoted(tenant))") }
        if priorityMax != TokenFile.priorityMax {
            fields.append("\"priority_max\": \(priorityMax)")
        }
        if share != 1 { fields.append("\"share\": \(share)") }
        return "{" + fields.joined(separator: ", ") + "}"
    }

    /// The text of a name in JSON. Names hold no control characters.
    private static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// The entries of a token file.
package struct TokenTable: Sendable, Equatable {
    package let entries: [TokenEntry]
    private let hashes: [[UInt8]]

    package init(_ entries: [TokenEntry]) {
        self.entries = entries
        hashes = entries.map(\.hash)
    }

    /// Returns the entry of a token, or nil. Takes the same time for every token of a size.
    package func entry(of token: String) -> TokenEntry? {
        AccessToken.position(of: AccessToken.hash(token), among: hashes).map { entries[$0] }
    }

    /// The table as a file, an entry a line.
    package var text: String {
        guard !entries.isEmpty else { return "{\"tokens\": []}\n" }
        return "{\"tokens\": [\n" + entries.map { "  " + $0.json }.joined(separator: ",\n")
            + "\n]}\n"
    }
}
