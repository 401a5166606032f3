// A run through the layers, on the thread that may be abandoned.
//
// Guarantees: layers pass judgement in order, and each layer gets a verdict with its duration. The
// work of placement begins earlier (see EarlyPlacement.swift), and its duration is what was left to
// wait for. When a layer
// fails, the files are compared with their state at opening, so that a copy in progress is not
// reported as a damaged file.
// Files whose bytes are packed already take the packing over, with the verdicts of its assay.
// Does not: retry, wait or fall back. `ModelLoader` does.

import Compute
import Conversations
import Inference
import ModelFiles
import Synchronization
import Tokenizers

/// Progress of a load, for displays. Delivered on the loading thread, and with bytes on the thread
/// that digests.
public struct LayerProgress: Sendable, Equatable {
    /// Number of the attempt, from 1.
    public let attempt: Int
    /// The layer concerned.
    public let layer: Layer
    /// Verdict of a finished layer. Nil when the layer starts or still runs.
    public let verdict: LayerVerdict?
    /// Bytes read so far, by a layer that still runs. Nil when a layer starts or ends.
    public var bytes: BytesRead?
}

/// Device of a model, the reason for the choice, and degradations.
package struct Placement: Sendable {
    let device: String
    let reason: String?
    let degradations: [String]
    /// The kernels in use, where the device has a choice of kernels.
    let kernels: KernelSelection?

    package init(
        device: String, reason: String? = nil, degradations: [String] = [],
        kernels: KernelSelection? = nil
    ) {
        self.device = device
        self.reason = reason
        self.degradations = degradations + (kernels?.degradations ?? [])
        self.kernels = kernels
    }
}

/// A model on its device, not yet validated.
package struct PlacedModel: Sendable {
    package let tokenModel: any TokenModel
    package let placement: Placement
    /// The model's part of the process's budget. Nil where nobody counts.
    package let memory: PlacedMemory?

    package init(
        tokenModel: any TokenModel, placement: Placement, memory: PlacedMemory? = nil
    ) {
        self.tokenModel = tokenModel
        self.placement = placement
        self.memory = memory
    }
}

/// Files that passed every layer, and everything made from the files.
struct AcceptedModel: Sendable {
    let files: ModelFileSet
    /// The packed model and what its assay found.
    let packing: Packing
    /// True when an earlier load packed and assayed the same bytes.
    let isShared: Bool
    /// Result of the comparison with seals. Nil if validation was skipped.
    let seal: SealVerdict?
    /// Possible places of seals, and the seals found there.
    let sealPlaces: SealPlaces
    let seals: [Seal]
    /// The memory of the model. Nil where nobody counts.
    let memory: PlacedMemory?
}

/// State of a run in progress, for the waiting thread.
final class RunProgress: Sendable {
    struct State: Sendable {
        var layer = Layer.file
        var started: Duration = .zero
        var verdicts: [LayerVerdict] = []
    }
    let state = Mutex(State())
}

struct AssayRun: Sendable {
    let path: String
    let configuration: ModelLoadingConfiguration
    let steps: LayerSteps
    let time: TimeSource
    let attempt: Int
    let progress: RunProgress
    /// Packings to share. Nil packs in any case.
    let store: PackingStore?
    let pace: LoadPace
    let report: @Sendable (LayerProgress) -> Void

    /// Runs all layers. Blocking. Stops before the next layer once `isAbandoned` returns true.
    func run(
        isAbandoned: @escaping @Sendable () -> Bool
    ) -> Result<AcceptedModel, AssayRejection> {
        let thread = PacedThread(pace, time)
        do throws(AssayRejection) {
            return .success(
                try thread.run { () throws(AssayRejection) in try layers(thread, isAbandoned) })
        } catch {
            return .failure(error)
        }
    }

    private func layers(
        _ thread: PacedThread, _ isAbandoned: @escaping @Sendable () -> Bool
    ) throws(AssayRejection) -> AcceptedModel {
        let opened = try layer(.file, nil, isAbandoned) { try open(isAbandoned) }
        guard case .share(let packing) = opened.outcome else {
            return try assay(opened, thread, isAbandoned)
        }
        defer { opened.files.close() }
        return try takeOver(packing, opened, thread, isAbandoned)
    }

    /// The outcome of the file layer.
    private struct Opened {
        let files: ModelFileSet
        let sealPlaces: SealPlaces
        let seals: [SealPlaces.Found]
        let outcome: PackingStore.Outcome?
    }

    private func open(_ isAbandoned: @escaping @Sendable () -> Bool) throws -> Opened {
        let files = try steps.open(path, configuration.fileLimits, configuration.parseLimits)
        try checkFingerprint(of: files, isAbandoned)
        let places = SealPlaces(files)
        let seals = comparesSeal ? try places.read() : []
        let outcome = try store?.find(
            files, PackingTerms(configuration), isAbandoned: isAbandoned)
        return Opened(files: files, sealPlaces: places, seals: seals, outcome: outcome)
    }

