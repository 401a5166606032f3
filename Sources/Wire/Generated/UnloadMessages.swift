// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Unload: stop serving a model.

/// Request of Unload: stop serving a model.
public struct UnloadRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.unload

    /// Model to stop serving, once its requests are done.
    public var name: String

    /// A value from its parts; sends nothing.
    public init(name: String) {
        self.name = name
    }

    enum ID: UInt16 { case name = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Unload request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128)),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
    }
}

/// Answer to Unload.
public struct UnloadResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.unload

    /// A value from its parts; sends nothing.
    public init() {}

    enum ID: UInt16 { case none = 0 }

    /// The table of its body.
    public static let layout = MessageLayout("Unload response", [])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while try reader.next() != nil {}
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {}
}
