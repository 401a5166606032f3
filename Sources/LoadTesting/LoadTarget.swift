// The seam between the tester and the tested service: a real client, or a fake in tests.
//
// A target sends each request exactly once and reports the outcome. Each send is a sample, so a
// target must not retry. The target takes both times itself, as close to the wire as possible.

import Glibc

/// The clock of all measurements.
package enum LoadClock {
    /// Nanoseconds of a clock that only goes forward.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Part of a streamed answer.
package struct ChunkArrival: Sendable, Equatable {
    /// Arrival time on the clock of the run.
    package let at: Int64
    /// Tokens in the chunk, at least 1.
    package let tokens: Int

    package init(at: Int64, tokens: Int) {
        self.at = at
        self.tokens = tokens
    }
}

/// Outcome of one request.
package struct Outcome: Sendable, Equatable {
    /// Kinds of end.
    package enum End: Sendable, Equatable {
        /// Answered in full.
        case succeeded
        /// Given up as the request asked.
        case cancelled
        /// The deadline of the request passed. A later answer is no success.
        case deadlineExceeded
        /// The server answered with an error: the status name, with the server's code if there was
        /// a code.
        case refused(String)
        /// No answer arrived: the client's reason.
        case failed(String)
        /// Nobody is there: the client's sentence.
        case unreachable(String)
        /// An answer of a mock that the client refused: the sentence.
        case mockRefused(String)
    }

    package var end: End
    /// Time at which the client received the request.
    package var sent: Int64
    /// Time at which the answer was complete, or was known to be missing.
    package var finished: Int64
    /// The answer is marked as a mock's. The client allowed mocks.
    package var isMock = false
    /// Degradations listed in the answer.
    package var degradations: [String] = []
    package var promptTokens = 0
    package var outputTokens = 0
    /// Frames with tokens, in order of arrival. Empty for kinds without a stream.
    package var chunks: [ChunkArrival] = []
    /// The server's own times, in microseconds: the total, and the wait for the engine.
    package var serverMicroseconds: (total: UInt64, queue: UInt64)?

    package init(_ end: End, sent: Int64, finished: Int64) {
        self.end = end
        self.sent = sent
        self.finished = finished
    }

    package static func == (left: Outcome, right: Outcome) -> Bool {
        left.end == right.end && left.sent == right.sent && left.finished == right.finished
            && left.isMock == right.isMock && left.degradations == right.degradations
            && left.promptTokens == right.promptTokens && left.outputTokens == right.outputTokens
            && left.chunks == right.chunks
    }
}

/// Facts about the server, asked before and after a run.
package struct TargetFacts: Sendable, Equatable, Codable {
    /// One served model.
    package struct Model: Sendable, Equatable, Codable {
        package var name: String
        package var isMock: Bool
        package var architecture: String
        package var device: String
        /// Hexadecimal, empty when the server has none.
        package var fingerprint: String
        package var generation: UInt32
        package var vocabulary: Int
        package var context: Int

        package init(
            name: String, isMock: Bool, architecture: String = "", device: String = "",
            fingerprint: String = "", generation: UInt32 = 1, vocabulary: Int = 0, context: Int = 0
        ) {
            self.name = name
            self.isMock = isMock
            self.architecture = architecture
            self.device = device
            self.fingerprint = fingerprint
            self.generation = generation
            self.vocabulary = vocabulary
            self.context = context
        }
    }

    /// Listening address of the server.
    package var address: String
    /// Name and version that the server reports.
    package var server: String
    /// The models of the run: the named one, or all.
    package var models: [Model]

    package init(address: String, server: String, models: [Model]) {
        self.address = address
        self.server = server
        self.models = models
    }

    /// Explains that a run against this server measures a mock. Nil for a real model.
    package var mockSentence: String? {
        guard let model = models.first(where: \.isMock) else { return nil }
        return "the model \"\(model.name)\" at \(address) is a mock: it answers with made-up "
            + "numbers, and how fast it does so says nothing about a real model"
    }
}

/// The service under test.
package protocol LoadTarget: Sendable {
    /// Sends `request` on connection `lane` (0 and up) and waits for the end. Never throws, never
    /// retries.
    func perform(_ request: PlannedRequest, lane: Int) async -> Outcome
    /// Closes every connection: requests in flight end soon, as failed.
    func close() async
}
