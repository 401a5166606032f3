// Reads the fields of a body and checks them against a table.
//
//      +----+------+------+--------+----------------+----+---
//      | id | type | zero |  size  | size bytes     | id | …
//      +----+------+------+--------+----------------+----+---
//      0    2      3      4        8
//
// Guarantees: `next()` returns only fields of the table, in ascending order, with the right type,
// size and range. When `next()` returns nil, every required field was present. An error about a
// field names the field. Values are views and copied only on access. Every size is checked before
// an allocation.

/// A checked view on one field of a body. Valid as long as the body.
struct FieldView {
    let row: FieldLayout
    let bytes: UnsafeRawBufferPointer

    var unsigned: UInt64 { UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) }
    var number: Double { Double(bitPattern: unsigned) }
    var bool: Bool { bytes[0] == 1 }
    var ownedBytes: [UInt8] { [UInt8](bytes) }

    /// Validates the UTF-8 and copies the text in a single step.
    func text() throws(WireError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .body(
                .fieldTextInvalid, "reading field \"\(row.staticName)\"",
                found: "\(bytes.count) bytes that are not UTF-8", allowed: "UTF-8 text",
                field: row.name)
        }
        return text
    }

    var unsigneds: [UInt32] {
        let words = array(of: UInt32.self)
        return UInt32(1).littleEndian == 1 ? words : words.map { UInt32(littleEndian: $0) }
    }

    var numbers: [Float] {
        UInt32(1).littleEndian == 1
            ? array(of: Float.self) : unsigneds.map { Float(bitPattern: $0) }
    }

    /// Decodes a nested record. Errors have the name of this field in front of the inner name.
    func record<Record: WireRecord>(_ type: Record.Type) throws(WireError) -> Record {
        do {
            return try Record(decoding: bytes)
        } catch {
            throw error.inside(field: row.name)
        }
    }

    /// Returns the enum case of `Word` for the text of the field.
    func word<Word: RawRepresentable>(_ type: Word.Type) throws(WireError) -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: try text()) else {
            throw .body(
                .fieldOutOfRange, "reading field \"\(row.staticName)\"",
                found: "another word", allowed: row.range.text, field: row.name)
        }
        return word
    }

    private func array<Element: BitwiseCopyable>(of type: Element.Type) -> [Element] {
        let count = bytes.count / MemoryLayout<Element>.size
        return [Element](unsafeUninitializedCapacity: count) { target, used in
            if let from = bytes.baseAddress, count > 0 {
                UnsafeMutableRawBufferPointer(target).baseAddress?.copyMemory(
                    from: from, byteCount: count * MemoryLayout<Element>.size)
            }
            used = count
        }
    }
}

/// Walks the fields of one body.
struct BodyReader<ID: RawRepresentable> where ID.RawValue == UInt16 {
    private let body: UnsafeRawBufferPointer
    private let layout: MessageLayout
    private var offset = 0
    private var rowIndex = 0
    private var occurrences = 0
    private var seenRows: UInt64 = 0

    init(_ body: UnsafeRawBufferPointer, _ layout: MessageLayout, ids: ID.Type) {
        self.body = body
        self.layout = layout
    }

