// The 32 bytes in front of every body.
//
//      0        4  5  6  7  8                16       20       24       28       32
//      +--------+--+--+--+--+-----------------+--------+--------+--------+--------+
//      | length |v |k |f |p | requestID       | status | raw    | gener- | zero   |
//      |        |  |  |  |  |                 |        | size   | ation  |        |
//      +--------+--+--+--+--+-----------------+--------+--------+--------+--------+
//
// Guarantees: a header is either verified as a whole or refused with a code, before any byte of
// the body is awaited. Every length is compared with its limit before use.
// A header is read and written as four little-endian u64 words, without allocation.

/// Flags of a frame: the bits of byte 6.
public struct FrameFlags: OptionSet, Sendable, Hashable {
    /// Byte 6.
    public let rawValue: UInt8
    /// Creates flags from byte 6.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The body is one LZ4 block.
    public static let compressed = FrameFlags(rawValue: 1)
    /// More frames of this response follow.
    public static let more = FrameFlags(rawValue: 2)
    /// The answer is worse than possible. The `answer` record lists the degradations.
    public static let degraded = FrameFlags(rawValue: 4)

    static let allOfRequest: FrameFlags = [.compressed]
    static let allOfResponse: FrameFlags = [.compressed, .more, .degraded]
}

/// Kind of header a decoder reads. A server reads requests, a client reads responses.
public enum FrameDirection: Sendable {
    case request
    case response
}

/// A verified header.
public struct FrameHeader: Sendable, Equatable {
    /// Bytes of the body as sent.
    public let wireSize: Int
    /// Byte 5 as sent. `kind` is the decoded kind.
    public let kindByte: UInt8
    /// Bits of byte 6.
    public let flags: FrameFlags
    /// Byte 7: 0 in a request, 1 or 2 in a response.
    let provenanceByte: UInt8
    /// The client's request id, 0 in GoAway only.
    public let requestID: UInt64
    /// Status number of a response. Deadline of a request in milliseconds from receipt, 0 for none.
    let statusWord: UInt32
    /// Bytes of the body before compression.
    public let rawSize: Int
    /// Generation of the model that answered, 0 for none.
    public let generation: UInt32

    /// The kind, or nil for a kind unknown to this revision.
    public var kind: MessageKind? { MessageKind(byte: kindByte) }
    /// Milliseconds the client gives the request, 0 for no deadline. Requests only.
    public var deadlineMilliseconds: UInt32 { statusWord }
    /// Outcome. Responses only. A number from a later revision reads as `unknown`.
    public var status: Status { Status(number: statusWord) }
    /// Status number as sent. Responses only.
    public var statusNumber: UInt32 { statusWord }
    /// Origin of a response, or nil in a request.
    public var provenance: Provenance? { Provenance(rawValue: provenanceByte) }
    /// Bytes of header and body on the wire.
    public var frameSize: Int { Limits.headerSize + wireSize }
}

extension FrameHeader {
    /// Checks the length word alone, as soon as all four bytes have arrived.
    static func verifyLength(_ length: UInt32, bodySizeMax: Int) throws(WireError) {
        let length = Int(length)
        if length < Limits.headerSizeCounted {
            throw .framing(
                .lengthTooSmall, "reading a frame's length word", found: "\(length)",
                allowed: "at least \(Limits.headerSizeCounted)", at: "header offset 0")
        }
        if length - Limits.headerSizeCounted > bodySizeMax {
            throw .framing(
                .lengthTooLarge, "reading a frame's length word", found: "\(length)",
                allowed: "at most \(Limits.headerSizeCounted + bodySizeMax)",
                at: "header offset 0")
        }
    }

    /// Checks the version byte alone, so an unknown protocol is refused at the fifth byte.
    static func verifyVersion(_ version: UInt8) throws(WireError) {
        if version != Limits.version {
            throw .framing(
                .versionUnsupported, "reading a frame's version", found: "\(version)",
                allowed: "\(Limits.version)", at: "header offset 4")
        }
    }

