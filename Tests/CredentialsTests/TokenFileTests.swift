// The table of hashed tokens: what is read, what is refused and in which words, and what a file
// has to be.

import Credentials
import Foundation
import TestSupport
import Testing

@Suite struct TokenFileTests {
    private let directory = Result { try TemporaryDirectory() }
    private static let hash = String(repeating: "0a", count: 32)

    private static func parse(_ text: String) throws -> TokenTable {
        try TokenFile.parse(Array(text.utf8), path: "t.json")
    }

    private static func refusal(_ text: String) -> String? {
        do throws(TokenFileError) {
            _ = try TokenFile.parse(Array(text.utf8), path: "t.json")
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func entry(_ rest: String) -> String {
        #"{"tokens": [{"name": "web", "sha256": "\#(hash)", "scopes": ["infer"]\#(rest)}]}"#
    }

    // MARK: - Text

    @Test func everyFieldIsRead() throws {
        let text = #", "tenant": "shop", "priority_max": 5, "share": 2.5"#
        let entry = try #require(try Self.parse(Self.entry(text)).entries.first)
        #expect(
            entry
                == TokenEntry(
                    name: "web", hash: [UInt8](repeating: 10, count: 32), scopes: [.infer],
                    tenant: "shop", priorityMax: 5, share: 2.5))
        #expect(entry.tenantName == "shop")
    }

    @Test func optionalFieldsHaveTheirDefaults() throws {
        let entry = try #require(try Self.parse(Self.entry("")).entries.first)
        #expect(entry.tenant == nil && entry.tenantName == "web")
        #expect(entry.priorityMax == 9 && entry.share == 1)
        #expect(try Self.parse(#"{"tokens": []}"#).entries == [])
    }

    @Test func whatIsWrittenIsRead() throws {
        let entries = [
            TokenEntry(name: #"a "quoted" \ name"#, hash: AccessToken.hash("a"), scopes: [.infer]),
            TokenEntry(
                name: "b", hash: AccessToken.hash("b"), scopes: [.observe, .admin], tenant: "t",
                priorityMax: 0, share: 0.001),
        ]
        #expect(try Self.parse(TokenTable(entries).text).entries == entries)
        #expect(try Self.parse(TokenTable([]).text).entries == [])
    }

    @Test(arguments: [
        ("", "no valid JSON"), ("[", "no valid JSON"), ("[]", "found an array"),
        ("{}", #"no key "tokens""#), (#"{"token": []}"#, #"nearest is "tokens""#),
        (#"{"tokens": {}}"#, "reading tokens of the token file: found an object"),
        (#"{"tokens": [3]}"#, "tokens[0] of the token file: found a number"),
        (#"{"tokens": [{"nam": "a"}]}"#, #"tokens[0]."nam" is no key; nearest is "name""#),
        (#"{"tokens": [{}]}"#, #"found no "name""#),
        (#"{"tokens": [{"name": "a"}]}"#, #"found no "sha256""#),
        (#"{"tokens": [{"name": 3}]}"#, "tokens[0].name of the token file: found a number"),
        (#"{"tokens": [{"name": ""}]}"#, "found no characters"),
        (#"{"tokens": [{"name": "a\u202eb"}]}"#, "bidirectional"),
        (#"{"tokens": [{"name": "a", "name": "b"}]}"#, "a key twice"),
        (#"{"tokens": [{"name": "a", "sha256": "12"}]}"#, "found a text of 2 bytes"),
        (#"{"tokens": [], "x": 1}"#, #""x" is no key"#),
    ])
    func whatIsNoTableIsRefused(text: String, words: String) throws {
        let refusal = try #require(Self.refusal(text))
        #expect(refusal.contains(words) && refusal.hasSuffix("(t.json:1)"), "\(refusal)")
    }

    @Test(arguments: [
        (#", "priority_max": 10"#, "found 10, allowed: 0 to 9"),
        (#", "priority_max": 1.5"#, "a whole number"),
        (#", "priority_max": "1""#, "found a string"),
        (#", "share": 0"#, "allowed: 0.001 to 1000"), (#", "share": 1e9"#, "found 1e9"),
        (#", "share": null"#, "found null"), (#", "tenant": """#, "found no characters"),
        (#", "scope": []"#, #"nearest is "scopes""#),
    ])
    func valuesOutsideTheirRangeAreRefused(rest: String, words: String) throws {
        let refusal = try #require(Self.refusal(Self.entry(rest)))
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test(arguments: [
        ("[]", "an empty list"), (#"["infr"]"#, #"found "infr", allowed: infer, observe, admin"#),
        (#"["infer", 3]"#, "scopes[1] of the token file: found a number"),
        (#""infer""#, "found a string"),
        (#"["infer", "infer", "infer", "infer"]"#, "found 4 scopes"),
    ])
    func scopesAreWords(list: String, words: String) throws {
        let text = Self.entry("").replacing(#"["infer"]"#, with: list)
        let refusal = try #require(Self.refusal(text))
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test func namesHashesAndSharesAgree() throws {
        func two(_ first: String, _ second: String) -> String {
            "{\"tokens\": [\n{\(first), \"scopes\": [\"infer\"]},\n"
                + "{\(second), \"scopes\": [\"infer\"]}]}"
        }
        let other = String(repeating: "0b", count: 32)
        let (a, b) = (#""sha256": "\#(Self.hash)""#, #""sha256": "\#(other)""#)
        let name = Self.refusal(two(#""name": "x", \#(a)"#, #""name": "x", \#(b)"#))
        #expect(name?.contains(#""x" a second time"#) == true && name?.contains("t.json:3") == true)
        let hash = Self.refusal(two(#""name": "x", \#(a)"#, #""name": "y", \#(a)"#))
        #expect(hash?.contains("a hash a second time") == true)
        let share = Self.refusal(
            two(
                #""name": "x", \#(a), "tenant": "t", "share": 2"#,
                #""name": "y", \#(b), "tenant": "t""#))
        #expect(share?.contains(#"found 1, allowed: 2, the share of tenant "t""#) == true)
        // A token without a tenant is a tenant of its own name.
        let own = Self.refusal(
            two(#""name": "t", \#(a), "share": 2"#, #""name": "y", \#(b), "tenant": "t""#))
        #expect(own?.contains("the share of tenant") == true)
    }

    @Test func tooManyTokensAreRefused() throws {
        let entries = (0...TokenFile.countMax).map {
            TokenEntry(name: "n\($0)", hash: AccessToken.hash("\($0)"), scopes: [.infer])
        }
        let most = TokenTable(Array(entries.dropLast()))
        #expect(try Self.parse(most.text).entries.count == TokenFile.countMax)
        #expect(Self.refusal(TokenTable(entries).text)?.contains("found 1025 tokens") == true)
    }

    @Test func noRefusalShowsAToken() throws {
        let token = AccessToken.make()
        let texts = [
            token, "  \n\(token)\n", "{\"\(token)\": 1}", "{\"tokens\": [\"\(token)\"]}",
            "{\"tokens\": [{\"\(token)\": 1}]}", "{\"tokens\": [{\"name\": \"\(token)\"}]}",
            "{\"tokens\": [{\"name\": \"a\", \"sha256\": \"\(token)\"}]}",
            Self.entry(", \"tenant\": \"\(token)\""), "{\"tokens\": \(token)}",
            Self.entry("").replacing("\"infer\"", with: "\"\(token)\""),
        ]
        for text in texts {
            let refusal = try #require(Self.refusal(text))
            #expect(!refusal.contains(token.dropFirst(10)), "\(refusal)")
        }
        #expect(Self.refusal(token)?.contains("a token itself") == true)
    }

    @Test func cutAndChangedTextsAreRefusedOrRead() {
        var generator = SeededGenerator(seed: 18)
        let text = Array(Self.entry(#", "tenant": "shop", "share": 2"#).utf8)
        for end in text.indices {
            #expect(throws: TokenFileError.self) {
                try TokenFile.parse(Array(text[..<end]), path: "t.json")
            }
        }
        for _ in 0..<2000 {
            var changed = text
            changed[Int.random(in: text.indices, using: &generator)] = UInt8.random(
                in: 0...255, using: &generator)
            guard let table = try? TokenFile.parse(changed, path: "t.json") else { continue }
            #expect(table.entries.count == 1)
        }
    }

    // MARK: - Files

    private func write(_ text: String, mode: mode_t = 0o644) throws -> String {
        let path = try directory.get().write(text.utf8, as: "t.json")
        chmod(path, mode)
        return path
    }

    private func refusal(ofFile path: String) -> String? {
        do throws(TokenFileError) {
            _ = try TokenFile.read(path)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [mode_t(0o664), 0o646, 0o666, 0o622])
    func aFileThatOthersMayWriteIsRefused(mode: mode_t) throws {
        let refusal = try #require(refusal(ofFile: try write(Self.entry(""), mode: mode)))
        #expect(refusal.contains("(mode 0\(String(mode, radix: 8)))"))
        #expect(refusal.contains("chmod go-w"))
    }

    @Test func aFileThatOthersMayReadIsRead() throws {
        #expect(try TokenFile.read(try write(Self.entry(""))).table.entries.count == 1)
    }

    @Test func whatIsNoFileIsRefusedAtOnce() throws {
        let folder = try directory.get()
        let fifo = folder.path("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        #expect(refusal(ofFile: fifo)?.contains("regular file") == true)
        #expect(refusal(ofFile: folder.path)?.contains("regular file") == true)
        #expect(refusal(ofFile: folder.path("none"))?.contains("No such file") == true)
        #expect(refusal(ofFile: "/dev/zero")?.contains("regular file") == true)
    }

    @Test func aLargeFileIsRefusedBeforeItIsRead() throws {
        let path = try write("")
        try #require(truncate(path, TokenFile.sizeMax + 1) == 0)
        #expect(refusal(ofFile: path)?.contains("1048577 bytes") == true)
    }

    @Test func theIdentityTellsEveryChange() throws {
        let path = try write(Self.entry(""))
        let first = try TokenFile.read(path).identity
        #expect(TokenFile.identity(of: path) == first)
        chmod(path, 0o600)
        let second = TokenFile.identity(of: path)
        #expect(second != first)
        _ = try write(Self.entry(", \"share\": 2"))
        #expect(TokenFile.identity(of: path) != second)
        unlink(path)
        #expect(TokenFile.identity(of: path) == nil)
    }
}
