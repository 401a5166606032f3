// The totals of buffers as shares of the memory there is. Pure: the memory comes in.

extension ServiceLimits {
    /// Share of the memory for unsent bytes, and for unfinished frames: a sixteenth each.
    private static let bufferDivisor = 16
    /// Share of the memory for the bodies of waiting requests: a sixty-fourth.
    private static let bodyDivisor = 64

    /// The documented defaults for a process that may use `memory` bytes. The totals never pass the
    /// defaults of a large machine (from 4 GiB on), and never fall below room for the largest
    /// frame.
    package init(memory: Int) {
        self.init()
        outputTotalMax = Self.share(memory / Self.bufferDivisor, most: outputTotalMax)
        inputTotalMax = Self.share(memory / Self.bufferDivisor, most: inputTotalMax)
        outstandingSizeMax = Self.share(memory / Self.bodyDivisor, most: outstandingSizeMax)
    }

    private static func share(_ size: Int, most: Int) -> Int {
        min(most, max(size, outstandingSizeMin))
    }
}
