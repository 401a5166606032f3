// The sentence of a refusal: for the file layer the file is its subject, for the parse layer the
// failed action.
//
// Guarantees: the path is in every sentence.

extension ModelFileError {
    /// One sentence for a person. The four facts stand in the error's properties.
    public var message: String {
        sentence ?? "\(tried): found \(found); allowed: \(allowed) (\(location))"
    }

    /// The sentence about the file itself, nil where only the four facts say enough.
    package var sentence: String? { complaint.map { "\($0): \(printable(location.path))" } }

    private var complaint: String? {
        switch code {
        case .notFound: "model file does not exist"
        case .danglingLink: "model file is a link to a file that does not exist"
        case .linkLoop: "links lead in a circle on the way to the model file"
        case .permissionDenied: "this process may not read the model file"
        case .isFIFO, .isSocket, .isDevice: "not a model file but \(found)"
        case .emptyFile: "model file is empty"
        default: nil
        }
    }
}
