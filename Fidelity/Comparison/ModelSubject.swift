// The models of the fixtures, what each is compared with, and how near it must be.
//
// Why a tolerance is not 1e-3 stands at the row. Adding a fixture is adding a row here; a file in
// the fixtures that has none makes the run miss (KnownFixtures).

import Goldens

/// What a model's logits are compared with.
struct LogitReference: Sendable {
    /// As the golden names it.
    let name: String
    /// Largest difference of a logit, and of the root of the mean square where that is bounded too.
    let largestMax: Double
    var rootMeanSquareMax: Double?

    static func near(_ names: [String]) -> [LogitReference] {
        names.map { LogitReference(name: $0, largestMax: 1e-3) }
    }
}

/// One model file of the fixtures, run in one way.
struct ModelSubject: Sendable {
    /// The golden files a model has.
    enum Answers: Sendable {
        /// `models/NAME.golden.json` and what belongs to it; best tokens and continuations hold
        /// where the gap between the two best logits is at least `gapMin`, or are left out.
        case golden(String, gapMin: Float?)
        /// The one of the quantised mix.
        case mix
    }

    /// What goes on with the trained model's stories.
    enum Stories: Sendable {
        /// All tokens equal the reference's.
        case exact
        /// Along the reference's stories no other token is better by more than half a unit.
        case close
    }

    let title: String
    /// Below the fixtures: a file, or a folder with SafeTensors.
    let path: String
    var overrides: [String: String] = [:]
    let answers: Answers
    let references: [LogitReference]
    var stories: Stories?

    static let all: [ModelSubject] = float + bitnet + checkpoints + trained + quantised

    /// Random F32 weights, one per family. llama.cpp evaluates phi2's GELU through a half-precision
    /// table and is 1.8e-3 away from the other two; its continuations count where the gap is wide.
    private static let float: [ModelSubject] =
        ["llama-gqa", "llama3-tied", "mistral-headdim", "qwen2", "qwen3", "phi3", "bitnet"]
        .map { model($0, near: ["llama.cpp", "hf", "numpy64"], gapMin: 1e-3) }
        + [model("phi2", near: ["hf", "numpy64"], gapMin: 4e-3)]

    private static func model(
        _ name: String, near references: [String], gapMin: Float
    ) -> ModelSubject {
        ModelSubject(
            title: name, path: "models/\(name)-f32.gguf",
            answers: .golden("models/\(name).golden.json", gapMin: gapMin),
            references: LogitReference.near(references))
    }

    private static let bitnet: [ModelSubject] = ["f32", "i2_s"].flatMap {
        bitnet("bitnet-b158 \($0)", "models/bitnet-b158-\($0).gguf")
    }

    /// Folders with SafeTensors: the same weights, the same answers.
    private static let checkpoints: [ModelSubject] =
        [
            ModelSubject(
                title: "llama-gqa folder", path: "safetensors/llama-gqa",
                answers: .golden("models/llama-gqa.golden.json", gapMin: 1e-3),
                references: LogitReference.near(["llama.cpp", "hf", "numpy64"]))
        ] + bitnet("bitnet-b158 folder", "safetensors/bitnet-b158")

    /// bitnet-b1.58 in its float form and as its runtimes run it. Rounding turns the smallest
    /// difference into a whole step now and then: the two references that round are 0.116 apart
    /// themselves, and at the last positions it is numpy64 that went the other way. Best tokens
    /// and continuations are recorded for the float form only.
    private static func bitnet(_ title: String, _ path: String) -> [ModelSubject] {
        let golden = "models/bitnet-b158.golden.json"
        return [
            ModelSubject(
                title: title + ", float", path: path,
                overrides: ["activation_rounding": "none"],
                answers: .golden(golden, gapMin: 1e-3),
                references: LogitReference.near(
                    ["llama.cpp", "hf", "numpy64", "numpy64_i2s_file"])),
            ModelSubject(
                title: title + ", int8", path: path,
                answers: .golden(golden, gapMin: nil),
                references: LogitReference.near(["hf_autobitlinear_act_int8"]) + [
                    LogitReference(name: "numpy64_act_int8", largestMax: 0.12)
                ]),
        ]
    }

    /// The trained model. Its F16 weights are other weights, hence 0.02. The references of its
    /// Q8_0 file are 0.3 apart: one rounds activations to eight bits per block, as this engine
    /// does, the other does not; against the first two roundings add up.
    private static let trained = [
        ModelSubject(
            title: "stories260K f32", path: "stories/stories260K-f32.gguf",
            answers: .golden("stories/stories260K-f32.golden.json", gapMin: 1e-3),
            references: LogitReference.near(["llama.cpp", "hf", "numpy64"]), stories: .exact),
        ModelSubject(
            title: "stories260K f16", path: "stories/stories260K-f16.gguf",
            answers: .golden("stories/stories260K-f32.golden.json", gapMin: nil),
            references: [LogitReference(name: "numpy64", largestMax: 0.02)], stories: .exact),
        ModelSubject(
            title: "stories260K q8_0", path: "stories/stories260K-q8_0.gguf",
            answers: .golden("stories/stories260K-q8_0.golden.json", gapMin: nil),
            references: [
                LogitReference(
                    name: "numpy64_dequantised", largestMax: 0.4, rootMeanSquareMax: 0.06),
                LogitReference(name: "llama.cpp", largestMax: 0.4, rootMeanSquareMax: 0.1),
            ], stories: .close),
    ]

    /// Activations rounded to eight bits per block stay this near the dequantised weights.
    private static let quantised = [
        ModelSubject(
            title: "llama-256 Q4_K_M mix", path: "quant/llama-256-q4_k_m-mix.gguf", answers: .mix,
            references: [
                LogitReference(name: "dequant64", largestMax: 0.5, rootMeanSquareMax: 0.08)
            ])
    ]
}
