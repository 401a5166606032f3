// What every answer of a model says about itself, as JSON and as one line for people.

import AssayClient
import Wire

/// The account of an answer: provenance, model, fingerprint, generation, device.
struct AnswerOutput {
    let provenance: Provenance
    let generation: UInt32
    let answer: AnswerRecord

    /// Fields that begin the JSON of an answer, in the order of the contract.
    var identity: [(String, JSONValue)] {
        [
            ("provenance", .string(provenance.description)),
            ("model", .string(answer.model)),
            ("fingerprint", .string(answer.fingerprint.map(Hex.text))),
            ("generation", .unsigned(UInt64(generation))),
            ("device", .string(answer.device)),
        ]
    }

    /// Fields that end it.
    var account: [(String, JSONValue)] {
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

    /// How busy the server was; null from a server of an older revision.
    private static func load(_ load: ServerLoad?) -> JSONValue {
        guard let load else { return .null }
        return .object([
            ("queued", .unsigned(load.queued)), ("running", .unsigned(load.running)),
            ("wait_ms", .milliseconds(load.waitMicroseconds)),
            ("cache_pages_used", .unsigned(load.cachePagesUsed)),
            ("cache_pages", .unsigned(load.cachePages)),
        ])
    }

    /// One line: who answered.
    var line: String {
        let absent = provenance == .mock ? "none" : "pending"
        let digest = answer.fingerprint.map { Hex.text(Array($0.prefix(6))) + "…" } ?? absent
        let worse = answer.degradations.map { "\n[degraded: \($0)]" }.joined()
        return "[provenance: \(provenance) | model: \(answer.model) | fingerprint: \(digest) | "
            + "generation: \(generation) | device: \(answer.device)]" + worse
    }
}
