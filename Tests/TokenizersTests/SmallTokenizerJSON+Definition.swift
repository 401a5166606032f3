// From the small tokenizer.json of the tests to a definition.

import TestSupport
import Tokenizers

extension SmallTokenizerJSON {
    func definition(_ configuration: String? = nil) throws(TokenizerError) -> TokenizerDefinition {
        try TokenizerDefinition(
            tokenizerJSON: bytes, configuration: configuration.map { Array($0.utf8) })
    }
}
