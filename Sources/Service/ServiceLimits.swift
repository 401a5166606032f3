// Every bound of the service in one place, each with its unit and its reason.
//
// `Configuration` in Server fills these from flags, environment and file; the defaults here are
// the ones it documents. A test states how they relate (a step has room for every decoding
// sequence and one prompt token; a paused connection resumes below the mark that paused it).

/// Bounds that the pure decisions of this module obey. Times are microseconds, sizes bytes.
public struct ServiceLimits: Sendable, Equatable {
    /// Connections accepted at once; one more is answered with GoAway and closed.
    public var connectionsMax = 4096
    /// Requests in flight per connection; one more is answered RESOURCE_EXHAUSTED.
    public var inFlightMax = 64
    /// Time a peer has for its Hello. Long enough for a slow link, short enough to shed idlers.
    public var helloTimeoutMicroseconds: UInt64 = 5_000_000
    /// Unsent bytes at which a connection stops reading and its generations pause.
    public var outputHighSize = 1 << 20
    /// Unsent bytes at which both go on again. Below the high mark so that they do not flutter.
    public var outputLowSize = 1 << 18
    /// Time without one byte leaving, with output waiting, after which the peer is given up.
    public var writeStallMicroseconds: UInt64 = 30_000_000
    /// Requests accepted but not yet finished, over all connections.
    public var outstandingMax = 256
    /// Body bytes held by those requests, over all connections: prompts cost memory while
    /// they wait.
    public var outstandingSizeMax = 64 << 20
    /// Loads running at once, each on its own thread.
    public var loadsMax = 2
    /// Time unfinished answers have after SIGTERM or Unload before they are cancelled.
    public var drainMicroseconds: UInt64 = 20_000_000
    /// Sequences of one model that share a step.
    public var sequencesMax = 32
    /// Tokens in one step over all sequences; above `sequencesMax`, so that prompts move too.
    public var stepTokensMax = 512
    /// How long one step should take at most while others wait; it bounds the gap between two
    /// tokens of a stream and the time until a cancellation is seen.
    public var stepMicrosecondsMax: UInt64 = 250_000
    /// Silence of an engine that has work after which the process counts as dead; never taken as
    /// shorter than what makes it not ready. Long, because a dead process loses what it serves.
    public var liveTimeoutMicroseconds: UInt64 = 60_000_000
    /// Whether clients may load and unload models.
    public var allowsLoading = true

    /// Largest body of a streamed Logits frame. Fixed: small beside `outputHighSize`, large enough
    /// that the frame's own cost does not show.
    static let logitsChunkSize = 1 << 18

    /// Unsent bytes at which a connection is closed: the mark that pauses it, and one large frame
    /// that each request in flight may have been making at that moment.
    package var outputSizeMax: Int {
        outputHighSize + inFlightMax * (Self.logitsChunkSize + 4096)
    }

    /// The documented defaults.
    public init() {}
}
