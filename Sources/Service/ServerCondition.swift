// Faults of the server itself, apart from its models. Pure: findings come in, sentences for Health,
// `/readyz` and the log go out.
//
// Guarantees: the server is not ready while there is a finding, and names the finding.

/// Findings about the parts that every request needs. A value owned by the loop thread.
package struct ServerCondition: Sendable, Equatable {
    /// True while a model of the server's start is not yet in service.
    package var isStarting = false
    /// Watch over the engine's progress.
    package var engine: EngineWatch
    /// A sentence for each address that no client can connect to any more.
    package var unreachable: [String] = []

    package init(limits: ServiceLimits) { engine = EngineWatch(limits: limits) }

    /// Reasons the server is not ready, or an empty array when all is well.
    package var faults: [String] { (engine.fault.map { [$0] } ?? []) + unreachable }
}
