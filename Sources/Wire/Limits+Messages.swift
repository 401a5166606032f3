// Bounds of the wire protocol that follow from its message tables, each with its unit and its
// reason. The others are generated: Generated/Limits.swift.
//
// Guarantees: nothing in Wire compares against a literal that is not named here or there. The
// relations between the numbers are asserted in Tests/WireTests/LimitsTests.swift; the message
// tables they are part of are compared with Protocol/protocol.json by a test.
//
// Not here: limits of a model (context, vocabulary) and of a server (connections, queue depth).

extension Limits {
    /// A decoder gives back working memory above this size when its buffers run empty.
    public static let decoderKeepSizeMax = 64 << 10

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

    /// Values of one chunk of embeddings.
    public static let embeddingCountMax = 1_000_000

    /// Upper bound of the temperature; above it the distribution is flat to any eye.
    public static let temperatureMax = 100.0

    /// Upper bound of top_k: larger than any vocabulary.
    public static let topKMax: UInt64 = 1 << 24
}
