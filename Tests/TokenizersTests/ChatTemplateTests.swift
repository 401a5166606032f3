// Chat forms: recognised by what their templates contain, rendered as the templates render.
//
// The expected texts were worked out from the published templates; the snippets here hold what
// tells a template apart, not the whole program.

import TestSupport
import Testing
import Tokenizers

@Suite struct ChatTemplateTests {
    static let conversation: [TemplateMessage] = [
        .init(.user, "Hello"), .init(.assistant, "  Hi there "), .init(.user, "Who are you"),
    ]
    static let withSystem = [TemplateMessage(.system, "Be brief")] + conversation

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var template: String
        /// Without and with a system message; nil: refused.
        var plain: String
        var system: String?
        var testDescription: String { name }
    }

    private static func text(_ messages: [TemplateMessage], _ template: ChatTemplate) throws
        -> String
    {
        String(decoding: try template.render(messages).text, as: UTF8.self)
    }

    @Test(arguments: cases)
    func rendersLikeTheTemplate(_ item: Case) throws {
        let template = try ChatTemplate(recognising: item.template)
        #expect(template.name == item.name)
        #expect(try Self.text(Self.conversation, template) == item.plain)
        if let expected = item.system {
            #expect(try Self.text(Self.withSystem, template) == expected)
        } else {
            let error = #expect(throws: TokenizerError.self) {
                _ = try template.render(Self.withSystem)
            }
            #expect(error?.code == .chatMessageInvalid)
        }
    }

    @Test func everyFormHasACase() {
        #expect(Set(Self.cases.map(\.name)) == Set(ChatTemplate.supportedNames))
    }

    @Test(arguments: [
        "", "chatml", "{{ messages }}", "{% for m in messages %}{{ m['content'] }}{% endfor %}",
        "<|im_start|>", "<|user|>{{ x }}", "[INST] {{ x }} [/INST]", "<start_of_turn>",
        "<|im_start|>User: x<end_of_utterance>", "### Instruction:\n", "[gMASK]<sop><|user|>\n",
    ])
    func refusesAnUnknownTemplateByItsHash(_ text: String) {
        let error = #expect(throws: TokenizerError.self) {
            _ = try ChatTemplate(recognising: text)
        }
        #expect(error?.code == .chatTemplateUnsupported)
        #expect(error?.message.contains("hash ") == true)
        #expect(error?.message.contains("chatml") == true)
    }

    @Test func marksTheCallersWords() throws {
        let template = try ChatTemplate(recognising: "<|im_start|> <|im_end|>")
        let prompt = try template.render(Self.withSystem)
        let words = prompt.contentRanges.map { String(decoding: prompt.text[$0], as: UTF8.self) }
        #expect(words == ["Be brief", "Hello", "  Hi there ", "Who are you"])
    }

    @Test func aTemplatesOwnSystemMessageIsUsedWhenThereIsNone() throws {
        let source = #"'<|im_start|>system\n' }}{{ x }}'<|im_start|>system\nBe good.<|im_end|>\n'"#
        let template = try ChatTemplate(recognising: source)
        let plain = try Self.text([.init(.user, "x")], template)
        #expect(
            plain == "<|im_start|>system\nBe good.<|im_end|>\n<|im_start|>user\nx<|im_end|>\n"
                + "<|im_start|>assistant\n")
        #expect(try !Self.text(Self.withSystem, template).contains("Be good."))
    }

    @Test func thoughtsOfEarlierTurnsAreDropped() throws {
        let template = try ChatTemplate(recognising: "<|im_start|><|im_end|></think>")
        let messages = [
            TemplateMessage(.user, "a</think>b"), .init(.assistant, "<think>\nx\n</think>\n\ny"),
            .init(.user, "z"),
        ]
        let text = try Self.text(messages, template)
        #expect(text.contains("user\na</think>b<|im_end|>"))
        #expect(text.contains("assistant\ny<|im_end|>"))
    }

    @Test func aConversationMayEndWithoutAnOpening() throws {
        let template = try ChatTemplate(recognising: "<|im_start|><|im_end|>")
        let prompt = try template.render([.init(.user, "x")], addsGenerationPrompt: false)
        #expect(prompt.text == Array("<|im_start|>user\nx<|im_end|>\n".utf8))
    }

    @Test func placeholdersInTheCallersWordsStay() throws {
        let template = try ChatTemplate(recognising: "<|im_start|><|im_end|>")
        let prompt = try template.render([.init(.user, "\u{1}\u{2}\u{3}")])
        #expect(prompt.text.contains(1) && prompt.text.contains(2) && prompt.text.contains(3))
    }

    @Test func refusesConversationsTheTemplateRaisesErrorsFor() throws {
        let gemma = try ChatTemplate(recognising: "<start_of_turn>first_user_prefix")
        let llama = try ChatTemplate(
            recognising: "<|start_header_id|><|end_header_id|>Cutting Knowledge Date")
        let mistral = try ChatTemplate(recognising: "[AVAILABLE_TOOLS]\"[INST] \"")
        let user = TemplateMessage(.user, "u")
        let assistant = TemplateMessage(.assistant, "a")
        let system = TemplateMessage(.system, "s")
        for (template, messages) in [
            (gemma, []), (gemma, [assistant]), (gemma, [user, user]), (gemma, [system]),
            (gemma, [user, system]), (gemma, [system, assistant]), (llama, [user, system]),
            (mistral, [system, user, assistant]),
        ] {
            let error = #expect(throws: TokenizerError.self) { _ = try template.render(messages) }
            #expect(error?.code == .chatMessageInvalid)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func longTemplatesAndMessagesTakeLinearTime() throws {
        for unit in ["<|im_start|>system\\n' ", "<|im_start|>system\\n"] {
            let long = String(repeating: unit, count: 50_000)
            _ = try ChatTemplate(recognising: long + "'<|im_end|>")
        }
        let template = try ChatTemplate(
            recognising: "<|start_header_id|><|end_header_id|></think>")
        let spaces = String(repeating: " ", count: 1 << 20)
        let prompt = try template.render([.init(.user, spaces), .init(.assistant, spaces)])
        #expect(prompt.text.count < 1_000)
    }

    static let cases: [Case] = [
        Case(
            name: "chatml",
            template: #"{{'<|im_start|>' + message['role'] + '\n' + message['content'] "#
                + #"+ '<|im_end|>' + '\n'}}"#,
            plain: "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n  Hi there <|im_end|>"
                + "\n<|im_start|>user\nWho are you<|im_end|>\n<|im_start|>assistant\n",
            system: "<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
                + "<|im_start|>assistant\n  Hi there <|im_end|>\n<|im_start|>user\nWho are you"
                + "<|im_end|>\n<|im_start|>assistant\n"),
        Case(
            name: "phi4", template: "'<|im_start|>user<|im_sep|>' '<|im_end|>'",
            plain: "<|im_start|>user<|im_sep|>Hello<|im_end|><|im_start|>assistant<|im_sep|>"
                + "  Hi there <|im_end|><|im_start|>user<|im_sep|>Who are you<|im_end|>"
                + "<|im_start|>assistant<|im_sep|>",
            system: "<|im_start|>system<|im_sep|>Be brief<|im_end|><|im_start|>user<|im_sep|>Hello"
                + "<|im_end|><|im_start|>assistant<|im_sep|>  Hi there <|im_end|>"
                + "<|im_start|>user<|im_sep|>Who are you<|im_end|><|im_start|>assistant<|im_sep|>"),
        Case(
            name: "phi4-mini",
            template: "'<|' + message['role'] + '|>' + message['content'] + '<|end|>' "
                + "'<|assistant|>'",
            plain: "<|user|>Hello<|end|><|assistant|>  Hi there <|end|><|user|>Who are you<|end|>"
                + "<|assistant|>",
            system: "<|system|>Be brief<|end|><|user|>Hello<|end|><|assistant|>  Hi there <|end|>"
                + "<|user|>Who are you<|end|><|assistant|>"),
        Case(
            name: "phi3",
            template: "'<|' + message['role'] + '|>' + '\n' '<|end|>\n' <|assistant|>",
            plain: "<|user|>\nHello<|end|>\n<|assistant|>\n  Hi there <|end|>\n<|user|>\n"
                + "Who are you<|end|>\n<|assistant|>\n",
            system: "<|system|>\nBe brief<|end|>\n<|user|>\nHello<|end|>\n<|assistant|>\n"
                + "  Hi there <|end|>\n<|user|>\nWho are you<|end|>\n<|assistant|>\n"),
        Case(
            name: "phi3", template: "'<|user|>' '<|end|>' '<|assistant|>'",
            plain: "<|user|>\nHello<|end|>\n<|assistant|>\n  Hi there <|end|>\n<|user|>\n"
                + "Who are you<|end|>\n<|assistant|>\n", system: nil),
        Case(
            name: "llama3", template: "'<|start_header_id|>' '<|end_header_id|>\n\n' | trim",
            plain: llama3(""), system: llama3("Be brief<|eot_id|>")),
        Case(
            name: "llama3.1",
            template: "<|start_header_id|> <|end_header_id|> \"Cutting Knowledge Date: \"",
            plain: llama3(dated + "<|eot_id|>"), system: llama3(dated + "Be brief<|eot_id|>")),
        Case(
            name: "llama2",
            template: "'<<SYS>>\\n' {{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}",
            plain: "[INST] Hello [/INST] Hi there </s><s>[INST] Who are you [/INST]",
            system: "[INST] <<SYS>>\nBe brief\n<</SYS>>\n\nHello [/INST] Hi there </s>"
                + "<s>[INST] Who are you [/INST]"),
        Case(
            name: "mistral-v7", template: "\"[SYSTEM_PROMPT] \" \"[INST] \"",
            plain: "[INST] Hello[/INST]   Hi there </s>[INST] Who are you[/INST]",
            system: "[SYSTEM_PROMPT] Be brief[/SYSTEM_PROMPT][INST] Hello[/INST]   Hi there </s>"
                + "[INST] Who are you[/INST]"),
        Case(
            name: "mistral-v3", template: "\"[AVAILABLE_TOOLS] [\" \"[INST] \"",
            plain: "[INST] Hello[/INST] Hi there</s>[INST] Who are you[/INST]",
            system: "[INST] Hello[/INST] Hi there</s>[INST] Be brief\n\nWho are you[/INST]"),
        Case(
            name: "mistral-v3-tekken", template: "\"[AVAILABLE_TOOLS][\" \"[INST]\"",
            plain: "[INST]Hello[/INST]  Hi there </s>[INST]Who are you[/INST]",
            system: "[INST]Hello[/INST]  Hi there </s>[INST]Be brief\n\nWho are you[/INST]"),
        Case(
            name: "mistral-v1", template: "{{- ' [INST] ' + system_message + '\\n\\n' }}",
            plain: " [INST] Hello [/INST]   Hi there </s> [INST] Who are you [/INST]",
            system: " [INST] Be brief\n\nHello [/INST]   Hi there </s> [INST] Who are you [/INST]"),
        Case(
            name: "mistral-v0.1",
            template: "'[INST] ' + message['content'] + ' [/INST]' "
                + "message['content'] + eos_token + ' '",
            plain: "[INST] Hello [/INST]  Hi there </s> [INST] Who are you [/INST]", system: nil),
        Case(
            name: "mistral-v0.2",
            template: "'[INST] ' + message['content'] + ' [/INST]' "
                + "message['content'] + eos_token}}",
            plain: "[INST] Hello [/INST]  Hi there </s>[INST] Who are you [/INST]", system: nil),
        Case(
            name: "gemma", template: "'System role not supported' '<start_of_turn>'",
            plain: gemma("Hello"), system: nil),
        Case(
            name: "gemma3", template: "'<start_of_turn>' first_user_prefix",
            plain: gemma("Hello"), system: gemma("Be brief\n\nHello")),
        Case(
            name: "deepseek-v3", template: "'<｜User｜>' '<｜Assistant｜>'",
            plain: deepSeek, system: "Be brief" + deepSeek),
        Case(
            name: "deepseek-r1", template: #"'<｜User｜>' '<｜Assistant｜><think>\n'"#,
            plain: deepSeek + "<think>\n", system: "Be brief" + deepSeek + "<think>\n"),
        Case(
            name: "deepseek-v2", template: "'Assistant: ' + message['content'] + eos_token",
            plain: "User: Hello\n\nAssistant:   Hi there </s>User: Who are you\n\nAssistant:",
            system: "Be brief\n\nUser: Hello\n\nAssistant:   Hi there </s>User: Who are you\n\n"
                + "Assistant:"),
        Case(
            name: "zephyr",
            template: "'<|user|>\\n' + message['content'] + eos_token }} <|assistant|>",
            plain: zephyr("</s>"), system: "<|system|>\nBe brief</s>\n" + zephyr("</s>")),
        Case(
            name: "stablelm-zephyr", template: "'<|user|>\\n' '<|endoftext|>\\n'",
            plain: zephyr("<|endoftext|>"),
            system: "<|system|>\nBe brief<|endoftext|>\n" + zephyr("<|endoftext|>")),
        Case(
            name: "granite", template: "'<|start_of_role|>user<|end_of_role|>'",
            plain: granite,
            system: "<|start_of_role|>system<|end_of_role|>Be brief<|end_of_text|>\n" + granite),
        Case(
            name: "monarch",
            template: #"{{bos_token + message['role'] + '\n' + message['content'] + eos_token}}"#,
            plain: "user\nHello</s>\n<s>assistant\n  Hi there </s>\n<s>user\nWho are you</s>\n"
                + "<s>assistant\n",
            system: "system\nBe brief</s>\n<s>user\nHello</s>\n<s>assistant\n  Hi there </s>\n"
                + "<s>user\nWho are you</s>\n<s>assistant\n"),
        Case(
            name: "openchat", template: "'GPT4 Correct ' + message['role'].title() + ': '",
            plain: openChat, system: "GPT4 Correct System: Be brief<|end_of_turn|>" + openChat),
        Case(
            name: "command-r", template: "loop_messages '<|START_OF_TURN_TOKEN|><|USER_TOKEN|>'",
            plain: commandR,
            system: "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Be brief<|END_OF_TURN_TOKEN|>"
                + commandR),
    ]

    private static let dated = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"

    private static func llama3(_ system: String) -> String {
        func header(_ role: String) -> String { "<|start_header_id|>\(role)<|end_header_id|>\n\n" }
        return (system.isEmpty ? "" : header("system") + system) + header("user")
            + "Hello<|eot_id|>" + header("assistant") + "Hi there<|eot_id|>" + header("user")
            + "Who are you<|eot_id|>" + header("assistant")
    }

    private static func gemma(_ first: String) -> String {
        "<start_of_turn>user\n\(first)<end_of_turn>\n<start_of_turn>model\nHi there<end_of_turn>\n"
            + "<start_of_turn>user\nWho are you<end_of_turn>\n<start_of_turn>model\n"
    }

    private static let deepSeek =
        "<｜User｜>Hello<｜Assistant｜>  Hi there <｜end▁of▁sentence｜><｜User｜>Who are you"
        + "<｜Assistant｜>"

    private static func zephyr(_ end: String) -> String {
        "<|user|>\nHello\(end)\n<|assistant|>\n  Hi there \(end)\n<|user|>\nWho are you\(end)\n"
            + "<|assistant|>\n"
    }

    private static let granite =
        "<|start_of_role|>user<|end_of_role|>Hello<|end_of_text|>\n"
        + "<|start_of_role|>assistant<|end_of_role|>  Hi there <|end_of_text|>\n"
        + "<|start_of_role|>user<|end_of_role|>Who are you<|end_of_text|>\n"
        + "<|start_of_role|>assistant<|end_of_role|>"

    private static let openChat =
        "GPT4 Correct User: Hello<|end_of_turn|>GPT4 Correct Assistant:   Hi there <|end_of_turn|>"
        + "GPT4 Correct User: Who are you<|end_of_turn|>GPT4 Correct Assistant:"

    private static let commandR =
        "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>Hello<|END_OF_TURN_TOKEN|>"
        + "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>Hi there<|END_OF_TURN_TOKEN|>"
        + "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>Who are you<|END_OF_TURN_TOKEN|>"
        + "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"
}
