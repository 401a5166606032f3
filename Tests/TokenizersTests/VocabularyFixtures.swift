// Reference vocabularies, and the recorded cases where the fixtures are.
//
// Does not: read the cases itself; Goldens does.

import Goldens
import ModelFiles
import TestSupport
import Tokenizers

enum VocabularyFixtures {
    static func tokenizer(_ name: String) throws -> any Tokenizer {
        let file = try GGUFFile(ModelFile(path: Fixtures.path(name)))
        return try TokenizerFactory.make(from: file.metadata)
    }

    static func cases(_ name: String) throws -> [VocabularyCase] {
        try VocabularyGolden.cases(name, in: Fixtures.path(""))
    }

    static func strings(_ name: String) throws -> [StringsItem] {
        try VocabularyGolden.strings(name, in: Fixtures.path(""))
    }

    static func tinyStrings(_ name: String) throws -> [StringsItem] {
        try VocabularyGolden.tinyStrings(name, in: Fixtures.path(""))
    }
}
