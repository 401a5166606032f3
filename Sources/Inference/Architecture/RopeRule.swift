// Rotation of queries and keys in a family.
//
// Facts only. RotaryAngles.swift computes the angles, and the back end rotates.

import Compute

/// The rotary embedding of a family.
public struct RopeRule: Sendable {
    /// The values of `rope.scaling.type`.
    public enum Scaling: String, Sendable {
        /// Positions stay unchanged, whatever factor the file has.
        case none
        /// Positions are divided by the factor.
        case linear
        /// Low frequencies are divided and high frequencies are kept. See `RotaryAngles`.
        case yarn
        /// Frequencies are divided by one of the two lists that come with the model.
        case longrope
    }

    /// Pairs of dimensions for the rotation.
    public let style: RopeStyle
    /// True when the rotation may cover only the head's first dimensions.
    public let mayBePartial: Bool
    /// Accepted values of `rope.scaling.type`.
    public let scalings: [Scaling]
    /// Step of the blocks that do not rotate (4: the 4th, 8th, …), or nil when all blocks rotate.
    public let unrotatedBlockStep: Int?

    /// Scalings of every family.
    static let usualScalings: [Scaling] = [.none, .linear, .yarn]

    init(
        style: RopeStyle, mayBePartial: Bool = false, scalings: [Scaling] = usualScalings,
        unrotatedBlockStep: Int? = nil
    ) {
        self.style = style
        self.mayBePartial = mayBePartial
        self.scalings = scalings
        self.unrotatedBlockStep = unrotatedBlockStep
    }

    /// Returns true when queries and keys of `block` are rotated.
    func rotates(block: Int) -> Bool {
        guard let unrotatedBlockStep else { return true }
        return (block + 1) % unrotatedBlockStep != 0
    }
}
