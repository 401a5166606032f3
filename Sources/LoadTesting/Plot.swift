// A line plot as inline SVG: axes, a few lines, a legend. No script, no style sheet, no network.
//
// Colours are CSS variables of the page, so a single picture serves light and dark.

/// One line of a plot.
struct PlotLine {
    let name: String
    /// A CSS variable's name without the dashes.
    let color: String
    let points: [(x: Double, y: Double)]
}

/// A mark on an axis.
struct PlotTick {
    let value: Double
    let text: String
}

/// A plot of lines over one axis, with y from 0 or on a logarithmic scale.
struct Plot {
    var title: String
    var unit: String
    var lines: [PlotLine]
    /// Marks of the x axis. The first and the last mark are the ends of the axis.
    var ticks: [PlotTick]
    var isLogarithmic = false

    private static let width = 860.0
    private static let height = 280.0
    private static let left = 70.0
    private static let right = 28.0
    private static let top = 16.0
    private static let bottom = 34.0

    /// The HTML section with heading, legend and picture.
    var html: String {
        let all = lines.flatMap(\.points)
        guard !all.isEmpty, ticks.count > 1 else {
            return
                "<section><h2>\(HTMLReport.escaped(title))</h2><p>Nothing was measured.</p>"
                + "</section>"
        }
        let marks = yTicks(all.map(\.y))
        let body = grid(marks) + lines.map { curve($0, marks) }.joined()
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
            </section>

            """
    }

    private func x(_ value: Double) -> Double {
        let low = ticks[0].value
        let span = max(ticks[ticks.count - 1].value - low, 1e-12)
        return Self.left + (value - low) / span * (Self.width - Self.left - Self.right)
    }

    private func y(_ value: Double, _ marks: [PlotTick]) -> Double {
        let low = scaled(marks[0].value)
        let span = max(scaled(marks[marks.count - 1].value) - low, 1e-12)
        let share = min(max((scaled(value) - low) / span, 0), 1)
        return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    private func scaled(_ value: Double) -> Double {
        isLogarithmic ? Double.logarithm(max(value, 1e-9)) : value
    }

    /// Marks from 0 in round steps, or the powers of ten around the values.
    private func yTicks(_ values: [Double]) -> [PlotTick] {
        let top = max(values.max() ?? 1, 1e-9)
        if isLogarithmic {
            let positive = values.filter { $0 > 0 }
            let low = Int(Double.logarithm(positive.min() ?? 1).rounded(.down))
            let high = max(Int(Double.logarithm(top).rounded(.up)), low + 1)
            return (low...high).map { power in
                let value = Double.power(of: power)
                return PlotTick(value: value, text: Self.label(value))
            }
        }
        let size = Double.power(of: Int(Double.logarithm(top).rounded(.down)))
        let step = [0.2, 0.5, 1, 2].map { $0 * size }.first { top / $0 <= 6 } ?? size * 2
        let count = Int((top / step).rounded(.up))
        return (0...max(count, 1)).map { index in
            PlotTick(value: Double(index) * step, text: Self.label(Double(index) * step))
        }
    }

    private static func label(_ value: Double) -> String {
        if value >= 1_000_000 { return NumberText.short(value / 1_000_000) + "M" }
        if value >= 10_000 { return NumberText.short(value / 1_000) + "k" }
        if value == value.rounded() { return NumberText.fixed(value, 0) }
        var text = NumberText.fixed(value, 6)
        while text.last == "0" { text.removeLast() }
        return text
    }

    private func grid(_ marks: [PlotTick]) -> String {
        let bottom = Self.height - Self.bottom
        let (left, right) = (Int(Self.left), Int(Self.width - Self.right))
        let rows = marks.map { mark in
            let height = NumberText.fixed(y(mark.value, marks), 1)
            return "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(height)\""
                + " y2=\"\(height)\"/><text x=\"\(left - 8)\" y=\"\(height)\" dy=\"4\""
                + " text-anchor=\"end\">\(mark.text)</text>\n"
        }
        let columns = ticks.map { tick in
            let place = NumberText.fixed(x(tick.value), 1)
            return "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(Int(Self.top))\""
                + " y2=\"\(Int(bottom))\"/><text x=\"\(place)\" y=\"\(Int(bottom + 18))\""
                + " text-anchor=\"middle\">\(HTMLReport.escaped(tick.text))</text>\n"
        }
        return (rows + columns).joined()
    }

    private func curve(_ line: PlotLine, _ marks: [PlotTick]) -> String {
        guard !line.points.isEmpty else { return "" }
        let places = line.points.map { point in
            (NumberText.fixed(x(point.x), 1), NumberText.fixed(y(point.y, marks), 1))
        }
        let path = places.map { "\($0.0),\($0.1)" }.joined(separator: " ")
        return "<polyline points=\"\(path)\" style=\"stroke:var(--\(line.color))\">"
            + "<title>\(HTMLReport.escaped(line.name))</title></polyline>\n"
    }
}
