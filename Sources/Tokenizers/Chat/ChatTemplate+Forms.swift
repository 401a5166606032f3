// The table of chat forms: the text around each message, and the markers to identify the form.
//
// Facts: the forms are the templates that model makers publish in tokenizer_config.json
// (`chat_template`). The distinguishing substrings follow llama.cpp (`llama-chat.cpp`). Where
// llama.cpp renders a form more simply than the template (the spaces of llama2, the place of a
// system message), the template takes precedence.
// Does not: branch on names. A new form is a new row.

extension ChatTemplate {
    /// The place of a system message.
    enum SystemPlace: Sendable {
        /// A separate turn.
        case turn
        /// In front of the first user message, inside the user's turn.
        case beforeFirstUser
        /// In front of the last message, a user message.
        case beforeLastUser
        /// Nowhere: the template raises an error, or drops the message.
        case refused
    }

    /// The text before and behind a message. `\u{1}` is the begin token, `\u{2}` the end token,
    /// `\u{3}` the date.
    struct Frame: Sendable {
        var before: String
        var behind: String
        /// True when white space around the message is taken off.
        var trims = false

        init(_ before: String, _ behind: String, trims: Bool = false) {
            self.before = before
            self.behind = behind
            self.trims = trims
        }
    }

    /// A row of the table.
    struct Form: Sendable {
        var name: String
        /// Substrings of which all must be in the template.
        var markers: [String]
        /// Substrings of which none may be in the template.
        var exclusions: [String] = []
        var system: SystemPlace = .turn
        /// If not empty: a template without any of the substrings drops system messages.
        var systemMarkers: [String] = []
        /// The text around the system message.
        var systemFrame: Frame
        var user: Frame
        var assistant: Frame
        var generation: String
        /// The system text of a conversation without a system message.
        var defaultSystem: String?
        /// The opening and closing around a default text in the template.
        var systemOpening: (before: String, behind: String)?
        /// True when user and assistant must alternate. Any other order raises an error.
        var alternates = false
        /// True when white space is taken off a user message and the system message in front as one
        /// text.
        var trimsTogether = false
    }
}

extension ChatTemplate.Form {
    typealias Frame = ChatTemplate.Frame

    /// Makes a row with equal turns except for the role's name.
    private static func uniform(
        _ name: String, _ markers: [String], without exclusions: [String] = [],
        before: (String) -> String, behind: String, generation: String, trims: Bool = false
    ) -> Self {
        func frame(_ role: String) -> Frame { Frame(before(role), behind, trims: trims) }
        return Self(
            name: name, markers: markers, exclusions: exclusions, systemFrame: frame("system"),
            user: frame("user"), assistant: frame("assistant"), generation: generation)
    }

    /// All rows, in the order of recognition.
    static let all: [Self] = chatML + phi + llama + mistral + gemma + deepSeek + others

    private static let chatML: [Self] = {
        var chatML = uniform(
            "chatml", ["<|im_start|>", "<|im_end|>"],
            without: ["<|im_sep|>", "<end_of_utterance>"],
            before: { "<|im_start|>\($0)\n" }, behind: "<|im_end|>\n",
            generation: "<|im_start|>assistant\n")
        chatML.systemOpening = ("<|im_start|>system\n", "<|im_end|>")
        return [chatML]
    }()

    private static let phi: [Self] = {
        var phi3 = uniform(
            "phi3", ["<|assistant|>", "<|end|>"], before: { "<|\($0)|>\n" },
            behind: "<|end|>\n", generation: "<|assistant|>\n")
        phi3.systemMarkers = ["system", "'<|' + message['role']"]
        return [
            uniform(
                "phi4", ["<|im_start|>", "<|im_sep|>"], before: { "<|im_start|>\($0)<|im_sep|>" },
                behind: "<|im_end|>", generation: "<|im_start|>assistant<|im_sep|>"),
            uniform(
                "phi4-mini", ["'|>' + message['content'] + '<|end|>'"], before: { "<|\($0)|>" },
                behind: "<|end|>", generation: "<|assistant|>"),
            phi3,
        ]
    }()

    private static let llama: [Self] = {
        let header = { (role: String) in "<|start_header_id|>\(role)<|end_header_id|>\n\n" }
        let llama3 = uniform(
            "llama3", ["<|start_header_id|>", "<|end_header_id|>"], before: header,
            behind: "<|eot_id|>", generation: header("assistant"), trims: true)
        var dated = llama3
        dated.name = "llama3.1"
        dated.markers.append("Cutting Knowledge Date")
        dated.systemFrame.before +=
            "Cutting Knowledge Date: December 2023\nToday Date: \u{3}\n\n"
        dated.defaultSystem = ""
        let llama2 = Self(
            name: "llama2",
            markers: ["<<SYS>>", "content.strip()", "bos_token + '[INST] '"],
            system: .beforeFirstUser, systemFrame: Frame("<<SYS>>\n", "\n<</SYS>>\n\n"),
            user: Frame("\u{1}[INST] ", " [/INST]", trims: true),
            assistant: Frame(" ", " \u{2}", trims: true), generation: "", alternates: true,
            trimsTogether: true)
        return [dated, llama3, llama2]
    }()

