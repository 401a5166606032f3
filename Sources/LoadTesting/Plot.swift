// A line plot as inline SVG: axes, a few lines, marks, a legend. No script, no network.
//
// Colours are CSS variables of the page, so a single picture serves light and dark. Letters have
// their size from the page, and the margins have room for the larger letters of a narrow screen.

/// One line of a plot. Each run is drawn by itself, with a gap between two runs.
struct PlotLine {
    let name: String
    /// A CSS variable's name without the dashes.
    let color: String
    let runs: [[(x: Double, y: Double)]]
    /// True for a dot at each point.
    var hasDots = false

    var points: [(x: Double, y: Double)] { runs.flatMap(\.self) }
}

/// A mark on an axis.
struct PlotTick {
    let value: Double
    let text: String
}

/// The x axis, from 0.
struct PlotAxis {
    let end: Double
    let ticks: [PlotTick]

    init(end: Double, ticks: [PlotTick]) {
        self.end = end
        self.ticks = ticks
    }

    /// At most eight marks at round values.
    init(to end: Double, unit: String) {
        let size = Double.power(of: Int(Double.logarithm(max(end, 1e-9)).rounded(.down)))
        let step = [0.1, 0.2, 0.5, 1, 2].map { $0 * size }.first { end / $0 <= 7 } ?? size * 2
        self.end = end
        ticks = (0...max(0, Int(end / step + 1e-9))).map { index in
            let value = Double(index) * step
            return PlotTick(value: value, text: Plot.label(value) + unit)
        }
    }
}

/// A plot of lines over one axis, with y from 0 or on a logarithmic scale.
struct Plot {
    var title: String
    var unit: String
    /// A sentence under the picture.
    var note = ""
    var lines: [PlotLine]
    var x: PlotAxis
    var isLogarithmic = false
    /// Vertical marks with a word each.
    var marks: [PlotTick] = []

    private static let width = 480.0
    private static let height = 214.0
    private static let left = 40.0
    private static let right = 24.0
    private static let top = 16.0
    private static let bottom = 24.0
    /// Room that the word of a mark takes, in units of the picture.
    private static let wordWidth = 42.0

    /// The HTML section with heading, legend and picture.
    var html: String {
        let all = lines.flatMap(\.points)
        guard !all.isEmpty, x.end > 0 else {
            return "<section><h2>\(HTMLReport.escaped(title))</h2>"
                + "<p>\(note.isEmpty ? "Nothing was measured." : HTMLReport.escaped(note))</p>"
                + "</section>\n"
        }
        let ticks = yTicks(all.map(\.y))
        let body =
            grid(ticks) + marking + lines.map { curves($0, ticks) }.joined()
        let legend = lines.map { line in
            "<span><i style=\"background:var(--\(line.color))\"></i>"
                + HTMLReport.escaped(line.name) + "</span>"
        }.joined()
        return """
            <section>
            <h2>\(HTMLReport.escaped(title)) <small>\(HTMLReport.escaped(unit))</small></h2>
            <div class="legend">\(legend)</div>
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
            aria-label="\(HTMLReport.escaped(title))">
            \(body)</svg>
            \(note.isEmpty ? "" : "<p class=\"about\">\(HTMLReport.escaped(note))</p>\n")\
            </section>

            """
    }

    private func place(x value: Double) -> Double {
        let share = min(max(value / x.end, 0), 1)
        return Self.left + share * (Self.width - Self.left - Self.right)
    }

