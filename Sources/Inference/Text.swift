// What error texts need of strings: clipping what came from a file, and finding the nearest name.
//
// Guarantees: a clipped text has bounded length and no control characters; the cost of a distance
// is bounded whatever the texts are. It decides nothing about wording.

extension String {
    /// The text cut to a length that is safe to print, control characters replaced.
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

    /// Levenshtein distance over bytes; both texts are clipped, so the cost is bounded.
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
