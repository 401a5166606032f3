// Conversations from a file, in the form of the common HTTP interfaces: a JSON list of messages, or
// an object with messages. A list of such values is several conversations.
//
// Hostile input: the size is checked before anything is parsed, an unknown key or role is an error
// with its place, and counts are bounded.

import Foundation
import LoadTesting

/// Reads conversations.
enum ConversationFile {
    private static let roles = ["system", "user", "assistant"]

    static func read(_ path: String) throws -> [[ConversationTurn]] {
        let bytes = Data(try contents(path))
        guard let root = try? JSONSerialization.jsonObject(with: bytes) else {
            throw wrong(path, "the file", "no JSON", "a list of messages, or an object with it")
        }
        let list = root as? [Any] ?? [root]
        let isOne = list.first.map { ($0 as? [String: Any])?["role"] != nil } ?? true
        let conversations = isOne ? [list] : list
        guard (1...LoadLimits.conversationsMax).contains(conversations.count) else {
            throw wrong(
                path, "the file", "\(conversations.count) conversations",
                "1 to \(LoadLimits.conversationsMax)")
        }
        return try conversations.enumerated().map { index, value in
            try conversation(value, path, isOne ? "" : "[\(index)]")
        }
    }

    private static func conversation(
        _ value: Any, _ path: String, _ place: String
    ) throws -> [ConversationTurn] {
        var list = value
        if let object = value as? [String: Any] {
            try checkKeys(object, ["messages"], path, place.isEmpty ? "the file" : place)
            list = object["messages"] ?? []
        }
        let messages = list as? [Any] ?? []
        guard (1...LoadLimits.turnsMax).contains(messages.count) else {
            throw wrong(
                path, "messages\(place)", "\(messages.count) messages",
                "a list of 1 to \(LoadLimits.turnsMax) messages")
        }
        return try messages.enumerated().map { index, message in
            try turn(message, path, "messages\(place)[\(index)]")
        }
    }

    private static func turn(
        _ value: Any, _ path: String, _ place: String
    ) throws -> ConversationTurn {
        guard let message = value as? [String: Any] else {
            throw wrong(path, place, "no object", "an object with role and content")
        }
        try checkKeys(message, ["role", "content"], path, place)
        let role = message["role"] as? String ?? ""
        guard roles.contains(role) else {
            throw wrong(path, place + ".role", "\"\(role)\"", roles.joined(separator: ", "))
        }
        guard let text = message["content"] as? String,
            text.utf8.count <= LoadLimits.promptSizeMax
        else {
            throw wrong(
                path, place + ".content", "another value",
                "a text of at most \(LoadLimits.promptSizeMax) bytes")
        }
        return ConversationTurn(role, text)
    }

    private static func checkKeys(
        _ object: [String: Any], _ known: [String], _ path: String, _ place: String
    ) throws {
        guard let key = object.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw wrong(path, place, "the key \"\(key)\"", known.joined(separator: " and "))
    }

    private static func wrong(
        _ path: String, _ place: String, _ found: String, _ allowed: String
    ) -> LoadTestError {
        LoadTestError(
            .fileInvalid,
            "reading --conversation \(path): \(place): found \(LoadTestError.clipped(found)), "
                + "allowed: \(allowed)")
    }
}
