// The layers of an assay on a server, as their verdicts come: a table, and the running layer.
//
// Guarantees: the table goes to standard output, a row for each verdict. What runs goes to standard
// error as progress.

import Console
import Loading
import PlainText
import Wire

/// Shows the progress of a load or a swap.
struct LayerOutput {
    private let table = TextTable([
        .text("LAYER", widthMin: 13), .text("VERDICT", widthMin: 8), .number("TIME", widthMin: 9),
    ])
    /// What is done, such as `loading chat`.
    private let work: String
    private let isQuiet: Bool
    private let estimate = ReadingEstimate()
    private let begin = ContinuousClock.now
    private var progress = Progress()
    private var isBegun = false

    /// - Parameter isQuiet: true leaves the table out.
    init(_ work: String, isQuiet: Bool) {
        (self.work, self.isQuiet) = (work, isQuiet)
        progress.show(work)
    }

    /// Shows a verdict, or the share of the bytes that a running layer has read.
    mutating func show(_ layer: LayerVerdictRecord) {
        if let count = layer.bytesRead {
            let total = Int(clamping: layer.bytesTotal ?? count)
            let words = estimate.words(
                layer: layer.layer, BytesRead(count: Int(clamping: count), total: total),
                time: begin.duration(to: .now))
            return progress.show("\(work): \(words)")
        }
        progress.clear()
        if !isQuiet { row(layer) }
        progress.show("\(work): after the \(layer.layer) layer")
    }

    /// Shows the requests of a step behind the layers.
    mutating func show(_ step: SwapStep, done: UInt64, total: UInt64) {
        progress.show("\(work): \(step.words), \(done) of \(total)")
    }

    /// Erases what runs.
    mutating func clear() { progress.clear() }

    private mutating func row(_ layer: LayerVerdictRecord) {
        var table = table
        table.add([
            .init(layer.layer), layer.ok ? "ok" : StyledText("REJECTED", .alarm),
            .init(Quantity.time(microseconds: layer.microseconds)),
        ])
        Console.lines(Array(table.lines().suffix(isBegun ? 1 : 2)))
        isBegun = true
    }

    static func json(_ layers: [LayerVerdictRecord]) -> JSONText {
        .array(
            layers.map { layer in
                .object([
                    ("layer", .string(layer.layer)), ("ok", .bool(layer.ok)),
                    ("ms", .milliseconds(layer.microseconds)),
                ])
            })
    }
}

extension SwapStep {
    /// The step for people.
    fileprivate var words: String {
        switch self {
        case .warmUp: "warm-up requests"
        case .shadow: "live requests compared"
        }
    }
}
