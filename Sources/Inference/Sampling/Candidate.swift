/// A token and its logit. Does not hold NaN, which the sampler refuses first.
package struct Candidate: Equatable, Sendable {
    package var logit: Float
    package var token: Int32

    package init(logit: Float, token: Int32) { (self.logit, self.token) = (logit, token) }

    /// True when `self` is likelier, or as likely with a lower id.
    @inline(__always)
    package func precedes(_ other: Candidate) -> Bool {
        logit != other.logit ? logit > other.logit : token < other.token
    }
}
