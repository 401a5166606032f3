// Checks the text of a `traceparent` of W3C trace context, version 00.
//
//     00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//     version   trace                     parent         flags

/// True for a `traceparent` of version 00.
package func isTraceparent(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.utf8.count) == [2, 32, 16, 2] && parts[0] == "00"
        && parts.joined().utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        && parts[1...2].allSatisfy { part in part.contains { $0 != "0" } }
}

extension FieldView {
    /// Returns the field's `traceparent`. Throws `field_out_of_range` for any other text.
    func traceparent() throws(WireError) -> String {
        let text = try text()
        guard isTraceparent(text) else {
            throw .body(
                .fieldOutOfRange, "reading field \"\(row.staticName)\"", found: "another text",
                allowed: "a W3C traceparent of version 00: lower-case hexadecimal digits, "
                    + "2-32-16-2, neither id zero", field: row.name)
        }
        return text
    }
}
