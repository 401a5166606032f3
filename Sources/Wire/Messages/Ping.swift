// Ping is checked without a copy: the response's body equals the request's, byte for byte.

extension PingRequest {
    /// Accepts exactly what `init(decoding:)` accepts, without a copy. The usual body, one payload
    /// field that fills it, is recognised by its eight header bytes alone.
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
