// Counts of the server's work by name and by provenance, so that the work of a mock can never be
// added to the work of a real model.
//
// Counting is an array increment. Names become text only when a client asks.

import Wire

/// Counted events. The snake_case form of a case is its name on the wire.
package enum Counter: Int, CaseIterable, Sendable {
    case answersFailed, answersOK, bytesReceived, bytesSent, completionTokens
    case connectionsAccepted, connectionsOpen, connectionsRefused, goAwaysSent
    case loadsAccepted, loadsRejected, modelsEvicted, modelsNotCausal, modelsUnloaded
    case pings, promptTokens, protocolErrors
    case requestsCancelled, requestsInFlight, requestsOverloaded, requestsReceived
    case requestsRecomputed, requestsRetried, requestsSuspended
    case rollbacks, swapsAccepted, swapsRejected

    /// First protocol revision with the counter.
    package var since: UInt64 {
        switch self {
        case .modelsNotCausal, .requestsRecomputed, .requestsRetried, .requestsSuspended: 3
        case .modelsEvicted, .rollbacks, .swapsAccepted, .swapsRejected: 4
        default: 1
        }
    }

    /// The name on the wire. The cases are in the order of their names.
    package var name: String {
        var name = ""
        for scalar in "\(self)".unicodeScalars {
            // Capital letters begin words, and "OK" is a single word.
            if ("A"..."Z").contains(scalar), let last = name.last, last != "o" || scalar != "K" {
                name += "_"
            }
            name += String(scalar).lowercased()
        }
        return name
    }
}

/// A number per counter and provenance.
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

    /// Subtracts one, for counters of a present number, e.g. open connections.
    package mutating func subtract(_ counter: Counter, provenance: Provenance = .real) {
        switch provenance {
        case .real: real[counter.rawValue] -= 1
        case .mock: mock[counter.rawValue] -= 1
        }
    }

    /// Replaces a present number that is counted elsewhere.
    package mutating func set(
        _ counter: Counter, to amount: Int, provenance: Provenance = .real
    ) {
        switch provenance {
        case .real: real[counter.rawValue] = UInt64(amount)
        case .mock: mock[counter.rawValue] = UInt64(amount)
        }
    }

    package func value(_ counter: Counter, _ provenance: Provenance = .real) -> UInt64 {
        provenance == .real ? real[counter.rawValue] : mock[counter.rawValue]
    }

    /// Returns the counters of a protocol revision, in order of name. Allocates.
    package func records(in revision: UInt64 = Limits.revision) -> [CounterRecord] {
        Counter.allCases.filter { $0.since <= revision }.map { counter in
            CounterRecord(
                name: counter.name, real: real[counter.rawValue], mock: mock[counter.rawValue])
        }
    }
}
