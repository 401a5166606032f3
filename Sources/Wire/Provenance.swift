// Where an answer came from: byte 7 of every frame.
//
// Guarantees: there are two values and no third; merging is tainting (anything with a mock part is
// mock). There is no default: whoever builds a response says which it is.

/// Origin of an answer. A request carries neither (byte 7 is zero there).
public enum Provenance: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// A model that passed the assay, or no model at all (Hello, Ping, Models, GoAway).
    case real = 1
    /// A mock model produced some part of the answer, or is the addressed model.
    case mock = 2

    /// The provenance of something made of both: mock when either is.
    public func merged(with other: Provenance) -> Provenance {
        self == .mock || other == .mock ? .mock : .real
    }

    /// `real` or `mock`.
    public var description: String { self == .real ? "real" : "mock" }
}
