// Writing a checked conversation in a form.
//
// Guarantees: the caller's texts pass through unchanged, except for white space that the template
// takes off and thoughts that the template drops. Placeholders are replaced in the form's texts
// only.
// Does not: check the conversation. `ChatTemplate.render` has checked the conversation before.

extension ChatTemplate {
    struct Renderer {
        let template: ChatTemplate
        /// Begin token, end token, date.
        let words: [String]
        private(set) var prompt = ChatPrompt()

        private var form: Form { template.form }

        init(template: ChatTemplate, words: [String]) {
            self.template = template
            self.words = words
        }

        mutating func render(_ messages: [TemplateMessage]) {
            var system: String?
            var rest = messages[...]
            if let first = rest.first, first.role == .system, form.system != .turn {
                system = first.content
                rest = rest.dropFirst()
            } else if rest.first?.role != .system, let text = template.defaultSystem {
                write(form.systemFrame.before)
                write(text)
                write(form.systemFrame.behind)
            }
            let last = rest.indices.last
            let target = form.system == .beforeLastUser ? last : rest.indices.first
            for index in rest.indices {
                write(rest[index], system: index == target ? system : nil)
            }
        }

        private mutating func write(_ message: TemplateMessage, system: String?) {
            let frame = self.frame(message.role)
            var content = message.content[...]
            if message.role == .assistant, template.dropsThoughts {
                content = Self.withoutThoughts(content)
            }
            write(frame.before)
            if let system {
                write(form.systemFrame.before)
                prompt.append(content: system[...])
                write(form.systemFrame.behind)
            }
            if frame.trims {
                let isBehindSystem = system != nil && form.trimsTogether
                content = Self.trimmed(content, atStart: !isBehindSystem)
            }
            prompt.append(content: content)
            write(frame.behind)
        }

        private func frame(_ role: TemplateMessage.Role) -> Frame {
            switch role {
            case .system: form.systemFrame
            case .user: form.user
            case .assistant: form.assistant
            }
        }

        /// Writes a text of the form, placeholders replaced. A begin token at the very start is
        /// left to the tokenizer.
        mutating func write(_ text: String) {
            for scalar in text.unicodeScalars {
                switch scalar.value {
                case 1 where prompt.text.isEmpty: continue
                case 1...3: prompt.append(words[Int(scalar.value) - 1])
                default: prompt.append(String(scalar))
                }
            }
        }

        /// The text behind the last `</think>`, without the line ends at its start.
        private static func withoutThoughts(_ text: Substring) -> Substring {
            let mark = Array("</think>".utf8)
            let bytes = Array(text.utf8)
            var offset = bytes.count - mark.count
            while offset >= 0 {
                if bytes[offset...].starts(with: mark) {
                    let rest = text.utf8.dropFirst(offset + mark.count)
                    return Substring(rest.drop { $0 == 0x0A })
                }
                offset -= 1
            }
            return text
        }

        /// The text without the white space that Python's `strip` takes off.
        private static func trimmed(_ text: Substring, atStart: Bool) -> Substring {
            func isSpace(_ scalar: Unicode.Scalar) -> Bool {
                scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
            }
            var scalars = text.unicodeScalars[...]
            if atStart { scalars = scalars.drop(while: isSpace) }
            while let last = scalars.last, isSpace(last) { scalars.removeLast() }
            return Substring(scalars)
        }
    }
}
