// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Protocols of others, by the first bytes of a peer, for both sides' messages. A frame is never
// taken for one of them.

/// First bytes of other protocols, with their names. None begins a frame before Hello.
public enum Stranger {
    /// Bytes of a peer that are enough to tell.
    public static let sampleSize = 16

    private static let starts: [(bytes: [UInt8], name: String)] = [
        ([0x48, 0x54, 0x54, 0x50], "HTTP"),
        ([0x47, 0x45, 0x54, 0x20], "HTTP"),
        ([0x48, 0x45, 0x41, 0x44], "HTTP"),
        ([0x50, 0x4F, 0x53, 0x54], "HTTP"),
        ([0x50, 0x55, 0x54, 0x20], "HTTP"),
        ([0x44, 0x45, 0x4C, 0x45], "HTTP"),
        ([0x4F, 0x50, 0x54, 0x49], "HTTP"),
        ([0x50, 0x41, 0x54, 0x43], "HTTP"),
        ([0x43, 0x4F, 0x4E, 0x4E], "HTTP"),
        ([0x54, 0x52, 0x41, 0x43], "HTTP"),
        ([0x50, 0x52, 0x49, 0x20], "HTTP"),
        ([0x15, 0x03, 0x01], "TLS"),
        ([0x15, 0x03, 0x02], "TLS"),
        ([0x15, 0x03, 0x03], "TLS"),
        ([0x16, 0x03, 0x01], "TLS"),
        ([0x16, 0x03, 0x02], "TLS"),
        ([0x16, 0x03, 0x03], "TLS"),
        ([0x53, 0x53, 0x48, 0x2D], "SSH"),
    ]

    /// The protocol that begins so, or nil for none of the table.
    public static func name(_ bytes: [UInt8]) -> String? {
        starts.first { bytes.starts(with: $0.bytes) }?.name
    }

    /// The end of a sentence about a peer with these first bytes, which are no frame.
    public static func words(_ bytes: [UInt8]) -> String {
        if let name = name(bytes) { return "speaks \(name), not Assay's protocol" }
        let shown = bytes.prefix(sampleSize).map { byte -> String in
            if (32..<127).contains(byte) { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16)
            return digits.utf8.count < 2 ? "\\x0\(digits)" : "\\x\(digits)"
        }
        return "does not speak Assay's protocol, its first bytes are \"\(shown.joined())\""
    }
}
