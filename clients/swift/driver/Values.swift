// Bodies to JSON and back, by the tables of the protocol.
//
// Values: u64 as decimal text, f64 a number, bytes as hexadecimal text, u32[] and f32[] arrays,
// records objects, repeated fields arrays. Absent fields are left out.

import AssayClient

/// A value that no request can hold.
struct ValueError: Error {
    let message: String
    let field: String?
}

enum Values {
    /// Tables of records by the name of the field.
    static let records: [String: MessageLayout] = [
        "requirements": Requirements.layout, "context": RequestContext.layout,
        "answer": AnswerRecord.layout, "server_load": ServerLoad.layout,
        "timing": Timing.layout, "messages": ChatMessage.layout,
        "inputs": Input.layout, "continuations": Input.layout, "scores": Score.layout,
        "logprobs": Logprobs.layout, "prompt_logprobs": Logprobs.layout,
        "models": ModelInfo.layout, "model": ModelInfo.layout,
        "layer": LayerVerdictRecord.layout, "layers": LayerVerdictRecord.layout,
        "counters": CounterRecord.layout, "tool_calls": ToolCall.layout,
        "template_variables": TemplateVariable.layout, "template": ChatTemplateInfo.layout,
        "labels": ModelLabel.layout, "shadow": ShadowReport.layout,
    ]

    // MARK: - To JSON

    static func json(_ message: some WireRecord) -> JSON {
        var writer = BodyWriter()
        message.encode(into: &writer)
        return json(writer.bytes[...], Self.layout(of: message))
    }

    private static func layout<Message: WireRecord>(of message: Message) -> MessageLayout {
        Message.layout
    }

    private static func json(_ body: ArraySlice<UInt8>, _ layout: MessageLayout) -> JSON {
        var fields: [(String, JSON)] = []
        var rest = body
        while rest.count >= 8 {
            let id = UInt16(littleEndian: load(rest, 0))
            let size = Int(UInt32(littleEndian: load(rest, 4)))
            let value = rest.dropFirst(8).prefix(size)
            rest = rest.dropFirst(8 + size)
            guard let row = layout.fields.first(where: { $0.id == id }) else { continue }
            let json = json(value, row)
            if case .repeated = row.presence {
                if let last = fields.last, last.0 == row.name, case .array(let before) = last.1 {
                    fields[fields.count - 1].1 = .array(before + [json])
                } else {
                    fields.append((row.name, .array([json])))
                }
            } else {
                fields.append((row.name, json))
            }
        }
        return .object(fields)
    }

    private static func json(_ value: ArraySlice<UInt8>, _ row: FieldLayout) -> JSON {
        switch row.type {
        case .unsigned: .string("\(UInt64(littleEndian: load(value, 0)))")
        case .number: .number(Double(bitPattern: UInt64(littleEndian: load(value, 0))))
        case .bool: .bool(value.first == 1)
        case .text: .string(String(decoding: value, as: UTF8.self))
        case .bytes: .string(hex(value))
        case .unsigneds: .array(words(value).map { .integer(Int($0)) })
        case .numbers: .array(words(value).map { .number(Double(Float(bitPattern: $0))) })
        case .record: records[row.name].map { json(value, $0) } ?? .null
        }
    }

    private static func words(_ value: ArraySlice<UInt8>) -> [UInt32] {
        (0..<value.count / 4).map { UInt32(littleEndian: load(value, $0 * 4)) }
    }

    private static func load<Word: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: ArraySlice<UInt8>, _ offset: Int
    ) -> Word {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Word.self) }
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: - From JSON

    /// The message that an object describes. Throws `ValueError` for values that no message can
    /// hold.
    static func message<Message: WireRecord>(
        _ object: JSON, as type: Message.Type
    ) throws -> Message {
        let bytes = try body(object, Message.layout)
        do throws(WireError) {
            return try Message(decoding: bytes)
        } catch {
            throw ValueError(message: error.message, field: error.field)
        }
    }

    private static func body(_ object: JSON, _ layout: MessageLayout) throws -> [UInt8] {
        guard case .object(let given) = object else {
            throw ValueError(message: "\(layout.name): found no object", field: nil)
        }
        if let (name, _) = given.first(where: { field in
            !layout.fields.contains { $0.name == field.0 }
        }) {
            throw ValueError(message: "\(layout.name) has no field \"\(name)\"", field: name)
        }
        var bytes: [UInt8] = []
        for row in layout.fields {
            guard let value = object[row.name] else { continue }
            if case .null = value { continue }
            if case .repeated = row.presence {
                guard let list = value.array else { throw wrong(row) }
                for element in list { try append(element, row, to: &bytes) }
            } else {
                try append(value, row, to: &bytes)
            }
        }
        return bytes
    }

    private static func append(_ value: JSON, _ row: FieldLayout, to bytes: inout [UInt8]) throws {
        let content = try content(value, row)
        append(row.id, to: &bytes)
        bytes += [row.type.rawValue, 0]
        append(UInt32(content.count), to: &bytes)
        bytes += content
    }

    private static func content(_ value: JSON, _ row: FieldLayout) throws -> [UInt8] {
        var bytes: [UInt8] = []
        switch (row.type, value) {
        case (.unsigned, .string(let text)):
            guard let number = UInt64(text) else { throw wrong(row) }
            append(number, to: &bytes)
        case (.unsigned, .number(let number)):
            guard let number = UInt64(exactly: number) else { throw wrong(row) }
            append(number, to: &bytes)
        case (.number, .number(let number)): append(number.bitPattern, to: &bytes)
        case (.bool, .bool(let flag)): bytes = [flag ? 1 : 0]
        case (.text, .string(let text)): bytes = Array(text.utf8)
        case (.bytes, .string(let text)):
            guard let decoded = unhex(text) else { throw wrong(row) }
            bytes = decoded
        case (.unsigneds, .array(let list)):
            for value in list {
                guard let number = value.number.flatMap({ UInt32(exactly: $0) }) else {
                    throw wrong(row)
                }
                append(number, to: &bytes)
            }
        case (.numbers, .array(let list)):
            for value in list { append(Float(value.number ?? .nan).bitPattern, to: &bytes) }
        case (.record, .object):
            guard let layout = records[row.name] else { throw wrong(row) }
            bytes = try body(value, layout)
        default: throw wrong(row)
        }
        return bytes
    }

    private static func wrong(_ row: FieldLayout) -> ValueError {
        ValueError(
            message: "field \"\(row.name)\": found another value, allowed: \(row.type.name)",
            field: row.name)
    }

    private static func append(_ word: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func unhex(_ text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
