// Status numbers that this revision does not know.

extension Status {
    /// The known status with this number; `unknown` for a number from a later revision.
    public init(number: UInt32) {
        self = Status(rawValue: number) ?? .unknown
    }
}
