// The kinds of messages: byte 5 of every frame.
//
// Guarantees: a request's kind is 0x01...0x7F and its response's kind is the same number with the
// top bit set. Unknown kinds are legal on the wire (they are answered UNIMPLEMENTED), so headers
// keep the raw byte and this enum names only what this revision knows.

/// A kind known to this revision, by its request number.
public enum MessageKind: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    case hello = 0x01
    case ping = 0x02
    case health = 0x03
    case models = 0x04
    case load = 0x05
    /// Reserved; answered UNIMPLEMENTED by this revision.
    case swap = 0x06
    case unload = 0x07
    case tokenize = 0x08
    case detokenize = 0x09
    case generate = 0x0A
    case score = 0x0B
    case logits = 0x0C
    case embed = 0x0D
    case cancel = 0x0E
    case stats = 0x0F
    /// Pushed by a server only, with request id 0. As a request it is unimplemented.
    case goAway = 0x70

    /// Bit that turns a request's kind into its response's.
    public static let responseBit: UInt8 = 0x80

    /// Number in byte 5 of a request.
    public var requestByte: UInt8 { rawValue }

    /// Number in byte 5 of a response.
    public var responseByte: UInt8 { rawValue | Self.responseBit }

    /// The kind behind byte 5 of either direction, nil when this revision has no name for it.
    public init?(byte: UInt8) {
        self.init(rawValue: byte & ~Self.responseBit)
    }

    /// False for numbers that are reserved, and for GoAway, which no client may send.
    public var isServed: Bool {
        switch self {
        case .swap, .goAway: false
        default: true
        }
    }

    /// Name as the SPEC writes it: `Hello`, `GoAway`.
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
