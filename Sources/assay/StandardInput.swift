// Standard input, whole or line by line.
//
// Guarantees: lines may hold any bytes and, unless a command bounds them, have any length. An empty
// line is skipped. Each line
// read gives a line of output. When input is slow, the output appears before the next line is read.

import Console
import Foundation

enum StandardInput {
    /// Returns everything up to the end of input, or more than `sizeMax` bytes of it.
    static func all(sizeMax: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= sizeMax {
            let more = Console.input()
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// Calls `body` with each line and its number from 1, and prints the result. A longer line than
    /// `sizeMax` bytes is a usage failure.
    static func eachLine(
        sizeMax: Int = .max, _ body: (Int, Data) async throws -> String
    ) async throws {
        var rest = Data()
        var number = 0
        while true {
            let chunk = Console.input()
            rest.append(contentsOf: chunk)
            var output = ""
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                number += 1
                if end > start { output += try await body(number, Data(rest[start..<end])) + "\n" }
                start = rest.index(after: end)
            }
            rest = Data(rest[start...])
            guard rest.count <= sizeMax else {
                throw Failure.usage("line \(number + 1): more than \(sizeMax) bytes")
            }
            if chunk.isEmpty, !rest.isEmpty {
                output += try await body(number + 1, rest) + "\n"
            }
            if !output.isEmpty { Console.output(output) }
            if chunk.isEmpty { return }
        }
    }

    /// Reads a line's JSON. A usage failure names the line.
    static func decode<Value: Decodable>(_ line: Data, _ number: Int) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: line)
        } catch {
            throw Failure.usage("line \(number): not the JSON that is expected here")
        }
    }
}