    /// Returns the next field, or nil at the end of a body with all required fields.
    mutating func next() throws(WireError) -> (id: ID, field: FieldView)? {
        guard offset < body.count else {
            try checkRequired()
            return nil
        }
        let start = offset
        guard body.count - start >= Limits.fieldHeaderSize else {
            throw .body(
                .bodyTruncated, "reading a field header of \(layout.name)",
                found: "\(body.count - start) bytes", allowed: "\(Limits.fieldHeaderSize) bytes",
                at: "body offset \(start)")
        }
        let word = UInt64(
            littleEndian: body.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        let rawID = UInt16(truncatingIfNeeded: word)
        let size = Int(word >> 32)
        try selectRow(rawID, at: start)
        let row = layout.fields[rowIndex]
        try check(row, word: word, size: size, at: start)
        let begin = start + Limits.fieldHeaderSize
        offset = begin + size
        let field = FieldView(
            row: row, bytes: UnsafeRawBufferPointer(rebasing: body[begin..<offset]))
        try FieldRangeCheck.check(field)
        guard let id = ID(rawValue: rawID) else {
            preconditionFailure("\(layout.name) lists field \(rawID) that has no name in code")
        }
        return (id, field)
    }

    /// Throws `field_conflict` when two fields were given that exclude each other. To be called
    /// after the last field.
    func checkExclusions() throws(WireError) {
        for (first, second) in layout.excludedRows
        where seenRows & 1 << UInt64(first) != 0 && seenRows & 1 << UInt64(second) != 0 {
            throw .conflict(
                layout.fields[second].staticName, with: layout.fields[first].staticName,
                of: layout.name)
        }
    }

    /// Moves to the table's row for `id`. Refuses unknown, descending and repeated ids.
    private mutating func selectRow(_ id: UInt16, at start: Int) throws(WireError) {
        let fields = layout.fields
        var index = rowIndex
        while index < fields.count, fields[index].id < id { index += 1 }
        guard index < fields.count, fields[index].id == id else {
            throw refusal(ofID: id, at: start)
        }
        if index == rowIndex {
            occurrences += 1
        } else {
            rowIndex = index
            occurrences = 1
        }
        seenRows |= 1 << UInt64(index)
        guard occurrences > 1 else { return }
        let row = fields[index]
        var allowed = 1
        if case .repeated(_, let max) = row.presence { allowed = max }
        if occurrences > allowed {
            throw .body(
                .fieldRepeated, "reading field \"\(row.staticName)\" of \(layout.name)",
                found: "\(occurrences) times", allowed: "at most \(allowed)",
                at: "body offset \(start)", field: row.name)
        }
    }

    private func refusal(ofID id: UInt16, at start: Int) -> WireError {
        if let row = layout.fields.first(where: { $0.id == id }) {
            return .body(
                .fieldOrder, "reading field \"\(row.staticName)\" of \(layout.name)",
                found: "id \(id) after id \(layout.fields[rowIndex].id)",
                allowed: "ascending ids, repeated ones together", at: "body offset \(start)",
                field: row.name)
        }
        let known = layout.fields.map { "\($0.id) \($0.staticName)" }.joined(separator: ", ")
        return .body(
            .fieldUnknown, "reading a field of \(layout.name)", found: "id \(id)",
            allowed: known.isEmpty ? "no fields" : known, at: "body offset \(start)",
            field: "#\(id)")
    }

    private func check(
        _ row: FieldLayout, word: UInt64, size: Int, at start: Int
    ) throws(WireError) {
        let type = UInt8(truncatingIfNeeded: word >> 16)
        let zero = UInt8(truncatingIfNeeded: word >> 24)
        let code: WireError.Code
        let found: String
        let allowed: String
        if type != row.type.rawValue {
            code = .fieldTypeMismatch
            found = "type \(type)"
            allowed = "type \(row.type.rawValue) (\(row.type.name))"
        } else if zero != 0 {
            code = .fieldReservedNotZero
            found = "\(zero) in the reserved byte"
            allowed = "0"
        } else if size > body.count - start - Limits.fieldHeaderSize {
            code = .bodyTruncated
            found = "size \(size) with \(body.count - start - Limits.fieldHeaderSize) bytes left"
            allowed = "a size inside the body"
        } else if !row.type.accepts(size: size) {
            code = .fieldSizeMismatch
            found = "\(size) bytes"
            allowed = row.type.sizeRule
        } else {
            return
        }
        throw .body(
            code, "reading field \"\(row.staticName)\" of \(layout.name)", found: found,
            allowed: allowed, at: "body offset \(start)", field: row.name)
    }

    private func checkRequired() throws(WireError) {
        let missing = layout.requiredRows & ~seenRows
        guard missing != 0 else { return }
        let row = layout.fields[missing.trailingZeroBitCount]
        throw .body(
            .fieldMissing, "reading \(layout.name)", found: "no field \"\(row.staticName)\"",
            allowed: "field \(row.id) is required", field: row.name)
    }
}

/// Compares a field with its row's range.
private enum FieldRangeCheck {
    static func check(_ field: FieldView) throws(WireError) {
        let size = field.bytes.count
        var found = ""
        if field.row.type == .bool, field.bytes[0] > 1 {
            throw refusal(of: field, found: "\(field.bytes[0])", allowed: "0 or 1")
        }
        switch field.row.range {
        case .any:
            return
        case .unsigned(let low, let high):
            let value = field.unsigned
            if value >= low && value <= high { return }
            found = "\(value)"
        case .number(let low, let high):
            // A NaN fails both comparisons.
            let value = field.number
            if value >= low && value <= high { return }
            found = "\(value)"
        case .numberAbove(let low, let high):
            let value = field.number
            if value > low && value <= high { return }
            found = "\(value)"
        case .size(let low, let high):
            if size >= low && size <= high { return }
            found = "\(size) bytes"
        case .count(let low, let high):
            if size / 4 >= low && size / 4 <= high { return }
            found = "\(size / 4) elements"
        case .choice(let words):
            if isOne(of: words, field.bytes) { return }
            found = "another word of \(size) bytes"
        }
        throw refusal(of: field, found: found, allowed: field.row.range.text)
    }

    private static func refusal(
        of field: FieldView, found: String, allowed: String
    ) -> WireError {
        .body(
            .fieldOutOfRange, "reading field \"\(field.row.staticName)\"", found: found,
            allowed: allowed, field: field.row.name)
    }

    private static func isOne(of words: StaticString, _ bytes: UnsafeRawBufferPointer) -> Bool {
        words.withUTF8Buffer { all in
            all.split(separator: UInt8(ascii: "|")).contains { $0.elementsEqual(bytes) }
        }
    }
}
