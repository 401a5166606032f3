// The error that the `file` and `parse` layers throw when they refuse a file.
//
// Guarantees: every refusal of this module is a `ModelFileError` with a stable snake_case code
// and the four facts a person needs: the action, the finding, the allowed values and the place.
// Text taken from the file is clipped and made printable before an error holds it.
// Does not: decide about retries. `Code.isTransient` marks conditions that can pass.

/// The refusal of a file by the `file` or `parse` layer. A value, created without reading.
public struct ModelFileError: Error, Sendable, CustomStringConvertible {
    /// The stable reason. Compare with `==`, print with `name`.
    public let code: Code
    /// The failed action, for example `reading the length of key 3`.
    public let tried: String
    /// The content or the answer of the system that caused the refusal.
    public let found: String
    /// Content that the layer accepts.
    public let allowed: String
    /// Path, and as far as known the byte offset, metadata key and tensor.
    public let location: Location
    /// The failed system call behind the refusal, or nil.
    public let cause: SystemCallFailure?

    package init(
        _ code: Code, tried: String, found: String, allowed: String, location: Location,
        cause: SystemCallFailure? = nil
    ) {
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
        self.location = location
        self.cause = cause
    }

    /// Layer, code and message.
    public var description: String { "\(code.layer.rawValue)/\(code.name): \(message)" }

    /// The layers of the assay in this module.
    public enum Layer: String, Sendable { case file, parse }

    /// A place in a model file. Only `path` is always known.
    public struct Location: Sendable, Equatable, CustomStringConvertible {
        /// The file, as the caller named it.
        public var path: String
        /// Byte offset from the start of the file.
        public var offset: Int?
        /// The metadata key being read or checked.
        public var key: String?
        /// The tensor being read or checked.
        public var tensor: String?

        /// Creates a place. Unknown parts stay nil.
        public init(path: String, offset: Int? = nil, key: String? = nil, tensor: String? = nil) {
            self.path = path
            self.offset = offset
            self.key = key
            self.tensor = tensor
        }

        /// The known parts in words.
        public var description: String {
            var text = "in \"\(printable(path))\""
            if let key { text += ", key \"\(key)\"" }
            if let tensor { text += ", tensor \"\(tensor)\"" }
            if let offset { text += ", byte \(offset)" }
            return text
        }
    }
}

/// A failed system call: its name and `errno`.
public struct SystemCallFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The function's name, for example `open`.
    public let call: String
    /// The value of `errno`.
    public let number: Int32

    /// Records a failure.
    public init(call: String, number: Int32) {
        self.call = call
        self.number = number
    }

    /// The call and the C library's text.
    public var description: String { "\(call): \(systemErrorText(number))" }
}
