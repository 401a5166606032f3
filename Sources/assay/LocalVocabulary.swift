// A model file's tokenizer, without the weights, for --file.

import Foundation
import Loading
import ModelFiles
import Tokenizers

enum LocalVocabulary {
    /// Reads the files, parses them, builds the tokenizer. A GGUF file of only a vocabulary is
    /// enough, and so is a tokenizer.json. Exit 65 for a model that is refused.
    static func tokenizer(path: String) throws -> any Tokenizer {
        do {
            if path.hasSuffix("tokenizer.json") { return try tokenizer(document: path) }
            let model = try ParsedModel(ModelFileSet(path: path))
            return try TokenizerFactory.make(from: model)
        } catch let error as ModelFileError {
            throw Failure(
                code: .rejected, message: "\(path): \(error)",
                advice: "assay inspect \(path.shellWord) shows each layer's verdict")
        } catch let error as TokenizerError {
            throw Failure(code: .rejected, message: "\(path): \(error)", advice: nil)
        }
    }

    /// Reads a tokenizer.json, and the tokenizer_config.json beside it if there is one.
    private static func tokenizer(document path: String) throws -> any Tokenizer {
        let file = URL(fileURLWithPath: path)
        let settings = file.deletingLastPathComponent().appending(path: "tokenizer_config.json")
        return try TokenizerFactory.make(
            from: TokenizerDefinition(
                tokenizerJSON: Array(Data(contentsOf: file)),
                configuration: (try? Data(contentsOf: settings)).map { Array($0) }))
    }
}
