// The reason a token file was refused, as a sentence.
//
// Guarantees: no sentence holds a token, or bytes of a file that might be one.

/// See the head of the file.
package struct TokenFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The attempt, the finding, what is allowed, and what to do.
    package let message: String
    /// The file, with a line where one is known.
    package let location: String

    init(_ message: String, _ location: String) {
        (self.message, self.location) = (message, location)
    }

    /// Message and location.
    package var description: String { "\(message) (\(location))" }
}
