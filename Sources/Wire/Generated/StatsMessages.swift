// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Stats: returns counters, split by provenance.

/// Request of Stats: returns counters, split by provenance.
public struct StatsRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.stats

    /// Makes a value from the fields.
    public init() {}

    enum ID: UInt16 { case none = 0 }

    /// Table of the body.
    public static let layout = MessageLayout("Stats request", [])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while try reader.next() != nil {}
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {}
}

/// Answer to Stats.
public struct StatsResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.stats

    /// A `Counter` for each counter, in order of name.
    public var counters: [CounterRecord]

    /// Makes a value from the fields.
    public init(counters: [CounterRecord] = []) {
        self.counters = counters
    }

    enum ID: UInt16 { case counters = 1 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Stats response",
        [
            FieldLayout(ID.counters, "counters", .record, .repeated(max: 1024))
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .counters: counters.append(try value.record(CounterRecord.self))
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for value in counters { writer.record(ID.counters, value) }
    }
}
