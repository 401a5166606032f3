// A conversation from a file, in the form of the common HTTP interfaces: a JSON list of messages,
// or an object with messages and tools.
//
// Guarantees: nothing is left out: an unknown key, or a value of the wrong type, is a usage failure
// with the place. Numbers keep their digits, objects the order of their keys.

import Loading
import ModelFiles
import Wire

/// Messages and tools of a file.
struct ConversationFile {
    private(set) var messages: [ChatMessage] = []
    /// JSON text of the list of tools.
    private(set) var tools: String?
    private let path: String
    private let flag: String

    /// Reads and checks a file.
    init(path: String, of flag: String = "--conversation") throws {
        (self.path, self.flag) = (path, flag)
        let text = try LocalText.read(path, of: flag)
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(Array(text.utf8)).root
        } catch {
            throw Failure.usage(
                "\(flag): \(path): found \(error.found) at byte \(error.offset), allowed: "
                    + error.allowed)
        }
        var list = root
        if root.isObject {
            try checkKeys(root, "the file", ["messages", "tools"])
            guard let inner = root["messages"] else {
                throw wrong("the file", "an object without messages", "a list of messages")
            }
            list = inner
            if let value = root["tools"], !value.isNull { tools = value.jsonText.text }
        }
        guard list.isArray, (1...Limits.messageCountMax).contains(list.count) else {
            throw wrong(
                "messages", list.isArray ? "a list of \(list.count)" : list.typeName,
                "a list of 1 to \(Limits.messageCountMax) messages")
        }
        messages = try list.elements.enumerated().map { try message($1, "messages[\($0)]") }
    }

    private func message(_ value: JSONValue, _ place: String) throws -> ChatMessage {
        try checkKeys(
            value, place,
            [
                "role", "content", "name", "reasoning_content", "tool_calls", "tool_call_id",
            ])
        let word = try string(value, "role", place) ?? ""
        guard let role = ChatMessage.Role(rawValue: word) else {
            let roles = ChatMessage.Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong("\(place).role", "\"\(word)\"", roles)
        }
        let content = value["content"]
        var result = ChatMessage(role: role, content: content?.asString ?? "")
        if content?.asString == nil { result.contentJson = content?.jsonText.text ?? "null" }
        result.name = try string(value, "name", place)
        result.reasoningContent = try string(value, "reasoning_content", place)
        result.toolCallId = try string(value, "tool_call_id", place)
        if let calls = value["tool_calls"], !calls.isNull {
            guard calls.isArray else {
                throw wrong("\(place).tool_calls", calls.typeName, "a list")
            }
            result.toolCalls = try calls.elements.enumerated().map {
                try call($1, "\(place).tool_calls[\($0)]")
            }
        }
        return result
    }

    /// A call. Arguments may be a value, or a text that holds the JSON text.
    private func call(_ value: JSONValue, _ place: String) throws -> ToolCall {
        try checkKeys(value, place, ["id", "type", "function"])
        guard value["type"].map({ $0.asString == "function" }) ?? true else {
            throw wrong("\(place).type", "another type", "function")
        }
        guard let function = value["function"] else {
            throw wrong(place, "no function", "a function with name and arguments")
        }
        try checkKeys(function, "\(place).function", ["name", "arguments"])
        let arguments = function["arguments"]
        return ToolCall(
            id: try string(value, "id", place),
            name: try string(function, "name", "\(place).function") ?? "",
            arguments: arguments?.asString ?? arguments?.jsonText.text ?? "{}")
    }

    private func string(_ value: JSONValue, _ key: String, _ place: String) throws -> String? {
        guard let found = value[key], !found.isNull else { return nil }
        guard let text = found.asString else {
            throw wrong("\(place).\(key)", found.typeName, "a string")
        }
        return text
    }

    private func checkKeys(_ value: JSONValue, _ place: String, _ known: Set<String>) throws {
        guard value.isObject else { throw wrong(place, value.typeName, "an object") }
        for (key, _) in value.members {
            let name = String(decoding: key, as: UTF8.self)
            guard known.contains(name) else {
                throw wrong(place, "the key \"\(name)\"", known.sorted().joined(separator: ", "))
            }
        }
    }

    private func wrong(_ place: String, _ found: String, _ allowed: String) -> Failure {
        Failure.usage("\(flag): \(path): \(place): found \(found), allowed: \(allowed)")
    }
}

extension JSONValue {
    /// The value as output, on one line.
    var jsonText: JSONText {
        if let text = asString { return .string(text) }
        if let flag = asBool { return .bool(flag) }
        if let digits = numberText { return .digits(digits) }
        if isArray { return .array(elements.map(\.jsonText)) }
        if isObject {
            return .object(
                members.map { (String(decoding: $0.key, as: UTF8.self), $0.value.jsonText) })
        }
        return .null
    }
}
