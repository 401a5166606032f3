// The weights of logits as whole numbers, and distances of logits from the largest (kn_weights.h),
// for work of the host on rows that a step hands out.
//
// Guarantees: the same numbers with every back end, on every machine.
// Does not: choose. A caller passes a row in blocks of at most `blockCount` logits without NaN.

import CKernels

/// The kernels for work of the host. A value. Any thread.
public struct HostKernels: Sendable {
    /// The checked kernels of a back end, or nil for the scalar kernels.
    private let table: Storage?

    /// The scalar kernels, which define every result. For rows that no back end computed.
    public static let scalar = HostKernels(table: nil)
    private static let scalarAddress = UInt(bitPattern: kn_ops_for(KN_SCALAR))

    private init(table: Storage?) { self.table = table }

    /// Takes the kernels that `backend` uses.
    package init(_ backend: CPUBackend) { table = backend.tableStorage }

    fileprivate var ops: UnsafePointer<kn_ops>? {
        UnsafePointer(bitPattern: table?.address ?? Self.scalarAddress)
    }
}

/// The weights of a row. A value. Any thread.
package struct LogitWeights {
    /// Most logits of a block.
    package static let blockCount = Int(KN_WEIGHT_BLOCK)
    /// Bits of a bin's number.
    package static let binBits = Int(KN_WEIGHT_BIN_BITS)

    /// A beginning of the order of likelihood.
    package typealias Beginning = kn_beginning

    /// Keeps the table alive.
    private let kernels: HostKernels
    private let weights: kn_weights

    /// - Parameters:
    ///   - largest: the largest logit of the row, finite.
    ///   - temperature: above 0. The smallest weigh equal logits alone.
    ///   - weightMin: weight below which `keep` keeps nothing.
    package init(
        _ kernels: HostKernels, largest: Float, temperature: Double, weightMin: Double
    ) {
        self.kernels = kernels
        let inverse = min(Float(1 / temperature), .greatestFiniteMagnitude)
        weights = kn_weights(
            ops: kernels.ops, largest: largest, inverse: inverse, least: weightMin)
    }

    /// Returns the distance of a logit.
    package func distance(of logit: Float) -> UInt32 {
        kn_weights_distance(weights.largest, logit)
    }

    /// Returns a distance beyond which every logit weighs 0.
    package var reach: UInt32 {
        // e^-28 is less than a unit, with room for the rounding of a few operations.
        let lowest = Double(weights.largest) - 28 / Double(weights.inverse)
        return distance(of: max(Float(lowest).nextDown, -.greatestFiniteMagnitude))
    }

    /// Returns the units of the logits at a distance.
    package func units(at distance: UInt32) -> UInt64 {
        withUnsafePointer(to: weights) { kn_weights_units($0, distance) }
    }

    /// Adds the logits at distances from `first` to `first + span` to the bins of 2^shift
    /// distances: their units, or 1 each when `isCounting`.
    package func spread(
        _ block: UnsafeBufferPointer<Float>, _ first: UInt32, _ span: UInt32, shift: Int,
        isCounting: Bool, into bins: UnsafeMutablePointer<UInt64>
    ) {
        withUnsafePointer(to: weights) {
            kn_weights_spread(
                $0, block.baseAddress, block.count, kn_distances(first: first, span: span),
                UInt32(shift), isCounting, bins)
        }
    }

    /// Writes the units of the logits that belong to the beginning, and 0 for the others. Counts
    /// the ties of the beginning down. Writes nothing where the returned sum is 0.
    package func keep(
        _ block: UnsafeBufferPointer<Float>, _ beginning: inout Beginning,
        into units: UnsafeMutablePointer<UInt64>
    ) -> UInt64 {
        withUnsafePointer(to: weights) {
            kn_weights_keep($0, block.baseAddress, block.count, &beginning, units)
        }
    }

    /// Writes the indices of the logits that belong to the beginning, and returns their number.
    /// Counts the ties of the beginning down.
    package func pick(
        _ block: UnsafeBufferPointer<Float>, _ beginning: inout Beginning,
        into indices: UnsafeMutablePointer<UInt32>
    ) -> Int {
        withUnsafePointer(to: weights) {
            kn_weights_pick($0, block.baseAddress, block.count, &beginning, indices)
        }
    }
}
