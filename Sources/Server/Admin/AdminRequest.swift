// The head of one HTTP request to the admin port, read within bounds before anything else looks
// at it: what FlyingFox reads has no largest line, no largest count of lines and no deadline.
//
// Guarantees: at most `headSizeMax` bytes are kept; only GET and HEAD of a printable path come out,
// without a body and without any header of the client's; everything else ends as a refusal with a
// status and a sentence. Pure: bytes in, a verdict out.
// Does not: know which pages there are; keep connections alive (one request each).

/// A request that may be answered.
package struct AdminRequest: Sendable, Equatable {
    package let isHead: Bool
    /// Begins with a slash; printable ASCII; without the query.
    package let path: String
}

/// A request that is answered with an error alone.
package struct AdminRefusal: Error, Sendable, Equatable {
    /// The HTTP status.
    package let status: Int
    package let sentence: String
}

/// Collects one head.
package struct AdminRequestReader {
    package static let headSizeMax = 8192
    package static let targetSizeMax = 1024

    private var head: [UInt8] = []
    /// Bytes that were searched for the end already.
    private var searched = 0

    package init() {}

    /// Takes what arrived. Nil: more is needed.
    package mutating func take(
        _ bytes: UnsafeRawBufferPointer
    ) throws(AdminRefusal) -> AdminRequest? {
        head.append(contentsOf: bytes.prefix(Self.headSizeMax + 1 - head.count))
        guard let end = endOfHead() else {
            guard head.count <= Self.headSizeMax else {
                throw AdminRefusal(
                    status: 431, sentence: "the head is over \(Self.headSizeMax) bytes")
            }
            return nil
        }
        return try Self.parse(head[..<end])
    }

    /// The position of the empty line; what was searched is not searched again.
    private mutating func endOfHead() -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        var index = max(0, searched - 3)
        while index + 4 <= min(head.count, Self.headSizeMax) {
            if head[index..<index + 4].elementsEqual(mark) { return index + 2 }
            index += 1
        }
        searched = head.count
        return nil
    }

    // MARK: - Reading

    private static func parse(_ head: ArraySlice<UInt8>) throws(AdminRefusal) -> AdminRequest {
        // A line feed alone, or a carriage return alone, is no end of a line to us; to a proxy in
        // front it might be one, so neither may hide in a line.
        var lines: [ArraySlice<UInt8>] = []
        var rest = head
        while let end = rest.firstIndex(of: 13) {
            guard end + 1 < rest.endIndex, rest[end + 1] == 10 else { throw bad("a lone CR") }
            lines.append(rest[..<end])
            rest = rest[(end + 2)...]
        }
        guard lines.allSatisfy({ line in line.allSatisfy(isLineByte) }) else {
            throw bad("a control character")
        }
        let (request, version) = try parseRequestLine(lines[0])
        var hasHost = false
        for line in lines.dropFirst() {
            let (name, value) = try parseField(line)
            if name == "host" { hasHost = true }
            try refuseBody(name, value)
        }
        guard hasHost || version == 0 else { throw bad("no Host") }
        return request
    }

    private static func parseRequestLine(
        _ line: ArraySlice<UInt8>
    ) throws(AdminRefusal) -> (AdminRequest, version: UInt8) {
        let words = line.split(separator: 32, omittingEmptySubsequences: false)
        guard words.count == 3 else { throw bad("no \"METHOD TARGET VERSION\"") }
        let version = words[2]
        guard version.starts(with: "HTTP/".utf8) else { throw bad("no version of HTTP") }
        guard version.starts(with: "HTTP/1.".utf8), version.count == 8, let minor = version.last,
            minor == 48 || minor == 49
        else { throw AdminRefusal(status: 505, sentence: "HTTP/1.0 or HTTP/1.1 is spoken here") }
        let isHead = words[0].elementsEqual("HEAD".utf8)
        guard isHead || words[0].elementsEqual("GET".utf8) else {
            throw AdminRefusal(status: 405, sentence: "only GET and HEAD are answered")
        }
        guard words[1].count <= targetSizeMax else {
            throw AdminRefusal(
                status: 414, sentence: "the target is over \(targetSizeMax) bytes")
        }
        let path = words[1].prefix { $0 != 63 }
        guard path.first == 47, path.allSatisfy({ (33...126).contains($0) }) else {
            throw bad("a target that is no path")
        }
        let text = String(decoding: path, as: UTF8.self)
        return (AdminRequest(isHead: isHead, path: text), minor - 48)
    }

    /// Name in lower case, and value without the space around it.
    private static func parseField(
        _ line: ArraySlice<UInt8>
    ) throws(AdminRefusal) -> (name: String, value: ArraySlice<UInt8>) {
        guard let colon = line.firstIndex(of: 58), colon > line.startIndex,
            line[..<colon].allSatisfy(isTokenByte)
        else { throw bad("a header without a name") }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        var value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }
        while let last = value.last, last == 32 || last == 9 { value.removeLast() }
        return (name, value)
    }

    private static func refuseBody(
        _ name: String, _ value: ArraySlice<UInt8>
    ) throws(AdminRefusal) {
        guard name == "transfer-encoding" || name == "content-length" else { return }
        if name == "content-length", value.elementsEqual("0".utf8) { return }
        throw AdminRefusal(status: 413, sentence: "a request has no body here")
    }

    private static func bad(_ found: String) -> AdminRefusal {
        AdminRefusal(status: 400, sentence: "reading the request: found \(found)")
    }

    /// Printable bytes, tabs, and what is beyond ASCII.
    private static func isLineByte(_ byte: UInt8) -> Bool {
        byte >= 32 && byte != 127 || byte == 9
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
