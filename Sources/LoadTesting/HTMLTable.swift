// A table of the page: a heading, column heads, and rows that begin with their name.
//
// A table wider than the screen scrolls sideways in its own frame, under its first column.

/// A cell of a table.
enum HTMLCell {
    case text(String)
    /// A number, to the right.
    case number(String)
    /// A number that asks for attention.
    case badNumber(String)
    case good(String)
    case bad(String)

    private var parts: (style: String, text: String) {
        switch self {
        case .text(let text): ("text", text)
        case .number(let text): ("", text)
        case .badNumber(let text): ("wrong", text)
        case .good(let text): ("text good", text)
        case .bad(let text): ("text wrong", text)
        }
    }

    /// True for a column of numbers, whose head stands to the right.
    var isNumber: Bool {
        switch self {
        case .number, .badNumber: true
        default: false
        }
    }

    /// The cell in a row, as the row's head when it is the first.
    func html(isFirst: Bool) -> String {
        let text = HTMLReport.escaped(parts.text)
        if isFirst { return "<th scope=\"row\">\(text)</th>" }
        let style = parts.style.isEmpty ? "" : " class=\"\(parts.style)\""
        return "<td\(style)>\(text)</td>"
    }
}

/// A table with a heading. Without rows there is no table.
struct HTMLTable {
    var title: String
    /// A sentence below the heading.
    var note = ""
    var columns: [String]
    var rows: [[HTMLCell]]

    var html: String {
        guard !rows.isEmpty else { return "" }
        let heads = zip(columns, rows[0]).map { name, cell in
            "<th scope=\"col\"\(cell.isNumber ? "" : " class=\"text\"")>"
                + HTMLReport.escaped(name) + "</th>"
        }
        let body = rows.map { row in
            "<tr>" + row.enumerated().map { $1.html(isFirst: $0 == 0) }.joined() + "</tr>\n"
        }
        let title = HTMLReport.escaped(title)
        return """
            <section><h2>\(title)</h2>
            \(note.isEmpty ? "" : "<p class=\"about\">\(HTMLReport.escaped(note))</p>\n")\
            <div class="wide" role="region" tabindex="0" aria-label="\(title)"><table>
            <thead><tr>\(heads.joined())</tr></thead>
            <tbody>\(body.joined())</tbody></table></div></section>

            """
    }
}
