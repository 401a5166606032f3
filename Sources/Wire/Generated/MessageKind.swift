// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// The kinds of messages: byte 5 of every frame. Unknown kinds are legal on the wire, so headers
// keep the raw byte and this enum names only what this revision knows.

/// A kind known to this revision, by its request number.
public enum MessageKind: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// First request of a connection; agree on revision, compression, limits.
    case hello = 0x01
    /// Same bytes back.
    case ping = 0x02
    /// May this model, or this server, be sent work.
    case health = 0x03
    /// List of models.
    case models = 0x04
    /// Assay a file and serve it; streamed.
    case load = 0x05
    /// UNIMPLEMENTED for now.
    case swap = 0x06
    /// Stop serving a model.
    case unload = 0x07
    /// Text to token ids.
    case tokenize = 0x08
    /// Token ids to text.
    case detokenize = 0x09
    /// Continue a prompt; streamed.
    case generate = 0x0A
    /// Log-probabilities of given continuations.
    case score = 0x0B
    /// Raw scores; streamed.
    case logits = 0x0C
    /// Inputs to vectors; streamed.
    case embed = 0x0D
    /// Stop a request in flight.
    case cancel = 0x0E
    /// Counters, split by provenance.
    case stats = 0x0F
    /// Only from the server, byte 5 is `0xf0`, request id 0; as a request it is a protocol error
    /// (`kind_reserved`).
    case goAway = 0x70

    /// Bit that turns a request's kind into its response's.
    public static let responseBit: UInt8 = 0x80

    /// False for what is reserved, and for what no client may send.
    public var isServed: Bool {
        switch self {
        case .swap, .goAway: false
        default: true
        }
    }

    /// Name as SPEC.md writes it: `Hello`, `GoAway`.
    public var description: String {
        switch self {
        case .hello: "Hello"
        case .ping: "Ping"
        case .health: "Health"
        case .models: "Models"
        case .load: "Load"
        case .swap: "Swap"
        case .unload: "Unload"
        case .tokenize: "Tokenize"
        case .detokenize: "Detokenize"
        case .generate: "Generate"
        case .score: "Score"
        case .logits: "Logits"
        case .embed: "Embed"
        case .cancel: "Cancel"
        case .stats: "Stats"
        case .goAway: "GoAway"
        }
    }
}
