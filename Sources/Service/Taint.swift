// The rules of provenance, in one place.
//
//   what is answered                          provenance of its frames
//   ----------------------------------------  ------------------------------------------------
//   Hello, Ping, Models, GoAway, Cancel       real: no model produced them
//   anything addressed to a model             the model's, errors and refusals included
//   a request whose model does not exist      real: there is no model to be mistaken for
//   Load                                      real until a mock was made, then mock
//   Health of the server, Stats               mock as soon as one part of the sum is mock
//
// A taint only ever grows: there is no way to make it real again. A response cannot be built
// without asking one (`FrameEncoder` takes a provenance everywhere and defaults nowhere).

import Wire

/// The provenance of something that is being put together.
package struct Taint: Sendable, Equatable {
    /// What may be claimed about the whole so far.
    package private(set) var provenance: Provenance

    /// Nothing in it yet that a model produced.
    package static let untainted = Taint(provenance: .real)

    private init(provenance: Provenance) { self.provenance = provenance }

    /// Starts with the addressed model.
    package init(addressing model: ModelFacts) { provenance = model.provenance }

    /// Adds a part: mock stays mock.
    package mutating func absorb(_ part: Provenance) {
        provenance = provenance.merged(with: part)
    }

    /// The taint of a sum.
    package static func of(_ parts: some Sequence<Provenance>) -> Taint {
        var taint = Taint.untainted
        for part in parts { taint.absorb(part) }
        return taint
    }
}
