// The rules of provenance, in one place.
//
//   answer to                                 provenance of its frames
//   ----------------------------------------  ------------------------------------------------
//   Hello, Ping, Models, GoAway, Cancel       real: no model produced them
//   anything addressed to a model             the model's, errors and refusals included
//   a request whose model does not exist      real: there is no model to be mistaken for
//   Load, Swap                                real until a mock was made, then mock
//   Health of the server, Stats               mock as soon as one part of the sum is mock
//
// A taint only grows: no way leads back to real. A response cannot be built without a provenance,
// because `FrameEncoder` requires a provenance and has no default.

import Wire

/// Provenance of an answer under construction.
package struct Taint: Sendable, Equatable {
    /// Provenance of the parts so far.
    package private(set) var provenance: Provenance

    /// Taint of an answer without any part of a model.
    package static let untainted = Taint(provenance: .real)

    private init(provenance: Provenance) { self.provenance = provenance }

    /// Starts with the provenance of the addressed model.
    package init(addressing model: ServedFacts) { provenance = model.provenance }

    /// Adds a part. A mock stays a mock.
    package mutating func absorb(_ part: Provenance) {
        provenance = provenance.merged(with: part)
    }

    /// Returns the taint of a sum.
    package static func of(_ parts: some Sequence<Provenance>) -> Taint {
        var taint = Taint.untainted
        for part in parts { taint.absorb(part) }
        return taint
    }
}
