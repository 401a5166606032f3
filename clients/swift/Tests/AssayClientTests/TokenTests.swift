// Tests of the token: a file holds the token, and no text of the options shows it.

import AssayClient
import Foundation
import TestSupport
import Testing

@Suite struct TokenTests {
    private static let token = "assay_of_nobody"

    private func client(tokenFile content: String) throws -> Client {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/token"
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        var options = Options()
        options.tokenFile = path
        return try Client("unix:///nowhere", options: options)
    }

    @Test(arguments: ["assay_of_nobody", " assay_of_nobody\r\n\n"])
    func theFileIsReadWhenTheClientIsMade(content: String) throws {
        let client = try client(tokenFile: content)
        #expect(client.options.token == Self.token)
        client.close()
    }

    @Test(arguments: ["", "\n", "assay_of_nobody b", "assay_of_nobody\u{e9}", "{\"a\": 1}"])
    func aFileWithoutATokenIsRefusedWithoutItsContent(content: String) throws {
        let error = try #require(throws: AssayError.self) { try client(tokenFile: content) }
        #expect(error.code == .requestInvalid && error.field == "token_file")
        #expect(!error.description.contains("nobody"))
    }

    @Test func noTextOfTheOptionsShowsTheToken() {
        var options = Options()
        options.token = Self.token
        options.tenant = "batch"
        var dumped = ""
        dump(options, to: &dumped)
        for text in ["\(options)", String(reflecting: options), "\([options])", dumped] {
            #expect(text.contains("batch") && !text.contains("nobody"))
        }
    }
}
