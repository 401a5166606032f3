// What a client says about itself, insists on, and waits for.
//
// Guarantees: every field has its unit in its name and its default here; `check` refuses what
// cannot be meant, with a sentence, before anything is connected.

import Wire

/// Settings of a client. A value: later changes do not reach a client made from it.
public struct ClientOptions: Sendable {
    /// Name sent in Hello, for the server's log; 1 to 128 bytes.
    public var name = "assay-swift/1"
    /// True: answers of mock models are handed out (and say so), and requests demand nothing by
    /// themselves. False: requests say `real: true`, and every mock frame is refused.
    public var allowMock = false
    /// False: requests demand nothing by themselves even where mocks are refused; for questions
    /// about a model's state that a mock may be asked, too.
    package var demandsReal = true
    /// Offer LZ4 in Hello.
    public var compression = true
    /// Largest body before compression that the server may send, bytes; from 4096.
    public var bodySizeMax = Limits.bodySizeMax
    /// Connections at most; a call takes the one with the fewest requests in flight.
    public var connections = 1
    /// Time to connect, Hello included, milliseconds.
    public var connectMilliseconds: UInt32 = 5_000
    /// Time from the start of a call during which a server that cannot be reached and a model that
    /// is loading are tried again, milliseconds; 0 waits for nothing. Such tries are no attempts.
    public var waitMilliseconds: UInt32 = 0
    /// Longest silence while an answer is awaited, milliseconds; 0 is for ever.
    public var answerMilliseconds: UInt32 = 0
    /// Time beyond a request's deadline before the client gives it up by itself, milliseconds.
    public var graceMilliseconds: UInt32 = 2_000
    /// Attempts of one call in all; from 1.
    public var attempts = 3
    /// Pause before the second attempt, milliseconds; it doubles for each further one. Of every
    /// pause a random part between half and all is taken.
    public var backoffMilliseconds: UInt32 = 50
    /// Longest such pause, milliseconds.
    public var backoffMaxMilliseconds: UInt32 = 2_000
    /// Bytes of a streamed answer that may wait for a caller who does not take them; an answer
    /// that exceeds it is given up.
    public var backlogSizeMax = 64 << 20
    /// Microseconds that the client's thread looks for work before it sleeps: quicker answers for
    /// a busy processor. Only for a client that makes its own executor.
    public var spinMicroseconds: UInt32 = 0

    /// The defaults above.
    public init() {}

    /// Throws `request_invalid` for values that cannot be meant.
    func check() throws(ClientError) {
        let rules: [(Bool, String, String)] = [
            ((1...Limits.peerNameSizeMax).contains(name.utf8.count), "name", "1 to 128 bytes"),
            (
                (Limits.bodySizeMin...Int(UInt32.max)).contains(bodySizeMax), "bodySizeMax",
                "\(Limits.bodySizeMin) to \(UInt32.max)"
            ),
            ((1...4096).contains(connections), "connections", "1 to 4096"),
            (connectMilliseconds > 0, "connectMilliseconds", "from 1"),
            (attempts > 0, "attempts", "from 1"),
            (backlogSizeMax > 0, "backlogSizeMax", "from 1"),
        ]
        for (holds, name, allowed) in rules where !holds {
            throw ClientError(
                .requestInvalid, .invalidArgument,
                "reading the client's options: found another value of \(name), allowed: \(allowed)"
            )
        }
    }
}
