// Seeded random histories of the registry beside a simple model of it: sets of generations, worked
// out anew after each step. No generation is lost, none leaves early, no request changes its
// generation, and no bound is passed.

import Service
import TestSupport
import Testing
import Wire

@Suite struct RegistryHistoryTests {
    @Test func theRegistryAgreesWithASimpleModelInAnyHistory() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("RegistryHistoryTests"))
        for _ in 0..<200 {
            var history = RegistryHistory()
            for _ in 0..<150 { try history.step(&random) }
            try history.finish()
        }
    }
}

/// What a name must look like.
private struct SimpleEntry: Equatable {
    var active: UInt32 = 0
    var held: UInt32?
    var labels: [String: UInt32] = [:]
    var faults: Set<UInt32> = []
    /// Generations of the requests in flight, one each.
    var requests: [UInt32] = []
    var isPinned = false
    var isLoading = false
    var isSwapping = false
    var isDraining = false

    var memory: Set<UInt32> {
        if isDraining, requests.isEmpty { return [] }
        var needed = Set(requests)
        if active > 0 { needed.insert(active) }
        if let held { needed.insert(held) }
        return needed.union(labels.values)
    }

    mutating func hold(_ number: UInt32) { if !faults.contains(number) { held = number } }
}

private struct RegistryHistory {
    private static let names = ["a", "b"]
    private static let generationsMax = 5
    private var registry = ModelRegistry(entriesMax: 2, generationsMax: Self.generationsMax)
    private var simple: [String: SimpleEntry] = [:]
    private var latest: [String: UInt32] = [:]
    /// Everything that has left, to see that nothing leaves twice.
    private var gone: Set<ServedModel> = []

    mutating func step(_ random: inout SeededGenerator) throws {
        let name = Self.names[random.below(2)]
        let before = simple[name] ?? SimpleEntry()
        var departure = ModelRegistry.Departure()
        switch random.below(14) {
        case 0: load(name)
        case 1, 2: departure = swap(name, random.below(4))
        case 3: departure = rollback(name)
        case 4: departure = try label(name, &random)
        case 5: pin(name, random.below(2) == 0)
        case 6: if random.below(3) == 0 { departure = unload(name) }
        case 7: departure = distrust(name, &random)
        case 8...10: try ask(name, &random)
        default: departure = answer(name, &random)
        }
        check(name, before, departure)
    }

    /// Ends all requests: only what is needed is left.
    mutating func finish() throws {
        for name in Self.names {
            while let number = simple[name]?.requests.popLast() {
                _ = registry.release(ServedModel(name: name, generation: number))
                if simple[name]?.isDraining == true, simple[name]?.requests.isEmpty == true {
                    simple[name] = nil
                }
            }
            let numbers = registry.entry(name)?.generations.map(\.number) ?? []
            #expect(Set(numbers) == simple[name]?.memory ?? [])
            #expect(registry.entry(name)?.inFlightCount ?? 0 == 0)
        }
    }

    // MARK: - Moves

    private mutating func load(_ name: String) {
        let isFree = simple[name] == nil
        #expect(accepted { () throws(ServiceError) in try registry.beginLoad(name) } == isFree)
        guard isFree else { return }
        latest[name, default: 0] += 1
        let facts = reserved(name)
        registry.finishLoad(facts)
        simple[name] = SimpleEntry(active: facts.generation)
    }

    private func facts(_ name: String) -> ServedFacts {
        var facts = ServedFacts(name)
        facts.generation = latest[name] ?? 0
        return facts
    }

    /// Takes the reserved number, which must be the next one.
    private mutating func reserved(_ name: String) -> ServedFacts {
        #expect(registry.reserveGeneration(name).generation == latest[name])
        return facts(name)
    }

