// String helpers for error texts: clipping of text from files, and the distance between names.
//
// Guarantees: a clipped text has bounded length and no control characters. The cost of a distance
// is bounded for any two texts.
// Does not: word the errors.

extension String {
    /// The text cut to 96 Unicode scalars, with `?` in place of control characters.
    package var clipped: String {
        let lengthMax = 96
        var clipped = ""
        for (index, scalar) in unicodeScalars.enumerated() {
            if index == lengthMax { return clipped + "…" }
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            clipped.unicodeScalars.append(isControl ? "?" : scalar)
        }
        return clipped
    }

    /// Returns the Levenshtein distance over bytes. Both texts are clipped first, so the cost is
    /// bounded.
    package func editDistance(to other: String) -> Int {
        let left = Array(clipped.utf8)
        let right = Array(other.clipped.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
