// The parts of a model that need no weights: vocabulary and chat templates.

import Conversations
import Inference
import ModelFiles
import Tokenizers

/// Vocabulary and templates of a model's files. A value for any thread.
package struct ModelTexts: Sendable {
    package let tokenizer: any Tokenizer
    package let chatTemplates: ChatTemplates

    /// Runs the first three layers. Blocking. Reads no weights.
    ///
    /// - Throws: the refusal of a layer.
    package init(path: String) throws(AssayRejection) {
        var layer = Layer.file
        do {
            let files = try ModelFileSet(path: path)
            defer { files.close() }
            layer = .parse
            let parsed = try ParsedModel(files)
            layer = .compatibility
            let plan = try ModelPlan(parsed)
            tokenizer = plan.tokenizer
            chatTemplates = plan.chatTemplates
        } catch {
            throw AssayRejection(error, in: layer, path: path)
        }
    }
}