    /// Begins, ends, fails or abandons a swap.
    private mutating func swap(_ name: String, _ choice: Int) -> ModelRegistry.Departure {
        if simple[name]?.isSwapping != true {
            let memory = simple[name]?.memory.count ?? 0
            let mayBegin =
                simple[name].map { !$0.isDraining && memory < Self.generationsMax } ?? false
            #expect(
                accepted { () throws(ServiceError) in try registry.beginSwap(name) } == mayBegin)
            if mayBegin { simple[name]?.isSwapping = true }
            return ModelRegistry.Departure()
        }
        #expect(!accepted { () throws(ServiceError) in try registry.beginSwap(name) })
        simple[name]?.isSwapping = false
        switch choice {
        case 0: registry.failSwap(name, reason: "no")
        case 1: registry.abandonSwap(name)
        default:
            latest[name, default: 0] += 1
            let facts = reserved(name)
            let (previous, departure) = registry.finishSwap(facts)
            #expect(previous == simple[name]?.active)
            simple[name]?.active = facts.generation
            simple[name]?.hold(previous)
            return departure
        }
        return ModelRegistry.Departure()
    }

    private mutating func rollback(_ name: String) -> ModelRegistry.Departure {
        var departure = ModelRegistry.Departure()
        let mayRollBack = simple[name].map { !$0.isDraining && $0.held != nil } ?? false
        let isDone = accepted { () throws(ServiceError) in
            departure = try registry.rollback(name)
        }
        #expect(isDone == mayRollBack)
        guard isDone, var entry = simple[name], let held = entry.held else { return departure }
        let active = entry.active
        (entry.active, entry.held) = (held, nil)
        entry.hold(active)
        simple[name] = entry
        return departure
    }

    private mutating func label(
        _ name: String, _ random: inout SeededGenerator
    ) throws -> ModelRegistry.Departure {
        let label = ["x", "y"][random.below(2)]
        let number = UInt32(random.below(Int(latest[name] ?? 0) + 2))
        var departure = ModelRegistry.Departure()
        let isDone = accepted { () throws(ServiceError) in
            departure = try registry.setLabel(
                label, of: name, to: UInt64(number), share: Double(random.below(6)) / 10)
        }
        let entry = simple[name] ?? SimpleEntry(isDraining: true)
        let kept = [entry.active, entry.held ?? 0] + entry.labels.values
        let mayLabel =
            !entry.isDraining
            && (number == 0
                ? entry.labels[label] != nil
                : kept.contains(number) && !entry.faults.contains(number))
        #expect(isDone == mayLabel)
        if isDone { simple[name]?.labels[label] = number == 0 ? nil : number }
        return departure
    }

    private mutating func pin(_ name: String, _ isPinned: Bool) {
        let isDone = accepted { () throws(ServiceError) in
            try registry.setPinned(isPinned, name)
        }
        #expect(isDone == (simple[name]?.isDraining == false))
        if isDone { simple[name]?.isPinned = isPinned }
    }

    private mutating func unload(_ name: String) -> ModelRegistry.Departure {
        var departure = ModelRegistry.Departure()
        let isDone = accepted { () throws(ServiceError) in
            departure = try registry.beginUnload(name)
        }
        let mayUnload =
            simple[name].map { !$0.isPinned && !$0.isSwapping && !$0.isDraining } ?? false
        #expect(isDone == mayUnload)
        guard isDone, var entry = simple[name] else { return departure }
        (entry.isDraining, entry.held, entry.labels) = (true, nil, [:])
        simple[name] = entry
        return departure
    }

    private mutating func distrust(
        _ name: String, _ random: inout SeededGenerator
    ) -> ModelRegistry.Departure {
        let number = UInt32(random.below(Int(latest[name] ?? 0) + 1))
        if var entry = simple[name], entry.memory.contains(number), !entry.isDraining {
            entry.faults.insert(number)
            if entry.held == number { entry.held = nil }
            simple[name] = entry
        }
        return registry.failServed(
            ServedModel(name: name, generation: number), reason: "drifted")
    }

    /// Asks by the plain name or by a label. The request begins on the right generation.
    private mutating func ask(_ name: String, _ random: inout SeededGenerator) throws {
        let label = ["x", "y", nil, nil][random.below(4)]
        guard let entry = simple[name], !entry.isDraining,
            label == nil || entry.labels[label ?? ""] != nil
        else { return }
        let target = try registry.choose(label.map { "\(name):\($0)" } ?? name)
        let allowed: Set<UInt32> =
            if let label { [entry.labels[label] ?? 0] } else {
                Set([entry.active] + entry.labels.values)
            }
        let number = try #require(target.generation?.number)
        #expect(allowed.contains(number))
        let isReady = accepted { () throws(ServiceError) in _ = try registry.ready(target) }
        #expect(isReady == !entry.faults.contains(number))
        guard isReady else { return }
        registry.retain(ServedModel(name: name, generation: number))
        simple[name]?.requests.append(number)
    }

    private mutating func answer(
        _ name: String, _ random: inout SeededGenerator
    ) -> ModelRegistry.Departure {
        guard let requests = simple[name]?.requests, !requests.isEmpty else {
            return ModelRegistry.Departure()
        }
        let number = simple[name]?.requests.remove(at: random.below(requests.count)) ?? 0
        return registry.release(ServedModel(name: name, generation: number))
    }

    private func accepted(_ body: () throws(ServiceError) -> Void) -> Bool {
        do throws(ServiceError) {
            try body()
            return true
        } catch {
            return false
        }
    }

    // MARK: - What must be true

    private mutating func check(
        _ name: String, _ before: SimpleEntry, _ departure: ModelRegistry.Departure
    ) {
        let after = simple[name] ?? SimpleEntry()
        // What left is exactly what nothing needs any more.
        #expect(
            Set(departure.models.map(\.generation)) == before.memory.subtracting(after.memory))
        for model in departure.models { #expect(gone.insert(model).inserted, "left twice") }
        #expect((departure.entry != nil) == (after.isDraining && after.requests.isEmpty))
        if departure.entry != nil { simple[name] = nil }
        guard let entry = registry.entry(name) else {
            #expect(simple[name] == nil)
            return
        }
        #expect(Set(entry.generations.map(\.number)) == after.memory)
        #expect(entry.generation == after.active && entry.held?.number == after.held)
        #expect(
            entry.generations.count + (entry.swap == nil ? 0 : 1) <= Self.generationsMax)
        for generation in entry.generations {
            let count = after.requests.count { $0 == generation.number }
            #expect(generation.inFlightCount == count)
        }
        let isTrusted = !after.faults.contains(after.active)
        #expect(entry.state == (after.isDraining ? .draining : isTrusted ? .ready : .failed))
    }
}
