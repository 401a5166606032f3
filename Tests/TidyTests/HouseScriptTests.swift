// The measures of `scripts/house` as a failing test: comments, functions and files of every
// language.

import Foundation
import Testing

@Suite struct HouseScriptTests {
    @Test func theMeasuresOfTheHouseHold() throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", SourceTree.root.appendingPathComponent("scripts/house").path,
        ]
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: text, as: UTF8.self))")
    }
}
