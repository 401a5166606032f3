// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// The kinds of messages: byte 5 of every frame. Unknown kinds are legal on the wire, so headers
// keep the raw byte and this enum names only the kinds of this revision.

/// A kind known to this revision, by request number.
public enum MessageKind: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// First request of a connection, with an agreement on revision, compression and limits.
    case hello = 0x01
    /// Returns the payload unchanged.
    case ping = 0x02
    /// Reports if a model, or the server, accepts work.
    case health = 0x03
    /// Lists the models.
    case models = 0x04
    /// Assays a model file and serves the model (streamed).
    case load = 0x05
    /// Assays a model file beside the served one, and switches to it (streamed).
    case swap = 0x06
    /// Stops serving a model.
    case unload = 0x07
    /// Turns text into token ids.
    case tokenize = 0x08
    /// Turns token ids into text.
    case detokenize = 0x09
    /// Continues a prompt (streamed).
    case generate = 0x0A
    /// Computes log-probabilities of given continuations.
    case score = 0x0B
    /// Computes raw scores of the vocabulary (streamed).
    case logits = 0x0C
    /// Turns inputs into vectors (streamed).
    case embed = 0x0D
    /// Stops a request in flight.
    case cancel = 0x0E
    /// Returns counters, split by provenance.
    case stats = 0x0F
    /// Renders a conversation by the model's chat template.
    case render = 0x10
    /// Returns to the generation before the last swap.
    case rollback = 0x12
    /// Keeps a model in memory, or lets it go.
    case pin = 0x13
    /// Gives a generation of a model a label, with a share of the requests.
    case alias = 0x14
    /// Sent by the server only, with byte 5 `0xf0` and request id 0 (as a request a protocol
    /// error, `kind_reserved`).
    case goAway = 0x70

    /// Bit that turns the kind of a request into the kind of the response.
    public static let responseBit: UInt8 = 0x80

    /// False for reserved kinds and for kinds that no client sends.
    public var isServed: Bool {
        switch self {
        case .goAway: false
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
        case .render: "Render"
        case .rollback: "Rollback"
        case .pin: "Pin"
        case .alias: "Alias"
        case .goAway: "GoAway"
        }
    }
}