    /// Puts files through every layer and packs them.
    private func assay(
        _ opened: Opened, _ thread: PacedThread, _ isAbandoned: @escaping @Sendable () -> Bool
    ) throws(AssayRejection) -> AcceptedModel {
        let files = opened.files
        var (sealVerdict, seals): (SealVerdict?, [Seal]) = (nil, [])
        var placement: EarlyPlacement?
        defer {
            if let placement { placement.end() } else { files.close() }
        }
        let parsed = try layer(.parse, files, isAbandoned) {
            try steps.parse(files, configuration.parseLimits)
        }
        let plan = try layer(.compatibility, files, isAbandoned) {
            let weights = try steps.plan(parsed, configuration.overrides)
            let reading = ReadingProgress(of: files, time) { bytes in
                guard !isAbandoned() else { return }
                reportBytes(bytes)
            }
            placement = EarlyPlacement(
                of: files, isAbandoned, reading, pace: pace, time: time
            ) { digest in
                try steps.place(weights, configuration, path, digest)
            }
            return try steps.vocabulary(weights)
        }
        let (placed, digests) = try layer(.placement, files, isAbandoned) {
            guard let placement else {
                preconditionFailure("the compatibility layer begins the placement")
            }
            let placed = try placement.value()
            // The weights have been read. The files must still be unchanged since opening.
            try files.checkUnchanged()
            let digests = try placement.digest.digests(of: files)
            try check(Fingerprint(of: digests))
            return (placed, digests)
        }
        let fingerprint = Fingerprint(of: digests)
        if configuration.requireValidation {
            try layer(.validation, files, isAbandoned) {
                thread.keep()
                try steps.validate(placed, plan)
                if comparesSeal {
                    (seals, sealVerdict) = try compareSeals(
                        opened, fingerprint, placed.tokenModel, plan.tokenizer, isAbandoned)
                }
                try files.checkUnchanged()
            }
        }
        var facts = ModelFacts(plan, files)
        facts.chatTemplate = plan.chatTemplates.standard.map(ChatTemplateFacts.init)
        facts.toolTemplate = plan.chatTemplates.toolUse.map(ChatTemplateFacts.init)
        let packing = Packing(
            path: path, placed: placed, plan: plan, facts: facts, fingerprint: fingerprint,
            seals: seals, seal: sealVerdict)
        if case .pack(let claim) = opened.outcome { claim.fulfil(packing, digests, of: files) }
        return AcceptedModel(
            files: files, packing: packing, isShared: false, seal: sealVerdict,
            sealPlaces: opened.sealPlaces, seals: seals, memory: placed.memory)
    }

    /// Takes over the packing and the assay of the same bytes. The runner's memory and the seals
    /// beside these files are the load's own.
    private func takeOver(
        _ packing: Packing, _ opened: Opened, _ thread: PacedThread,
        _ isAbandoned: @escaping @Sendable () -> Bool
    ) throws(AssayRejection) -> AcceptedModel {
        let files = opened.files
        var (sealVerdict, seals): (SealVerdict?, [Seal]) = (nil, [])
        for judged in [Layer.parse, .compatibility] { try layer(judged, files, isAbandoned) {} }
        let memory = try layer(.placement, files, isAbandoned) {
            try check(packing.fingerprint)
            try files.checkUnchanged()
            return try steps.share(packing.plan, configuration, path)
        }
        if configuration.requireValidation {
            try layer(.validation, files, isAbandoned) {
                guard comparesSeal else { return }
                thread.keep()
                (seals, sealVerdict) = try compareSeals(
                    opened, packing.fingerprint, packing.tokenModel, packing.tokenizer,
                    isAbandoned, known: packing)
            }
        }
        return AcceptedModel(
            files: files, packing: packing, isShared: true, seal: sealVerdict,
            sealPlaces: opened.sealPlaces, seals: seals, memory: memory)
    }

    /// Compares a placed model with the seals beside its files.
    ///
    /// - Parameter known: a packing whose own comparison counts where the seals are the same.
    private func compareSeals(
        _ opened: Opened, _ fingerprint: Fingerprint, _ model: any TokenModel,
        _ tokenizer: any Tokenizer, _ isAbandoned: () -> Bool, known: Packing? = nil
    ) throws -> ([Seal], SealVerdict) {
        let seals = opened.sealPlaces.seals(
            opened.seals, of: fingerprint, isCancelled: isAbandoned)
        if let known, let verdict = known.seal, known.seals == seals { return (seals, verdict) }
        return (
            seals,
            try SealCheck.compare(
                seals, path: path, model: model, tokenizer: tokenizer, fingerprint: fingerprint)
        )
    }

