// Cancel, Stats and GoAway: about a connection and a server rather than about a model.

/// Asks to stop a request of the same connection. The request itself still gets its last frame.
public struct CancelRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.cancel

    /// Id of the request to stop.
    public var target: UInt64

    /// A value from its parts; sends nothing.
    public init(target: UInt64) { self.target = target }

    private enum ID: UInt16 { case target = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Cancel request",
        [FieldLayout(ID.target, "target", .unsigned, .required, .unsigned(1, .max))])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(target: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (_, field) = try reader.next() { target = field.unsigned }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) { writer.unsigned(ID.target, target) }
}

/// Whether there was something to stop.
public struct CancelResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.cancel

    /// True when the target was in flight and is being stopped.
    public var found: Bool

    /// A value from its parts; sends nothing.
    public init(found: Bool) { self.found = found }

    private enum ID: UInt16 { case found = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Cancel response", [FieldLayout(ID.found, "found", .bool, .required)])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(found: false)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (_, field) = try reader.next() { found = field.bool }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) { writer.bool(ID.found, found) }
}

/// Asks for the server's counters.
public struct StatsRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.stats

    /// A value from its parts; sends nothing.
    public init() {}

    private enum ID: UInt16 { case none = 0 }

    /// The table of its body.
    public static let layout = MessageLayout("Stats request", [])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while try reader.next() != nil {}
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {}
}

/// One counter, split by provenance so that nothing a mock did counts as real.
public struct CounterRecord: WireRecord, Equatable {
    /// Name the model is served under.
    public var name: String
    /// Counted for real answers.
    public var real: UInt64
    /// Counted for mock answers.
    public var mock: UInt64

    /// A value from its parts; sends nothing.
    public init(name: String, real: UInt64, mock: UInt64) {
        self.name = name
        self.real = real
        self.mock = mock
    }

    private enum ID: UInt16 { case name = 1, real, mock }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Counter",
        [
            FieldLayout(ID.name, "name", .text, .required, .size(1, Limits.wordSizeMax)),
            FieldLayout(ID.real, "real", .unsigned, .required),
            FieldLayout(ID.mock, "mock", .unsigned, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(name: "", real: 0, mock: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .name: name = try field.text()
            case .real: real = field.unsigned
            case .mock: mock = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.name, name)
        writer.unsigned(ID.real, real)
        writer.unsigned(ID.mock, mock)
    }
}

/// The counters, in order of name. The frame is mock when any `mock` is above zero.
public struct StatsResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.stats

    /// The counters, in order of name.
    public var counters: [CounterRecord]

    /// Provenance the frame must carry: mock when a mock answer was counted.
    public var provenance: Provenance {
        counters.contains { $0.mock > 0 } ? .mock : .real
    }

    /// A value from its parts; sends nothing.
    public init(counters: [CounterRecord] = []) { self.counters = counters }

    private enum ID: UInt16 { case counters = 1 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Stats response",
        [FieldLayout(ID.counters, "counters", .record, .repeated(max: Limits.listCountMax))])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (_, field) = try reader.next() {
            counters.append(try field.record(CounterRecord.self))
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for counter in counters { writer.record(ID.counters, counter) }
    }
}

/// Pushed with request id 0 and status OK when a server drains: new requests are refused, those in
/// flight are finished. With another status its body is an `ErrorBody` and the connection closes.
public struct GoAway: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.goAway

    /// Stable word: `shutting_down`, `idle`.
    public var reason: String
    /// Time until the server closes whatever is still open.
    public var drainMilliseconds: UInt64

    /// A value from its parts; sends nothing.
    public init(reason: String, drainMilliseconds: UInt64) {
        self.reason = reason
        self.drainMilliseconds = drainMilliseconds
    }

    private enum ID: UInt16 { case reason = 1, drainMilliseconds }

    /// The table of its body.
    public static let layout = MessageLayout(
        "GoAway",
        [
            FieldLayout(ID.reason, "reason", .text, .required, .size(1, Limits.wordSizeMax)),
            FieldLayout(ID.drainMilliseconds, "drain_milliseconds", .unsigned, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(reason: "", drainMilliseconds: 0)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .reason: reason = try field.text()
            case .drainMilliseconds: drainMilliseconds = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.reason, reason)
        writer.unsigned(ID.drainMilliseconds, drainMilliseconds)
    }
}
