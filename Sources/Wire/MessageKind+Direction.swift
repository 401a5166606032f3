// The two directions of a kind of message.
//
// Guarantees: a request's kind is 0x01...0x7F and its response's kind is the same number with the
// top bit set.

extension MessageKind {
    /// Number in byte 5 of a request.
    public var requestByte: UInt8 { rawValue }

    /// Number in byte 5 of a response.
    public var responseByte: UInt8 { rawValue | Self.responseBit }

    /// The kind behind byte 5 of either direction, nil when this revision has no name for it.
    public init?(byte: UInt8) {
        self.init(rawValue: byte & ~Self.responseBit)
    }
}
