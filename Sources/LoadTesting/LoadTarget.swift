// The seam between the tester and whatever is tested: a real client, or a fake in tests.
//
// A target sends exactly what it is told to, once, and says what came of it. It must not retry: one
// send is one sample. It takes both times itself, as close to the wire as it can.

import Glibc

/// Time for measuring.
package enum LoadClock {
    /// Nanoseconds of a clock that only goes forward.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Part of a streamed answer, as it arrived.
package struct ChunkArrival: Sendable, Equatable {
    /// When, on the run's clock.
    package let at: Int64
    /// Tokens it brought, at least 1.
    package let tokens: Int

    package init(at: Int64, tokens: Int) {
        self.at = at
        self.tokens = tokens
    }
}

/// What came of one request.
package struct Outcome: Sendable, Equatable {
    /// How it ended.
    package enum End: Sendable, Equatable {
        /// Answered in full.
        case succeeded
        /// Given up, as its request said.
        case cancelled
        /// Its deadline passed; whatever came of it is not a success.
        case deadlineExceeded
        /// The server answered with a status: its name, with the server's code where there is one.
        case refused(String)
        /// No answer: the client's reason.
        case failed(String)
        /// Nobody there: the client's sentence.
        case unreachable(String)
        /// An answer of a mock that the client refused: the sentence.
        case mockRefused(String)
    }

    package var end: End
    /// When it was handed to the client.
    package var sent: Int64
    /// When the answer was complete, or it was known that none would come.
    package var finished: Int64
    /// The answer says it comes from a mock (which the client was told to allow).
    package var isMock = false
    /// What the answer says made it worse than it could be.
    package var degradations: [String] = []
    package var promptTokens = 0
    package var outputTokens = 0
    /// Frames with tokens, in order of arrival; empty where nothing is streamed.
    package var chunks: [ChunkArrival] = []
    /// The server's own account of the time, microseconds: in all, and waiting for the engine.
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

/// What a run learns about the server before and after.
package struct TargetFacts: Sendable, Equatable, Codable {
    /// One served model.
    package struct Model: Sendable, Equatable, Codable {
        package var name: String
        package var isMock: Bool
        package var architecture: String
        package var device: String
        /// Hexadecimal; empty when the server has none.
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

    /// Where it listens.
    package var address: String
    /// Its name and version, as it says.
    package var server: String
    /// The models the run addresses: the named one, or all.
    package var models: [Model]

    package init(address: String, server: String, models: [Model]) {
        self.address = address
        self.server = server
        self.models = models
    }

    /// Why a run against this server measures nothing real; nil when it does.
    package var mockSentence: String? {
        guard let model = models.first(where: \.isMock) else { return nil }
        return "the model \"\(model.name)\" at \(address) is a mock: it answers with made-up "
            + "numbers, and how fast it does so says nothing about a real model"
    }
}

/// Something requests are sent to.
package protocol LoadTarget: Sendable {
    /// Sends `request` on connection `lane` (0 and up) and waits for its end. Never throws, never
    /// retries.
    func perform(_ request: PlannedRequest, lane: Int) async -> Outcome
    /// Closes every connection: requests in flight end soon, as failed.
    func close() async
}
