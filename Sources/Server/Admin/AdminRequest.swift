// The head of an HTTP request to the admin port, collected within bounds and then read, once, by
// Node's http-parser.
//
// Guarantees: at most `headSizeMax` bytes are kept. Only GET and HEAD of a printable path come out,
// without a body and without any header of the client's. Everything else ends as a refusal with a
// status and a sentence. Pure: bytes in, a verdict out.
// Does not: know the pages, or keep connections alive (a connection has one request).

import CHTTPParser

/// A permitted request.
package struct AdminRequest: Sendable, Equatable {
    package let isHead: Bool
    /// Path that begins with a slash, in printable ASCII, without the query.
    package let path: String
}

/// A refused request.
package struct AdminRefusal: Error, Sendable, Equatable {
    /// The HTTP status.
    package let status: Int
    package let sentence: String
}

/// Collects a head.
package struct AdminRequestReader {
    package static let headSizeMax = 8192
    package static let targetSizeMax = 1024

    private var head: [UInt8] = []
    /// Bytes already searched for the end of the head.
    private var searched = 0

    package init() {}

    /// Takes arrived bytes. Returns nil while the head is incomplete.
    package mutating func take(
        _ bytes: UnsafeRawBufferPointer
    ) throws(AdminRefusal) -> AdminRequest? {
        let known = head.count
        head.append(contentsOf: bytes.prefix(Self.headSizeMax + 1 - known))
        let end = endOfHead()
        // A frame or a TLS greeting has no end of head to wait for.
        let new = head[known..<max(known, end ?? head.count)]
        guard new.allSatisfy({ Self.isLineByte($0) || $0 == 13 || $0 == 10 }) else {
            throw Self.bad("a control character")
        }
        guard let end else {
            guard head.count <= Self.headSizeMax else {
                throw AdminRefusal(
                    status: 431, sentence: "the head is over \(Self.headSizeMax) bytes")
            }
            return nil
        }
        return try Self.parse(head[..<end])
    }

    /// Finds the empty line at the end of the head. Searched bytes are not searched again.
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
        try checkLines(head)
        var found = ParsedHead()
        try found.parse(Array(head) + [13, 10])
        guard found.isHead || found.method == HTTP_GET else {
            throw AdminRefusal(status: 405, sentence: "only GET and HEAD are answered")
        }
        guard found.target.count <= targetSizeMax else {
            throw AdminRefusal(
                status: 414, sentence: "the target is over \(targetSizeMax) bytes")
        }
        let path = found.target.prefix { $0 != UInt8(ascii: "?") }
        guard path.first == UInt8(ascii: "/"), path.allSatisfy({ (33...126).contains($0) }) else {
            throw bad("a target that is no path")
        }
        guard found.hasHost || found.minorVersion == 0 else { throw bad("no Host") }
        return AdminRequest(isHead: found.isHead, path: String(decoding: path, as: UTF8.self))
    }

    /// Refuses input that the parser accepts and a proxy in front may read differently: line feeds
    /// and carriage returns alone, control characters, folded headers, space before a colon, empty
    /// lines in front, a request line without a version.
    private static func checkLines(_ head: ArraySlice<UInt8>) throws(AdminRefusal) {
        var rest = head
        var isFirst = true
        while let end = rest.firstIndex(of: 13) {
            guard end + 1 < rest.endIndex, rest[end + 1] == 10 else { throw bad("a lone CR") }
            let line = rest[..<end]
            guard line.allSatisfy(isLineByte) else { throw bad("a control character") }
            if isFirst {
                try checkRequestLine(line)
            } else if line.prefix(while: { $0 != UInt8(ascii: ":") }).contains(where: isSpace) {
                throw bad("a header without a name")
            }
            isFirst = false
            rest = rest[(end + 2)...]
        }
    }

    private static func checkRequestLine(_ line: ArraySlice<UInt8>) throws(AdminRefusal) {
        let words = line.split(separator: 32, omittingEmptySubsequences: false)
        guard words.count == 3 else { throw bad("no \"METHOD TARGET VERSION\"") }
        guard words[2].starts(with: "HTTP/".utf8) else { throw bad("no version of HTTP") }
        guard ["HTTP/1.0", "HTTP/1.1"].contains(String(decoding: words[2], as: UTF8.self)) else {
            throw AdminRefusal(status: 505, sentence: "HTTP/1.0 or HTTP/1.1 is spoken here")
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    /// Accepts printable bytes, tabs, and bytes beyond ASCII.
    private static func isLineByte(_ byte: UInt8) -> Bool {
        byte >= 32 && byte != 127 || byte == 9
    }

    fileprivate static func bad(_ found: String) -> AdminRefusal {
        AdminRefusal(status: 400, sentence: "reading the request: found \(found)")
    }
}

/// Findings of http-parser in a whole head.
private struct ParsedHead {
    var target: [UInt8] = []
    var hasHost = false
    var hasBody = false
    var method = HTTP_GET
    var minorVersion: UInt16 = 0
    /// Name of the header that is being read.
    private var name: [UInt8] = []

    var isHead: Bool { method == HTTP_HEAD }

    /// Reads `head`, including the empty line at its end.
    mutating func parse(_ head: [UInt8]) throws(AdminRefusal) {
        var settings = http_parser_settings()
        settings.on_url = { parser, bytes, count in
            ParsedHead.of(parser).pointee.target += ParsedHead.bytes(bytes, count)
            return 0
        }
        settings.on_header_field = { parser, bytes, count in
            ParsedHead.of(parser).pointee.name += ParsedHead.bytes(bytes, count)
            return 0
        }
        settings.on_header_value = { parser, _, _ in
            ParsedHead.of(parser).pointee.endName()
            return 0
        }
        // Stops the parser before the body, which is not read here.
        settings.on_headers_complete = { _ in 1 }
        var parser = http_parser()
        http_parser_init(&parser, HTTP_REQUEST)
        withUnsafeMutablePointer(to: &self) { found in
            parser.data = UnsafeMutableRawPointer(found)
            _ = head.withUnsafeBytes { bytes in
                http_parser_execute(
                    &parser, &settings, bytes.assumingMemoryBound(to: CChar.self).baseAddress,
                    bytes.count)
            }
        }
        try check(parser)
    }

    private mutating func check(_ parser: http_parser) throws(AdminRefusal) {
        switch http_errno(parser.http_errno) {
        case HPE_OK: break
        case HPE_INVALID_METHOD:
            throw AdminRefusal(status: 405, sentence: "only GET and HEAD are answered")
        case HPE_INVALID_CONTENT_LENGTH, HPE_UNEXPECTED_CONTENT_LENGTH,
            HPE_INVALID_TRANSFER_ENCODING:
            hasBody = true
        case let error:
            throw AdminRequestReader.bad(String(cString: http_errno_description(error)))
        }
        let length = parser.content_length
        guard !hasBody, length == 0 || length == UInt64.max else {
            throw AdminRefusal(status: 413, sentence: "a request has no body here")
        }
        method = http_method(parser.method)
        minorVersion = parser.http_minor
    }

    private mutating func endName() {
        switch String(decoding: name, as: UTF8.self).lowercased() {
        case "host": hasHost = true
        case "transfer-encoding": hasBody = true
        default: break
        }
        name = []
    }

    private static func of(
        _ parser: UnsafeMutablePointer<http_parser>?
    ) -> UnsafeMutablePointer<ParsedHead> {
        guard let data = parser?.pointee.data else {
            preconditionFailure("http-parser calls back with the parser that was given to it")
        }
        return data.assumingMemoryBound(to: ParsedHead.self)
    }

    private static func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> [UInt8] {
        UnsafeBufferPointer(start: start, count: count).map { UInt8(bitPattern: $0) }
    }
}
