// Every bound of the wire protocol, each with its unit and its reason.
//
// Guarantees: one file; nothing in Wire compares against a literal that is not named here. The
// relations between the numbers are asserted in Tests/WireTests/LimitsTests.swift, and the table
// in Protocol/SPEC.md ("Limits") is compared with this file by a test.
//
// Not here: limits of a model (context, vocabulary) and of a server (connections, queue depth).

/// Bounds of the protocol. Sizes are bytes, counts are elements.
public enum Limits {
    /// Protocol version in byte 4 of every frame.
    public static let version: UInt8 = 1

    /// Revision within version 1 that this code speaks; raised by every added field or kind.
    public static let revision: UInt64 = 2

    /// Bytes of a frame header, the length word included.
    public static let headerSize = 32

    /// Header bytes counted by the length word: all of the header but the word itself.
    public static let headerSizeCounted = 28

    /// Largest frame, header included, before a Hello was accepted: a Hello is under 300 bytes,
    /// and a stranger must not be able to claim memory.
    public static let frameSizeMaxBeforeHello = 4096

    /// Largest body before compression after a Hello: one million f32 values, and small enough
    /// for a pooled buffer.
    public static let bodySizeMax = 4 << 20

    /// Smallest limit a peer may announce in Hello: anything less could not carry an error.
    public static let bodySizeMin = 4096

    /// Bytes of a field header: u16 id, u8 type, u8 zero, u32 size.
    public static let fieldHeaderSize = 8

    /// Bodies below this many bytes are never compressed: the header and the call cost more.
    public static let compressionSizeMin = 1024

    /// Bytes of the middle of a large body that are compressed first, to see whether it pays.
    public static let compressionSampleSize = 4096

    /// Bodies from this size on are sampled; below it the attempt itself is as cheap.
    public static let compressionSampledSizeMin = 16384

    /// A body is sent compressed when at most this many percent of it remain.
    public static let compressionPercentMax = 90

    /// A decoder gives back working memory above this size when its buffers run empty.
    public static let decoderKeepSizeMax = 64 << 10

    /// Requests one connection may have in flight.
    public static let requestsInFlightMax = 256

    /// Bytes of a model's name.
    public static let modelNameSizeMax = 128

    /// Bytes of a file path (PATH_MAX of Linux).
    public static let pathSizeMax = 4096

    /// Bytes of a device name such as `cpu` or `cuda:0`.
    public static let deviceNameSizeMax = 64

    /// Bytes of the name that a client or server gives itself in Hello.
    public static let peerNameSizeMax = 128

    /// Bytes of a short word: a state, a stable code, an architecture, a counter's name.
    public static let wordSizeMax = 128

    /// Bytes of a sentence: an error's message, a reason, a degradation.
    public static let sentenceSizeMax = 2048

    /// Bytes of a SHA-256 fingerprint.
    public static let fingerprintSize = 32

    /// Bytes of a Ping's payload.
    public static let pingPayloadSizeMax = 64 << 10

    /// Bytes of text in one field: below the body limit, so that the other fields fit beside it.
    public static let textSizeMax = 4_000_000

    /// Tokens in one field: 4 bytes each, below the body limit like `textSizeMax`.
    public static let tokenCountMax = 1_000_000

    /// Values of one chunk of logits.
    public static let logitCountMax = 1_000_000

    /// Tokens one Generate may ask for.
    public static let generateTokensMax: UInt64 = 1_048_576

    /// Tokens one Generate makes when the request does not say.
    public static let generateTokensDefault: UInt64 = 256

    /// Stop strings of one Generate.
    public static let stopCountMax = 16

    /// Bytes of one stop string.
    public static let stopSizeMax = 256

    /// Alternatives listed beside a token's log-probability: more would be a vocabulary, which is
    /// what Logits is for.
    public static let topLogprobsMax: UInt64 = 64

    /// Continuations of one Score.
    public static let continuationCountMax = 256

    /// Inputs of one Embed.
    public static let inputCountMax = 256

    /// Values of one embedding: as many as the hidden state of the widest model that loads.
    public static let embeddingDimensionsMax: UInt64 = 1 << 17

    /// Values of one chunk of embeddings.
    public static let embeddingCountMax = 1_000_000

    /// Messages of one conversation.
    public static let messageCountMax = 1024

    /// Upper bound of the temperature; above it the distribution is flat to any eye.
    public static let temperatureMax = 100.0

    /// Upper bound of top_k: larger than any vocabulary.
    public static let topKMax: UInt64 = 1 << 24

    /// Records of one list: models, layers, counters, degradations.
    public static let listCountMax = 1024

    /// Longest pause a server may ask for, one hour.
    public static let retryAfterMillisecondsMax: UInt64 = 3_600_000
}
