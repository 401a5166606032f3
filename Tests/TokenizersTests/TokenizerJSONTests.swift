// tokenizer.json: the reference files give the recorded ids, small files of each form are read, and
// each broken or unknown one is refused.

import Foundation
import Goldens
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenizerJSONTests {
    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference tokenizers"),
        arguments: [("llama-gqa", "spm512"), ("bitnet-b158", "bpe512-llama-bpe")])
    func givesTheRecordedIDs(_ folder: String, _ cases: String) throws {
        func content(_ name: String) throws -> [UInt8] {
            let path = Fixtures.path("safetensors/\(folder)/\(name)")
            return try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        }
        let definition = try TokenizerDefinition(
            tokenizerJSON: content("tokenizer.json"),
            configuration: content("tokenizer_config.json"))
        let tokenizer = try TokenizerFactory.make(from: definition)
        #expect(tokenizer.vocabularySize == 512)
        let items = try VocabularyFixtures.tinyStrings(cases)
        #expect(items.count == 15)
        for item in items {
            let label = "item \(item.n)"
            #expect(try tokenizer.encode(item.text, addSpecial: false) == item.plain, "\(label)")
            #expect(
                try tokenizer.encode(item.text, addSpecial: false, parseSpecial: true)
                    == item.special ?? item.plain, "\(label)")
            #expect(
                try tokenizer.encode(item.text, addSpecial: true)
                    == item.bosPlainPrefix + item.plain, "\(label)")
            #expect(
                item.plain.flatMap { tokenizer.piece($0) }
                    == bytes(hex: item.piecesPlainHex ?? item.hex), "\(label)")
        }
    }

    /// The same vocabulary from a model file and from its tokenizer.json, on random text.
    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference tokenizers"),
        arguments: [
            ("llama-gqa", "models/llama-gqa-f32.gguf"),
            ("bitnet-b158", "models/bitnet-b158-f32.gguf"),
        ])
    func agreesWithTheVocabularyInTheModelFile(_ folder: String, _ model: String) throws {
        let path = Fixtures.path("safetensors/\(folder)/tokenizer.json")
        let definition = try TokenizerDefinition(
            tokenizerJSON: Array(Data(contentsOf: URL(fileURLWithPath: path))))
        let ours = try TokenizerFactory.make(from: definition)
        let theirs = try VocabularyFixtures.tokenizer(model)
        #expect(ours.vocabularySize == theirs.vocabularySize)
        // The model file of bitnet names no pre-tokenizer, so the default one serves it.
        guard folder == "llama-gqa" else { return }
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("tokenizer.json"))
        for _ in 0..<2_000 {
            let text = Array(PreTokenizerTests.randomText(&random).utf8)
            #expect(
                try ours.encode(text, addSpecial: false)
                    == theirs.encode(text, addSpecial: false), "\(text)")
        }
    }

    @Test func readsByteLevelFilesOfBothMergeForms() throws {
        for merges in [#""a b","ab c""#, #"["a","b"],["ab","c"]"#] {
            let definition = try SmallTokenizerJSON(merges: merges).definition()
            #expect(definition.model == "gpt2")
            #expect(definition.preTokenizer == "gpt-2")
            let tokenizer = try TokenizerFactory.make(from: definition)
            #expect(try tokenizer.encode("abcab") == [4, 3])
            #expect(try tokenizer.encode("a<x>b", parseSpecial: true) == [0, 5, 1])
        }
    }

    @Test func holesBecomeTokensThatNothingProduces() throws {
        let json = SmallTokenizerJSON(added: #"{"id":9,"content":"<x>","special":true}"#)
        let definition = try json.definition()
        #expect(definition.tokens.count == 10)
        #expect(definition.types?[6] == TokenType.unused.rawValue)
        _ = try TokenizerFactory.make(from: definition)
    }

    @Test func takesRolesFromTheConfigurationOrTheTemplate() throws {
        var json = SmallTokenizerJSON()
        json.post =
            #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>"}},"#
            + #"{"Sequence":{"id":"A"}}]}"#
        let fromTemplate = try json.definition()
        #expect(fromTemplate.specialTokens[.begin] == 5)
        #expect(fromTemplate.addsBeginToken == true && fromTemplate.addsEndToken == false)
        let fromBoth = try json.definition(
            #"{"bos_token":{"content":"a"},"eos_token":"b","add_bos_token":false}"#)
        #expect(fromBoth.specialTokens == [.begin: 0, .end: 1])
        #expect(fromBoth.addsBeginToken == false)
    }

    @Test func aTokenMaySwallowWhiteSpaceBehindIt() throws {
        let json = SmallTokenizerJSON(
            added: #"{"id":5,"content":"<x>","special":true,"rstrip":true}"#)
        let tokenizer = try TokenizerFactory.make(from: json.definition())
        #expect(try tokenizer.encode("<x>  a", parseSpecial: true) == [5, 0])
    }

    @Test(arguments: MalformedTokenizerJSON.all)
    func refuses(_ file: MalformedTokenizerJSON) throws {
        let error = #expect(throws: TokenizerError.self) {
            let definition = try TokenizerDefinition(
                tokenizerJSON: file.bytes, configuration: file.configuration)
            _ = try TokenizerFactory.make(from: definition)
        }
        #expect(error?.code.name == file.code, "\(error?.message ?? "")")
        let message = error?.message ?? ""
        #expect(file.mention.isEmpty || message.contains(file.mention), "\(message)")
    }

    @Test func theCatalogueIsLargeAndItsNamesUnique() {
        let names = MalformedTokenizerJSON.all.map(\.name)
        #expect(names.count >= 40)
        #expect(Set(names).count == names.count)
    }

    @Test func survivesRandomDamage() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("tokenizer.json damage"))
        let pool = MalformedTokenizerJSON.all.map(\.bytes).filter { $0.count < 3_000 }
        let original = SmallTokenizerJSON().bytes
        var accepted = 0
        var codes: Set<String> = []
        for round in 0..<2_000 {
            var bytes = round % 2 == 0 ? original : pool[random.below(pool.count)]
            for _ in 0...random.below(3) where bytes.count > 1 {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[place] ^= UInt8(1 << random.below(7))
                case 1: bytes.insert(Array("{}[]\",:0 9".utf8)[random.below(10)], at: place)
                case 2: bytes.remove(at: place)
                default:
                    let end = min(bytes.count, place + random.below(20))
                    bytes.append(contentsOf: bytes[place..<end])
                }
            }
            do throws(TokenizerError) {
                let tokenizer = try TokenizerFactory.make(
                    from: TokenizerDefinition(tokenizerJSON: bytes))
                accepted += 1
                let tokens = try tokenizer.encode("abc <x> a\u{301}1")
                #expect(tokens.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
            } catch {
                codes.insert(error.code.name)
            }
        }
        #expect(accepted > 0)
        #expect(codes.count > 3, "\(codes)")
    }
}
