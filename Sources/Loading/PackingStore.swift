// Packed models by the bytes of their files: identical files share a packing and an assay.
//
//     load of A -- claims --> packs, passes every layer --> packing of A, held by A's models
//     load of B -- same bytes, same terms: waits for A's load, takes A's packing
//     load of C -- other bytes: claims and packs
//
// Guarantees: a packing is found by the fingerprint of its packed bytes. Two loads of the same
// bytes at the same time pack once. The store keeps nothing alive: a packing lives as long as its
// models.
// Does not: read files that resemble no packing. Only files of the same sizes as those of a packing
// are digested beforehand, unless their digests are remembered.

import Compute
import Conversations
import Dispatch
import Inference
import ModelFiles
import Synchronization
import Tokenizers

/// Settings that two loads must have in common to share a packing.
struct PackingTerms: Sendable, Equatable {
    let device: DeviceRequest
    let overrides: [String: String]
    let isValidated: Bool
    let fileLimits: FileLimits
    let parseLimits: ParseLimits

    init(_ configuration: ModelLoadingConfiguration) {
        device = configuration.device
        overrides = configuration.overrides
        isValidated = configuration.requireValidation
        (fileLimits, parseLimits) = (configuration.fileLimits, configuration.parseLimits)
    }
}

/// A packed model that passed every layer, and what its assay found. Immutable but for trust.
final class Packing: Sendable {
    /// Path of the load that packed.
    let path: String
    let tokenModel: any TokenModel
    let plan: WeightPlan
    let tokenizer: any Tokenizer
    let chatTemplates: ChatTemplates
    let facts: ModelFacts
    let overrides: [AppliedOverride]
    let placement: Placement
    /// Fingerprint of the parsed and packed bytes.
    let fingerprint: Fingerprint
    /// Seals that were compared, with the verdict. Nil if validation was skipped.
    let seals: [Seal]
    let seal: SealVerdict?
    private let memory: MemoryReservation?
    private let isDoubted = Atomic<Bool>(false)

    init(
        path: String, placed: PlacedModel, plan: ModelPlan, facts: ModelFacts,
        fingerprint: Fingerprint, seals: [Seal], seal: SealVerdict?
    ) {
        self.path = path
        tokenModel = placed.tokenModel
        placement = placed.placement
        memory = placed.memory?.packing
        self.plan = plan.weights
        (tokenizer, chatTemplates) = (plan.tokenizer, plan.chatTemplates)
        overrides = plan.configuration.overrides
        (self.facts, self.fingerprint) = (facts, fingerprint)
        (self.seals, self.seal) = (seals, seal)
    }

    /// False once a model of the packing has given values that nobody may trust.
    var isTrusted: Bool { !isDoubted.load(ordering: .acquiring) }

    /// Bytes of weights and texts, by the estimate.
    var size: Int { memory?.size ?? 0 }

    /// Ends the sharing, so that the next load reads and packs anew.
    func distrust() { isDoubted.store(true, ordering: .releasing) }
}

/// See the head of the file. Any thread.
public final class PackingStore: Sendable {
    /// A place in the store: a load that packs, or the packing it made.
    private struct Entry {
        let number: UInt64
        let terms: PackingTerms
        /// Sizes of the files, in byte order of their names.
        let sizes: [Int]
        /// Digest of the files, remembered or computed before packing. Nil while unknown.
        var fingerprint: Fingerprint?
        /// True for a load whose owner has left. Nobody waits for it. Nil once the load has ended,
        /// because the closure keeps the load's outcome alive.
        var isAbandoned: (@Sendable () -> Bool)?
        /// Left when the load ends.
        let end: DispatchGroup
        weak var packing: Packing?
    }

    private struct State {
        var entries: [Entry] = []
        var nextNumber: UInt64 = 0
    }

    /// What a look at the store finds.
    private enum Look {
        case resident(Packing)
        case claimed(PackingClaim)
        case wait(DispatchGroup)
        /// Files of the same sizes are there, so the digest is needed.
        case unknown
    }

    /// What a load has to do.
    enum Outcome {
        case share(Packing)
        case pack(PackingClaim)
    }

