// Tells when the memory of models that leave has come back.
//
// Does not: keep the models alive, or wait.

/// See the head of the file. A value. Any thread.
public struct MemoryWatch: Sendable {
    private struct Leaving: Sendable {
        weak var model: RealModel?
        weak var memory: MemoryReservation?
    }

    private let leaving: [Leaving]
    private let needed: Int
    private let ledger: MemoryLedger

    /// - Parameter needed: bytes that the load behind the models takes.
    public init(_ models: [RealModel], needed: Int, in ledger: MemoryLedger) {
        leaving = models.map { Leaving(model: $0, memory: $0.memory) }
        (self.needed, self.ledger) = (needed, ledger)
    }

    /// True when no runner of the models is left.
    public var isOver: Bool { leaving.allSatisfy { $0.model == nil && $0.memory == nil } }

    /// True when the load fits into the budget.
    public var isEnough: Bool { ledger.limit.map { ledger.used <= $0 - needed } ?? true }
}
