// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Settings of a client: name, demands, bounds and times. `check` refuses a value out of range
// before anything is connected. No description or dump shows the token.

import Glibc

/// Settings of a client. A client keeps a copy, so later changes have no effect.
public struct Options: Sendable {
    /// Name and version of the program, for the server's log.
    public var name: String = "assay-swift/0.1.0"
    /// Answers of mocks are handed out, with provenance mock.
    public var allowMock: Bool = false
    /// LZ4 compression is offered in Hello.
    public var compression: Bool = true
    /// Largest body accepted, bytes.
    public var bodySizeMax: Int = 4_194_304
    /// Largest whole answer accepted before the answer is given up, bytes of all bodies.
    public var answerSizeMax: Int = 1_073_741_824
    /// Size of the pool, where a call takes the connection with the fewest requests in flight.
    public var connections: Int = 1
    /// Time to connect, and again for Hello, milliseconds.
    public var connectMilliseconds: UInt32 = 5_000
    /// Longest silence on an answer, 0 for no bound, milliseconds.
    public var answerMilliseconds: UInt32 = 0
    /// Time after a request's deadline before the client gives up the answer, milliseconds.
    public var graceMilliseconds: UInt32 = 2_000
    /// Attempts of a call in all.
    public var attempts: Int = 3
    /// First pause between attempts, doubled for each later pause, with jitter from half to whole,
    /// milliseconds.
    public var backoffMilliseconds: UInt32 = 50
    /// Longest pause between attempts, milliseconds.
    public var backoffMaxMilliseconds: UInt32 = 2_000
    /// Time from a call's start to wait for a server that is absent or loads its model,
    /// milliseconds.
    public var waitMilliseconds: UInt32 = 0
    /// Token that Hello sends to the server, never shown, by default that of token_file.
    public var token: String?
    /// Part of the client's own share of the server, which Hello sends, by default none.
    public var tenant: String?
    /// Path of a file with the token on one line, read when the client is made without a token, by
    /// default that of the environment variable ASSAY_TOKEN_FILE.
    public var tokenFile: String?
    /// False when requests demand no real model by themselves, even where mocks are refused, for
    /// questions about a model's state that a mock may answer, too.
    package var demandsReal: Bool = true

    /// The defaults above.
    public init() {}

    /// Reads the token file. Throws `request_invalid`, with the option's name as `field`.
    mutating func check() throws(AssayError) {
        try check("name", name.utf8.count, 1...128, " bytes")
        try check("body_size_max", bodySizeMax, 4_096...4_294_967_295)
        try check("answer_size_max", answerSizeMax, 4_096...9_007_199_254_740_991)
        try check("connections", connections, 1...1_024)
        try check("connect_milliseconds", Int(connectMilliseconds), 1...4_294_967_295)
        try check("attempts", attempts, 1...4_294_967_295)
        if let token { try check("token", token.utf8.count, 1...256, " bytes") }
        if let tenant { try check("tenant", tenant.utf8.count, 1...64, " bytes") }
        if let tokenFile { try check("token_file", tokenFile.utf8.count, 1...4_096, " bytes") }
        try readToken()
    }

    private func check(
        _ name: String, _ value: Int, _ allowed: ClosedRange<Int>, _ unit: String = ""
    ) throws(AssayError) {
        if allowed.contains(value) { return }
        throw AssayError(
            .requestInvalid,
            "reading the client's options: found \(name) \(value)\(unit), allowed: "
                + "\(allowed.lowerBound) to \(allowed.upperBound)\(unit)",
            field: name)
    }

    /// Reads the token of the token file, where no token is given. Throws `request_invalid`.
    mutating func readToken() throws(AssayError) {
        let variable = getenv("ASSAY_TOKEN_FILE").map { String(cString: $0) }
        let source = tokenFile == nil ? "ASSAY_TOKEN_FILE" : "the option token_file"
        guard token == nil, let path = tokenFile ?? variable, !path.isEmpty else { return }
        let (bytes, reason) = Self.start(of: path)
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var line = bytes.drop(while: isSpace)
        while let last = line.last, isSpace(last) { line.removeLast() }
        let found: String
        if let reason {
            found = "no file to read (\(reason))"
        } else if line.isEmpty {
            found = "an empty file"
        } else if line.count > 256 {
            found = "more than 256 bytes"
        } else if !line.allSatisfy({ (0x21...0x7E).contains($0) }) {
            found = "a byte that is no visible ASCII character"
        } else {
            token = String(decoding: line, as: UTF8.self)
            return
        }
        throw AssayError(
            .requestInvalid,
            "reading the token file that \(source) names: found \(found), allowed: "
                + "one line of 1 to 256 visible ASCII characters, the token",
            field: "token_file")
    }

    /// Returns the first bytes of a file, or the system's reason for none.
    private static func start(of path: String) -> ([UInt8], String?) {
        let reason = { String(cString: strerror(errno)) }
        guard let file = fopen(path, "re") else { return ([], reason()) }
        defer { fclose(file) }
        errno = 0
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = fread(&bytes, 1, bytes.count, file)
        return ferror(file) == 0 ? ([UInt8](bytes[..<count]), nil) : ([], reason())
    }
}

extension Options: CustomReflectable {
    /// The options with the token hidden.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "name": name,
                "allowMock": allowMock,
                "compression": compression,
                "bodySizeMax": bodySizeMax,
                "answerSizeMax": answerSizeMax,
                "connections": connections,
                "connectMilliseconds": connectMilliseconds,
                "answerMilliseconds": answerMilliseconds,
                "graceMilliseconds": graceMilliseconds,
                "attempts": attempts,
                "backoffMilliseconds": backoffMilliseconds,
                "backoffMaxMilliseconds": backoffMaxMilliseconds,
                "waitMilliseconds": waitMilliseconds,
                "token": token.map { _ in "hidden" } as Any,
                "tenant": tenant as Any,
                "tokenFile": tokenFile as Any,
            ], displayStyle: .struct)
    }
}
