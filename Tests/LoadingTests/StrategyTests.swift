// Strategies with a clock that only moves when told and layers that fail on command.

import Dispatch
import Inference
import Loading
import ModelFiles
import TestSupport
import Testing

@Suite struct StrategyTests {
    let directory: TemporaryDirectory
    let path: String
    let time = ManualTime()
    let log = RecordedLog()

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    private func failing(_ count: Int, _ code: ModelFileError.Code) -> (inout LayerSteps) -> Void {
        let fault = FailingFirst(count, fileError(code))
        return { steps in
            let open = steps.open
            steps.open = { path, limits, parseLimits in
                try fault.check()
                return try open(path, limits, parseLimits)
            }
        }
    }

    @Test func defaultsAreTheSafeOnes() {
        let defaults = ModelLoadingConfiguration()
        #expect(defaults.strategy == .strict)
        #expect(defaults.maxRetries == 3)
        #expect(defaults.timeout == .seconds(300))
        #expect(!defaults.allowMockFallback)
        #expect(defaults.requireValidation)
    }

    @Test func strictFailsAtTheFirstErrorEvenIfItCouldHeal() throws {
        let loader = try ModelLoader.test(
            time: time.source, log: log, steps: failing(1, .notFound))
        let outcome = loader.run(path: path)
        #expect(outcome.rejection?.code.name == "not_found")
        #expect(outcome.rejection?.isTransient == true)
        #expect(outcome.report.attempts.count == 1)
        #expect(time.sleeps == [])
        #expect(log.count(.error, containing: "refused") == 1)
    }

    @Test func gracefulSucceedsWhenTheThirdAttemptHeals() throws {
        let loader = try ModelLoader.test(
            { $0.strategy = .graceful }, time: time.source, log: log,
            steps: failing(2, .notFound))
        let outcome = loader.run(path: path)
        #expect(outcome.model?.provenance == .real)
        #expect(time.sleeps == [.seconds(1), .seconds(2)])
        let attempts = outcome.report.attempts
        #expect(attempts.map(\.number) == [1, 2, 3])
        #expect(attempts.map(\.pause) == [.zero, .seconds(1), .seconds(2)])
        #expect(attempts.map { $0.rejection?.code.name } == ["not_found", "not_found", nil])
        #expect(outcome.report.accepted)
        #expect(log.count(.notice, containing: "trying again") == 2)
    }

    @Test func gracefulGivesUpAfterThreeRetriesAndReportsAllAttempts() throws {
        let loader = try ModelLoader.test(
            { $0.strategy = .graceful }, time: time.source, steps: failing(99, .ioError))
        let outcome = loader.run(path: path)
        #expect(outcome.rejection?.code.name == "io_error")
        #expect(time.sleeps == [.seconds(1), .seconds(2), .seconds(4)])
        #expect(outcome.report.attempts.count == 4)
        #expect(outcome.report.table.contains("4. after a pause of 4.00 s"))
    }

    @Test func gracefulDoesNotRetryWhatCannotHeal() throws {
        try directory.write(Array("GGUFnonsense".utf8), as: "bad.gguf")
        let loader = try ModelLoader.test({ $0.strategy = .graceful }, time: time.source)
        let outcome = loader.run(path: directory.path("bad.gguf"))
        #expect(outcome.rejection?.isTransient == false)
        #expect(outcome.report.attempts.count == 1)
        #expect(time.sleeps == [])
    }

    @Test func gracefulDoesNotStartAPauseThatWouldPassTheTimeout() throws {
        let loader = try ModelLoader.test(
            {
                $0.strategy = .graceful
                $0.maxRetries = 30
                $0.timeout = .seconds(10)
            }, time: time.source, steps: failing(99, .changedWhileRead))
        let outcome = loader.run(path: path)
        // 1 + 2 + 4 = 7 seconds; another 8 would pass 10.
        #expect(time.sleeps == [.seconds(1), .seconds(2), .seconds(4)])
        #expect(outcome.rejection?.code.name == "changed_while_read")
    }

    /// The placement begins beside the compatibility layer, and hangs here when its turn has come.
    @Test(arguments: [Layer.file, .parse, .compatibility, .placement, .validation])
    func aHangingLayerIsGivenUpWhenTheTimeIsOver(_ layer: Layer) throws {
        let time = ManualTime(timesOut: true)
        let release = DispatchSemaphore(value: 0)
        let hang: @Sendable () -> Void = {
            time.hanging.signal()
            release.wait()
        }
        defer { release.signal() }
        let itsTurn = DispatchSemaphore(value: 0)
        let loader = try ModelLoader.test(time: time.source) { steps in
            let real = steps
            switch layer {
            case .file:
                steps.open = {
                    hang(); return try real.open($0, $1, $2)
                }
            case .parse:
                steps.parse = {
                    hang(); return try real.parse($0, $1)
                }
            case .compatibility:
                steps.vocabulary = {
                    hang(); return try real.vocabulary($0)
                }
            case .placement:
                steps.place = {
                    itsTurn.wait()
                    hang(); return try real.place($0, $1, $2, $3)
                }
            case .validation:
                steps.validate = {
                    hang(); try real.validate($0, $1)
                }
            }
        }
        let outcome = loader.run(path: path) { progress in
            if progress.layer == .placement, progress.verdict == nil { itsTurn.signal() }
        }
        let rejection = try #require(outcome.rejection)
        #expect(rejection.layer == layer)
        #expect(rejection.code == .timedOut)
        #expect(!rejection.isTransient)
        #expect(rejection.message.contains("300"))
        #expect(outcome.report.layers.last?.layer == layer)
        #expect(outcome.report.layers.last?.ok == false)
        #expect(outcome.report.layers.dropLast().allSatisfy { $0.ok })
        #expect(outcome.report.duration == .seconds(300))
    }

