// Sealing a model that was accepted, and verifying one that is being served.
//
// Guarantees: a model is sealed only while its files are those that were loaded; verifying compares
// with the seal that lies beside the model now, and tells a model that has drifted from a check
// that could not be made.
// Does not: take anything out of service; the server does.

import Inference
import ModelFiles
import Tokenizers

/// What verifying a loaded model gave.
public enum ModelVerification: Sendable {
    /// It is what it was: compared with its seal, or without one run twice with the same bits.
    case sound(SealVerdict)
    /// Its files, its fingerprint or its answers have changed: it can no longer be trusted.
    case drifted(AssayRejection, isSealed: Bool)
    /// The check itself failed: a seal that cannot be read, no memory, a failing disk.
    case undecided(AssayRejection)
    /// `isCancelled` said so.
    case cancelled
}

extension RealModel {
    /// Compares the model, as it is in memory and on disk now, with its seal; without one it must
    /// compute the same finite logits twice. Blocking: reads the whole file if there is a seal,
    /// runs one or two short passes. Any thread.
    public func verify(isCancelled: () -> Bool = { false }) -> ModelVerification {
        // Read first, judged second: a file that changed is drift whatever its seal looks like.
        let read = Result { try SealFile.read(besideModel: report.path) }
        let isSealed = if case .success(.some) = read { true } else { false }
        do {
            try checkUnchanged()
            guard let verdict = try verdict(on: read.get(), isCancelled) else { return .cancelled }
            try checkUnchanged()
            return .sound(verdict)
        } catch {
            let rejection = AssayRejection(error, in: .validation, path: report.path)
            return rejection.isDrift
                ? .drifted(rejection, isSealed: isSealed) : .undecided(rejection)
        }
    }

    private func verdict(on seal: Seal?, _ isCancelled: () -> Bool) throws -> SealVerdict? {
        guard let seal else {
            try ModelPlacing.standard.validate(tokenModel)
            return .absent
        }
        guard let found = try computeFingerprint(isCancelled) else { return nil }
        let check = SealCheck(
            seal: seal, path: report.path, model: tokenModel, tokenizer: tokenizer)
        return .matched(largestDifference: try check.run(fingerprint: found))
    }

    /// Makes a seal of this model and puts it beside the file; returns where it is. Blocking: waits
    /// for the fingerprint. Any thread.
    ///
    /// - Parameters:
    ///   - prompt: the text to seal it with; nil for a short English sentence, or for tokens out of
    ///     the vocabulary where that sentence cannot be encoded.
    ///   - replaces: whether a seal that is there may be replaced.
    public func writeSeal(
        prompt: String? = nil, replaces: Bool = false
    ) throws(SealingError) -> String {
        let seal = try makeSeal(prompt: prompt)
        return try SealFile.write(seal, besideModel: report.path, replaces: replaces)
    }

    package func makeSeal(prompt: String?) throws(SealingError) -> Seal {
        let (text, tokens) = try sealedPrompt(prompt)
        do {
            guard let found = try fingerprint.value ?? computeFingerprint({ false }) else {
                throw SealingError(.sealingFailed, "sealing: the fingerprint was given up")
            }
            let logits = try SealCheck.logits(of: tokenModel, tokens)
            try checkUnchanged()
            return Seal(
                fingerprint: found, prompt: text, tokens: tokens,
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
        ModelFileError.Code.changedWhileRead.name, InferenceError.Code.nonFiniteLogits.name,
        InferenceError.Code.constantLogits.name, InferenceError.Code.outputWidth.name,
        InferenceError.Code.notReproducible.name,
    ]
}
