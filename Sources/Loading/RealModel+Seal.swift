// Sealing a model that was accepted, and verifying one that is being served.
//
// Guarantees: a model is sealed only while its files are those that were loaded; verifying compares
// what serves, not what lies on disk, and tells a model that has drifted from a check that could
// not be made.
// Does not: take anything out of service; the server does.

import Inference
import ModelFiles
import Tokenizers

/// What verifying a loaded model gave.
public enum ModelVerification: Sendable {
    /// It is what it was: compared with its seal, or without one run twice with the same bits.
    case sound(SealVerdict)
    /// Its answers are not those of its seal, or not the same twice: it can no longer be trusted.
    case drifted(AssayRejection, isSealed: Bool)
    /// The check itself failed: a seal that cannot be read, no memory, a failing disk.
    case undecided(AssayRejection)
    /// `isCancelled` said so.
    case cancelled
}

extension RealModel {
    /// Compares the weights that serve with their seals; without one they must compute the same
    /// finite logits twice. Blocking: reads the seals, runs one or two short passes. Any thread.
    ///
    /// A seal of other weights is drift only while the files are those that were loaded: beside
    /// another file lies that file's seal, and the seals of the load are compared with.
    public func verify(isCancelled: () -> Bool = { false }) -> ModelVerification {
        do {
            let state = fileState()
            let lying = sealPlaces.seals(
                try sealPlaces.read(), of: fingerprint, isCancelled: isCancelled)
            var seals = lying.filter { state == .unchanged || $0.fingerprint == fingerprint }
            if seals.isEmpty { seals = self.seals }
            if isCancelled() { return .cancelled }
            do {
                return .sound(try verdict(seals))
            } catch {
                let rejection = AssayRejection(error, in: .validation, path: report.path)
                return rejection.isDrift
                    ? .drifted(rejection, isSealed: !seals.isEmpty) : .undecided(rejection)
            }
        } catch {
            return .undecided(AssayRejection(error, in: .validation, path: report.path))
        }
    }

    private func verdict(_ seals: [Seal]) throws -> SealVerdict {
        guard !seals.isEmpty else {
            try ModelPlacing.standard.validate(tokenModel)
            return .absent
        }
        return try SealCheck.compare(
            seals, path: report.path, model: tokenModel, tokenizer: tokenizer,
            fingerprint: fingerprint)
    }

    /// Makes a seal of this model and puts it beside the file; returns where it is. Blocking.
    /// Any thread.
    ///
    /// - Parameters:
    ///   - prompt: the text to seal it with; nil for a short English sentence, or for tokens out of
    ///     the vocabulary where that sentence cannot be encoded.
    ///   - replaces: whether a seal that is there may be replaced.
    public func writeSeal(
        prompt: String? = nil, replaces: Bool = false
    ) throws(SealingError) -> String {
        let seal = try makeSeal(prompt: prompt)
        return try SealFile.write(seal, to: sealPlaces.target, replaces: replaces)
    }

    package func makeSeal(prompt: String?) throws(SealingError) -> Seal {
        let (text, tokens) = try sealedPrompt(prompt)
        do {
            let logits = try SealCheck.logits(of: tokenModel, tokens)
            switch fileState() {
            case .unchanged: break
            case .changed(let reason), .missing(let reason):
                throw SealingError(.sealingFailed, reason)
            }
            return Seal(
                fingerprint: fingerprint, prompt: text, tokens: tokens,
                top: SealCheck.top(logits, SealLimits.topCount))
        } catch let error as SealingError {
            throw error
        } catch {
            throw SealingError(.sealingFailed, "sealing: \(error)")
        }
    }

    private func sealedPrompt(
        _ prompt: String?
    ) throws(SealingError) -> (text: String?, tokens: [Int32]) {
        let text = prompt ?? SealLimits.prompt
        let countMax = min(SealLimits.tokensMax, tokenModel.contextLength)
        let found: String
        do throws(TokenizerError) {
            let tokens = try tokenizer.encode(text)
            if !text.isEmpty, (1...countMax).contains(tokens.count) { return (text, tokens) }
            found = text.isEmpty ? "an empty text" : "\(tokens.count) tokens"
        } catch {
            found = "\(error)"
        }
        guard prompt == nil else {
            throw SealingError(
                .promptUnusable,
                "tokenizing the prompt to seal with: found \(found); allowed: 1 to \(countMax)")
        }
        let count = min(8, countMax)
        return (nil, (1...count).map { Int32(tokenModel.vocabularySize * $0 / (count + 1)) })
    }
}

extension AssayRejection {
    /// Whether this says something about the model, and not about the attempt to check it.
    fileprivate var isDrift: Bool { Self.driftCodes.contains(code.name) }

    private static let driftCodes: Set<String> = [
        Code.sealFingerprintMismatch.name, Code.sealTokensDiffer.name, Code.sealLogitsDiffer.name,
        InferenceError.Code.nonFiniteLogits.name,
        InferenceError.Code.constantLogits.name, InferenceError.Code.outputWidth.name,
        InferenceError.Code.notReproducible.name,
    ]
}
