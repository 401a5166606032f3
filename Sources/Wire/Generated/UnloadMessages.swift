// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Unload: stops serving a model.

/// Request of Unload: stops serving a model.
public struct UnloadRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.unload

    /// Name of the model to stop serving, once its requests are done.
    public var name: String

    /// Makes a value from the fields.
    public init(name: String) {
        self.name = name
    }

    enum ID: UInt16 { case name = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Unload request",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, 128))
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "")
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .name: name = try value.text()
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
    }
}

/// Answer to Unload.
public struct UnloadResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.unload

    /// Makes a value from the fields.
    public init() {}

    enum ID: UInt16 { case none = 0 }

    /// Table of the body.
    public static let layout = MessageLayout("Unload response", [])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while try reader.next() != nil {}
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {}
}
