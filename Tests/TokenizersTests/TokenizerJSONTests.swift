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
        // The library gives added tokens the ids behind the vocabulary, so only `vocab` has holes.
        var json = SmallTokenizerJSON(added: "")
        json.vocab += #","d":9"#
        let definition = try json.definition()
        #expect(definition.tokens.count == 10)
        #expect(definition.types?[6] == TokenType.unused.rawValue)
        _ = try TokenizerFactory.make(from: definition)
    }

    @Test func takesRolesFromTheConfigurationOrTheTemplate() throws {
        var json = SmallTokenizerJSON()
        json.post =
            #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>"}},"#
            + #"{"Sequence":{"id":"A"}}],"special_tokens":{"<x>":{"id":"<x>","ids":[5]}}}"#
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

    /// Qwen3-Embedding ends a text with another token than its `eos_token`.
    @Test func putsTheProcessorsTokenBehindTheText() throws {
        var json = SmallTokenizerJSON()
        json.post =
            #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},"#
            + #"{"SpecialToken":{"id":"<x>"}}],"special_tokens":{"<x>":{"id":"<x>","ids":[5]}}}"#
        let tokenizer = try TokenizerFactory.make(from: json.definition(#"{"eos_token":"c"}"#))
        #expect(try tokenizer.encode("a") == [0, 5])
        #expect(tokenizer.suffixTokens == [5] && tokenizer.endToken == 2)
        #expect(!tokenizer.addsEndToken && tokenizer.isEndOfGeneration(2))
    }

    @Test func refusesATextThatTheFileWantsCut() throws {
        var json = SmallTokenizerJSON()
        json.rest = #","truncation":{"max_length":2,"strategy":"LongestFirst","stride":0}"#
        let tokenizer = try TokenizerFactory.make(from: json.definition())
        #expect(try tokenizer.encode("cc") == [2, 2])
        let error = #expect(throws: TokenizerError.self) { _ = try tokenizer.encode("ccc") }
        #expect(error?.code == .tooManyTokens && error?.location == "truncation")
    }

    @Test func refusesATextWithATokenThatTheModelHasNoRowFor() throws {
        var definition = try SmallTokenizerJSON().definition()
        definition.rowCount = 4
        let tokenizer = try TokenizerFactory.make(from: definition)
        #expect(tokenizer.vocabularySize == 4)
        #expect(tokenizer.summary.contains("2 tokens from 4 on"))
        #expect(try tokenizer.encode("ab") == [3])
        let error = #expect(throws: TokenizerError.self) { _ = try tokenizer.encode("abc") }
        #expect(error?.code == .tokenIDInvalid)
    }

    @Test func aCallersTextBecomesNoSpecialToken() throws {
        // The merges make the special token "ab", which the library lets any text become.
        var json = SmallTokenizerJSON(added: #"{"id":3,"content":"ab","special":true}"#)
        let tokenizer = try TokenizerFactory.make(from: json.definition())
        #expect(try tokenizer.encode("ab", parseSpecial: true) == [3])
        #expect(try tokenizer.encode("ab") == [0, 1])
        json.more = #","ignore_merges":true"#
        let whole = try TokenizerFactory.make(from: json.definition())
        #expect(try whole.encode("ab") == [0, 1])
    }

    @Test(arguments: TokenizerParts.rows.indices)
    func theTableSaysWhatIsRefused(_ index: Int) throws {
        let row = TokenizerParts.rows[index]
        var json = SmallTokenizerJSON()
        let step = "{\"type\":\"\(row.type)\"}"
        switch row.place {
        case .model: json.type = "\"\(row.type)\""
        case .normalizer: json.normalizer = step
        case .preTokenizer: json.pre = step
        case .postProcessor: json.post = step
        case .decoder: json.rest = ",\"decoder\":\(step)"
        }
        do throws(TokenizerError) {
            _ = try json.definition()
            #expect(row.refusal == nil)
        } catch {
            // A type that is done may lack its parameters here.
            let isUnknown =
                error.message.contains("the step \"") || error.message.contains("a model of type")
            #expect(isUnknown == (row.refusal != nil), "\(error)")
            #expect(row.refusal == nil || error.message.contains(row.type), "\(error)")
        }
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
