// When a server is ready: by phase, by the state of each required model, by who is required, and
// with a mock only where that was allowed.

import Service
import Testing
import Wire

@Suite struct ReadinessTests {
    private typealias Requirement = Readiness.Requirement

    private func directory(
        ready: [String] = [], mock: [String] = [], loading: [String] = []
    ) throws -> ModelDirectory {
        var directory = ModelDirectory()
        for name in ready + mock {
            try directory.beginLoad(name)
            _ = directory.finishLoad(ModelFacts(name, mock.contains(name) ? .mock : .real))
        }
        for name in loading { try directory.beginLoad(name) }
        return directory
    }

    private func judge(
        _ directory: ModelDirectory, _ requirement: Requirement = Requirement(),
        phase: Readiness.Phase = .serving, progress: [String: String] = [:]
    ) -> Readiness {
        Readiness(
            phase: phase, slots: directory.slots, requirement: requirement, progress: progress)
    }

    @Test func readyWhenEverythingConfiguredIsReadyAndReal() throws {
        let verdict = judge(
            try directory(ready: ["a", "b"]), Requirement(configured: ["a", "b"]))
        #expect(verdict.isReady && verdict.reasons == [])
        #expect(verdict.models.map(\.isRequired) == [true, true])
    }

    @Test(arguments: [
        (Readiness.Phase.loading, "the server is loading its models"),
        (.draining, "the server is draining"),
    ])
    func neverReadyOutsideServing(phase: Readiness.Phase, reason: String) throws {
        let verdict = judge(
            try directory(ready: ["a"]), Requirement(configured: ["a"]), phase: phase)
        #expect(!verdict.isReady && verdict.reasons == [reason])
    }

    @Test func aFaultOfTheServerItselfHoldsUpEverything() throws {
        let verdict = Readiness(
            phase: .serving, slots: try directory(ready: ["a"]).slots,
            requirement: Requirement(configured: ["a"]), faults: ["nobody can connect"])
        #expect(!verdict.isReady && verdict.reasons == ["nobody can connect"])
        #expect(verdict.models.map(\.isReady) == [true])
    }

    @Test func aMockIsNotReadyUnlessThatWasAllowed() throws {
        let models = try directory(mock: ["a"])
        let strict = judge(models, Requirement(configured: ["a"]))
        #expect(strict.reasons == ["model \"a\": a mock stands in for it"])
        #expect(judge(models, Requirement(configured: ["a"], allowsMock: true)).isReady)
    }

    @Test func aMockThatCameLaterHoldsUpReadinessToo() throws {
        let models = try directory(ready: ["a"], mock: ["later"])
        #expect(!judge(models, Requirement(configured: ["a"])).isReady)
        #expect(judge(models, Requirement(names: ["a"], configured: ["a"])).isReady)
    }

    @Test func aLoadThatNeverCameIntoServiceIsNobodysRequirement() throws {
        var models = try directory(ready: ["a"], loading: ["tried"])
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
        var models = try directory(ready: ["a", "later"])
        models.failServed("later", generation: 1, reason: "drifted")
        #expect(
            judge(models, Requirement(configured: ["a"])).reasons
                == ["model \"later\": failed: drifted"])
    }

    @Test func whatIsRequiredAndMissingIsNamed() throws {
        let named = judge(try directory(ready: ["a"]), Requirement(names: ["b", "a"]))
        #expect(named.reasons == ["model \"b\": not loaded"])
        #expect(named.models.map(\.name) == ["a", "b"])
        let unloaded = judge(try directory(), Requirement(configured: ["a"]))
        #expect(unloaded.reasons == ["model \"a\": not loaded"])
    }

    @Test func anUnloadHoldsItUpWhileItLasts() throws {
        var models = try directory(ready: ["a"])
        models.retain("a")
        #expect(try models.beginUnload("a") == nil)
        #expect(
            judge(models, Requirement(configured: ["a"])).reasons
                == ["model \"a\": being unloaded"])
    }

    @Test func progressTellsHowFarALoadIs() throws {
        let verdict = judge(
            try directory(loading: ["a", "b"]), Requirement(configured: ["a", "b"]),
            phase: .loading, progress: ["a": "loading: parse layer"])
        #expect(
            verdict.reasons == [
                "the server is loading its models", "model \"a\": loading: parse layer",
                "model \"b\": loading",
            ])
    }

    @Test func aServerWithoutModelsIsReadyWhenItRequiresNone() throws {
        #expect(judge(try directory()).isReady)
    }
}
