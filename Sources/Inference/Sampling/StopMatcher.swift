// Stop strings across token boundaries.
//
// Guarantees: no byte of a matched stop string ever comes out, however the text was cut into
// tokens; what comes out is held back no longer than a stop string may still begin in it. The stop
// string that ends first wins; among those that end together the longest.
// One automaton state per stop string (Knuth, Morris, Pratt 1977), so time is linear in the text.
// Does not: split characters, if stop strings and input are both whole characters.
//
//   stop "END"    text "the E" -> "the " goes out, "E" waits;  "Nd" -> "ENd" goes out

/// Watches one text for stop strings. A value; confined to whoever owns it.
public struct StopMatcher: Sendable {
    /// Stop strings in one request.
    public static let countMax = 16
    /// Bytes of one stop string.
    public static let sizeMax = 256

    private var patterns: [Pattern]
    /// Text that may be the beginning of a stop string.
    private var pending: [UInt8] = []

    /// Which stop string was found; nothing is accepted behind it.
    public private(set) var matchedIndex: Int?

    /// - Throws: `parameterRange` for more than `countMax` strings, or one that is empty or longer
    ///   than `sizeMax` bytes.
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

    /// Bytes held back; less than the longest stop string.
    public var pendingCount: Int { pending.count }

    /// Adds text; returns what is certainly not part of a stop string. After a match: what lay
    /// before it, then nothing any more.
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

    /// Ends the text: what was held back was no stop string after all.
    public mutating func finish() -> [UInt8] {
        release(keeping: 0)
    }

    /// Moves all automata by one byte; the longest pattern that is complete now, if any.
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

/// One stop string and how much of it the text's end matches.
private struct Pattern: Sendable {
    let bytes: [UInt8]
    /// For each prefix its longest proper prefix that is also its suffix.
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

    /// True when the byte completes the pattern.
    mutating func advance(_ byte: UInt8) -> Bool {
        while matched > 0, bytes[matched] != byte { matched = fallback[matched - 1] }
        if bytes[matched] == byte { matched += 1 }
        guard matched == bytes.count else { return false }
        matched = fallback[matched - 1]
        return true
    }
}
