// The sentence of a refusal of the file and parse layers.
//
// Guarantees: the path is in every sentence.

extension ModelFileError {
    /// One sentence for a person. The facts stand in the error's properties.
    public var message: String {
        switch code {
        case .notFound, .danglingLink, .linkLoop, .permissionDenied, .emptyFile:
            "\(code.complaint): \(printable(location.path))"
        case .isFIFO, .isSocket, .isDevice:
            "\(code.complaint) but \(found): \(printable(location.path))"
        default:
            refusalSentence(
                code.complaint, found: found, allowed: allowed, tried, location.description)
        }
    }
}
