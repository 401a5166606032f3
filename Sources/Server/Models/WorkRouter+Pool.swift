// Models that leave memory for others, and models that are loaded for a request.
//
//   refused for memory --> victims leave --> their memory is back --> the load runs once more
//
// Guarantees: a load is tried twice at most. Nothing leaves unless what leaves is enough. A load
// that waits for memory goes on as soon as the engine has let go of the last runner.

import Loading
import Service
import Wire

extension WorkRouter {
    /// How a model of a name is loaded again.
    struct Source: Sendable {
        let request: LoadRequest
        let isFromPeer: Bool

        init(_ request: LoadRequest, isFromPeer: Bool) {
            (self.request, self.isFromPeer) = (request, isFromPeer)
        }

        init(_ arrival: Arrival) {
            self.init(arrival.request, isFromPeer: arrival.isFromPeer)
        }
    }

    /// Begins a load that a client's request caused.
    func reload(_ work: Work, _ name: String) {
        guard let source = sources[name] else {
            preconditionFailure("model \"\(name)\" is loaded again and never was")
        }
        logger.info("load for a request", metadata: ["model": "\(name)"])
        begin(Arrival(source.request, .reload(isFromPeer: source.isFromPeer)), ticket: work.ticket)
    }

    /// Lets models leave for an arrival that was refused for memory. Returns false when that would
    /// not be enough, or is not allowed.
    func makeRoom(
        for ticket: UInt64, _ shortage: MemoryShortage?, context: inout ServiceContext
    ) -> Bool {
        guard let shortage, shortage.endsWithRoom, context.limits.eviction != .off,
            let arrival = arrivals[ticket], !arrival.isSecondTry,
            let victims = victims(for: shortage.missing, sparing: arrival.name, context)
        else { return false }
        let leaving = victims.compactMap { served[$0.model] }
        for victim in victims where context.models.generation(victim.model) != nil {
            logger.notice(
                "a model leaves memory for another",
                metadata: [
                    "model": "\(victim.model.name)", "generation": "\(victim.model.generation)",
                    "for": "\(arrival.name)", "missing": "\(shortage.missing)",
                ])
            context.evict(victim.model)
        }
        arrivals[ticket]?.stage = .awaitingMemory(
            MemoryWatch(leaving, needed: shortage.needed, in: loading.placing.ledger))
        return true
    }

    /// The generations to evict, or nil when no choice is enough.
    private func victims(
        for missing: Int, sparing name: String, _ context: borrowing ServiceContext
    ) -> [ModelPool.Resident]? {
        var (numbers, users): ([ObjectIdentifier: Int], [Int: Int]) = ([:], [:])
        for real in served.values {
            let number = numbers[real.packingIdentity] ?? numbers.count
            numbers[real.packingIdentity] = number
            users[number, default: 0] += 1
        }
        let candidates = context.models.evictable.compactMap { found -> ModelPool.Resident? in
            // The name that is being loaded keeps what serves it, though not what it holds.
            guard found.isHeld || found.model.name != name, let real = served[found.model],
                let number = numbers[real.packingIdentity]
            else { return nil }
            return ModelPool.Resident(
                found.model, isHeld: found.isHeld, lastUse: found.lastUse, size: real.runnerSize,
                packing: number, packingSize: real.packingSize)
        }
        return ModelPool.victims(for: missing, among: candidates, users: users)
    }

    /// Runs the loads again that waited for memory which is back.
    ///
    /// - Parameter isTick: true now and then, for a load whose room another one has taken. It is
    ///   then refused.
    func memoryCameBack(isTick: Bool = false) {
        for (ticket, arrival) in arrivals {
            guard case .awaitingMemory(let watch) = arrival.stage, watch.isOver,
                watch.isEnough || isTick
            else { continue }
            var second = arrival
            (second.stage, second.isSecondTry) = (.assay, true)
            begin(second, ticket: ticket)
        }
    }
}
