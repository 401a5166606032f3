// What the server has done, counted by name and by provenance, so that nothing a mock did can be
// added to what a real model did.
//
// Counting is an array increment; names become text only when somebody asks.

import Wire

/// Things that are counted. The raw value is the name on the wire.
package enum Counter: Int, CaseIterable, Sendable {
    case answersFailed, answersOK, bytesReceived, bytesSent, completionTokens
    case connectionsAccepted, connectionsOpen, connectionsRefused, goAwaysSent
    case loadsAccepted, loadsRejected, modelsUnloaded
    case pings, promptTokens, protocolErrors
    case requestsCancelled, requestsInFlight, requestsOverloaded, requestsReceived
    case requestsRecomputed, requestsRetried

    /// Revision of the protocol that knows it.
    package var since: UInt64 {
        switch self {
        case .requestsRecomputed, .requestsRetried: 3
        default: 1
        }
    }

    /// The name on the wire; the cases are in its order.
    package var name: String {
        var name = ""
        for scalar in "\(self)".unicodeScalars {
            // Capital letters begin words; "OK" is one word.
            if ("A"..."Z").contains(scalar), let last = name.last, last != "o" || scalar != "K" {
                name += "_"
            }
            name += String(scalar).lowercased()
        }
        return name
    }
}

/// One number per counter and provenance.
package struct Counters: Sendable, Equatable {
    private var real = [UInt64](repeating: 0, count: Counter.allCases.count)
    private var mock = [UInt64](repeating: 0, count: Counter.allCases.count)

    package init() {}

    package mutating func add(
        _ counter: Counter, _ amount: UInt64 = 1, provenance: Provenance = .real
    ) {
        switch provenance {
        case .real: real[counter.rawValue] &+= amount
        case .mock: mock[counter.rawValue] &+= amount
        }
    }

    /// For the counters that say how many there are now.
    package mutating func subtract(_ counter: Counter, provenance: Provenance = .real) {
        switch provenance {
        case .real: real[counter.rawValue] -= 1
        case .mock: mock[counter.rawValue] -= 1
        }
    }

    package func value(_ counter: Counter, _ provenance: Provenance = .real) -> UInt64 {
        provenance == .real ? real[counter.rawValue] : mock[counter.rawValue]
    }

    /// Those that a revision of the protocol knows, in order of name. Allocates.
    package func records(in revision: UInt64 = Limits.revision) -> [CounterRecord] {
        Counter.allCases.filter { $0.since <= revision }.map { counter in
            CounterRecord(
                name: counter.name, real: real[counter.rawValue], mock: mock[counter.rawValue])
        }
    }
}
