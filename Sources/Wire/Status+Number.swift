// Maps status numbers of later revisions to `unknown`.

extension Status {
    /// The status with this number, or `unknown` for a number from a later revision.
    public init(number: UInt32) {
        self = Status(rawValue: number) ?? .unknown
    }
}
