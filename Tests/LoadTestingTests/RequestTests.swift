// Mixes, lengths and ready-made requests.

import LoadTesting
import Testing

@Suite struct RequestTests {
    @Test func aMixIsReadAndKeepsItsShares() throws {
        let mix = try RequestMix("ping=3,generate=1")
        #expect(mix.description == "ping=3,generate=1")
        var pool = try Simulation.pool(mix)
        let kinds = (0..<8_000).map { _ in pool.draw(nil).kind }
        let pings = kinds.filter { $0 == .ping }.count
        #expect(abs(pings - 6_000) < 200)
        #expect(Set(kinds) == [.ping, .generate])
    }

    @Test(arguments: [
        "", "fly", "ping=0", "ping=-1", "ping=1,ping=2", "ping=1=2", "ping,", "ping=nan",
    ])
    func aWrongMixIsRefused(_ text: String) {
        #expect(throws: LoadTestError.self) { try RequestMix(text) }
    }

    @Test(arguments: [
        "", "0", "-1", "1001", "uniform:5", "uniform:9:3", "uniform:0:3", "normal:5", "fixed:5:5",
        "lognormal:5:99", "exponential:", "zipf:1:2", "1e9", "nan",
    ])
    func aWrongLengthIsRefused(_ text: String) {
        #expect(throws: LoadTestError.self) {
            try LengthDistribution(text, "--test", most: 1_000)
        }
    }

    @Test(arguments: [
        ("50", 50.0, 50...50), ("uniform:10:20", 15.0, 10...20),
        ("normal:100:10", 100.0, 1...1_000),
        ("exponential:20", 20.0, 1...1_000), ("lognormal:50:0.5", 56.7, 1...1_000),
    ])
    func lengthsHaveTheirMeanAndBounds(_ text: String, _ mean: Double, _ range: ClosedRange<Int>)
        throws
    {
        let lengths = try LengthDistribution(text, "--test", most: 1_000)
        var random = SplitMix(seed: 5)
        let drawn = (0..<20_000).map { _ in lengths.draw(&random) }
        #expect(drawn.allSatisfy(range.contains))
        let found = Double(drawn.reduce(0, +)) / 20_000
        #expect(abs(found - mean) < 0.05 * mean, "\(found)")
    }

    @Test func theSeedDecidesTheRequests() throws {
        let mix = try RequestMix("tokenize,generate,score,detokenize,logits,embed")
        func requests(_ seed: UInt64) throws -> [PlannedRequest] {
            var pool = try Simulation.pool(mix, seed: seed)
            return (0..<100).map { _ in pool.draw(nil) }
        }
        #expect(try requests(1) == requests(1))
        #expect(try requests(1) != requests(2))
    }

    @Test func everyKindGetsWhatItNeeds() throws {
        for kind in RequestKind.allCases {
            var pool = try Simulation.pool(RequestMix(kind)) { $0.vocabulary = 50 }
            let request = pool.draw(nil)
            #expect(request.kind == kind)
            switch (kind, request.prompt) {
            case (.ping, .payload(let bytes)): #expect(bytes.count == 8)
            case (.tokenize, .text(let text)): #expect(text.utf8.count == 32)
            case (.health, .none), (.models, .none), (.stats, .none): break
            case (.chat, .conversation(let turns)):
                #expect(turns.count > 2 && turns.last?.role == "user")
                #expect(request.outputTokens == 8)
            case (_, .tokens(let tokens)):
                #expect(tokens.count == 8 && tokens.allSatisfy { $0 < 50 })
            default: Issue.record("\(kind) has \(request.prompt)")
            }
            #expect(request.continuations.count == (kind == .score ? 4 : 0))
        }
    }

    @Test func sharesOfCancellationsAndDeadlinesAreKept() throws {
        var pool = try Simulation.pool(RequestMix(.generate)) {
            $0.cancelShare = 0.25
            $0.deadlineShare = 0.5
            $0.deadlineMilliseconds = 40
        }
        let requests = (0..<4_000).map { _ in pool.draw(nil) }
        let cancelled = requests.filter { $0.cancelAfterChunks != nil }.count
        let timed = requests.filter { $0.deadlineMilliseconds == 40 }.count
        #expect(abs(cancelled - 1_000) < 150 && abs(timed - 2_000) < 200)
    }

    @Test func aTraceOverridesLengths() throws {
        var pool = try Simulation.pool(RequestMix(.generate))
        let entry = try TraceFile.parse(Array("0,generate,77,5".utf8), name: "t")[0]
        let request = pool.draw(entry)
        #expect(request.outputTokens == 5)
        if case .tokens(let tokens) = request.prompt {
            #expect(tokens.count == 77)
        } else {
            Issue.record("\(request.prompt)")
        }
    }

    @Test func conversationsAreSentInTurnAndWhole() throws {
        let talks = (1...3).map { [ConversationTurn("user", "question \($0)")] }
        var pool = try Simulation.pool(RequestMix("chat=1,ping=1")) {
            $0.conversations = talks
            $0.cancelShare = 1
        }
        // The lengths of a trace are those of the answer: a conversation is sent as it is.
        let entry = try TraceFile.parse(Array("0,chat,900,5".utf8), name: "t")[0]
        let requests = (0..<3).map { _ in pool.draw(entry) }
        #expect(requests.map(\.outputTokens) == [5, 5, 5])
        #expect(Set(requests.map { "\($0.prompt)" }).count == 3)
        #expect(requests.allSatisfy { $0.cancelAfterChunks != nil })
        #expect(try RequestMix("chat=1,ping=1").description == "chat=1,ping=1")
    }

    @Test func everyConversationInTheBoxIsATalk() {
        #expect(ConversationSet.builtIn.count >= 8)
        for talk in ConversationSet.builtIn {
            #expect(talk.count >= 3 && talk.count % 2 == 1)
            let roles = talk.indices.map { $0 % 2 == 0 ? "user" : "assistant" }
            #expect(talk.map(\.role) == roles)
            #expect(talk.allSatisfy { !$0.text.isEmpty })
        }
    }

    @Test func promptsComeFromAFile() throws {
        let prompts = try PromptFile.parse(Array("one\r\n\ntwo\n".utf8), name: "p")
        #expect(prompts == ["one", "two"])
        var pool = try Simulation.pool(RequestMix(.generate)) { $0.prompts = prompts }
        #expect(Set((0..<4).map { _ in "\(pool.draw(nil).prompt)" }).count == 2)
        #expect(throws: LoadTestError.self) { try PromptFile.parse([0xFF, 0x0A], name: "p") }
        #expect(throws: LoadTestError.self) { try PromptFile.parse([0x0A], name: "p") }
    }
}
