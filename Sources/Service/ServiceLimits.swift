// Every bound of the service in one place, each with unit and reason.
//
// `ServerConfiguration` in Server fills these bounds from flags, environment and file. The defaults
// here are the documented ones. A test states two relations: a step has room for every decoding
// sequence and a prompt token, and a paused connection resumes below the pausing mark.

import Wire

/// Bounds of the pure decisions in Service. Times are microseconds, sizes bytes.
package struct ServiceLimits: Sendable, Equatable {
    /// Connections accepted at once. A further connection takes the place of the longest idle one,
    /// else gets a GoAway and is closed.
    package var connectionsMax = 4096
    /// Connections of one peer accepted at once, 0 for no bound of its own. A proxy is one peer.
    package var connectionsPerPeerMax = 0
    /// Time a connection must have been idle before a further connection may take its place.
    package var idleReplacedMicroseconds: UInt64 = 10_000_000
    /// Time a connection may be idle: no request in flight, no byte.
    package var idleTimeoutMicroseconds: UInt64 = 600_000_000
    /// Requests in flight per connection. A further request is answered RESOURCE_EXHAUSTED.
    package var inFlightMax = 64
    /// Time a peer has for Hello. Long enough for a slow link, short enough to shed idlers.
    package var helloTimeoutMicroseconds: UInt64 = 5_000_000
    /// Unsent bytes at which a connection stops reading and generations pause.
    package var outputHighSize = 1 << 20
    /// Unsent bytes at which reading and generations resume. Below the high mark to avoid flutter.
    package var outputLowSize = 1 << 18
    /// Time a frame that has begun has to be whole, while the server reads.
    package var frameTimeoutMicroseconds: UInt64 = 30_000_000
    /// Bytes a second that an unfinished frame must bring.
    package var inputRateMin = 1024
    /// Bytes a second that a peer must take while bytes wait for it. Below the slowest modem that
    /// still reads with patience.
    package var outputRateMin = 4096
    /// Time over which both rates are measured. Longer than the pauses of a loaded network.
    package var rateWindowMicroseconds: UInt64 = 10_000_000
    /// Time that work may go on after the end of the peer's bytes.
    package var peerFinishedMicroseconds: UInt64 = 500_000
    /// Time a peer has to read its last answer.
    package var lastAnswerMicroseconds: UInt64 = 30_000_000
    /// Time a peer has to read a last word before the socket closes.
    package var lastWordMicroseconds: UInt64 = 2_000_000
    /// Time a peer has to read its last answer in a drain.
    package var drainFlushMicroseconds: UInt64 = 500_000
    /// Unsent bytes over all connections. A connection that adds more is closed. A share of the
    /// memory, small beside the memory of a server of models, see `init(memory:)`.
    package var outputTotalMax = 256 << 20
    /// Bytes kept for unfinished frames over all connections. A connection that adds more is
    /// closed. A share of the memory.
    package var inputTotalMax = 256 << 20
    /// Requests accepted but not yet finished, over all connections.
    package var outstandingMax = 512
    /// Body bytes of unfinished requests, over all connections. Waiting prompts cost memory. A
    /// share of the memory.
    package var outstandingSizeMax = 64 << 20
    /// Longest expected wait of a request behind others of its connection. Longer waits are better
    /// spent elsewhere.
    package var waitMicrosecondsMax: UInt64 = 120_000_000
    /// Names in the registry, of all states. A Models answer lists them all in one frame.
    package var modelsMax = 256
    /// Generations of a name in the engine: active, held, labelled, finishing, on the way. Each has
    /// its weights.
    package var generationsMax = 8
    /// Labels of a name.
    package var labelsMax = 8
    /// Loads running at once, each on a separate thread.
    package var loadsMax = 2
    /// Loads of all connections that wait for their turn. A further Load is RESOURCE_EXHAUSTED.
    package var loadsWaitingMax = 64
    /// Loads of one connection that wait for their turn.
    package var loadsWaitingPerConnectionMax = 8
    /// Time from SIGTERM to GoAway, with red readiness and full service.
    package var drainGraceMicroseconds: UInt64 = 3_000_000
    /// Time unfinished answers have after GoAway or Unload before they are cancelled.
    package var drainMicroseconds: UInt64 = 20_000_000
    /// Sequences of one model that share a step.
    package var sequencesMax = 32
    /// Tokens in a step over all sequences. Above `sequencesMax`, so that prompts advance as well.
    package var stepTokensMax = 512
    /// Longest time of a step while requests wait. Bounds the gap between two tokens of a stream
    /// and the delay of a cancellation.
    package var stepMicrosecondsMax: UInt64 = 250_000
    /// Silence of a busy engine after which the process counts as dead, never below the silence
    /// that makes the server not ready. Long, because a dead process loses everything it serves.
    package var liveTimeoutMicroseconds: UInt64 = 60_000_000
    /// Failures and pauses of circuit breakers. Short pauses first, because most faults are short.
    package var breaker = CircuitBreaker.Bounds()
    /// What happens to models that do not fit, and to requests for models out of memory.
    package var eviction = EvictionMode.off
    /// `eviction` as a word. An unknown word changes nothing.
    package var evictionWord: String {
        get { eviction.rawValue }
        set { eviction = EvictionMode(rawValue: newValue) ?? eviction }
    }
    /// Peers that may change the served models.
    package var loadingRight = LoadingRight.sameUser

    /// Smallest total of bytes: room for the largest body.
    package static let outstandingSizeMin = Limits.bodySizeMax

    /// Largest body of a streamed Logits frame. Fixed: small beside `outputHighSize`, large enough
    /// that the frame's own cost does not show.
    static let logitsChunkSize = 1 << 18

    /// Most bytes that a step and the threads for texts add to the answers of a connection with an
    /// open window: a row of the largest vocabulary, or a few of the largest bodies.
    private static let overstepSizeMax = 32 << 20

    /// Unsent bytes at which a connection is closed. Whoever makes answers stops long before.
    package var outputSizeMax: Int { 2 * outputHighSize + Self.overstepSizeMax }

    /// The documented defaults.
    package init() {}
}
