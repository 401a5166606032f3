// The head of an admin request, by bytes: what is accepted, what is refused with which status, at
// every cut, and that hostile bytes end in a refusal and never in more than the bound.

import Server
import TestSupport
import Testing
import Wire

@Suite struct AdminRequestTests {
    /// The verdict on `text`, given in pieces of `size` bytes; nil: more is needed.
    private func read(
        _ bytes: [UInt8], size: Int = 1 << 20
    ) -> Result<AdminRequest, AdminRefusal>? {
        var reader = AdminRequestReader()
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            let found = piece.withUnsafeBytes { bytes in
                Result { () throws(AdminRefusal) in try reader.take(bytes) }
            }
            switch found {
            case .success(nil): continue
            case .success(let request?): return .success(request)
            case .failure(let refusal): return .failure(refusal)
            }
        }
        return nil
    }

    private func request(_ text: String) -> AdminRequest? {
        try? read(Array(text.utf8))?.get()
    }

    private func status(_ text: String) -> Int? { status(Array(text.utf8)) }

    private func status(_ bytes: [UInt8]) -> Int? {
        guard case .failure(let refusal) = read(bytes) else { return nil }
        return refusal.status
    }

    @Test func whatMonitorsSendIsAccepted() {
        let curl = request(
            "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:7412\r\nUser-Agent: curl/8\r\n\r\n")
        #expect(curl?.path == "/readyz" && curl?.isHead == false)
        #expect(request("HEAD /livez HTTP/1.1\r\nhost:x\r\n\r\n")?.isHead == true)
        #expect(request("GET /readyz HTTP/1.0\r\n\r\n")?.path == "/readyz")
        #expect(request("GET /readyz?verbose=1 HTTP/1.0\r\n\r\n")?.path == "/readyz")
        #expect(
            request("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nCookie: \u{e9}\r\n\r\n")?
                .path == "/")
    }

    @Test func everyCutGivesTheSameVerdict() {
        let texts = [
            "GET /models HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 300))\r\n\r\n",
            "POST /models HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        for text in texts {
            let whole = read(Array(text.utf8))
            #expect(whole != nil)
            for size in 1...40 {
                #expect(read(Array(text.utf8), size: size) == whole)
            }
            // Every proper beginning waits for more.
            for count in 0..<text.utf8.count {
                #expect(read(Array(text.utf8.prefix(count))) == nil)
            }
        }
    }

    @Test(arguments: [
        ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405), ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\n", 505), ("GET /\r\n\r\n", 400), ("\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / FTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
        ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 413),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
    ])
    func whatIsNoRequestIsRefusedWithItsStatus(text: String, expected: Int) {
        #expect(status(text) == expected)
    }

    /// Our own client at the wrong port must not wait for the time limit.
    @Test func aFrameIsRefusedAtOnce() throws {
        var encoder = FrameEncoder()
        try encoder.appendRequest(HelloRequest(client: "c"), requestID: 1)
        #expect(status(encoder.bytes) == 400)
    }

    @Test func sizesAreBoundedExactly() {
        func head(_ size: Int) -> String {
            let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
            let count = size - start.utf8.count - 4
            return start + String(repeating: "x", count: count) + "\r\n\r\n"
        }
        #expect(request(head(AdminRequestReader.headSizeMax)) != nil)
        #expect(status(head(AdminRequestReader.headSizeMax + 1)) == 431)
        // Refused without waiting for an end that never comes.
        #expect(status(String(repeating: "A", count: AdminRequestReader.headSizeMax + 1)) == 431)
        #expect(read(Array(repeating: 65, count: AdminRequestReader.headSizeMax)) == nil)
        let path = "/" + String(repeating: "p", count: AdminRequestReader.targetSizeMax - 1)
        #expect(request("GET \(path) HTTP/1.0\r\n\r\n")?.path == path)
        #expect(status("GET \(path)p HTTP/1.0\r\n\r\n") == 414)
    }

    @Test func randomBytesEndInAVerdictOrWait() {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("AdminRequestTests"))
        let text = "GET HEAD / HTTP/1.1\r\n\r\nHost: a\r\nContent-Length: 9"
        let alphabet = Array(text.utf8) + [0, 255]
        for _ in 0..<2000 {
            let count = Int.random(in: 0...300, using: &random)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let cut = Int.random(in: 1...64, using: &random)
            #expect(read(bytes, size: cut) == read(bytes))
        }
    }
}