    private static let mistral: [Self] = {
        func form(
            _ name: String, _ markers: [String], without exclusions: [String] = [],
            system: ChatTemplate.SystemPlace, systemFrame: Frame = Frame("", "\n\n"),
            user: Frame, assistant: Frame
        ) -> Self {
            Self(
                name: name, markers: markers, exclusions: exclusions, system: system,
                systemFrame: systemFrame, user: user, assistant: assistant, generation: "",
                alternates: true)
        }
        let plainMarkers = ["'[INST] ' + message['content'] + ' [/INST]'"]
        let plainUser = Frame("[INST] ", " [/INST]")
        return [
            form(
                "mistral-v7", ["\"[SYSTEM_PROMPT] \"", "\"[INST] \""],
                without: ["default_system_message"], system: .turn,
                systemFrame: Frame("[SYSTEM_PROMPT] ", "[/SYSTEM_PROMPT]"),
                user: Frame("[INST] ", "[/INST]"), assistant: Frame(" ", "\u{2}")),
            form(
                "mistral-v3", ["[AVAILABLE_TOOLS]", "\"[INST] \""], without: ["[SYSTEM_PROMPT]"],
                system: .beforeLastUser, user: Frame("[INST] ", "[/INST]"),
                assistant: Frame(" ", "\u{2}", trims: true)),
            form(
                "mistral-v3-tekken", ["[AVAILABLE_TOOLS]", "\"[INST]\""],
                without: ["[SYSTEM_PROMPT]"], system: .beforeLastUser,
                user: Frame("[INST]", "[/INST]"), assistant: Frame("", "\u{2}")),
            form(
                "mistral-v1", ["' [INST] ' + system_message"], system: .beforeFirstUser,
                user: Frame(" [INST] ", " [/INST]"), assistant: Frame(" ", "\u{2}")),
            form(
                "mistral-v0.1", plainMarkers + ["message['content'] + eos_token + ' '"],
                without: ["<<SYS>>"], system: .refused, user: plainUser,
                assistant: Frame("", "\u{2} ")),
            form(
                "mistral-v0.2", plainMarkers + ["message['content'] + eos_token"],
                without: ["<<SYS>>"], system: .refused, user: plainUser,
                assistant: Frame("", "\u{2}")),
        ]
    }()

    private static let gemma: [Self] = {
        let gemma = Self(
            name: "gemma", markers: ["<start_of_turn>", "System role not supported"],
            system: .refused, systemFrame: Frame("", "\n\n"),
            user: Frame("<start_of_turn>user\n", "<end_of_turn>\n", trims: true),
            assistant: Frame("<start_of_turn>model\n", "<end_of_turn>\n", trims: true),
            generation: "<start_of_turn>model\n", alternates: true)
        var gemma3 = gemma
        gemma3.name = "gemma3"
        gemma3.markers = ["<start_of_turn>", "first_user_prefix"]
        gemma3.system = .beforeFirstUser
        return [gemma, gemma3]
    }()

    private static let deepSeek: [Self] = {
        let plain = Self(
            name: "deepseek-v3", markers: ["<｜User｜>", "<｜Assistant｜>"],
            exclusions: ["thinking"], systemFrame: Frame("", ""), user: Frame("<｜User｜>", ""),
            assistant: Frame("<｜Assistant｜>", "<｜end▁of▁sentence｜>"),
            generation: "<｜Assistant｜>")
        var thinking = plain
        thinking.name = "deepseek-r1"
        thinking.markers.append("'<｜Assistant｜><think>\n'")
        thinking.generation += "<think>\n"
        return [
            thinking, plain,
            Self(
                name: "deepseek-v2", markers: ["'Assistant: ' + message['content'] + eos_token"],
                systemFrame: Frame("", "\n\n"), user: Frame("User: ", "\n\n"),
                assistant: Frame("Assistant: ", "\u{2}"), generation: "Assistant:"),
        ]
    }()

    private static let others: [Self] = {
        let turn = "<|START_OF_TURN_TOKEN|>"
        let turnEnd = "<|END_OF_TURN_TOKEN|>"
        return [
            uniform(
                "zephyr", ["<|user|>", "<|assistant|>", "message['content'] + eos_token }}"],
                without: ["[gMASK]"], before: { "<|\($0)|>\n" }, behind: "\u{2}\n",
                generation: "<|assistant|>\n"),
            uniform(
                "stablelm-zephyr", ["<|user|>", "<|endoftext|>"], without: ["[gMASK]"],
                before: { "<|\($0)|>\n" }, behind: "<|endoftext|>\n",
                generation: "<|assistant|>\n"),
            uniform(
                "granite", ["<|start_of_role|>"], without: ["Knowledge Cutoff", "default_system"],
                before: { "<|start_of_role|>\($0)<|end_of_role|>" }, behind: "<|end_of_text|>\n",
                generation: "<|start_of_role|>assistant<|end_of_role|>"),
            uniform(
                "monarch", ["bos_token + message['role'] + '\n' + message['content']"],
                before: { "\u{1}\($0)\n" }, behind: "\u{2}\n",
                generation: "\u{1}assistant\n"),
            uniform(
                "openchat", ["'GPT4 Correct ' + message['role'].title() + ': '"],
                before: { "GPT4 Correct \($0.prefix(1).uppercased())\($0.dropFirst()): " },
                behind: "<|end_of_turn|>", generation: "GPT4 Correct Assistant:"),
            Self(
                name: "command-r", markers: [turn, "<|USER_TOKEN|>", "loop_messages"],
                systemFrame: Frame(turn + "<|SYSTEM_TOKEN|>", turnEnd),
                user: Frame(turn + "<|USER_TOKEN|>", turnEnd, trims: true),
                assistant: Frame(turn + "<|CHATBOT_TOKEN|>", turnEnd, trims: true),
                generation: turn + "<|CHATBOT_TOKEN|>", alternates: true),
        ]
    }()
}
