// The report's two written forms, pinned: people and `assay inspect --json` read them.

import CKernels
import Compute
import Inference
import Loading
import ModelFiles
import PlainText
import TestSupport
import Testing
import Tokenizers

@Suite struct LoadReportTests {
    let directory: TemporaryDirectory
    let time = ManualTime()

    init() throws { directory = try TemporaryDirectory() }

    @Test func tableOfARefusedFile() throws {
        let path = try directory.write("<html>".utf8, as: "page.gguf")
        let report = try ModelLoader.test(time: time.source).run(path: path).report
        #expect(
            report.table == """
                refused: \(path)

                  LAYER          VERDICT      TIME
                  file           ok           0 ms
                  parse          REFUSED      0 ms
                  compatibility  not reached     -
                  placement      not reached     -
                  validation     not reached     -

                refused at the parse layer (html_page)
                  file is a web page and not a model: found an HTML page (a download that saved \
                an error or login page); allowed: "GGUF", then version 2 or 3 \
                (reading the magic, in "\(path)", byte 0)
                  Fetch the file again, with the login or token the site asks for.
                """)
        #expect("\(report)" == report.table)
    }

    @Test func jsonOfARefusedFile() throws {
        let path = try directory.write("GG".utf8, as: "cut.gguf")
        let report = try ModelLoader.test(time: time.source).run(path: path).report
        #expect(
            report.json == """
                {"accepted":false,"provenance":"real","path":"\(path)","strategy":"strict",\
                "layers":[{"layer":"file","ok":true,"ms":0.0},\
                {"layer":"parse","ok":false,"ms":0.0}],\
                "error":{"layer":"parse","code":"truncated","message":"file ends too early: found \
                \\"GG\\"; allowed: \\"GGUF\\", then version 2 or 3 (reading the magic, \
                in \\"\(path)\\", byte 0)",\
                "tried":"reading the magic","found":"\\"GG\\"",\
                "allowed":"\\"GGUF\\", then version 2 or 3","where":"in \\"\(path)\\", byte 0",\
                "advice":"The file is cut short: fetch it again and compare its size.",\
                "transient":false},"model":null,"keys":null,"seal":null,"overrides":[],\
                "degradations":[],\
                "attempts":[{"number":1,"pause_ms":0.0,"ms":0.0,"code":"truncated",\
                "layer":"parse"}],"ms":0.0}
                """)
    }

    @Test func jsonOfAnAcceptedModel() throws {
        let set = try CPUBackend(threads: 1).instructionSet
        let bytes = GGUFBuilder.tinyLlama().build()
        let path = try directory.write(bytes, as: "tiny.gguf")
        let loader = try ModelLoader.test(
            {
                $0.overrides = ["context_length": "32"]
                $0.device = .cpu
            }, time: time.source)
        let json = loader.run(path: path).report.json
        #expect(json.hasPrefix("{\"accepted\":true,\"provenance\":\"real\","))
        #expect(json.contains("\"error\":null,\"model\":{\"architecture\":\"llama\","))
        #expect(json.contains("\"name\":\"tiny random llama\""))
        #expect(json.contains("\"context\":32"))
        #expect(json.contains("\"file_bytes\":\(bytes.count)"))
        #expect(json.contains("\"activation_rounding\":null,\"chat_template\":null,"))
        #expect(
            json.contains(
                "\"chat_template_tool_use\":null,\"end_tokens\":[{\"id\":2,\"text\":\"</s>\"}],"
                    + "\"pooling\":\"mean\",\"causal\":true,\"text_refusal\":null,"
                    + "\"device\":\"cpu\""))
        #expect(json.contains("\"keys\":{\"applied\":[\"general.architecture\",\"llama."))
        #expect(
            json.contains(
                "\"without_effect\":[\"general.name\"],\"not_understood\":[],"
                    + "\"suggestions\":{}},\"seal\""))
        #expect(
            json.contains(
                "\"device_reason\":null,\"instruction_set\":\"\(set)\","
                    + "\"kernels_disabled\":[],\"fingerprint\":\""))
        #expect(
            json.contains(
                "\"overrides\":[{\"key\":\"llama.context_length\",\"original\":\"128\","
                    + "\"replacement\":\"32\"}]"))
        #expect(json.contains("\"code\":null,\"layer\":null"))
    }

    @Test(arguments: ["file", "folder"])
    func attentionInBothDirectionsIsReported(_ container: String) throws {
        var path = directory.path
        if container == "file" {
            var builder = GGUFBuilder.tinyLlama()
            builder.set("llama.attention.causal", .bool(false))
            path = try directory.write(builder.build(), as: "tiny.gguf")
        } else {
            var folder = CheckpointBuilder.tiny("Qwen3ForCausalLM")
            folder.set("is_causal", "false")
            for (name, bytes) in folder.files() { try directory.write(bytes, as: name) }
        }
        let outcome = try ModelLoader.test(time: time.source).run(path: path)
        let report = outcome.report
        #expect(report.accepted && report.model?.isCausal == false)
        let key = container == "file" ? "llama.attention.causal" : "is_causal"
        #expect(report.model?.keys.applied.contains(key) == true)
        #expect(
            report.json.contains(
                "\"causal\":false,\"text_refusal\":\"attention in both directions, which predicts "
                    + "no next token\""))
        #expect(report.json.contains("\"\(key)\""))
        #expect(report.table.contains("\n  attention      not causal, a whole text at once\n"))
        // Sealed and verified as any other model.
        guard case .real(let model) = outcome.model else {
            Issue.record("no real model")
            return
        }
        _ = try model.writeSeal()
        let again = try ModelLoader.test(time: time.source).run(path: path).report
        #expect(again.seal == .matched(largestDifference: 0))
    }

    @Test func tableOfAnAcceptedModel() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let table = try ModelLoader.test(time: time.source).run(path: path).report.table
        #expect(table.hasPrefix("accepted: \(path)\n\n  LAYER          VERDICT  TIME\n"))
        #expect(table.contains("\n  file           ok       0 ms\n"))
        #expect(table.contains("  model          llama, \"tiny random llama\"\n"))
        #expect(table.contains("\n  ends with      2 \"</s>\"\n  pooling        mean\n"))
        #expect(table.contains("\n  keys applied   general.architecture, llama."))
        #expect(!table.contains("not understood"))
        #expect(table.contains("  device         cpu (no CUDA device: test)"))
        #expect(table.contains("\n  kernels        \(try CPUBackend(threads: 1).instructionSet)"))
        #expect(!table.contains("not reached") && !table.contains("activations"))
    }

    /// Every line of the short form fits, and nothing to copy is cut.
    @Test func theShortFormFits() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let report = try ModelLoader.test(time: time.source).run(path: path).report
        let lines = report.lines(false).map(\.plain)
        #expect(lines.dropFirst().allSatisfy { $0.count <= TextTable.widthMax })
        #expect(lines.contains { $0.hasPrefix("  keys applied   general.") && $0.hasSuffix("…") })
        #expect(lines.contains { $0.hasSuffix(report.fingerprint?.hex ?? "no fingerprint") })
        #expect(lines.last == "(shortened: --verbose shows all of it)")
        #expect(!report.table.contains("…") && !report.table.contains("--verbose"))
    }

    /// A name in a file can be of any length.
    @Test func aLongNameFitsTheShortForm() throws {
        var builder = GGUFBuilder.tinyLlama()
        builder.set("general.name", .string(String(repeating: "日本", count: 100)))
        let path = try directory.write(builder.build(), as: "long.gguf")
        let report = try ModelLoader.test(time: time.source).run(path: path).report
        let lines = report.lines(false).map(\.plain)
        #expect(lines.dropFirst().allSatisfy { terminalWidth($0) <= TextTable.widthMax })
        #expect(lines.contains { $0.contains("日本…") })
    }

    /// The reason of a refusal is wrapped, never cut.
    @Test func theShortFormHasTheWholeReason() throws {
        let path = try directory.write("<html>".utf8, as: "page.gguf")
        let report = try ModelLoader.test(time: time.source).run(path: path).report
        let lines = report.lines(false).map(\.plain)
        let words = lines.joined(separator: " ").split(separator: " ")
        let reason = report.rejection?.message.split(separator: " ") ?? ["no reason"]
        #expect(words.contains(reason))
        #expect(lines.allSatisfy { $0.count <= TextTable.widthMax || $0.contains(path) })
        #expect(report.lines(false).first?.parts.first?.style == .alarm)
    }

    /// A kernel that failed its self check: in the report, and in what every answer repeats.
    @Test(.enabled(if: InstructionSet.best != .scalar, "needs more than the scalar kernels"))
    func aKernelThatWasSwitchedOffIsReported() throws {
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let backend = try CPUBackend(threads: 1, instructionSet: .best) { set, table in
            if set == .best { table.rms_norm = { _, _, _, _, y in y?[0] = 7 } }
        }
        let outcome = try ModelLoader(placing: ModelPlacing(backend: backend)).run(path: path)
        #expect(outcome.report.accepted)
        #expect(outcome.report.degradations == ["kernel_disabled: rms_norm"])
        #expect(outcome.model?.degradations == ["kernel_disabled: rms_norm"])
        #expect(outcome.report.json.contains("\"kernels_disabled\":[\"rms_norm\"]"))
        #expect(outcome.report.table.contains("; switched off: rms_norm ("))
        #expect(outcome.report.table.contains("\n  degraded       kernel_disabled: rms_norm"))
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: ["int8_per_token", "none"])
    func howActivationsAreRoundedIsReportedUnlessTheyAreNot(_ rounding: String) throws {
        let report = try ModelLoader.test({ $0.overrides = ["activation_rounding": rounding] })
            .run(path: Fixtures.path("models/bitnet-b158-i2_s.gguf")).report
        let isRounded = rounding == "int8_per_token"
        #expect(report.model?.activationRounding == ActivationRounding(rawValue: rounding))
        #expect(report.table.contains("  activations    int8_per_token\n") == isRounded)
        #expect(
            report.json.contains("\"activation_rounding\":\"int8_per_token\"") == isRounded)
    }

    @Test func jsonTextIsEscaped() {
        let text = "a\"b\\c\n\r\t\u{1}é\u{2028}\u{E0041}"
        let escaped = "\"a\\\"b\\\\c\\n\\r\\t\\u0001é\\u2028\\udb40\\udc41\""
        #expect(JSONText.string(text).text == escaped)
        #expect(JSONText.rounded(.infinity).text == "null")
        #expect(JSONText.rounded(1.23456).text == "1.235")
        #expect(
            JSONText.object([("k", .array([.null, .bool(true), .integer(-3)]))]).text
                == "{\"k\":[null,true,-3]}")
    }

    @Test func durationsAreConvertedWithoutOverflow() {
        #expect(Duration.milliseconds(1500).milliseconds == 1500)
        #expect(Duration.milliseconds(2).microseconds == 2000)
        #expect(Duration.zero.microseconds == 0)
        #expect(Duration.seconds(Int64.max).microseconds == 1_000_000_000_000_000_000)
    }

    @Test func rejectionsOfEveryModuleKeepTheirCodeAndCause() {
        let file = AssayRejection(fileError(.isFIFO), in: .validation, path: "p")
        #expect(file.layer == .file)
        #expect(file.description.hasPrefix("file/is_fifo: not a model file but a fault: "))
        #expect(file.tried == "pretending" && file.found == "a fault" && file.allowed == "none")
        let inner = ModelFileError.system(
            SystemCallFailure(call: "open", number: 13), tried: "t", location: .init(path: "p"))
        // A file that cannot be read is the file's matter, whichever layer reads it.
        let reading = AssayRejection(
            InferenceError(.placement, tried: "t", found: "f", location: "blk.0", cause: inner),
            in: .placement, path: "p")
        #expect(reading.layer == .file && reading.code.name == "permission_denied")
        #expect(reading.isTransient)
        let fault = TokenizerError(.keyType, tried: "t", found: "u", allowed: "v")
        let engine = AssayRejection(
            InferenceError(.tokenizer, tried: "t", found: "f", location: "blk.0", cause: fault),
            in: .compatibility, path: "p")
        #expect(engine.layer == .compatibility && engine.code.name == "tokenizer_rejected")
        #expect(engine.location == "in \"p\", blk.0")
        #expect(engine.found.hasPrefix("f: "))
        #expect(
            engine.message
                == "vocabulary is not usable: found \(engine.found) (t, in \"p\", blk.0)")
        #expect(!engine.isTransient)
        for layer in Layer.allCases {
            let plain = AssayRejection(
                layer, .init("no_advice_of_its_own"), tried: "", found: "", allowed: "",
                location: "")
            #expect(!plain.advice.isEmpty)
        }
    }
}
