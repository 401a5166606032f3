// The kind byte of a message in both directions.
//
// Guarantees: a request's kind byte is 0x01...0x7F. The response's kind byte is the request's with
// the top bit set.

extension MessageKind {
    /// Number in byte 5 of a request.
    public var requestByte: UInt8 { rawValue }

    /// Number in byte 5 of a response.
    public var responseByte: UInt8 { rawValue | Self.responseBit }

    /// The kind for byte 5 of a request or response, or nil for a kind unknown to this revision.
    public init?(byte: UInt8) {
        self.init(rawValue: byte & ~Self.responseBit)
    }
}
