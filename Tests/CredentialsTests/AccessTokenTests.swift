// Tokens and the file with a client's own token.

import Credentials
import Foundation
import TestSupport
import Testing

@Suite struct AccessTokenTests {
    @Test func everyTokenIsNewAndHas256Bits() {
        let tokens = (0..<100).map { _ in AccessToken.make() }
        #expect(Set(tokens).count == 100)
        #expect(tokens.allSatisfy { $0.wholeMatch(of: /assay_[0-9a-f]{64}/) != nil })
        #expect(tokens.allSatisfy { $0.utf8.count <= AccessToken.sizeMax })
    }

    @Test func theHashIsSHA256() {
        #expect(
            TokenEntry(name: "a", hash: AccessToken.hash("abc"), scopes: [.infer]).json.contains(
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    }

    @Test func equalMeansEveryByte() {
        let hash = AccessToken.hash("a")
        #expect(AccessToken.isEqual(hash, hash) && AccessToken.isEqual([], []))
        for index in hash.indices {
            var other = hash
            other[index] ^= 1
            #expect(!AccessToken.isEqual(hash, other))
        }
        #expect(!AccessToken.isEqual(hash, Array(hash.dropLast())))
        #expect(!AccessToken.isEqual(hash, []))
    }

    @Test func aTokenIsFoundWhereverItStands() throws {
        let entries = (0..<50).map {
            TokenEntry(name: "\($0)", hash: AccessToken.hash("t\($0)"), scopes: [.infer])
        }
        let table = TokenTable(entries)
        for (index, entry) in entries.enumerated() {
            #expect(table.entry(of: "t\(index)") == entry)
        }
        #expect(table.entry(of: "t50") == nil && table.entry(of: "") == nil)
        #expect(TokenTable([]).entry(of: "t0") == nil)
    }
}

@Suite struct OwnTokenTests {
    private func refusal(_ text: String) -> String? {
        do throws(TokenFileError) {
            _ = try OwnToken.parse(Array(text.utf8), path: "f")
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: ["assay_0a", "assay_0a\n", "\r\n assay_0a \r\n", "\tassay_0a"])
    func blanksAroundTheTokenAreNoPart(text: String) throws {
        #expect(try OwnToken.parse(Array(text.utf8), path: "f") == "assay_0a")
    }

    @Test(arguments: [
        ("", "an empty file"), (" \n", "an empty file"),
        (#"{"tokens": []}"#, "a table of hashed tokens, which is assayd's"),
        ("a b", "several words"), ("a\nb", "several words"), ("é", "no visible ASCII"),
        (String(repeating: "a", count: 257), "more than 256 bytes"),
    ])
    func whatIsNoTokenIsRefused(text: String, words: String) {
        #expect(refusal(text)?.contains(words) == true, "\(refusal(text) ?? "accepted")")
    }

    @Test func noRefusalShowsTheToken() {
        let long = String(repeating: "secret", count: 99)
        for text in ["secret secret", "secreté", "{secret", long] {
            #expect(refusal(text)?.contains("secret") == false)
        }
    }

    @Test(arguments: [mode_t(0o640), 0o604, 0o644, 0o620])
    func aFileOfOnesOwnIsForOneselfAlone(mode: mode_t) throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("assay_0a\n".utf8, as: "own")
        chmod(path, mode)
        do throws(TokenFileError) {
            _ = try OwnToken.read(path)
            Issue.record("a token for everybody was read")
        } catch {
            #expect(error.message.contains("chmod 600") && !error.message.contains("assay_0a"))
        }
        chmod(path, 0o600)
        #expect(try OwnToken.read(path) == "assay_0a")
    }

    @Test func theOptionBeatsTheVariable() throws {
        let folder = try TemporaryDirectory()
        for name in ["one", "two"] { chmod(try folder.write(name.utf8, as: name), 0o600) }
        let environment = [OwnToken.variable: folder.path("two")]
        #expect(
            try OwnToken.read(option: folder.path("one"), environment: environment) == "one")
        #expect(try OwnToken.read(option: nil, environment: environment) == "two")
        #expect(try OwnToken.read(option: nil, environment: [:]) == nil)
        #expect(try OwnToken.read(option: nil, environment: [OwnToken.variable: ""]) == nil)
        #expect(throws: TokenFileError.self) {
            try OwnToken.read(option: folder.path("none"), environment: [:])
        }
    }
}
