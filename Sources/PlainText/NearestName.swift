// Finds the known name nearest to an unknown name, for the error message.
//
// Edit distance over bytes, on names of a few dozen characters: small tables, no need for speed.

/// Returns the candidate with the fewest edits from `name`, or nil without candidates.
package func nearestName(to name: String, among candidates: [String]) -> String? {
    candidates.map { ($0, editDistance(Array(name.utf8), Array($0.utf8))) }
        .min { $0.1 < $1.1 }?.0
}

/// Returns the number of insertions, deletions and replacements that turn `a` into `b`.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
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
