// When a server is ready: by phase, by the state of each required model, by who is required, and
// with a mock only where that was allowed.

import Service
import Testing
import Wire

@Suite struct ReadinessTests {
    private typealias Requirement = Readiness.Requirement

    private func registry(
        ready: [String] = [], mock: [String] = [], loading: [String] = []
    ) throws -> ModelRegistry {
        var registry = ModelRegistry()
        for name in ready + mock {
            try registry.serve(ServedFacts(name, mock.contains(name) ? .mock : .real))
        }
        for name in loading { try registry.beginLoad(name) }
        return registry
    }

    private func judge(
        _ registry: ModelRegistry, _ requirement: Requirement = Requirement(),
        phase: Readiness.Phase = .serving, progress: [String: String] = [:]
    ) -> Readiness {
        Readiness(
            phase: phase, entries: registry.entries, requirement: requirement, progress: progress)
    }

    @Test func readyWhenEverythingConfiguredIsReadyAndReal() throws {
        let verdict = judge(
            try registry(ready: ["a", "b"]), Requirement(configured: ["a", "b"]))
        #expect(verdict.isReady && verdict.reasons == [])
        #expect(verdict.models.map(\.isRequired) == [true, true])
    }

    @Test(arguments: [
        (Readiness.Phase.loading, "the server is loading its models"),
        (.draining, "the server is draining"),
    ])
    func neverReadyOutsideServing(phase: Readiness.Phase, reason: String) throws {
        let verdict = judge(
            try registry(ready: ["a"]), Requirement(configured: ["a"]), phase: phase)
        #expect(!verdict.isReady && verdict.reasons == [reason])
    }

    @Test func aFaultOfTheServerItselfHoldsUpEverything() throws {
        let verdict = Readiness(
            phase: .serving, entries: try registry(ready: ["a"]).entries,
            requirement: Requirement(configured: ["a"]), faults: ["nobody can connect"])
        #expect(!verdict.isReady && verdict.reasons == ["nobody can connect"])
        #expect(verdict.models.map(\.isReady) == [true])
    }

    @Test func aMockIsNotReadyUnlessThatWasAllowed() throws {
        let models = try registry(mock: ["a"])
        let strict = judge(models, Requirement(configured: ["a"]))
        #expect(strict.reasons == ["model \"a\": a mock stands in for it"])
        #expect(judge(models, Requirement(configured: ["a"], allowsMock: true)).isReady)
    }

    @Test func aMockThatCameLaterHoldsUpReadinessToo() throws {
        let models = try registry(ready: ["a"], mock: ["later"])
        #expect(!judge(models, Requirement(configured: ["a"])).isReady)
        #expect(judge(models, Requirement(names: ["a"], configured: ["a"])).isReady)
    }

    @Test func aLoadThatNeverCameIntoServiceIsNobodysRequirement() throws {
        var models = try registry(ready: ["a"], loading: ["tried"])
        #expect(judge(models, Requirement(configured: ["a"])).isReady)
        models.failLoad("tried", reason: "broken")
        let verdict = judge(models, Requirement(configured: ["a"]))
        #expect(verdict.isReady)
        #expect(verdict.models[1].reason == "failed: broken" && !verdict.models[1].isRequired)
        // Unless it was required by name.
        #expect(
            judge(models, Requirement(names: ["tried"])).reasons
                == ["model \"tried\": failed: broken"])
    }

    @Test func aModelThatWasServedAndFailedHoldsItUp() throws {
        var models = try registry(ready: ["a", "later"])
        let later = try #require(models.entry("later")).served
        _ = models.failServed(later, reason: "drifted")
        #expect(
            judge(models, Requirement(configured: ["a"])).reasons
                == ["model \"later\": failed: drifted"])
    }

    @Test func whatIsRequiredAndMissingIsNamed() throws {
        let named = judge(try registry(ready: ["a"]), Requirement(names: ["b", "a"]))
        #expect(named.reasons == ["model \"b\": not loaded"])
        #expect(named.models.map(\.name) == ["a", "b"])
        let unloaded = judge(try registry(), Requirement(configured: ["a"]))
        #expect(unloaded.reasons == ["model \"a\": not loaded"])
    }

    @Test func anUnloadHoldsItUpWhileItLasts() throws {
        var models = try registry(ready: ["a"])
        models.retain(try #require(models.entry("a")).served)
        #expect(try models.beginUnload("a").isEmpty)
        #expect(
            judge(models, Requirement(configured: ["a"])).reasons
                == ["model \"a\": being unloaded"])
    }

    @Test func progressTellsHowFarALoadIs() throws {
        let verdict = judge(
            try registry(loading: ["a", "b"]), Requirement(configured: ["a", "b"]),
            phase: .loading, progress: ["a": "loading: parse layer"])
        #expect(
            verdict.reasons == [
                "the server is loading its models", "model \"a\": loading: parse layer",
                "model \"b\": loading",
            ])
    }

    @Test func aServerWithoutModelsIsReadyWhenItRequiresNone() throws {
        #expect(judge(try registry()).isReady)
    }
}