    /// Runs a layer, records its verdict and turns any error into a rejection.
    private func layer<Value>(
        _ layer: Layer, _ files: ModelFileSet?, _ isAbandoned: () -> Bool,
        _ body: () throws -> Value
    ) throws(AssayRejection) -> Value {
        guard !isAbandoned() else { throw .abandoned(in: layer, path: path) }
        let started = time.now()
        progress.state.withLock {
            $0.layer = layer
            $0.started = started
        }
        report(LayerProgress(attempt: attempt, layer: layer, verdict: nil))
        do {
            let value = try body()
            finish(layer, started, ok: true, isAbandoned)
            return value
        } catch {
            let rejection = stability(
                of: files, after: AssayRejection(error, in: layer, path: path))
            // Opening a model reads the index of its files, so the file layer can meet a parse
            // rejection. The file layer itself then counts as passed.
            if rejection.layer > layer { finish(layer, started, ok: true, isAbandoned) }
            finish(rejection.layer, started, ok: false, isAbandoned)
            throw rejection
        }
    }

    private func reportBytes(_ bytes: BytesRead) {
        let layer = progress.state.withLock { $0.layer }
        report(LayerProgress(attempt: attempt, layer: layer, verdict: nil, bytes: bytes))
    }

    private func finish(
        _ layer: Layer, _ started: Duration, ok: Bool, _ isAbandoned: () -> Bool
    ) {
        let verdict = LayerVerdict(layer: layer, ok: ok, duration: time.now() - started)
        progress.state.withLock { state in
            // "Stable while read" is a condition of the file layer, even when a later layer notices
            // the change. The refusal therefore replaces the verdicts from the file layer on.
            state.verdicts.removeAll { $0.layer >= layer }
            state.verdicts.append(verdict)
        }
        // A layer that ends after the load was abandoned is not reported.
        guard !isAbandoned() else { return }
        report(LayerProgress(attempt: attempt, layer: layer, verdict: verdict))
    }

    /// Returns `rejection`, or a file layer rejection if a file has changed and thus explains the
    /// failure.
    private func stability(
        of files: ModelFileSet?, after rejection: AssayRejection
    ) -> AssayRejection {
        guard let files else { return rejection }
        do throws(ModelFileError) {
            try files.checkUnchanged()
            return rejection
        } catch {
            return AssayRejection(error, in: .file, path: path)
        }
    }

    /// Refuses files without the required fingerprint before their content is parsed. The placement
    /// layer repeats the comparison with the bytes it has read.
    private func checkFingerprint(
        of files: ModelFileSet, _ isAbandoned: () -> Bool
    ) throws {
        guard configuration.requiredFingerprint != nil else { return }
        guard let found = try Fingerprint.compute(of: files, isCancelled: isAbandoned) else {
            throw AssayRejection.abandoned(in: .file, path: path)
        }
        try check(found)
    }

    private func check(_ found: Fingerprint) throws(AssayRejection) {
        guard let required = configuration.requiredFingerprint, found != required else { return }
        throw AssayRejection(
            .file, .fingerprintMismatch, tried: "comparing the model's SHA-256",
            found: found.hex, allowed: required.hex,
            location: ModelFileError.Location(path: path).description)
    }

    // MARK: The seal

    /// True when seals are compared. The comparison is part of validation and is skipped with it.
    /// The report then lists the skipped validation.
    private var comparesSeal: Bool {
        configuration.requireValidation && !configuration.ignoresSeal
    }
}

extension AssayRejection {
    /// The rejection that ends an abandoned run. No caller sees it.
    fileprivate static func abandoned(in layer: Layer, path: String) -> AssayRejection {
        AssayRejection(
            layer, .timedOut, tried: "starting the \(layer) layer", found: "the load was given up",
            allowed: "a load that is still waited for",
            location: ModelFileError.Location(path: path).description)
    }
}

extension ModelFacts {
    init(_ plan: ModelPlan, _ files: ModelFileSet) {
        let configuration = plan.configuration
        self.init(
            architecture: configuration.architecture, name: configuration.name,
            vocabularySize: configuration.vocabularySize,
            embeddingLength: configuration.embeddingLength, blockCount: configuration.blockCount,
            contextLength: configuration.contextLength, parameterCount: plan.parameterCount,
            weightBytes: plan.weightBytes, container: files.container.description,
            fileCount: files.files.count, fileSize: files.size, formats: plan.formatCounts,
            tokenizer: plan.tokenizer.summary,
            activationRounding: configuration.activationRounding,
            endTokens: plan.endTokens.map {
                NamedToken(
                    id: $0, text: String(decoding: plan.tokenizer.piece($0), as: UTF8.self).clipped)
            },
            pooling: configuration.pooling, isCausal: configuration.isCausal,
            textRefusal: plan.textRefusal, keys: plan.keys)
    }
}
