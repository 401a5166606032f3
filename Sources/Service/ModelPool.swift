// Which models leave memory, so that another one fits. Pure.
//
// Order: generations held for a rollback, then models by their last use, the longest unused first.
// Guarantees:
// - What leaves is enough together, or nothing leaves.
// - Nobody leaves in vain: without any of those chosen, the rest would not be enough.
// - A packing counts once the last model that answers from it leaves.
// Does not: know pins, labels or requests. `ModelRegistry.evictable` leaves out what must stay.

/// See the head of the file.
package enum ModelPool {
    /// A generation in memory.
    package struct Resident: Sendable, Equatable {
        package let model: ServedModel
        /// True for a generation that is held for a rollback.
        package let isHeld: Bool
        /// Order of the last use among all models.
        package let lastUse: UInt64
        /// Bytes of its own: cache and scratch.
        package let size: Int
        /// Identity of the packed weights, which several generations may share.
        package let packing: Int
        /// Bytes of the packed weights.
        package let packingSize: Int

        package init(
            _ model: ServedModel, isHeld: Bool, lastUse: UInt64, size: Int, packing: Int,
            packingSize: Int
        ) {
            (self.model, self.isHeld, self.lastUse) = (model, isHeld, lastUse)
            (self.size, self.packing, self.packingSize) = (size, packing, packingSize)
        }
    }

    /// Returns the generations to evict, in order, or nil when all together are not enough.
    ///
    /// - Parameters:
    ///   - missing: bytes that must come free.
    ///   - candidates: generations that may leave.
    ///   - users: generations by packing, those that stay included.
    package static func victims(
        for missing: Int, among candidates: [Resident], users: [Int: Int]
    ) -> [Resident]? {
        let order = candidates.sorted { left, right in
            if left.isHeld != right.isHeld { return left.isHeld }
            if left.lastUse != right.lastUse { return left.lastUse < right.lastUse }
            return left.model.generation < right.model.generation
        }
        var chosen: [Resident] = []
        for candidate in order where freed(chosen, users) < missing { chosen.append(candidate) }
        guard freed(chosen, users) >= missing else { return nil }
        for candidate in chosen.reversed() {
            // With the active generation of a name its held one leaves, too.
            if candidate.isHeld, chosen.contains(where: { $0.isSameName(candidate) }) { continue }
            let rest = chosen.filter { $0 != candidate }
            if freed(rest, users) >= missing { chosen = rest }
        }
        return chosen
    }

    /// Bytes that come free when `leaving` leave.
    package static func freed(_ leaving: [Resident], _ users: [Int: Int]) -> Int {
        var left = users
        var sum = 0
        for resident in leaving {
            sum += resident.size
            let count = (left[resident.packing] ?? 1) - 1
            left[resident.packing] = count
            if count == 0 { sum += resident.packingSize }
        }
        return sum
    }
}

extension ModelPool.Resident {
    fileprivate func isSameName(_ other: Self) -> Bool {
        model.name == other.model.name && model != other.model
    }
}

/// What happens to a model that does not fit, and to a request for a model that was put out.
package enum EvictionMode: String, Sendable, CaseIterable {
    /// Nothing leaves for another model. A request for a model that is not loaded yet loads it.
    case off
    /// Models leave for others. A request for an absent model loads it and waits.
    case wait
    /// Models leave for others. A request for an absent model is refused.
    case refuse
}
