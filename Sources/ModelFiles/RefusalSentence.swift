// The sentence of a refusal: the complaint first, in the words of its code, then the facts.

/// Returns one sentence for a person, for example
/// `file ends too early: found "GG"; allowed: "GGUF" (reading the magic, in "m.gguf", byte 0)`.
///
/// - Parameters:
///   - complaint: the subject and its fault, from the table of the error's codes.
///   - context: the action that was tried, and places. Empty texts are left out.
package func refusalSentence(
    _ complaint: String, found: String, allowed: String, _ context: String...
) -> String {
    let limit = allowed.isEmpty ? "" : "; allowed: \(allowed)"
    let places = context.filter { !$0.isEmpty }.joined(separator: ", ")
    return "\(complaint): found \(found)\(limit)" + (places.isEmpty ? "" : " (\(places))")
}
