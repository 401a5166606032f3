// What loading costs: each layer of the assay, each strategy, with the files in the page cache and
// without, and each strategy against a fault that passes.
//
// Guarantees: the loader, its layers, its pauses and the fault are the real ones; cold and warm
// rounds and the strategies take turns, so that a machine that changes its mind changes all of
// them; a figure that could not be made cold is left out and the reason kept.
// The fingerprint is part of it: what is packed is digested beside packing.

import Compute
import Loading
import Logging
import ModelFiles
import Synchronization

/// What to measure. Call `run` from one thread.
package struct LoadMeasure: Sendable {
    /// Rounds of each measurement, at least 1; the median counts.
    package var rounds: Int
    /// Attempts for which the injected fault lasts, at least 0.
    package var faultCount: Int
    /// Threads of the back end, at least 1.
    package var threads: Int
    /// Where time comes from; tests bring one that does not wait.
    package var time: TimeSource
    /// Where the fault is played; nil: the place for temporary files.
    private let temporaryFolder: String?

    /// A measurement with these counts; see the properties.
    package init(
        rounds: Int, faultCount: Int, threads: Int, time: TimeSource = .system,
        temporaryFolder: String? = nil
    ) {
        precondition(rounds > 0 && faultCount >= 0 && threads > 0)
        self.rounds = rounds
        self.faultCount = faultCount
        self.threads = threads
        self.time = time
        self.temporaryFolder = temporaryFolder
    }

    /// Measures the model at `path`: a file, or what else the loader takes. A refused one gives
    /// figures up to the layer that refused it.
    ///
    /// - Throws: when the back end, a temporary folder or the loader cannot be had.
    package func run(path: String) throws(LoadMeasureError) -> LoadFigures {
        let placing: ModelPlacing
        do {
            placing = ModelPlacing(backend: try CPUBackend(threads: threads))
        } catch {
            throw LoadMeasureError(description: "starting the CPU back end: \(error)")
        }
        // Not counted: page tables, code and the back end's memory are warm afterwards.
        let first = try load(path, .strict, placing, time)
        let (files, size) = Self.files(of: path)
        let strategies = first.accepted ? ModelLoadingConfiguration.Strategy.allCases : [.strict]
        let samples = try sample(path, files, strategies, placing)
        return LoadFigures(
            path: path, size: size, fileCount: files.count, rounds: rounds, threads: threads,
            refusal: first.rejection.map {
                LoadRefusal(layer: $0.layer.rawValue, code: $0.code.name, message: $0.message)
            },
            seal: first.seal.map { $0 == .absent ? "absent" : "matched" },
            coldMissing: samples.coldMissing, layers: layers(first, samples),
            strategies: first.accepted ? strategies.map { cost(of: $0, samples) } : [],
            faultCount: faultCount, faults: first.accepted ? try faults(path, placing) : [])
    }

    private func load(
        _ path: String, _ strategy: ModelLoadingConfiguration.Strategy, _ placing: ModelPlacing,
        _ time: TimeSource
    ) throws(LoadMeasureError) -> LoadReport {
        var options = ModelLoadingConfiguration()
        options.strategy = strategy
        options.maxRetries = max(options.maxRetries, faultCount)
        options.device = .cpu
        do {
            let loader = try ModelLoader(
                configuration: options, placing: placing, time: time,
                logger: Logger(label: "assay-load") { _ in SwiftLogNoOpLogHandler() })
            return loader.run(path: path).report
        } catch {
            throw LoadMeasureError(description: "\(error)")
        }
    }

    /// Every file that a load reads, and their bytes; empty when they cannot be opened.
    private static func files(of path: String) -> (paths: [String], size: Int) {
        guard let set = try? ModelFileSet(path: path) else { return ([], 0) }
        var paths = set.files.map(\.path)
        for seal in SealPlaces(set).candidates
        where (try? ModelFile(companion: seal, limits: .default)) != nil {
            paths.append(seal)
        }
        return (paths, set.size)
    }

    // MARK: - Cold and warm

    private struct Samples {
        var cold: [ModelLoadingConfiguration.Strategy: [LoadReport]] = [:]
        var warm: [ModelLoadingConfiguration.Strategy: [LoadReport]] = [:]
        var coldMissing: String?
    }

    private func sample(
        _ path: String, _ files: [String], _ strategies: [ModelLoadingConfiguration.Strategy],
        _ placing: ModelPlacing
    ) throws(LoadMeasureError) -> Samples {
        var samples = Samples()
        if files.isEmpty { samples.coldMissing = "the files cannot be opened" }
        for _ in 0..<rounds {
            for strategy in strategies where samples.coldMissing == nil {
                if case .kept(let reason) = PageCache.drop(files) {
                    samples.coldMissing = reason
                } else {
                    let report = try load(path, strategy, placing, time)
                    samples.cold[strategy, default: []].append(report)
                }
            }
            PageCache.fill(files)
            for strategy in strategies {
                let report = try load(path, strategy, placing, time)
                samples.warm[strategy, default: []].append(report)
            }
        }
        // Some rounds cold and some not is no median of anything.
        if samples.coldMissing != nil { samples.cold = [:] }
        return samples
    }

    private func layers(_ first: LoadReport, _ samples: Samples) -> [LoadCost] {
        func times(_ reports: [LoadReport]?, _ layer: Layer) -> [Double] {
            (reports ?? []).compactMap { report in
                report.layers.first { $0.layer == layer }?.duration.milliseconds
            }
        }
        return first.layers.map { verdict in
            LoadCost(
                name: verdict.layer.rawValue,
                cold: Spread(times(samples.cold[.strict], verdict.layer)),
                warm: Spread(times(samples.warm[.strict], verdict.layer)))
        }
    }

    private func cost(of strategy: ModelLoadingConfiguration.Strategy, _ samples: Samples)
        -> LoadCost
    {
        LoadCost(
            name: strategy.rawValue,
            cold: Spread((samples.cold[strategy] ?? []).map(\.duration.milliseconds)),
            warm: Spread((samples.warm[strategy] ?? []).map(\.duration.milliseconds)))
    }

    // MARK: - The fault

    private func faults(
        _ path: String, _ placing: ModelPlacing
    ) throws(LoadMeasureError) -> [FaultFigures] {
        var all: [FaultFigures] = []
        for strategy in ModelLoadingConfiguration.Strategy.allCases {
            all.append(try fault(path, strategy, placing))
        }
        return all
    }

    /// One load of a model that is not there until the pause after `faultCount` attempts.
    private func fault(
        _ path: String, _ strategy: ModelLoadingConfiguration.Strategy, _ placing: ModelPlacing
    ) throws(LoadMeasureError) -> FaultFigures {
        let place = try LatePlace(of: path, in: temporaryFolder)
        defer { place.remove() }
        if faultCount == 0 { place.appear() }
        let waits = Waits()
        var watched = time
        watched.sleep = { [time, faultCount] duration in
            let start = time.now()
            time.sleep(duration)
            let count = waits.add(time.now() - start)
            if count == faultCount { place.appear() }
        }
        let report = try load(place.path, strategy, placing, watched)
        let waited = waits.all
        let attempts = report.attempts.map { attempt in
            AttemptFigures(
                number: attempt.number, pause: attempt.pause.milliseconds,
                waited: attempt.number > 1 ? waited[attempt.number - 2].milliseconds : 0,
                duration: attempt.duration.milliseconds,
                layer: attempt.rejection?.layer.rawValue, code: attempt.rejection?.code.name)
        }
        return FaultFigures(
            strategy: strategy.rawValue, accepted: report.accepted, attempts: attempts,
            waited: waited.reduce(.zero, +).milliseconds, total: report.duration.milliseconds)
    }
}

/// Pauses as they were. Any thread.
private final class Waits: Sendable {
    private let stored = Mutex<[Duration]>([])

    var all: [Duration] { stored.withLock { $0 } }

    /// How many there are now.
    func add(_ duration: Duration) -> Int {
        stored.withLock { waits in
            waits.append(duration)
            return waits.count
        }
    }
}
