// Pre-tokenizers of tokenizer.json by their published patterns.

import TestSupport
import Testing
import Tokenizers

@Suite struct PreTokenizerRecognitionTests {
    private static let byteLevel =
        #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}"#
    private static let gpt2 =
        #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#

    /// A step that splits by a pattern, given as JSON text.
    private static func split(_ pattern: String, inverted: Bool = false) -> String {
        #"{"type":"Split","pattern":{"Regex":"\#(pattern)"},"#
            + #""behavior":"\#(inverted ? "Removed" : "Isolated")","invert":\#(inverted)}"#
    }

    private static let words =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"#
    private static let ends = #"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"#
    private static let casedWords =
        #"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"#
        + #"[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"#
    private static let upperWords =
        #"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"#
        + #"[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"#
    private static let casedEnds =
        #"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"#
    private static let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

    static let forms: [(name: String, steps: [String])] = [
        ("gpt-2", [gpt2]),
        ("llama-bpe", [split(words + #"\\p{N}{1,3}"# + ends), byteLevel]),
        ("llama-bpe", [split(words + #"\\p{N}{1,3}"# + ends, inverted: true), byteLevel]),
        ("qwen2", [split(words + #"\\p{N}"# + ends), byteLevel]),
        (
            "qwen35",
            [
                split(
                    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}|"#
                        + #" ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"#),
                byteLevel,
            ]
        ),
        ("starcoder", [#"{"type":"Digits","individual_digits":true}"#, gpt2]),
        (
            "deepseek-coder",
            [
                split(#"[\r\n]"#), split(#"\\s?\\p{L}+"#), split(#"\\s?\\p{P}+"#),
                split(#"[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"#),
                #"{"type":"Digits","individual_digits":true}"#, byteLevel,
            ]
        ),
        (
            "deepseek-v3",
            [
                split(#"\\p{N}{1,3}"#), split(#"[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"#),
                split(
                    ##"[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"##
                        + #"|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"#
                        + #"|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"#),
                byteLevel,
            ]
        ),
        (
            "gpt-4o",
            [
                split(
                    casedWords + contraction + "|" + upperWords + contraction
                        + #"|\\p{N}{1,3}"# + casedEnds),
                byteLevel,
            ]
        ),
        (
            "tekken",
            [split(casedWords + "|" + upperWords + #"|\\p{N}"# + casedEnds), byteLevel]
        ),
    ]

    @Test(arguments: forms.indices)
    func recognises(_ index: Int) throws {
        let (name, steps) = Self.forms[index]
        var json = SmallTokenizerJSON()
        json.pre =
            #"{"type":"Sequence","pretokenizers":[\#(steps.joined(separator: ","))]}"#
        let definition = try json.definition()
        #expect(definition.preTokenizer == name)
        _ = try TokenizerFactory.make(from: definition)
    }

    /// Every step is done in its place, so any order is accepted, but only the known one has a
    /// name.
    @Test func orderAndCountOfStepsMatter() throws {
        let (_, steps) = try #require(Self.forms.first { $0.name == "deepseek-coder" })
        for other in [Array(steps.reversed()), Array(steps.dropFirst()), steps + [Self.gpt2]] {
            var json = SmallTokenizerJSON()
            json.pre =
                #"{"type":"Sequence","pretokenizers":[\#(other.joined(separator: ","))]}"#
            let definition = try json.definition()
            #expect(definition.preTokenizer == nil)
            _ = try TokenizerFactory.make(from: definition)
        }
    }

    @Test(arguments: ["(a|b)", "a*", "[abc]+", #"\\p{Lu}"#, "a{0,3}", "(?i:a)", #"\\w+"#])
    func refusesAnExpressionOutsideTheTable(_ expression: String) {
        var json = SmallTokenizerJSON()
        json.pre = Self.split(expression)
        let error = #expect(throws: TokenizerError.self) { _ = try json.definition() }
        #expect(error?.code == .preTokenizerUnsupported)
    }
}
