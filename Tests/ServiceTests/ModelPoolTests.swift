// Which models leave memory, judged beside a simple model of a server's memory, and requests that
// wait for a model to come back.

import Service
import TestSupport
import Testing
import Wire

@Suite struct ModelPoolTests {
    private func resident(
        _ name: String, use: UInt64, size: Int, isHeld: Bool = false, generation: UInt32 = 1,
        packing: Int? = nil, packingSize: Int = 0
    ) -> ModelPool.Resident {
        ModelPool.Resident(
            ServedModel(name: name, generation: generation), isHeld: isHeld, lastUse: use,
            size: size, packing: packing ?? Int(use), packingSize: packingSize)
    }

    private func names(_ victims: [ModelPool.Resident]?) -> [String]? {
        victims?.map(\.model.name)
    }

    @Test func theLongestUnusedLeavesFirst() {
        let all = [
            resident("a", use: 3, size: 10), resident("b", use: 1, size: 10),
            resident("c", use: 2, size: 10),
        ]
        #expect(names(ModelPool.victims(for: 15, among: all, users: [:])) == ["b", "c"])
        #expect(names(ModelPool.victims(for: 30, among: all, users: [:])) == ["b", "c", "a"])
        #expect(ModelPool.victims(for: 31, among: all, users: [:]) == nil)
        #expect(names(ModelPool.victims(for: 0, among: all, users: [:])) == [])
    }

    @Test func whatIsHeldLeavesBeforeWhatServes() {
        let all = [
            resident("a", use: 1, size: 10),
            resident("b", use: 9, size: 10, isHeld: true, generation: 3),
        ]
        #expect(names(ModelPool.victims(for: 10, among: all, users: [:])) == ["b"])
    }

    @Test func nobodyLeavesInVain() {
        let all = [resident("small", use: 1, size: 1), resident("large", use: 2, size: 10)]
        #expect(names(ModelPool.victims(for: 10, among: all, users: [:])) == ["large"])
    }

    @Test func sharedWeightsComeFreeWithTheLastUser() {
        let all = [
            resident("a", use: 1, size: 1, packing: 7, packingSize: 100),
            resident("b", use: 2, size: 1, packing: 7, packingSize: 100),
        ]
        #expect(names(ModelPool.victims(for: 102, among: all, users: [7: 2])) == ["a", "b"])
        // A third user stays, and the weights with it.
        #expect(ModelPool.victims(for: 3, among: all, users: [7: 3]) == nil)
    }

    @Test func aPoolKeepsItsBudgetInAnyHistory() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("ModelPoolTests"))
        for _ in 0..<150 {
            var history = PoolHistory()
            for _ in 0..<80 { try history.step(&random) }
        }
    }
}

/// A registry beside the simplest account of a server's memory.
private struct PoolHistory {
    private struct Held {
        let size: Int
        let packing: Int
    }

    private static let packingSize = 40
    private static let budget = 400
    private static let names = ["a", "b", "c", "d", "e", "f"]
    private var registry = ModelRegistry()
    private var memory: [ServedModel: Held] = [:]
    private var running: [ServedModel] = []

    private var users: [Int: Int] {
        memory.values.reduce(into: [:]) { $0[$1.packing, default: 0] += 1 }
    }

    private var used: Int {
        memory.values.reduce(0) { $0 + $1.size } + users.count * Self.packingSize
    }

    mutating func step(_ random: inout SeededGenerator) throws {
        let name = Self.names[random.below(Self.names.count)]
        switch random.below(10) {
        case 0...3: arrive(name, &random)
        case 4, 5:
            guard let facts = try? registry.ready(registry.addressed(name)) else { break }
            registry.retain(facts.served)
            running.append(facts.served)
        case 6:
            guard !running.isEmpty else { break }
            leave(registry.release(running.remove(at: random.below(running.count))))
        case 7: try? registry.setPinned(random.below(2) == 0, name)
        case 8:
            let number = UInt64(registry.entry(name)?.generation ?? 0) * UInt64(random.below(2))
            if let gone = try? registry.setLabel("stable", of: name, to: number) { leave(gone) }
        default: if let gone = try? registry.beginUnload(name) { leave(gone) }
        }
        check()
    }

