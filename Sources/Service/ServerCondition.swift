// What is wrong with the server itself, whatever its models are. Pure: findings come in, sentences
// for Health, `/readyz` and the log go out.
//
// Guarantees: while there is a finding the server is not ready, and says which.

/// Findings about the parts that every request needs. A value owned by the loop thread.
package struct ServerCondition: Sendable, Equatable {
    /// Whether models that the server was started with are still on their way into service.
    package var isStarting = false
    /// Whether the engine gets on with its work.
    package var engine: EngineWatch
    /// One sentence per address where nobody can connect any more.
    package var unreachable: [String] = []

    package init(limits: ServiceLimits) { engine = EngineWatch(limits: limits) }

    /// Why no work should be sent here; empty when all is well.
    package var faults: [String] { (engine.fault.map { [$0] } ?? []) + unreachable }
}
