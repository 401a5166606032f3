// The origin and cost of an answer, as JSON and as a line for people.

import Loading
import AssayClient
import PlainText
import Wire

/// The account of an answer: provenance, model, fingerprint, generation, device.
struct AnswerOutput {
    let provenance: Provenance
    let generation: UInt32
    let answer: AnswerRecord

    /// First fields of an answer's JSON, in the order of the contract.
    var identity: [(String, JSONText)] {
        [
            ("provenance", .string(provenance.description)),
            ("model", .string(answer.model)),
            ("fingerprint", .string(answer.fingerprint.map { hexText($0) })),
            ("generation", .unsigned(UInt64(generation))),
            ("device", .string(answer.device)),
        ]
    }

    /// Last fields of an answer's JSON.
    var account: [(String, JSONText)] {
        let timing = answer.timing
        return [
            (
                "timing_ms",
                .object([
                    ("accept", .milliseconds(timing.accept)),
                    ("queue", .milliseconds(timing.queue)),
                    ("tokenize", .milliseconds(timing.tokenize)),
                    ("prefill", .milliseconds(timing.prefill)),
                    ("decode", .milliseconds(timing.decode)),
                    ("write", .milliseconds(timing.write)),
                    ("total", .milliseconds(timing.total)),
                ])
            ),
            ("degradations", .array(answer.degradations.map { .string($0) })),
            ("load", Self.load(answer.serverLoad)),
        ]
    }

    /// Load of the server. Null from a server of an older revision.
    private static func load(_ load: ServerLoad?) -> JSONText {
        guard let load else { return .null }
        return .object([
            ("queued", .unsigned(load.queued)), ("running", .unsigned(load.running)),
            ("wait_ms", .milliseconds(load.waitMicroseconds)),
            ("cache_pages_used", .unsigned(load.cachePagesUsed)),
            ("cache_pages", .unsigned(load.cachePages)),
        ])
    }

    /// The origin of the answer on a line, then a line per degradation.
    var line: String {
        let absent = provenance == .mock ? "none" : "pending"
        let digest = answer.fingerprint.map { hexText($0.prefix(6)) + "…" } ?? absent
        let worse = answer.degradations.map { "\n[degraded: \($0)]" }.joined()
        return "[provenance: \(provenance) | model: \(answer.model) | fingerprint: \(digest) | "
            + "generation: \(generation) | device: \(answer.device)]" + worse
    }
}
