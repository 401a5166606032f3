// The timeline as an HdrHistogram interval log (format version 1.3), for tools that read the
// format.
//
//     #[Histogram log format version 1.3]
//     #[StartTime: 1700000000.000 (seconds since epoch), ...]
//     "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
//     Tag=latency,0.000,1.000,12.345,HISTFAAAA...
//
// One histogram is, in base 64, the V2 encoding inside a V2 compressed envelope, big-endian:
//
//   +----------+--------+---------------------------- zlib ------------------------------+
//   |          |        |          |        |   |        | lowest | highest |     |        |
//   | 1c849314 | length | 1c849313 | length | 0 | digits |  u64   |   u64   | 1.0 | counts |
//   +----------+--------+----------------------------------------------------------------+
//
// Counts are ZigZag LEB128 (at most 9 bytes each). A run of n empty counts is the number -n. The
// zlib stream holds stored blocks, which every reader accepts. It is small because the counts are
// packed.

/// Writes interval logs.
package enum HDRLog {
    /// The log of `intervals`. Values are nanoseconds, and maxima are milliseconds, as is the
    /// custom.
    ///
    /// - Parameters:
    ///   - startedAt: seconds since 1970 at the end of warm-up.
    ///   - missing: requests without an answer. No histogram holds them.
    package static func text(
        _ intervals: [TimedInterval], startedAt: Double, isMock: Bool, missing: Int = 0
    ) -> String {
        let start = NumberText.fixed(startedAt, 3)
        var lines = [
            "#[Logged with assay-load\(isMock ? ", MOCK ANSWERS" : "")]",
            "#[Histogram log format version 1.3]",
            "#[StartTime: \(start) (seconds since epoch)]",
            "#[BaseTime: \(start) (seconds since epoch)]",
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                + "\"Interval_Compressed_Histogram\"",
        ]
        if missing > 0 {
            // A comment may stand anywhere. Readers of the format skip comments.
            lines.insert("#[Requests without an answer, in no histogram: \(missing)]", at: 1)
        }
        for interval in intervals where !interval.record.latency.isEmpty {
            let latency = interval.record.latency
            let maximum = NumberText.fixed(Double(latency.largest) / 1e6, 3)
            lines.append(
                "Tag=\(isMock ? "MOCK" : "latency"),\(NumberText.fixed(interval.start, 3)),"
                    + "\(NumberText.fixed(interval.seconds, 3)),\(maximum),"
                    + base64(compressed(latency)))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The V2 compressed encoding.
    static func compressed(_ histogram: LatencyHistogram) -> [UInt8] {
        let stream = zlib(encoded(histogram))
        return bigEndian(UInt32(0x1C84_9314)) + bigEndian(UInt32(stream.count)) + stream
    }

    /// The V2 encoding.
    static func encoded(_ histogram: LatencyHistogram) -> [UInt8] {
        var counts: [UInt8] = []
        var empty: Int64 = 0
        var value: UInt64 = 0
        let last = UInt64(histogram.largest)
        while !histogram.isEmpty, value <= last {
            let count = histogram.counts.countForValue(value)
            if count == 0 {
                empty += 1
            } else {
                if empty > 0 { append(-empty, to: &counts) }
                empty = 0
                append(Int64(count), to: &counts)
            }
            value = histogram.counts.nextNonEquivalentForValue(value)
        }
        return bigEndian(UInt32(0x1C84_9313)) + bigEndian(UInt32(counts.count))
            + bigEndian(UInt32(0)) + bigEndian(UInt32(3)) + bigEndian(UInt64(1))
            + bigEndian(UInt64(LatencyHistogram.ceiling)) + bigEndian((1.0).bitPattern) + counts
    }

    /// Writes ZigZag, then seven bits a byte. The ninth byte has eight.
    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        for _ in 0..<8 {
            guard rest >= 0x80 else { return bytes.append(UInt8(rest)) }
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
    static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let count = min(bytes.count - start, 65_535)
            let isLast = start + count == bytes.count
            let size = UInt16(count)
            stream.append(isLast ? 1 : 0)
            for word in [size, ~size] {
                stream += [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)]
            }
            stream += bytes[start..<start + count]
            start += count
        } while start < bytes.count
        return stream + bigEndian(adler32(bytes))
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    private static func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var group =
                part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - part.count))
            var letters: [UInt8] = []
            for _ in 0..<4 {
                letters.insert(alphabet[Int(group & 63)], at: 0)
                group >>= 6
            }
            text += letters.prefix(part.count + 1)
            text += [UInt8](repeating: 0x3D, count: 3 - part.count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
