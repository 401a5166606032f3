// The table of settings: one row per field with its name, unit, range, explanation and place in
// `ServerConfiguration`. Flags, environment variables, files, `--check-config` and the error texts
// all read the table, so a new setting is one row.
//
// The name in kebab-case is the flag and the key in a file. The environment variable is the name in
// upper case with underscores, after `ASSAY_`.

import Service

/// A setting.
package struct ConfigurationField: Sendable {
    /// A place in the configuration.
    typealias Path<Value> = any WritableKeyPath<ServerConfiguration, Value> & Sendable

    /// Place of the value and its allowed values.
    enum Storage: Sendable {
        case text(Path<String>, allowed: [String])
        case texts(Path<[String]>)
        case flag(Path<Bool>)
        case right(Path<LoadingRight>)
        case integer(Path<Int>, ClosedRange<Int>)
        case seconds(Path<Double>, ClosedRange<Double>)
        /// Microseconds in the limits, written by people in seconds.
        case duration(Path<UInt64>, ClosedRange<Double>)
    }

    package let name: String
    let unit: String
    let explanation: String
    let storage: Storage

    var environmentName: String {
        "ASSAY_" + name.uppercased().map { $0 == "-" ? "_" : $0 }
    }

    static func named(_ name: String) -> ConfigurationField? { all.first { $0.name == name } }

    package static let all: [ConfigurationField] = serving + connections + engine

    private static let serving: [ConfigurationField] = [
        .init(
            name: "model", unit: "NAME=PATH",
            explanation: "A model to assay at the start and to serve under this name.",
            storage: .texts(\.models)),
        .init(
            name: "override", unit: "NAME:KEY=VALUE",
            explanation: "A value in place of a key of model NAME's files, in each of its loads; "
                + "ignore vouches for a refused key. Every answer says so.",
            storage: .texts(\.overrides)),
        .init(
            name: "listen", unit: "HOST:PORT or /PATH",
            explanation: "An address to listen on.", storage: .texts(\.listen)),
        .init(
            name: "admin", unit: "HOST:PORT, or none",
            explanation: "Where monitors ask for /livez, /readyz and /models over HTTP.",
            storage: .text(\.admin, allowed: [])),
        .init(
            name: "insecure", unit: "",
            explanation: "Lets listen and admin name addresses that other machines reach, without "
                + "tokens.",
            storage: .flag(\.isInsecure)),
        .init(
            name: "token-file", unit: "PATH, or none",
            explanation: "The file of hashed tokens; with it nobody is answered without a token.",
            storage: .text(\.tokenFile, allowed: [])),
        .init(
            name: "required-model", unit: "NAME, or * for all",
            explanation: "A model without which /readyz is red.",
            storage: .texts(\.requiredModels)),
        .init(
            name: "ready-with-mock", unit: "",
            explanation: "Whether a mock in the place of a required model leaves /readyz green.",
            storage: .flag(\.isReadyWithMock)),
        .init(
            name: "live-timeout-seconds", unit: "seconds",
            explanation: "Time an engine that has work may make no progress before /livez is red.",
            storage: .duration(\.limits.liveTimeoutMicroseconds, 1...86_400)),
        .init(
            name: "strategy", unit: "",
            explanation: "What happens when a model fails the assay.",
            storage: .text(\.strategy, allowed: ["strict", "graceful", "development"])),
        .init(
            name: "allow-mock-fallback", unit: "",
            explanation: "Lets the development strategy stand in a mock, which says so everywhere.",
            storage: .flag(\.allowsMockFallback)),
        .init(
            name: "device", unit: "auto, cpu, cuda or cuda:N",
            explanation: "Where models run; auto takes a GPU when it can and says why when not.",
            storage: .text(\.device, allowed: [])),
        .init(
            name: "environment", unit: "",
            explanation: "In production a mock never starts.",
            storage: .text(\.environment, allowed: ["development", "production"])),
        .init(
            name: "log-level", unit: "",
            explanation: "Least severe level that is logged.",
            storage: .text(
                \.logLevel,
                allowed: ["trace", "debug", "info", "notice", "warning", "error", "critical"])),
        .init(
            name: "load-timeout-seconds", unit: "seconds",
            explanation: "Time the assay of one model may take, retries included.",
            storage: .seconds(\.loadTimeoutSeconds, 0.1...86_400)),
        .init(
            name: "load-retries-max", unit: "attempts",
            explanation: "Retries of the graceful strategy after an error that can heal.",
            storage: .integer(\.loadRetriesMax, 0...20)),
        .init(
            name: "file-check-seconds", unit: "seconds",
            explanation: "Time between looks at the files of served models, which may change.",
            storage: .seconds(\.fileCheckSeconds, 0.1...60)),
        .init(
            name: "breaker-failures", unit: "failures",
            explanation: "Failed steps of a model, or failed loads of a file, in a row that open "
                + "its circuit breaker.",
            storage: .integer(\.limits.breaker.failuresMax, 1...1000)),
        .init(
            name: "breaker-pause-seconds", unit: "seconds",
            explanation: "First pause of an open circuit breaker; each further one is twice as "
                + "long.",
            storage: .duration(\.limits.breaker.pauseMin, 0.01...3600)),
        .init(
            name: "breaker-pause-seconds-max", unit: "seconds",
            explanation: "Longest pause of an open circuit breaker.",
            storage: .duration(\.limits.breaker.pauseMax, 0.01...86_400)),
        .init(
            name: "models-max", unit: "models",
            explanation: "Names of models at once, those that are loading included.",
            storage: .integer(\.limits.modelsMax, 1...256)),
        .init(
            name: "loads-max", unit: "threads",
            explanation: "Loads that may run at once.",
            storage: .integer(\.limits.loadsMax, 1...16)),
        .init(
            name: "warm-up-requests", unit: "a file of JSON lines, or none",
            explanation: "Requests that the new model of a swap computes before it answers: "
                + "prompt or tokens, and max_tokens.",
            storage: .text(\.warmUpRequests, allowed: [])),
        .init(
            name: "warm-up-live", unit: "requests, 0 for none",
            explanation: "Latest live requests of a model, kept in memory to warm the new model "
                + "of its swap.",
            storage: .integer(\.warmUpLive, 0...64)),
        .init(
            name: "shadow-seconds", unit: "seconds",
            explanation: "Longest time in which a swap with a shadow compares live requests.",
            storage: .seconds(\.shadowSeconds, 0...86_400)),
        .init(
            name: "memory-max", unit: "bytes, 0 for what the system has free",
            explanation: "Memory of all models together: weights, caches, scratch.",
            storage: .integer(\.memoryMax, 0...1_125_899_906_842_624)),
        .init(
            name: "eviction", unit: "",
            explanation: "Whether models leave memory for others, and what a request for one does.",
            storage: .text(
                \.limits.evictionWord, allowed: EvictionMode.allCases.map(\.rawValue))),
        .init(
            name: "preload", unit: "NAME, or * for all",
            explanation: "A model to load at the start; others are loaded for their first request.",
            storage: .texts(\.preload)),
        .init(
            name: "digest-file", unit: "/PATH, auto or none",
            explanation: "Where digests of model files are remembered; auto is "
                + "assay/digests in the user's cache folder.",
            storage: .text(\.digestFile, allowed: [])),
        .init(
            name: "allow-loading", unit: "",
            explanation: "Who may load and unload models; true is anyone, false nobody.",
            storage: .right(\.limits.loadingRight)),
        .init(
            name: "model-root", unit: "a folder",
            explanation: "Folders below which a Load finds models; none is any path.",
            storage: .texts(\.modelRoots)),
    ]

    private static let connections: [ConfigurationField] = [
        .init(
            name: "connections-max", unit: "connections",
            explanation: "Connections at once; one more takes the place of the longest idle one.",
            storage: .integer(\.limits.connectionsMax, 1...100_000)),
        .init(
            name: "connections-per-peer-max", unit: "connections, 0 for no bound of its own",
            explanation: "Connections at once of one TCP source address, or of one user.",
            storage: .integer(\.limits.connectionsPerPeerMax, 0...100_000)),
        .init(
            name: "requests-per-connection-max", unit: "requests",
            explanation: "Requests in flight on one connection.",
            storage: .integer(\.limits.inFlightMax, 1...256)),
        .init(
            name: "in-flight-max", unit: "requests",
            explanation: "The same setting by its older name.",
            storage: .integer(\.limits.inFlightMax, 1...256)),
        .init(
            name: "idle-timeout-seconds", unit: "seconds",
            explanation: "Time a connection may be idle before it is told to go away.",
            storage: .duration(\.limits.idleTimeoutMicroseconds, 0.05...86_400)),
        .init(
            name: "hello-timeout-seconds", unit: "seconds",
            explanation: "Time a new connection has for its Hello.",
            storage: .duration(\.limits.helloTimeoutMicroseconds, 0.05...600)),
        .init(
            name: "frame-timeout-seconds", unit: "seconds",
            explanation: "Time a frame that has begun has to be whole.",
            storage: .duration(\.limits.frameTimeoutMicroseconds, 0.05...3600)),
        .init(
            name: "input-rate-min-bytes", unit: "bytes a second, 0 for none",
            explanation: "Bytes an unfinished frame must bring, over rate-window-seconds.",
            storage: .integer(\.limits.inputRateMin, 0...1_073_741_824)),
        .init(
            name: "output-rate-min-bytes", unit: "bytes a second, 0 for none",
            explanation: "Bytes a peer must take while output waits for it.",
            storage: .integer(\.limits.outputRateMin, 0...1_073_741_824)),
        .init(
            name: "rate-window-seconds", unit: "seconds",
            explanation: "Time over which both rates are measured.",
            storage: .duration(\.limits.rateWindowMicroseconds, 0.05...3600)),
        .init(
            name: "output-high-bytes", unit: "bytes",
            explanation: "Unsent output at which a connection's requests pause.",
            storage: .integer(\.limits.outputHighSize, 65_536...268_435_456)),
        .init(
            name: "output-low-bytes", unit: "bytes",
            explanation: "Unsent output at which they go on; below output-high-bytes.",
            storage: .integer(\.limits.outputLowSize, 4096...268_435_456)),
        .init(
            name: "outstanding-max", unit: "requests",
            explanation: "Requests accepted and unfinished over all connections.",
            storage: .integer(\.limits.outstandingMax, 1...65_536)),
        .init(
            name: "outstanding-bytes-max", unit: "bytes",
            explanation: "Bytes of their bodies; the default is at most 1/64 of the memory.",
            storage: .integer(\.limits.outstandingSizeMax, 4_194_304...4_294_967_296)),
        .init(
            name: "wait-seconds-max", unit: "seconds",
            explanation: "Longest expected wait behind other requests of a connection.",
            storage: .duration(\.limits.waitMicrosecondsMax, 0.1...86_400)),
        .init(
            name: "drain-grace-seconds", unit: "seconds",
            explanation: "Time from SIGTERM to the drain: /readyz is red, and everything is still "
                + "served. A second signal or SIGINT skips it.",
            storage: .duration(\.limits.drainGraceMicroseconds, 0...600)),
        .init(
            name: "drain-seconds", unit: "seconds",
            explanation: "Time unfinished answers have from the drain or an Unload on.",
            storage: .duration(\.limits.drainMicroseconds, 0...3600)),
    ]

    private static let engine: [ConfigurationField] = [
        .init(
            name: "threads", unit: "threads, 0 for one per core",
            explanation: "Threads that compute.", storage: .integer(\.threads, 0...1024)),
        .init(
            name: "sequences-max", unit: "sequences",
            explanation: "Sequences of one model that share a step.",
            storage: .integer(\.limits.sequencesMax, 1...1024)),
        .init(
            name: "step-tokens-max", unit: "tokens",
            explanation: "Tokens in one step; above sequences-max.",
            storage: .integer(\.limits.stepTokensMax, 2...65_536)),
        .init(
            name: "step-seconds-max", unit: "seconds",
            explanation: "Time one step should take at most while prompts are read; "
                + "/readyz is red after 4 of them, 3 seconds at least, without progress.",
            storage: .duration(\.limits.stepMicrosecondsMax, 0.001...60)),
        .init(
            name: "context-max", unit: "tokens, 0 for the model's own",
            explanation: "Longest context served.",
            storage: .integer(\.contextMax, 0...16_777_216)),
        .init(
            name: "cache-tokens-max", unit: "tokens, 0 for four contexts",
            explanation: "Cache positions of one model, shared by its sequences.",
            storage: .integer(\.cacheTokensMax, 0...268_435_456)),
    ]
}
