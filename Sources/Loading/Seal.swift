// What a model answered when it was sealed: a small file that later loads are compared with.
//
//   { "version": 1, "fingerprint": HEX, "prompt": TEXT, "tokens": [ids of the prompt],
//     "top": [{"token": ID, "logit": X} ... best first], "tolerance": 0.001, "created_by": TEXT }
//
// `prompt` is absent where the tokens themselves were chosen, for a vocabulary that no text fits.
// Guarantees: the same seal gives the same text; numbers are written so that reading gives the
// same bits.
// Does not: read (Seal+Reading.swift), touch files (SealFile.swift), compare (SealCheck.swift).

/// A prompt, the logits a model gave for it, and the file it gave them from. A value; any thread.
public struct Seal: Sendable, Equatable {
    /// One of the best tokens behind the prompt.
    public struct TopLogit: Sendable, Equatable {
        /// Its id.
        public let token: Int32
        /// Its logit.
        public let logit: Float

        package init(token: Int32, logit: Float) {
            self.token = token
            self.logit = logit
        }
    }

    /// SHA-256 of the model.
    public let fingerprint: Fingerprint
    /// The text that was tokenized; nil where the tokens themselves are the prompt.
    public let prompt: String?
    /// The ids the model was given, special ones included; 1 to 64.
    public let tokens: [Int32]
    /// The best tokens at the last position with their logits, best first, ties by smaller id.
    public let top: [TopLogit]
    /// How far a logit may lie from the sealed one.
    public let tolerance: Double
    /// The program that wrote it, for people.
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

/// Bounds and constants of seals, each with its unit and its reason.
package enum SealLimits {
    /// The only form there is.
    package static let version = 1
    /// Bytes of a seal file. A seal of ours has about 1 KB; the longest prompt fits.
    package static let sizeMax = 64 << 10
    /// Tokens of the prompt: one short pass, whatever the model.
    package static let tokensMax = 64
    /// Logits a seal may hold …
    package static let topMax = 64
    /// … and how many ours hold: enough that a changed weight shows, few enough to read.
    package static let topCount = 16
    /// Largest tolerance: logits of trained models spread over about 20.
    package static let toleranceMax = 10.0
    /// The CPU gives the same bits on every machine; this leaves room for other devices.
    package static let toleranceDefault = 1e-3
    /// Bytes of the program's name.
    package static let createdBySizeMax = 256
    /// What seals are made with unless the caller brings a text.
    package static let prompt = "The quick brown fox jumps over the lazy dog."
    package static let createdBy = "assay 0.1.0"
}
