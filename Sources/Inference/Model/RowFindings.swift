// The findings in a row that an item asks for, besides the values: log-probabilities and a token.
//
// Guarantees: found by any thread, from the row alone. So the rows of a step are looked at side by
// side, and the order changes nothing.

import Compute

/// See the head of the file.
struct RowFindings {
    var logProbabilities: Result<LogProbabilities, InferenceError>?
    var token: Result<Int32, InferenceError>?

    /// Nothing.
    init() {}

    /// - Parameter isLast: true at the item's last token.
    init(
        _ item: StepItem, isLast: Bool, _ values: UnsafeBufferPointer<Float>, _ scan: LogitScan,
        _ kernels: HostKernels
    ) {
        guard item.output == .logits else { return }
        if let topCount = item.topCount {
            logProbabilities = Result { () throws(InferenceError) in
                try LogProbabilities(values, topCount: topCount)
            }
        }
        if isLast, let choice = item.choice {
            token = Result { () throws(InferenceError) in
                try choice.token(of: values, scan, kernels)
            }
        }
    }

    /// True when finding takes much longer than starting it on another thread.
    static func isLong(_ item: StepItem, isLast: Bool) -> Bool {
        guard item.output == .logits else { return false }
        return item.topCount != nil || isLast && item.choice?.isScanOnly == false
    }
}