    private func place(y value: Double, _ ticks: [PlotTick]) -> Double {
        let low = scaled(ticks[0].value)
        let span = max(scaled(ticks[ticks.count - 1].value) - low, 1e-12)
        let share = min(max((scaled(value) - low) / span, 0), 1)
        return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    private func scaled(_ value: Double) -> Double {
        isLogarithmic ? Double.logarithm(max(value, 1e-9)) : value
    }

    /// Marks from 0 in round steps, or around the values on a logarithmic scale.
    private func yTicks(_ values: [Double]) -> [PlotTick] {
        let top = max(values.max() ?? 1, 1e-9)
        guard !isLogarithmic else {
            return Self.logarithmicTicks(values.filter { $0 > 0 }.min() ?? top, top)
        }
        let size = Double.power(of: Int(Double.logarithm(top).rounded(.down)))
        let step = [0.2, 0.5, 1, 2].map { $0 * size }.first { top / $0 <= 6 } ?? size * 2
        let count = Int((top / step).rounded(.up))
        return (0...max(count, 1)).map { index in
            PlotTick(value: Double(index) * step, text: Self.label(Double(index) * step))
        }
    }

    /// Powers of ten around the values, and 2 and 5 times them where there are few.
    private static func logarithmicTicks(_ low: Double, _ high: Double) -> [PlotTick] {
        let first = Int(Double.logarithm(low).rounded(.down))
        let last = max(Int(Double.logarithm(high).rounded(.up)), first + 1)
        let factors: [Double] = last - first <= 2 ? [1, 2, 5] : [1]
        let values = (first...last).flatMap { power in
            factors.map { $0 * Double.power(of: power) }
        }
        let begin = values.lastIndex { $0 <= low } ?? 0
        let end = values.firstIndex { $0 >= high } ?? values.count - 1
        return values[begin...max(end, begin + 1)].map { PlotTick(value: $0, text: label($0)) }
    }

    static func label(_ value: Double) -> String {
        if value >= 1_000_000 { return label(value / 1_000_000) + "M" }
        if value >= 10_000 { return label(value / 1_000) + "k" }
        var text = NumberText.fixed(value, 6)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }

    private func grid(_ ticks: [PlotTick]) -> String {
        let bottom = Self.height - Self.bottom
        let (left, right) = (Int(Self.left), Int(Self.width - Self.right))
        let rows = ticks.map { tick in
            let height = NumberText.fixed(place(y: tick.value, ticks), 1)
            return "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(height)\""
                + " y2=\"\(height)\"/><text x=\"\(left - 4)\" y=\"\(height)\" dy=\".35em\""
                + " text-anchor=\"end\">\(tick.text)</text>\n"
        }
        let columns = x.ticks.map { tick in
            let place = NumberText.fixed(place(x: tick.value), 1)
            return "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(Int(Self.top))\""
                + " y2=\"\(Int(bottom))\"/><text x=\"\(place)\" y=\"\(Int(bottom + 15))\""
                + " text-anchor=\"middle\">\(HTMLReport.escaped(tick.text))</text>\n"
        }
        return (rows + columns).joined()
    }

    /// A dashed line for each mark, and its word where there is room.
    private var marking: String {
        var free = 0.0
        return marks.map { mark in
            let center = place(x: mark.value)
            let place = NumberText.fixed(center, 1)
            var text =
                "<line class=\"mark\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(Int(Self.top))\""
                + " y2=\"\(Int(Self.height - Self.bottom))\"/>"
            if center >= free {
                free = center + Self.wordWidth
                text += "<text x=\"\(place)\" y=\"11\">\(HTMLReport.escaped(mark.text))</text>"
            }
            return text + "\n"
        }.joined()
    }

    private func curves(_ line: PlotLine, _ ticks: [PlotTick]) -> String {
        line.runs.filter { !$0.isEmpty }.map { run in
            let places = run.map { point in
                (
                    NumberText.fixed(place(x: point.x), 1),
                    NumberText.fixed(place(y: point.y, ticks), 1)
                )
            }
            let path = places.map { "\($0.0),\($0.1)" }.joined(separator: " ")
            let dots = places.map { x, y in
                "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"2.2\" style=\"fill:var(--\(line.color))\"/>"
            }
            return "<polyline points=\"\(path)\" style=\"stroke:var(--\(line.color))\">"
                + "<title>\(HTMLReport.escaped(line.name))</title></polyline>"
                + (line.hasDots ? dots.joined() : "") + "\n"
        }.joined()
    }
}