    /// A load, a reload or a swap, with room made where there is none.
    private mutating func arrive(_ name: String, _ random: inout SeededGenerator) {
        let new = Held(size: 1 + random.below(120), packing: random.below(5))
        let needed = new.size + (users[new.packing] == nil ? Self.packingSize : 0)
        let isSwap = registry.entry(name)?.state == .ready
        if !isSwap, registry.entry(name)?.isEvicted != true {
            guard (try? registry.beginLoad(name)) != nil else { return }
        } else if isSwap {
            guard (try? registry.beginSwap(name)) != nil else { return }
        } else {
            registry.beginReload(name)
        }
        guard makeRoom(needed, sparing: new.packing) else {
            let wasEvicted = registry.entry(name)?.isEvicted
            if isSwap { registry.failSwap(name, reason: "no room") }
            if !isSwap { registry.failLoad(name, reason: "no room") }
            #expect(wasEvicted == false)
            return
        }
        let model = registry.reserveGeneration(name)
        var facts = ServedFacts(name)
        facts.generation = model.generation
        memory[model] = new
        if isSwap {
            leave(registry.finishSwap(facts).1)
        } else {
            registry.finishLoad(facts)
        }
    }

    private mutating func makeRoom(_ needed: Int, sparing packing: Int) -> Bool {
        let missing = used + needed - Self.budget
        guard missing > 0 else { return true }
        let candidates = registry.evictable.compactMap { found -> ModelPool.Resident? in
            // The packing that the load takes over must not leave for it.
            guard let held = memory[found.model], held.packing != packing else { return nil }
            return ModelPool.Resident(
                found.model, isHeld: found.isHeld, lastUse: found.lastUse, size: held.size,
                packing: held.packing, packingSize: Self.packingSize)
        }
        let users = users
        guard let victims = ModelPool.victims(for: missing, among: candidates, users: users) else {
            #expect(ModelPool.freed(candidates, users) < missing)
            return false
        }
        let before = used
        for victim in victims {
            checkMayLeave(victim.model)
            if registry.generation(victim.model) != nil { leave(registry.evict(victim.model)) }
        }
        #expect(before - used >= missing)
        return true
    }

    private func checkMayLeave(_ model: ServedModel) {
        guard let entry = registry.entry(model.name) else { return }
        #expect(!entry.isPinned)
        #expect(!entry.labels.contains { $0.generation == model.generation })
        #expect(!running.contains(model))
        #expect(entry.swap == nil && entry.state == .ready)
    }

    private mutating func leave(_ departure: ModelRegistry.Departure) {
        for model in departure.models {
            #expect(memory.removeValue(forKey: model) != nil)
            #expect(!running.contains(model), "\(model) left with a request in flight")
        }
    }

    private func check() {
        #expect(used <= Self.budget)
        #expect(Set(memory.keys) == Set(registry.entries.flatMap(\.generations).map(\.served)))
        for entry in registry.entries where entry.isEvicted {
            #expect(entry.generations.isEmpty && ModelInfo(entry).evicted == true)
            #expect(!entry.isPinned && entry.labels.isEmpty)
        }
    }
}

@Suite struct EvictedModelTests {
    /// A server whose only model is out of memory.
    private func talk(_ eviction: EvictionMode) throws -> ConnectionConversation {
        var limits = ServiceLimits()
        limits.eviction = eviction
        var talk = try ConnectionConversation(limits: limits)
        _ = talk.context.models.evict(ServedModel(name: "real", generation: 1))
        try talk.hello()
        return talk
    }

    private func generate() -> GenerateRequest {
        GenerateRequest(model: "real", prompt: .tokens([1]))
    }

    @Test func aRequestIsRefusedWhereRequestsDoNotLoad() throws {
        var talk = try talk(.refuse)
        let error = try #require(try talk.send(generate(), id: 2).first?.error)
        #expect(error.code == "model_evicted" && error.retryAfterMilliseconds != nil)
        #expect(talk.work.isEmpty)
    }

    @Test func requestsWaitForOneLoadAndGoToTheNewGeneration() throws {
        var talk = try talk(.wait)
        #expect(try talk.send(generate(), id: 2).isEmpty)
        #expect(try talk.send(generate(), id: 3).isEmpty)
        #expect(talk.work.count == 1 && talk.work[0].connection == 0)
        var facts = ServedFacts.real
        facts.generation = talk.context.models.reserveGeneration("real").generation
        #expect(facts.generation == 2)
        talk.context.models.finishLoad(facts)
        talk.context.resume("real")
        #expect(talk.context.models.entry("real")?.inFlightCount == 2)
        let resumed = talk.context.takeResumed()
        #expect(resumed.map { $0.model?.generation } == [2, 2])
        #expect(talk.context.takeResumed().isEmpty)
        for work in resumed { talk.context.finish(work.ticket, now: talk.now) }
        #expect(talk.context.models.entry("real")?.inFlightCount == 0)
        #expect(talk.context.admission.outstandingCount == 0)
    }

