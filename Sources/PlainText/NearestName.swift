// Finds the known name nearest to an unknown name, for the error message.
//
// Edit distance over bytes, on names of a few dozen characters: small tables, no need for speed.

/// Returns the candidate with the fewest edits from `name`, or nil without candidates.
package func nearestName(to name: String, among candidates: [String]) -> String? {
    candidates.map { ($0, edits(from: name, to: $0)) }.min { $0.1 < $1.1 }?.0
}

/// Returns the number of insertions, deletions and replacements of bytes that turn `name` into
/// `other`.
package func edits(from name: String, to other: String) -> Int {
    let (a, b) = (Array(name.utf8), Array(other.utf8))
    var previous = Array(0...b.count)
    for (i, byte) in a.enumerated() {
        var current = [i + 1]
        for (j, other) in b.enumerated() {
            let replaced = previous[j] + (byte == other ? 0 : 1)
            current.append(min(replaced, previous[j + 1] + 1, current[j] + 1))
        }
        previous = current
    }
    return previous[b.count]
}
