// Checks a Ping without a copy. The response's body equals the request's, byte for byte.

extension PingRequest {
    /// Accepts exactly the bodies that `init(decoding:)` accepts. The usual body, a single payload
    /// field, is recognised by its eight header bytes, without a copy.
    static func verify(_ body: UnsafeRawBufferPointer) throws(WireError) {
        if body.count >= Limits.fieldHeaderSize {
            let payloadSize = body.count - Limits.fieldHeaderSize
            let usual =
                UInt64(ID.payload.rawValue) | UInt64(FieldType.bytes.rawValue) << 16
                | UInt64(payloadSize) << 32
            let word = UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))
            if word == usual && payloadSize <= Limits.pingPayloadSizeMax { return }
        }
        _ = try PingRequest(decoding: body)
    }
}