    @Test func anAbandonedRunStopsAtItsNextLayer() throws {
        let time = ManualTime(timesOut: true)
        let release = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let reached = FailingFirst(1, fileError(.ioError))
        let loader = try ModelLoader.test(time: time.source) { steps in
            let open = steps.open
            steps.open = { path, limits, parseLimits in
                time.hanging.signal()
                release.wait()
                defer { ended.signal() }
                return try open(path, limits, parseLimits)
            }
            steps.parse = { _, _ in
                try? reached.check()
                throw fileError(.notGGUF)
            }
        }
        #expect(loader.run(path: path).rejection?.code == .timedOut)
        release.signal()
        ended.wait()
        // The fault is still there to be had: the parse layer never ran.
        #expect(throws: ModelFileError.self) { try reached.check() }
    }

    @Test func developmentFailsUnlessTheMockIsAllowed() throws {
        let loader = try ModelLoader.test(
            { $0.strategy = .development }, time: time.source, steps: failing(9, .notFound))
        let outcome = loader.run(path: path)
        #expect(outcome.rejection?.code.name == "not_found")
        #expect(outcome.report.provenance == nil)
    }

    @Test func developmentStandsInAMockLoudlyWhenAllowed() throws {
        let loader = try ModelLoader.test(
            {
                $0.strategy = .development
                $0.allowMockFallback = true
                $0.mockSeed = 5
            }, time: time.source, log: log, steps: failing(9, .notFound))
        let outcome = loader.run(path: path)
        let model = try #require(outcome.model)
        #expect(model.provenance == .mock)
        #expect(outcome.report.provenance == .mock)
        #expect(!outcome.report.accepted)
        #expect(outcome.report.rejection?.code.name == "not_found")
        #expect(outcome.report.degradations == ["mock_fallback"])
        #expect(outcome.report.table.hasPrefix("REFUSED, A MOCK STANDS IN"))
        #expect(log.count(.warning, containing: "MOCK MODEL created") == 1)
        #expect(time.sleeps == [])
        guard case .mock(let mock) = model else { return }
        #expect(mock.seed == 5)
        #expect(mock.report?.rejection?.code.name == "not_found")
    }

    @Test func developmentPrefersTheRealModel() throws {
        let loader = try ModelLoader.test({
            $0.strategy = .development
            $0.allowMockFallback = true
        })
        #expect(try loader.load(path: path).provenance == .real)
    }

    @Test func productionRefusesTheMockBeforeAnyFileIsTouched() {
        let error = #expect(throws: LoadingConfigurationError.self) {
            _ = try ModelLoader.test {
                $0.strategy = .development
                $0.allowMockFallback = true
                $0.environment = .production
            }
        }
        #expect(error?.field == "allowMockFallback")
        #expect(error?.description.contains("production") == true)
    }

    @Test(arguments: [ModelLoadingConfiguration.Strategy.strict, .graceful])
    func otherStrategiesRefuseTheMockSetting(_ strategy: ModelLoadingConfiguration.Strategy) {
        #expect(throws: LoadingConfigurationError.self) {
            _ = try ModelLoader.test {
                $0.strategy = strategy
                $0.allowMockFallback = true
            }
        }
    }

    @Test func nonsenseSettingsAreRefusedByName() {
        func field(_ change: (inout ModelLoadingConfiguration) -> Void) -> String? {
            var configuration = ModelLoadingConfiguration()
            change(&configuration)
            return #expect(throws: LoadingConfigurationError.self) {
                try configuration.check()
            }?.field
        }
        #expect(field { $0.maxRetries = -1 } == "maxRetries")
        #expect(field { $0.maxRetries = 31 } == "maxRetries")
        #expect(field { $0.timeout = .zero } == "timeout")
        #expect(field { $0.contextTokens = 0 } == "contextTokens")
        #expect(field { $0.memoryBudget = 0 } == "memoryBudget")
    }
}

@Suite struct SystemTimeTests {
    @Test func sleepsAndRunsThingsLater() {
        let time = TimeSource.system
        let before = time.now()
        time.sleep(.milliseconds(1))
        #expect(time.now() - before >= .milliseconds(1))
        let done = DispatchSemaphore(value: 0)
        time.schedule(.milliseconds(1)) { done.signal() }
        #expect(time.wait(done, .seconds(60)))
        #expect(!time.wait(done, .milliseconds(1)))
    }
}
