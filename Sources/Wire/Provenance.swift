// The origin of an answer, real or mock: byte 7 of every frame.
//
// Guarantees: there are only two values. An answer with any mock part is mock. There is no default,
// so the builder of a response must state the provenance.

/// Origin of an answer. A request has none, and byte 7 is zero.
public enum Provenance: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// A model that passed the assay, or no model at all (Hello, Ping, Models, GoAway).
    case real = 1
    /// A mock model produced some part of the answer, or is the addressed model.
    case mock = 2

    /// The provenance of a merged answer: mock when either part is mock.
    public func merged(with other: Provenance) -> Provenance {
        self == .mock || other == .mock ? .mock : .real
    }

    /// `real` or `mock`.
    public var description: String { self == .real ? "real" : "mock" }
}
