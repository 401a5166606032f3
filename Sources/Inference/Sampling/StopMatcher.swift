// Finds stop strings across token boundaries.
//
// Guarantees: no byte of a matched stop string ever comes out, however the text was cut into
// tokens. Text is held back only while a stop string may still begin in it. The stop string that
// ends first wins, and the longest of several that end together.
// Does not: split characters, if stop strings and input are both whole characters.
//
// Each stop string has an automaton state (Knuth, Morris, Pratt 1977), so time is linear in the
// text.
//
//   stop "END"    text "the E" -> "the " goes out, "E" waits.  "Nd" -> "ENd" goes out

/// Watches a text for stop strings. A value type, confined to its owner.
public struct StopMatcher: Sendable {
    /// Largest number of stop strings in a request.
    public static let countMax = 16
    /// Largest size of a stop string in bytes.
    public static let sizeMax = 256

    private var patterns: [Pattern]
    /// Text that may be the beginning of a stop string.
    private var pending: [UInt8] = []

    /// Index of the matched stop string. Nothing is accepted behind it.
    public private(set) var matchedIndex: Int?

    /// - Throws: `parameterRange` for more than `countMax` strings, or for a string that is empty
    ///   or longer than `sizeMax` bytes.
    public init(_ stops: [[UInt8]]) throws(InferenceError) {
        guard stops.count <= Self.countMax else {
            throw InferenceError(
                .parameterRange, tried: "reading the stop strings", found: "\(stops.count) strings",
                allowed: "at most \(Self.countMax)", location: "stop")
        }
        for (index, stop) in stops.enumerated() where stop.isEmpty || stop.count > Self.sizeMax {
            throw InferenceError(
                .parameterRange, tried: "reading stop string \(index)",
                found: "\(stop.count) bytes", allowed: "1 to \(Self.sizeMax) bytes",
                location: "stop")
        }
        patterns = stops.map(Pattern.init)
    }

    /// Number of bytes held back, less than the longest stop string.
    public var pendingCount: Int { pending.count }

    /// Appends text and returns the bytes that are certainly not part of a stop string. A match
    /// releases the text before the match, and later calls return nothing.
    public mutating func append(_ text: [UInt8]) -> [UInt8] {
        if patterns.isEmpty { return text }
        guard matchedIndex == nil else { return [] }
        for position in text.indices {
            pending.append(text[position])
            if let (index, size) = advance(text[position]) {
                matchedIndex = index
                pending.removeLast(size)
                return release(keeping: 0)
            }
        }
        return release(keeping: patterns.reduce(0) { max($0, $1.matched) })
    }

    /// Ends the text and returns the bytes held back, which were no stop string after all.
    public mutating func finish() -> [UInt8] {
        release(keeping: 0)
    }

    /// Moves all automata by a byte. Returns the longest pattern that is complete now, or nil.
    private mutating func advance(_ byte: UInt8) -> (index: Int, size: Int)? {
        var found: (index: Int, size: Int)?
        for index in patterns.indices where patterns[index].advance(byte) {
            let size = patterns[index].bytes.count
            if size > found?.size ?? 0 { found = (index, size) }
        }
        return found
    }

    private mutating func release(keeping count: Int) -> [UInt8] {
        let released = Array(pending.dropLast(count))
        pending.removeFirst(released.count)
        return released
    }
}

/// A stop string, and the length of its prefix at the end of the text.
private struct Pattern: Sendable {
    let bytes: [UInt8]
    /// For each prefix, the length of the longest proper prefix that is also a suffix.
    let fallback: [Int]
    var matched = 0

    init(_ bytes: [UInt8]) {
        var fallback = [0]
        var length = 0
        for byte in bytes.dropFirst() {
            while length > 0, bytes[length] != byte { length = fallback[length - 1] }
            if bytes[length] == byte { length += 1 }
            fallback.append(length)
        }
        self.bytes = bytes
        self.fallback = fallback
    }

    /// Returns true when the byte completes the pattern.
    mutating func advance(_ byte: UInt8) -> Bool {
        while matched > 0, bytes[matched] != byte { matched = fallback[matched - 1] }
        if bytes[matched] == byte { matched += 1 }
        guard matched == bytes.count else { return false }
        matched = fallback[matched - 1]
        return true
    }
}