    /// Reads and verifies 32 bytes at `pointer`, cheapest check first.
    static func verified(
        _ pointer: UnsafeRawPointer, direction: FrameDirection, bodySizeMax: Int,
        acceptsCompression: Bool
    ) throws(WireError) -> FrameHeader {
        let word0 = UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
        let word1 = pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        let word2 = UInt64(littleEndian: pointer.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        let word3 = UInt64(littleEndian: pointer.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        let length = UInt32(truncatingIfNeeded: word0)
        try verifyLength(length, bodySizeMax: bodySizeMax)
        try verifyVersion(UInt8(truncatingIfNeeded: word0 >> 32))
        if word3 >> 32 != 0 {
            throw .framing(
                .reservedNotZero, "reading a frame's reserved word", found: "\(word3 >> 32)",
                allowed: "0", at: "header offset 28")
        }
        let header = FrameHeader(
            wireSize: Int(length) - Limits.headerSizeCounted,
            kindByte: UInt8(truncatingIfNeeded: word0 >> 40),
            flags: FrameFlags(rawValue: UInt8(truncatingIfNeeded: word0 >> 48)),
            provenanceByte: UInt8(truncatingIfNeeded: word0 >> 56),
            requestID: UInt64(littleEndian: word1),
            statusWord: UInt32(truncatingIfNeeded: word2),
            rawSize: Int(UInt32(truncatingIfNeeded: word2 >> 32)),
            generation: UInt32(truncatingIfNeeded: word3))
        switch direction {
        case .request: try header.verifyRequest()
        case .response: try header.verifyResponse()
        }
        if header.flags.contains(.compressed), !acceptsCompression {
            throw .framing(
                .compressionNotAgreed, "reading a frame's flags", found: "a compressed body",
                allowed: "plain bodies, since Hello did not agree on compression",
                at: "header offset 6")
        }
        try header.verifySizes(bodySizeMax: bodySizeMax)
        return header
    }

    private func verifyRequest() throws(WireError) {
        if kindByte == 0 || kindByte & MessageKind.responseBit != 0 {
            throw .framing(
                .kindOutOfRange, "reading a request's kind", found: "\(kindByte)",
                allowed: "1 to 127", at: "header offset 5")
        }
        if !flags.isSubset(of: .allOfRequest) {
            throw .framing(
                .flagsUnknown, "reading a request's flags", found: "\(flags.rawValue)",
                allowed: "bit 0 only", at: "header offset 6")
        }
        if provenanceByte != 0 {
            throw .framing(
                .provenanceInvalid, "reading a request's provenance",
                found: "\(provenanceByte)", allowed: "0", at: "header offset 7")
        }
        if requestID == 0 {
            throw .framing(
                .requestIDInvalid, "reading a request's id", found: "0", allowed: "1 and above",
                at: "header offset 8")
        }
        if generation != 0 {
            throw .framing(
                .generationNotZero, "reading a request's generation", found: "\(generation)",
                allowed: "0", at: "header offset 24")
        }
    }

    private func verifyResponse() throws(WireError) {
        if kindByte <= MessageKind.responseBit {
            throw .framing(
                .kindOutOfRange, "reading a response's kind", found: "\(kindByte)",
                allowed: "129 to 255", at: "header offset 5")
        }
        if !flags.isSubset(of: .allOfResponse) {
            throw .framing(
                .flagsUnknown, "reading a response's flags", found: "\(flags.rawValue)",
                allowed: "bits 0 to 2", at: "header offset 6")
        }
        if provenanceByte != 1 && provenanceByte != 2 {
            throw .framing(
                .provenanceInvalid, "reading a response's provenance",
                found: "\(provenanceByte)", allowed: "1 (real) or 2 (mock)",
                at: "header offset 7")
        }
        if (requestID == 0) != (kindByte == MessageKind.goAway.responseByte) {
            throw .framing(
                .requestIDInvalid, "reading a response's request id", found: "\(requestID)",
                allowed: "0 in GoAway, the request's id elsewhere", at: "header offset 8")
        }
        if statusWord != 0 && !flags.isSubset(of: .compressed) {
            throw .framing(
                .flagsConflict, "reading a failed response's flags", found: "\(flags.rawValue)",
                allowed: "neither bit 1 (more) nor bit 2 (degraded) with a status",
                at: "header offset 6")
        }
    }

    private func verifySizes(bodySizeMax: Int) throws(WireError) {
        if rawSize > bodySizeMax {
            throw .framing(
                .rawSizeTooLarge, "reading a frame's raw size", found: "\(rawSize)",
                allowed: "at most \(bodySizeMax)", at: "header offset 20")
        }
        if !flags.contains(.compressed) {
            if rawSize != wireSize {
                throw .framing(
                    .rawSizeMismatch, "reading a plain body's raw size", found: "\(rawSize)",
                    allowed: "\(wireSize), the size on the wire", at: "header offset 20")
            }
        } else if rawSize < Limits.compressionSizeMin || wireSize >= rawSize || wireSize == 0 {
            throw .framing(
                .compressionNotUseful, "reading a compressed body's sizes",
                found: "\(wireSize) bytes for \(rawSize)",
                allowed: "raw size from \(Limits.compressionSizeMin), fewer bytes on the wire",
                at: "header offset 20")
        }
    }

    /// Writes 32 bytes at `pointer`.
    func store(to pointer: UnsafeMutableRawPointer) {
        let length = UInt64(wireSize + Limits.headerSizeCounted)
        let word0 =
            length | UInt64(Limits.version) << 32 | UInt64(kindByte) << 40
            | UInt64(flags.rawValue) << 48 | UInt64(provenanceByte) << 56
        let word2 = UInt64(statusWord) | UInt64(rawSize) << 32
        pointer.storeBytes(of: word0.littleEndian, as: UInt64.self)
        pointer.storeBytes(of: requestID.littleEndian, toByteOffset: 8, as: UInt64.self)
        pointer.storeBytes(of: word2.littleEndian, toByteOffset: 16, as: UInt64.self)
        pointer.storeBytes(
            of: UInt64(generation).littleEndian, toByteOffset: 24, as: UInt64.self)
    }
}