    private let state = Mutex(State())
    private let digests: DigestMemory

    /// Makes an empty store, which looks digests up in `digests`.
    public init(digests: DigestMemory = DigestMemory(path: nil)) { self.digests = digests }

    /// Finds the packing of `files`, or claims to make it. Blocking: may digest the files, and
    /// waits for a load that may be packing the same bytes.
    ///
    /// - Throws: a `file` layer error when digesting fails. Nil once `isAbandoned` returns true.
    func find(
        _ files: ModelFileSet, _ terms: PackingTerms, isAbandoned: @escaping @Sendable () -> Bool
    ) throws(ModelFileError) -> Outcome? {
        let moment = digests.moment()
        var known = try digests.fingerprint(of: files)
        while !isAbandoned() {
            switch look(files, terms, known, moment, isAbandoned) {
            case .resident(let packing): return .share(packing)
            case .claimed(let claim): return .pack(claim)
            case .wait(let end): _ = end.wait(timeout: .now() + .milliseconds(50))
            case .unknown:
                let found = try Fingerprint.digests(of: files, isCancelled: isAbandoned)
                guard let found else { return nil }
                digests.remember(found, of: files, moment: moment)
                known = Fingerprint(of: found)
            }
        }
        return nil
    }

    private func look(
        _ files: ModelFileSet, _ terms: PackingTerms, _ known: Fingerprint?, _ moment: Int64,
        _ isAbandoned: @escaping @Sendable () -> Bool
    ) -> Look {
        let sizes = files.named.map(\.file.size)
        return state.withLock { state in
            state.entries.removeAll { $0.isAbandoned == nil && $0.packing == nil }
            let alike = state.entries.filter {
                $0.terms == terms && $0.sizes == sizes
                    && ($0.isAbandoned.map { !$0() } ?? ($0.packing?.isTrusted == true))
            }
            if let known {
                let same = alike.filter { $0.fingerprint == known }
                let found = same.lazy.compactMap(\.packing).first
                if let packing = found { return .resident(packing) }
                let other = alike.first {
                    $0.isAbandoned != nil && ($0.fingerprint ?? known) == known
                }
                if let other { return .wait(other.end) }
            } else if !alike.isEmpty {
                return .unknown
            }
            state.nextNumber += 1
            let end = DispatchGroup()
            end.enter()
            state.entries.append(
                Entry(
                    number: state.nextNumber, terms: terms, sizes: sizes, fingerprint: known,
                    isAbandoned: isAbandoned, end: end))
            return .claimed(
                PackingClaim(state.nextNumber, end, in: self, moment: moment))
        }
    }

    /// Ends a claim, with the packing or, when the load failed, without.
    fileprivate func end(_ number: UInt64, _ packing: Packing?) {
        state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.number == number }) else {
                return
            }
            guard let packing else {
                state.entries.remove(at: index)
                return
            }
            state.entries[index].isAbandoned = nil
            state.entries[index].packing = packing
            state.entries[index].fingerprint = packing.fingerprint
        }
    }

    fileprivate func remember(
        _ found: [(name: String, digest: Fingerprint)], of files: ModelFileSet, moment: Int64
    ) {
        digests.remember(found, of: files, moment: moment)
    }
}

/// The right to pack files that no packing stands for. Ends with the object at the latest.
final class PackingClaim: Sendable {
    private let number: UInt64
    private let end: DispatchGroup
    private let store: PackingStore
    private let moment: Int64
    private let isOver = Atomic<Bool>(false)

    fileprivate init(_ number: UInt64, _ end: DispatchGroup, in store: PackingStore, moment: Int64)
    {
        (self.number, self.end, self.store, self.moment) = (number, end, store, moment)
    }

    deinit { finish(nil) }

    /// Offers a packing to later loads, and remembers the digests of its files.
    func fulfil(
        _ packing: Packing, _ digests: [(name: String, digest: Fingerprint)],
        of files: ModelFileSet
    ) {
        store.remember(digests, of: files, moment: moment)
        finish(packing)
    }

    private func finish(_ packing: Packing?) {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        store.end(number, packing)
        end.leave()
    }
}
