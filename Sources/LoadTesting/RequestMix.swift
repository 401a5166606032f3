// Kinds of request in a run and their shares: `ping=80,generate=20`.

/// Kinds with weights. A mix has at least one kind, and all weights are above 0.
package struct RequestMix: Sendable, Equatable {
    /// Weights in the order given.
    package let weights: [(kind: RequestKind, weight: Double)]
    private let total: Double

    private init(_ weights: [(kind: RequestKind, weight: Double)]) {
        self.weights = weights
        total = weights.reduce(0) { $0 + $1.weight }
    }

    /// A mix of a single kind.
    package init(_ kind: RequestKind) {
        self.init([(kind, 1)])
    }

    /// Reads `ping=80,generate=20`, or `ping` for a single kind. Weights are relative.
    package init(_ text: String) throws(LoadTestError) {
        var weights: [(kind: RequestKind, weight: Double)] = []
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = piece.split(separator: "=", omittingEmptySubsequences: false)
            guard let name = parts.first, let kind = RequestKind(rawValue: String(name)) else {
                throw .setting(
                    "--mix", found: String(piece),
                    allowed: "KIND=WEIGHT,... of \(RequestKind.names)")
            }
            guard parts.count <= 2, !weights.contains(where: { $0.kind == kind }) else {
                throw .setting("--mix", found: text, allowed: "each kind once, as KIND=WEIGHT")
            }
            let weight =
                parts.count == 2
                ? try NumberText.number(String(parts[1]), "--mix", 0.000_001...1_000_000) : 1
            weights.append((kind, weight))
        }
        self.init(weights)
    }

    package static func == (left: RequestMix, right: RequestMix) -> Bool {
        left.description == right.description
    }

    /// The mix in the syntax of the flag.
    package var description: String {
        if weights.count == 1 { return weights[0].kind.rawValue }
        return weights.map { kind, weight in
            let isWhole = weight == weight.rounded()
            return kind.rawValue + "="
                + (isWhole ? NumberText.fixed(weight, 0) : NumberText.short(weight))
        }.joined(separator: ",")
    }

    package func contains(_ kind: RequestKind) -> Bool {
        weights.contains { $0.kind == kind }
    }

    /// Draws a kind in proportion to its weight.
    func draw(_ random: inout SplitMix) -> RequestKind {
        guard weights.count > 1 else { return weights[0].kind }
        var left = random.uniform() * total
        for (kind, weight) in weights {
            left -= weight
            if left < 0 { return kind }
        }
        return weights[weights.count - 1].kind
    }
}
