// A model file's tokenizer, without the weights, for --file.

import Loading
import ModelFiles
import Tokenizers

enum LocalVocabulary {
    /// Reads the files, parses them, builds the tokenizer. A GGUF file of only a vocabulary is
    /// enough. Exit 65 for a model that is refused.
    static func tokenizer(path: String) throws -> any Tokenizer {
        do {
            let model = try ParsedModel(ModelFileSet(path: path))
            return try TokenizerFactory.make(from: model)
        } catch let error as ModelFileError {
            throw Failure(
                code: .rejected, message: "\(path): \(error)",
                advice: "assay inspect \(path) shows each layer's verdict")
        } catch let error as TokenizerError {
            throw Failure(code: .rejected, message: "\(path): \(error)", advice: nil)
        }
    }
}