    @Test func requirementsAreCheckedAgainstWhatWasLoaded() throws {
        var talk = try talk(.wait)
        var request = generate()
        request.requirements = Requirements(fingerprint: [UInt8](repeating: 7, count: 32))
        #expect(try talk.send(request, id: 2).isEmpty)
        var facts = ServedFacts("real", fingerprint: [UInt8](repeating: 8, count: 32))
        facts.generation = talk.context.models.reserveGeneration("real").generation
        talk.context.models.finishLoad(facts)
        talk.context.resume("real")
        #expect(talk.context.takeResumed().isEmpty)
        guard case .failed(let error)? = talk.context.completions.first?.event else {
            Issue.record("the request has not failed")
            return
        }
        #expect(error.code == .fingerprintRequired)
    }

    @Test func aFailedLoadEndsTheWaitAndIsNotRepeatedAtOnce() throws {
        var talk = try talk(.wait)
        #expect(try talk.send(generate(), id: 2).isEmpty)
        let load = try #require(talk.work.first)
        talk.context.models.failLoad("real", reason: "the file is gone")
        talk.context.failReload("real", "the file is gone", now: talk.now)
        talk.context.conclude(load.ticket, .failed(.cancelled("loading")))
        guard case .failed(let error)? = talk.context.completions.first?.event else {
            Issue.record("the request has not failed")
            return
        }
        #expect(error.code == .modelEvicted && error.message.contains("the file is gone"))
        let entry = try #require(talk.context.models.entry("real"))
        #expect(entry.isEvicted && entry.loadFailure == "the file is gone")
        let second = try talk.send(generate(), id: 3).first?.error
        #expect(second?.code == "model_evicted" && second?.retryAfterMilliseconds != nil)
        talk.now += 1_000_001
        #expect(try talk.send(generate(), id: 4).isEmpty)
        #expect(talk.work.count == 2)
    }

    @Test func aParkedRequestEndsByCancelAndByDeadline() throws {
        var talk = try talk(.wait)
        #expect(try talk.send(generate(), id: 2).isEmpty)
        let ticket = try #require(talk.context.tickets.keys.first)
        let cancelled = (talk.context.cancelParked(ticket), talk.context.cancelParked(ticket))
        #expect(cancelled == (true, false))
        talk.context.finish(ticket, now: talk.now)
        #expect(talk.context.admission.outstandingCount == 0)
        #expect(try talk.send(generate(), id: 3, deadline: 5).isEmpty)
        let due = talk.context.takeDue(now: talk.now + 5000)
        #expect(due.count == 1 && due.first?.isControl == true)
    }

    @Test func anEvictedModelIsListedAndHealthyWhereRequestsLoadIt() throws {
        for mode in EvictionMode.allCases {
            var talk = try talk(mode)
            let health = try #require(try talk.send(HealthRequest(model: "real"), id: 2).first)
            let answer = try health.decoded(HealthResponse.self)
            #expect(answer.ready == (mode != .refuse))
            #expect(answer.reason?.contains("out of memory") == true)
            let models = try #require(try talk.send(ModelsRequest(), id: 3).first)
            let row = try #require(try models.decoded(ModelsResponse.self).models.first)
            #expect(row.evicted == true && row.state == .loading && row.generation == 1)
            let requirement = Readiness.Requirement(
                configured: ["real"], loadsOnRequest: mode != .refuse)
            let readiness = Readiness(
                phase: .serving, entries: talk.context.models.entries, requirement: requirement)
            #expect(readiness.isReady == (mode != .refuse))
        }
    }

    /// Among several models a request without a name stays ambiguous when one is evicted.
    @Test func anEvictionMakesNoOtherModelTheOnlyOne() throws {
        var registry = ModelRegistry()
        for name in ["a", "b"] { _ = try registry.serve(ServedFacts(name)) }
        _ = registry.evict(ServedModel(name: "a", generation: 1))
        #expect(throws: ServiceError.self) { try registry.addressed(nil) }
        #expect(try registry.beginUnload("a").entry?.name == "a")
        #expect(try registry.addressed(nil).name == "b")
    }
}
