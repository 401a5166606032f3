// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Settings of a client: name, demands, bounds and times. `check` refuses a value out of range
// before anything is connected.

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
    /// False when requests demand no real model by themselves, even where mocks are refused, for
    /// questions about a model's state that a mock may answer, too.
    package var demandsReal: Bool = true

    /// The defaults above.
    public init() {}

    /// Throws `request_invalid`, with the option's name as `field`.
    func check() throws(AssayError) {
        try check("name", name.utf8.count, 1...128, " bytes")
        try check("body_size_max", bodySizeMax, 4_096...4_294_967_295)
        try check("answer_size_max", answerSizeMax, 4_096...9_007_199_254_740_991)
        try check("connections", connections, 1...1_024)
        try check("connect_milliseconds", Int(connectMilliseconds), 1...4_294_967_295)
        try check("attempts", attempts, 1...4_294_967_295)
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
}
