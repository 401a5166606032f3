// A model on its way into service: for a Load, a Swap, or the server's start.
//
//   assay --> installing --> rehearsing --> in service
//    |            |              |            a load skips the rehearsal
//    +------------+--------------+--> given up, or failed

import Loading
import Service
import Wire

/// See the head of the file. A value of the loop thread.
struct Arrival: Sendable {
    enum Purpose: Sendable {
        /// A model of the start, with the outcome for the waiting starter.
        case start(BootOutcome)
        case load
        case swap(SwapRequest)
        /// An evicted model, or one that was not loaded at the start, for a request.
        case reload(isFromPeer: Bool)
    }

    enum Stage: Sendable {
        case assay
        /// Models leave, and the assay begins anew when their memory is back.
        case awaitingMemory(MemoryWatch)
        /// The engine takes the candidate in.
        case installing(ArrivingModel)
        /// The candidate is in the engine, and nobody else asks it yet.
        case rehearsing(ArrivingModel)
    }

    let request: LoadRequest
    let purpose: Purpose
    var stage = Stage.assay
    /// True after models have left for the arrival.
    var isSecondTry = false

    init(_ request: LoadRequest, _ purpose: Purpose) {
        (self.request, self.purpose) = (request, purpose)
    }

    var name: String { request.name }

    /// The request of a swap.
    var swap: SwapRequest? {
        if case .swap(let request) = purpose { return request }
        return nil
    }

    var isSwap: Bool { swap != nil }

    /// False for the operator's own models.
    var isFromPeer: Bool {
        if case .reload(let isFromPeer) = purpose { return isFromPeer }
        return start == nil
    }

    var isReload: Bool {
        if case .reload = purpose { return true }
        return false
    }

    /// Outcome for the starter of the server.
    var start: BootOutcome? {
        if case .start(let outcome) = purpose { return outcome }
        return nil
    }

    /// The attempt, for an error.
    var attempt: String { "\(isSwap ? "swapping" : "loading") model \"\(name)\"" }
}

/// A model that passed the assay.
struct ArrivingModel: Sendable {
    let facts: ServedFacts
    let model: LoadedModel
    let report: LoadReport
}

/// Outcome of a swap's rehearsal.
struct RehearsalOutcome: Sendable {
    /// Requests that the candidate computed.
    var warmed: UInt64 = 0
    /// Comparison with the generation that serves, where the swap asked for one.
    var shadow: ShadowReport?
}
