// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// The bounds of SPEC.md, section 6, the sizes of headers, and the bounds of fields for code
// outside the messages.

/// Bounds of the protocol. Sizes are bytes, counts are elements.
public enum Limits {
    /// Protocol version in byte 4 of every frame.
    public static let version: UInt8 = 1

    /// Revision of the version that this code speaks.
    public static let revision: UInt64 = 4

    /// Release of the programs and of the clients.
    public static let release = "0.1.0"

    /// Frame before Hello: bytes with header, so that a stranger cannot claim memory.
    public static let frameSizeMaxBeforeHello = 4096

    /// Body after Hello: bytes before compression (each side may announce a different limit in
    /// Hello).
    public static let bodySizeMax = 4_194_304

    /// Smallest body limit of a peer: bytes, room for every Error.
    public static let bodySizeMin = 4096

    /// Smallest compressed body: bytes (below, the header costs more than compression saves).
    public static let compressionSizeMin = 1024

    /// Requests in flight: requests per connection, as the Hello response says.
    public static let requestsInFlightMax = 256

    /// Text in one field: bytes, so that further fields fit into the body.
    public static let textSizeMax = 4_000_000

    /// Tokens in one field: elements of 4 bytes.
    public static let tokenCountMax = 1_000_000

    /// Records in one list: elements.
    public static let listCountMax = 1024

    /// Messages of one conversation: records.
    public static let messageCountMax = 1024

    /// Tool calls of one message: records.
    public static let toolCallCountMax = 128

    /// Template variables of one request: records.
    public static let templateVariableCountMax = 64

    /// Depth of one JSON text: levels of arrays and objects.
    public static let jsonDepthMax = 64

    /// Continuations of one Score: records.
    public static let continuationCountMax = 256

    /// Inputs of one Embed: records.
    public static let inputCountMax = 256

    /// Alternatives beside a token: tokens (Logits gives all tokens).
    public static let topLogprobsMax: UInt64 = 64

    /// Values of one embedding: elements.
    public static let embeddingDimensionsMax: UInt64 = 131_072

    /// Ping payload: bytes.
    public static let pingPayloadSizeMax = 65536

    /// Longest retry-after: milliseconds (1 hour).
    public static let retryAfterMillisecondsMax: UInt64 = 3_600_000

    /// Bytes of a frame header, length word included.
    public static let headerSize = 32

    /// Bytes of the header counted by the length word.
    public static let headerSizeCounted = 28

    /// Bytes of a field header.
    public static let fieldHeaderSize = 8

    /// Percent of a body that may remain when the body is sent compressed.
    public static let compressionPercentMax = 90

    /// Bytes of the smallest body judged by a sample first.
    public static let compressionSampledSizeMin = 16384

    /// Bytes of the sample, from the middle of the body.
    public static let compressionSampleSize = 4096

    /// Bytes of a model's name.
    public static let modelNameSizeMax: Int = 128

    /// Bytes of a file's path.
    public static let pathSizeMax: Int = 4096

    /// Bytes of a device's name, such as `cpu` or `cuda:0`.
    public static let deviceNameSizeMax: Int = 64

    /// Bytes of the name of a client or server in Hello.
    public static let peerNameSizeMax: Int = 128

    /// Bytes of a short word: a stable code, a path of fields, a counter's name.
    public static let wordSizeMax: Int = 128

    /// Bytes of a sentence: an error's message, a reason, a degradation.
    public static let sentenceSizeMax: Int = 2048

    /// Bytes of a SHA-256 fingerprint.
    public static let fingerprintSize: Int = 32

    /// Values of a chunk of logits.
    public static let logitCountMax: Int = 1_000_000

    /// Values of a chunk of embeddings.
    public static let embeddingCountMax: Int = 1_000_000

    /// Upper bound of the tokens of a Generate.
    public static let generateTokensMax: UInt64 = 1_048_576

    /// Default of max_tokens of a Generate.
    public static let generateTokensDefault: UInt64 = 256

    /// Stop strings of a Generate.
    public static let stopCountMax: Int = 16

    /// Bytes of a stop string.
    public static let stopSizeMax: Int = 256

    /// Upper bound of the temperature, near which the distribution is practically flat.
    public static let temperatureMax: Double = 100.0

    /// Upper bound of top_k, larger than any vocabulary.
    public static let topKMax: UInt64 = 16_777_216

    /// The highest priority.
    public static let priorityMax: UInt64 = 9

    /// The default priority.
    public static let priorityDefault: UInt64 = 4
}
