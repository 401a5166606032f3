// A table of text for people and awk: aligned columns, one line a row.
//
// Guarantees:
// - Columns are aligned on a terminal, wide and combining characters included.
// - A cell is one line: characters that steer a terminal are escaped. An empty cell is `-`.
// - Only a column that shortens is ever cut, and a last line then says where the rest is.
// - No line ends with a space. Nothing depends on the output being a terminal.
// Does not: print. Console does.

/// Rows under headings.
package struct TextTable: Sendable {
    /// Columns of a terminal that a table fits into, unless texts that are never cut are too long.
    package static let widthMax = 100

    /// A column.
    package struct Column: Sendable {
        /// A word in capitals, or nothing in a table without headings.
        let heading: String
        let isRight: Bool
        let isShortened: Bool
        let widthMin: Int

        private init(_ heading: String, right: Bool, shortened: Bool, widthMin: Int) {
            (self.heading, self.widthMin) = (heading, widthMin)
            (isRight, isShortened) = (right, shortened)
        }

        /// Text, never cut. `widthMin` keeps rows aligned that are printed one by one.
        package static func text(_ heading: String, widthMin: Int = 0) -> Column {
            Column(heading, right: false, shortened: false, widthMin: widthMin)
        }

        /// A number, at the right of its column.
        package static func number(_ heading: String, widthMin: Int = 0) -> Column {
            Column(heading, right: true, shortened: false, widthMin: widthMin)
        }

        /// A long text. It gives way until the table fits.
        package static func reason(_ heading: String) -> Column {
            Column(heading, right: false, shortened: true, widthMin: 0)
        }
    }

    private static let gap = "  "
    private let columns: [Column]
    private let indentation: String
    private var rows: [[StyledText]] = []

    package init(_ columns: [Column], indentation: Int = 0) {
        self.columns = columns
        self.indentation = String(repeating: " ", count: indentation)
    }

    /// Adds a row with a cell for each column.
    package mutating func add(_ cells: [StyledText]) {
        precondition(cells.count == columns.count, "\(cells.count) cells, \(columns.count) columns")
        rows.append(cells.map(Self.shown))
    }

    package var isEmpty: Bool { rows.isEmpty }

    /// Headings and rows. Reasons are cut to fit `widthMax`, or whole when `isWhole`.
    package func lines(isWhole: Bool = false) -> [StyledText] {
        let headings = columns.map { StyledText($0.heading) }
        let hasHeadings = columns.contains { !$0.heading.isEmpty }
        let all = (hasHeadings ? [headings] : []) + rows
        var widths = columns.indices.map { index in
            all.reduce(columns[index].widthMin) { max($0, terminalWidth($1[index].plain)) }
        }
        let isCut = !isWhole && shrink(&widths)
        return all.map { line($0, widths) } + (isCut ? [Self.hint] : [])
    }

    /// The last line of output that is cut.
    package static let hint = StyledText("(shortened: --verbose shows all of it)")

    private static func shown(_ cell: StyledText) -> StyledText {
        let parts = cell.parts.map { StyledText(escaped($0.text), $0.style) }
        let text = parts.dropFirst().reduce(parts.first ?? "") { $0 + $1 }
        return text.plain.isEmpty ? "-" : text
    }

    /// Takes columns from the reasons until the table fits. Returns false when it fits as it is.
    private func shrink(_ widths: inout [Int]) -> Bool {
        let gaps = indentation.count + Self.gap.count * (widths.count - 1)
        var excess = widths.reduce(gaps, +) - Self.widthMax
        var isCut = false
        for index in widths.indices.reversed() where excess > 0 && columns[index].isShortened {
            let least = max(1, terminalWidth(columns[index].heading))
            let taken = min(excess, widths[index] - least)
            guard taken > 0 else { continue }
            widths[index] -= taken
            excess -= taken
            isCut = true
        }
        return isCut
    }

    private func line(_ cells: [StyledText], _ widths: [Int]) -> StyledText {
        var line = StyledText(indentation)
        var pending = ""
        for (index, cell) in cells.enumerated() {
            let cut = cell.cut(to: widths[index])
            let space = String(
                repeating: " ", count: max(0, widths[index] - terminalWidth(cut.plain)))
            let before = columns[index].isRight ? space : ""
            line += StyledText(pending + before)
            line += cut
            pending = (columns[index].isRight ? "" : space) + Self.gap
        }
        return line
    }
}

extension StyledText {
    /// Cut to `width` columns, in the style of the first part.
    fileprivate func cut(to width: Int) -> StyledText {
        guard terminalWidth(plain) > width else { return self }
        return StyledText(shortened(plain, to: width), parts.first?.style ?? .plain)
    }
}
