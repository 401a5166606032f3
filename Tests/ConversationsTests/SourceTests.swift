// Where templates are found, and which one renders a conversation.

import Conversations
import ModelFiles
import TestSupport
import Testing

@Suite struct SourceTests {
    private func sources(
        file: String? = nil, additional: [(name: String, text: String)] = [],
        document: String? = nil, configuration: String? = nil
    ) throws -> ChatTemplateSources {
        try ChatTemplateSources(
            file: file, additional: additional, document: try document.map(json),
            configuration: try configuration.map(json))
    }

    private func json(_ text: String) throws -> JSONValue {
        try JSONDocument(Array(text.utf8)).root
    }

    private func text(_ source: ChatTemplateSource?) -> String? {
        source.map { String(decoding: $0.text, as: UTF8.self) }
    }

    @Test func keysOfAGGUFFile() throws {
        var builder = GGUFBuilder.tinyLlama()
        builder.set("tokenizer.chat_template", .string("plain"))
        builder.set("tokenizer.chat_template.tool_use", .string("tools"))
        builder.set("tokenizer.chat_template.rag", .string("rag"))
        let found = try ChatTemplateSources(builder.parsed().metadata)
        #expect(text(found.standard) == "plain" && text(found.toolUse) == "tools")
        #expect(found.standard?.place == "tokenizer.chat_template")
        #expect(found.toolUse?.place == "tokenizer.chat_template.tool_use")
        builder.set("tokenizer.chat_template", .uint32(3))
        let error = #expect(throws: TemplateSourceError.self) {
            try ChatTemplateSources(builder.parsed().metadata)
        }
        #expect(error?.place == "tokenizer.chat_template")
    }

    @Test func theFileGoesBeforeDocumentAndConfiguration() throws {
        let config = #"{"chat_template":"config"}"#
        let document = #"{"chat_template":"document"}"#
        #expect(
            text(try sources(file: "file", document: document, configuration: config).standard)
                == "file")
        #expect(
            text(try sources(document: document, configuration: config).standard) == "document")
        let last = try sources(document: "{}", configuration: config)
        #expect(text(last.standard) == "config")
        #expect(last.standard?.place == "tokenizer_config.json: chat_template")
        #expect(try sources() == ChatTemplateSources())
        #expect(try sources(configuration: #"{"chat_template":null}"#) == ChatTemplateSources())
    }

    @Test func namedFilesGoBeforeDocumentAndConfiguration() throws {
        let config = #"{"chat_template":"config"}"#
        let named = try sources(
            file: "file", additional: [("rag", "r"), ("tool_use", "t")], configuration: config)
        #expect(text(named.standard) == "file" && text(named.toolUse) == "t")
        #expect(named.toolUse?.place == "additional_chat_templates/tool_use.jinja")
        // As in the reference, the configuration does not count beside files.
        let only = try sources(additional: [("tool_use", "t")], configuration: config)
        #expect(only.standard == nil && text(only.toolUse) == "t")
        let replaced = try sources(file: "file", additional: [("default", "d")])
        #expect(text(replaced.standard) == "d")
        #expect(replaced.standard?.place == "additional_chat_templates/default.jinja")
    }

    @Test func namedTemplatesOfAConfiguration() throws {
        let found = try sources(
            configuration: """
                {"chat_template":[{"name":"tool_use","template":"t"},
                {"name":"default","template":"d"},{"name":"rag","template":"r"}]}
                """)
        #expect(text(found.standard) == "d" && text(found.toolUse) == "t")
    }

    @Test(arguments: ["3", "{}", "[3]", #"[{"name":"default"}]"#, "true"])
    func otherValuesAreRefused(_ value: String) throws {
        let error = #expect(throws: TemplateSourceError.self) {
            try sources(configuration: #"{"chat_template":\#(value)}"#)
        }
        #expect(error?.place == "tokenizer_config.json: chat_template")
    }

    @Test func toolsChooseTheTemplateOfTools() throws {
        let found = try sources(
            configuration: """
                {"chat_template":[
                {"name":"tool_use","template":"T{{ tools | tojson }}{{ messages[0].content }}"},
                {"name":"default","template":"D{{ messages[0].content }}"}]}
                """)
        let templates = try CheckedTemplates(found, specialTokens: []).probed()
        var conversation = ChatConversation([.init(.user, "Hi")])
        let plain = try #require(templates.template(for: conversation))
        #expect(try rendered(plain, conversation) == "DHi")
        try conversation.setTools("[\(Templates.tool)]")
        let tools = try #require(templates.template(for: conversation))
        #expect(try rendered(tools, conversation).hasPrefix("T["))
        let only = try CheckedTemplates(
            sources(
                configuration:
                    #"{"chat_template":[{"name":"tool_use","template":"T"}]}"#),
            specialTokens: []
        ).probed()
        #expect(only.template(for: ChatConversation([.init(.user, "Hi")])) == nil)
    }

    @Test(arguments: [
        ("{% if x %}", false), ("\n\n{% include 'x' %}", true), ("{{ x | nosuch }}", true),
    ])
    func aTemplateOutsideTheLanguageIsRefusedByPlaceAndLine(
        _ source: String, _ isUnsupported: Bool
    ) throws {
        let found = try sources(file: source)
        let error = #expect(throws: ChatTemplateRefusal.self) {
            try CheckedTemplates(found, specialTokens: [])
        }
        #expect(error?.place == "chat_template.jinja" && error?.isUnsupported == isUnsupported)
        #expect(error?.line == (source.hasPrefix("\n") ? 3 : 1))
    }
}
