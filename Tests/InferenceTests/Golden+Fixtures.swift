// The goldens where this machine's fixtures are: the tests name a golden by its path below them.
//
// Does not: read files itself; Goldens does.

import Goldens
import TestSupport

extension Golden {
    static func read(_ path: String) throws -> Golden {
        try read(path, in: Fixtures.path(""))
    }

    func logits(of reference: String, folder: String) throws -> [[Float]] {
        try logits(of: reference, folder: folder, in: Fixtures.path(""))
    }
}

extension MixGolden {
    static func read() throws -> MixGolden { try read(in: Fixtures.path("")) }

    func logits(of variant: Variant) throws -> [[Float]] {
        try logits(of: variant, in: Fixtures.path(""))
    }
}

extension StoriesGolden {
    static func read() throws -> StoriesGolden { try read(in: Fixtures.path("")) }
}
