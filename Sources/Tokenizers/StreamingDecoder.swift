// Token pieces -> whole characters, as they come.
//
// Guarantees:
// - The output is always valid UTF-8 and never splits a character.
// - At most three bytes are held back, because a well-formed character has at most four.
// - Valid pieces come out unchanged. Each maximal ill-formed part becomes one U+FFFD (the Unicode
//   standard's recommended practice), as soon as the part cannot become valid any more.
// Does not: strip the leading space or hold back stop strings. `StopMatcher` in Inference holds
// back stop strings.

/// Joins the pieces of generated tokens into text. A value, confined to its owner.
public struct StreamingDecoder: Sendable {
    private let tokenizer: any Tokenizer
    private let special: Bool
    /// A valid but unfinished beginning of a character: at most three bytes.
    private var pending: [UInt8] = []

    /// - Parameter special: write control tokens out instead of leaving them out.
    public init(_ tokenizer: any Tokenizer, special: Bool = false) {
        self.tokenizer = tokenizer
        self.special = special
    }

    /// Bytes held back until the character is complete, at most 3.
    public var pendingCount: Int { pending.count }

    /// Adds a token and returns the characters that are complete now.
    public mutating func append(_ token: Int32) -> [UInt8] {
        var bytes = pending
        tokenizer.appendPiece(token, special: special, to: &bytes)
        return decode(bytes)
    }

    /// Adds bytes from another source than a token.
    public mutating func append(bytes: [UInt8]) -> [UInt8] {
        decode(pending + bytes)
    }

    /// Ends the text: an unfinished character becomes one U+FFFD.
    public mutating func finish() -> [UInt8] {
        defer { pending = [] }
        return pending.isEmpty ? [] : Self.replacement
    }

    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    private mutating func decode(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        pending = []
        var index = 0
        while index < bytes.count {
            switch UTF8Sequence(bytes, at: index) {
            case .complete(let size):
                output.append(contentsOf: bytes[index..<index + size])
                index += size
            case .invalid(let size):
                output.append(contentsOf: Self.replacement)
                index += size
            case .unfinished:
                pending = Array(bytes[index...])
                index = bytes.count
            }
        }
        return output
    }
}

/// The sequence that starts at a place in a byte string (Unicode standard, table 3-7).
enum UTF8Sequence: Equatable {
    /// A well-formed character of `size` bytes.
    case complete(size: Int)
    /// A maximal ill-formed part of `size` bytes, at least 1.
    case invalid(size: Int)
    /// The bytes end inside a sequence that can still become a well-formed character.
    case unfinished

    init(_ bytes: [UInt8], at index: Int) {
        let size: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[index] {
        case 0x00...0x7F:
            self = .complete(size: 1)
            return
        case 0xC2...0xDF: size = 2
        case 0xE0: (size, second) = (3, 0xA0...0xBF)
        case 0xED: (size, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: size = 3
        case 0xF0: (size, second) = (4, 0x90...0xBF)
        case 0xF4: (size, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: size = 4
        default:
            self = .invalid(size: 1)
            return
        }
        for offset in 1..<size {
            guard index + offset < bytes.count else {
                self = .unfinished
                return
            }
            let allowed = offset == 1 ? second : 0x80...0xBF
            guard allowed.contains(bytes[index + offset]) else {
                self = .invalid(size: offset)
                return
            }
        }
        self = .complete(size: size)
    }
}
