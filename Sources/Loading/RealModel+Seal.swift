// Sealing an accepted model, and verifying a served model.
//
// Guarantees: a model is sealed only while the files on disk are still the loaded files. Verifying
// checks the weights in memory, not the files on disk. The result tells a drifted model from a
// failed check.
// Does not: take a model out of service. The server does.

import Inference
import ModelFiles
import Tokenizers

/// Result of verifying a loaded model.
public enum ModelVerification: Sendable {
    /// The model has not changed. It matches its seals, or without a seal gave equal bits in two
    /// runs.
    case sound(SealVerdict)
    /// The answers differ from a seal or between two runs, or fail validation. The model can no
    /// longer be trusted.
    case drifted(AssayRejection, isSealed: Bool)
    /// The check itself failed: an unreadable seal, no memory, a failing disk.
    case undecided(AssayRejection)
    /// `isCancelled` returned true.
    case cancelled
}

extension RealModel {
    /// Compares the weights in memory with their seals. Without a seal, two runs must give equal,
    /// finite logits. Blocking: reads the seals, runs one or two short passes. Any thread.
    ///
    /// A seal of other weights counts as drift only while the files on disk are the loaded files.
    /// Beside a replaced file lies the new file's seal, so a seal with another fingerprint is then
    /// ignored. If no seal is left, the seals from loading are used.
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
                guard rejection.isDrift else { return .undecided(rejection) }
                distrust()
                return .drifted(rejection, isSealed: !seals.isEmpty)
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

    /// Makes a seal of the model, writes it beside the file and returns its path. Blocking. Any
    /// thread.
    ///
    /// - Parameters:
    ///   - prompt: text for the seal. Nil means a short English sentence, or tokens out of the
    ///     vocabulary where the sentence cannot be encoded.
    ///   - replaces: true if an existing seal may be replaced.
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
    /// True when the rejection concerns the model and not the attempt to check the model.
    fileprivate var isDrift: Bool { Self.driftCodes.contains(code.name) }

    private static let driftCodes: Set<String> = [
        Code.sealFingerprintMismatch.name, Code.sealTokensDiffer.name, Code.sealLogitsDiffer.name,
        InferenceError.Code.nonFiniteLogits.name,
        InferenceError.Code.constantLogits.name, InferenceError.Code.outputWidth.name,
        InferenceError.Code.notReproducible.name,
    ]
}
