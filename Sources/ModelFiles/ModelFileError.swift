// Why a file was refused by the `file` or the `parse` layer.
//
// Guarantees: every refusal of this module is one `ModelFileError` with a stable snake_case code
// and the four facts a person needs: what was tried, what was found, what was allowed, and where.
// Text taken from the file is clipped and made printable before it gets in here.
// Does not: decide about retries; it only states which codes describe conditions that can pass.

/// A file refused by the `file` or `parse` layer. A value; building one reads nothing.
public struct ModelFileError: Error, Sendable, CustomStringConvertible {
    /// The stable reason; compare with `==`, print with `name`.
    public let code: Code
    /// The action that failed, for example `reading the length of key 3`.
    public let tried: String
    /// What the file or the system showed.
    public let found: String
    /// What would have been accepted.
    public let allowed: String
    /// Where: path, and as far as known byte offset, metadata key and tensor.
    public let location: Location
    /// The system call behind the refusal, if there was one.
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

    /// One sentence: tried, found, allowed, where.
    public var message: String {
        "\(tried): found \(found); allowed: \(allowed) (\(location))"
    }

    /// Layer, code and message.
    public var description: String { "\(code.layer.rawValue)/\(code.name): \(message)" }

    /// The two layers of the assay that this module implements.
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

        /// A place; leave out what is not known.
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
