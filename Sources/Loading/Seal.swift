// A seal: a small file with a model's answer to a prompt. Later loads must give the recorded
// answer.
//
//   { "version": 1, "fingerprint": HEX, "prompt": TEXT, "tokens": [ids of the prompt],
//     "top": [{"token": ID, "logit": X} ... best first], "tolerance": 0.001, "created_by": TEXT }
//
// `prompt` is absent where the tokens were chosen directly, for a vocabulary that no text fits.
// Guarantees: equal seals give equal text. Numbers are written so that reading gives the exact
// bits.
// Does not: read (Seal+Reading.swift), touch files (SealFile.swift), compare (SealCheck.swift).

/// A prompt, the model's logits for the prompt, and the model's fingerprint. A value. Any thread.
public struct Seal: Sendable, Equatable {
    /// A token among the best after the prompt.
    public struct TopLogit: Sendable, Equatable {
        /// Id of the token.
        public let token: Int32
        /// Logit of the token.
        public let logit: Float

        package init(token: Int32, logit: Float) {
            self.token = token
            self.logit = logit
        }
    }

    /// SHA-256 of the model.
    public let fingerprint: Fingerprint
    /// The tokenized text. Nil where the prompt consists of tokens only.
    public let prompt: String?
    /// Token ids of the prompt, special tokens included, 1 to 64.
    public let tokens: [Int32]
    /// The best tokens at the last position with logits, best first, ties by smaller id.
    public let top: [TopLogit]
    /// Largest allowed difference between a logit and the sealed logit.
    public let tolerance: Double
    /// The program that wrote the seal, for people.
    public let createdBy: String

    package init(
        fingerprint: Fingerprint, prompt: String?, tokens: [Int32], top: [TopLogit],
        tolerance: Double = SealLimits.toleranceDefault,
        createdBy: String = SealLimits.createdBy
    ) {
        self.fingerprint = fingerprint
        self.prompt = prompt
        self.tokens = tokens
        self.top = top
        self.tolerance = tolerance
        self.createdBy = createdBy
    }

    /// The file's content: JSON over several lines, with a newline at the end.
    package var text: String {
        let prompt = prompt.map { "  \"prompt\": \(JSONText.string($0).text),\n" } ?? ""
        let tokens = tokens.map(String.init).joined(separator: ", ")
        let top = top.map { "    {\"token\": \($0.token), \"logit\": \($0.logit)}" }
        return """
            {
              "version": \(SealLimits.version),
              "fingerprint": "\(fingerprint.hex)",
            \(prompt)  "tokens": [\(tokens)],
              "top": [
            \(top.joined(separator: ",\n"))
              ],
              "tolerance": \(tolerance),
              "created_by": \(JSONText.string(createdBy).text)
            }

            """
    }
}

/// Bounds and constants of seals, with units and reasons.
package enum SealLimits {
    /// The only version of the format.
    package static let version = 1
    /// Largest seal file in bytes. A written seal has about 1 KB, and the longest prompt fits.
    package static let sizeMax = 64 << 10
    /// Largest number of prompt tokens, so that a single short pass suffices for any model.
    package static let tokensMax = 64
    /// Largest number of logits in a seal.
    package static let topMax = 64
    /// Number of logits in a written seal: enough to show a changed weight, few enough to read.
    package static let topCount = 16
    /// Largest tolerance: logits of trained models spread over about 20.
    package static let toleranceMax = 10.0
    /// Default tolerance. The CPU gives equal bits on every machine, so the tolerance is room for
    /// other devices.
    package static let toleranceDefault = 1e-3
    /// Largest size of the program's name in bytes.
    package static let createdBySizeMax = 256
    /// Default text of a seal's prompt.
    package static let prompt = "The quick brown fox jumps over the lazy dog."
    package static let createdBy = "assay 0.1.0"
}
