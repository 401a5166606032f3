// How a family rotates queries and keys.
//
// Facts only: the angles are computed in RotaryAngles.swift, the rotation is the back end's.

import Compute

/// The rotary embedding of a family.
public struct RopeRule: Sendable {
    /// The values of `rope.scaling.type`.
    public enum Scaling: String, Sendable {
        /// Positions as they are, whatever factor the file has.
        case none
        /// Positions divided by the factor.
        case linear
        /// Low frequencies divided, high ones kept; see `RotaryAngles`.
        case yarn
        /// Frequencies divided by one of two lists that the file has as tensors.
        case longrope
    }

    /// Which dimensions of a head are rotated together.
    public let style: RopeStyle
    /// Whether the rotation may cover only the head's first dimensions.
    public let mayBePartial: Bool
    /// Accepted values of `rope.scaling.type`.
    public let scalings: [Scaling]
    /// Every so-manieth block (4: the 4th, 8th, …) does not rotate; nil: all blocks do.
    public let unrotatedBlockStep: Int?

    /// What every family accepts.
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

    /// Whether queries and keys of `block` are rotated.
    func rotates(block: Int) -> Bool {
        guard let unrotatedBlockStep else { return true }
        return (block + 1) % unrotatedBlockStep != 0
    }
}
