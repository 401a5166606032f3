// Makes an error body from a `WireError`, and clips texts to the limits of their fields.

extension ErrorBody {
    /// Creates the body that reports `error` to the peer at fault.
    public init(_ error: WireError) {
        self.init(code: error.code.name, message: error.message, field: error.field)
    }

    /// Returns a copy with every field inside its limit.
    func clipped() -> ErrorBody {
        var result = self
        result.code = code.clipped(toSize: Limits.wordSizeMax)
        result.message = message.clipped(toSize: Limits.sentenceSizeMax)
        result.field = field?.clipped(toSize: Limits.wordSizeMax)
        result.retryAfterMilliseconds = retryAfterMilliseconds.map {
            min($0, Limits.retryAfterMillisecondsMax)
        }
        return result
    }
}

extension String {
    /// The longest prefix of whole characters that fits in `size` bytes.
    package func clipped(toSize size: Int) -> String {
        guard utf8.count > size else { return self }
        var used = 0
        var end = startIndex
        while end < endIndex {
            let next = index(after: end)
            used += self[end..<next].utf8.count
            if used > size { break }
            end = next
        }
        return String(self[..<end])
    }
}
