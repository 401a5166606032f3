// Upper, lower and title case as Python has them: full mappings, and the Greek final sigma.

/// A text as code points with origins.
struct CaseMapping {
    typealias Scalar = (scalar: UInt32, origin: UInt32)

    private let scalars: ArraySlice<Scalar>
    private(set) var output = TextBuilder()

    init(_ scalars: ArraySlice<Scalar>) { self.scalars = scalars }

    // MARK: Whole texts

    static func upper(_ text: TemplateText) -> TemplateText {
        mapped(text) { $0.upper($0.scalars.indices) }
    }

    static func lower(_ text: TemplateText) -> TemplateText {
        mapped(text) { $0.lower($0.scalars.indices) }
    }

    /// The first character in title case, the others in lower case.
    static func capitalised(_ text: TemplateText) -> TemplateText {
        mapped(text) { mapping in
            for index in mapping.scalars.indices {
                if index == mapping.scalars.startIndex {
                    mapping.title(index)
                } else {
                    mapping.lower(index)
                }
            }
        }
    }

    /// Every run of letters starts with title case: the method `title`.
    static func titled(_ text: TemplateText) -> TemplateText {
        mapped(text) { mapping in
            var isInside = false
            for index in mapping.scalars.indices {
                if isInside { mapping.lower(index) } else { mapping.title(index) }
                isInside = Self.isCased(mapping.scalars[index].scalar)
            }
        }
    }

    /// Words between spaces, `-` and opening brackets start with upper case: the filter `title`.
    static func wordsTitled(_ text: TemplateText) -> TemplateText {
        let scalars = text.scalarsWithOrigins
        var builder = TextBuilder()
        var start = 0
        while start < scalars.count {
            let isBreak = isWordBreak(scalars[start].scalar)
            var end = start + 1
            while end < scalars.count, isWordBreak(scalars[end].scalar) == isBreak { end += 1 }
            var first = CaseMapping(scalars[start..<start + 1])
            first.upper(start..<start + 1)
            builder.append(first.output.text())
            // Each word is lowered on its own, so a final sigma ends a word.
            var rest = CaseMapping(scalars[start + 1..<end])
            rest.lower(start + 1..<end)
            builder.append(rest.output.text())
            start = end
        }
        return builder.text()
    }

    private static func mapped(
        _ text: TemplateText, _ map: (inout CaseMapping) -> Void
    ) -> TemplateText {
        let scalars = text.scalarsWithOrigins
        var mapping = CaseMapping(scalars[...])
        map(&mapping)
        return mapping.output.text(isMarked: text.isMarked)
    }

    // MARK: Single characters

    private mutating func upper(_ range: Range<Int>) {
        for index in range { append(index) { $0.uppercaseMapping } }
    }

    private mutating func lower(_ range: Range<Int>) {
        for index in range { lower(index) }
    }

    private mutating func title(_ index: Int) { append(index) { $0.titlecaseMapping } }

    private mutating func lower(_ index: Int) {
        if scalars[index].scalar == 0x3A3 {
            let sigma: UInt32 = isFinal(index) ? 0x3C2 : 0x3C3
            output.append(scalar: sigma, origin: scalars[index].origin)
        } else {
            append(index) { $0.lowercaseMapping }
        }
    }

    private mutating func append(
        _ index: Int, _ mapping: (Unicode.Scalar.Properties) -> String
    ) {
        let (scalar, origin) = scalars[index]
        guard let properties = Characters.properties(scalar) else {
            return output.append(scalar: scalar, origin: origin)
        }
        for mapped in mapping(properties).unicodeScalars {
            output.append(scalar: mapped.value, origin: origin)
        }
    }

    /// True for a sigma behind a letter and before none.
    private func isFinal(_ index: Int) -> Bool {
        let before = scalars[..<index].last { !Self.isIgnorable($0.scalar) }
        guard let before, Self.isCased(before.scalar) else { return false }
        let after = scalars[(index + 1)...].first { !Self.isIgnorable($0.scalar) }
        return after.map { !Self.isCased($0.scalar) } ?? true
    }

    private static func isCased(_ scalar: UInt32) -> Bool {
        Characters.properties(scalar)?.isCased ?? false
    }

    private static func isIgnorable(_ scalar: UInt32) -> Bool {
        Characters.properties(scalar)?.isCaseIgnorable ?? false
    }

    private static func isWordBreak(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x2D, 0x28, 0x7B, 0x5B, 0x3C: true
        default: Characters.isSpace(scalar)
        }
    }
}
