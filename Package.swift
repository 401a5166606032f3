// swift-tools-version: 6.2

import PackageDescription

// One target per layer; dependencies point down only (see ARCHITECTURE.md, "The house").
// The whole package is built in release, tests included: what is tested is what is shipped.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
]

// The modules of the loop thread confine their state to it by design, and assert the thread. Run-time
// exclusivity checks cost them a tenth of a round trip. Debug builds keep the checks.
let onTheLoop: [SwiftSetting] =
    strict + [
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
    ]

let cFlags: [CSetting] = [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]
// The kernels are written for one optimisation level and explicit rounding. The debug build (used
// for coverage and sanitizers) must not turn them into something else. Full debug information
// would double the time that the kernels take to compile.
let kernelFlags: [CSetting] =
    cFlags + [.unsafeFlags(["-O3", "-ffp-contract=off", "-gline-tables-only"])]

// What `--version` says of the commit. The Makefile and scripts/build-static.sh set the variable.
// Another value compiles one file of C and links.
let commit = (Context.environment["ASSAY_COMMIT"] ?? "").filter {
    $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
}
let commitFlags: [CSetting] =
    cFlags + [.define("ASSAY_COMMIT", to: "\"\(commit.isEmpty ? "unknown" : commit)\"")]

let package = Package(
    name: "assay",
    products: [
        .executable(name: "assayd", targets: ["assayd"]),
        .executable(name: "assay", targets: ["assay"]),
        .executable(name: "assay-load", targets: ["assay-load"]),
        .library(name: "AssayClient", targets: ["AssayClient"]),
        .library(name: "AssayLoading", targets: ["Loading"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: ["JSON", "YAML"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // C system libraries: module map and shim header, no logic.
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // Debian's http-parser has no pkg-config file.
        .systemLibrary(name: "CHTTPParser", providers: [.apt(["libhttp-parser-dev"])]),
        .systemLibrary(
            name: "CEditline", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .systemLibrary(name: "CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CScheduling"),

        // C of our own.
        .target(name: "CKernels", cSettings: kernelFlags),
        .target(name: "CCommit", cSettings: commitFlags),

        // The house, bottom up.
        .target(name: "Wire", dependencies: ["CLZ4"], swiftSettings: onTheLoop),
        .target(name: "EventLoop", dependencies: ["CLibUV"], swiftSettings: onTheLoop),
        .target(name: "ModelFiles", dependencies: ["Threads"], swiftSettings: strict),
        .target(name: "Tokenizers", dependencies: ["ModelFiles"], swiftSettings: strict),
        .target(name: "Templates", swiftSettings: strict),
        .target(name: "Threads", dependencies: ["CScheduling"], swiftSettings: strict),
        .target(name: "PlainText", swiftSettings: strict),
        .target(name: "Console", dependencies: ["PlainText", "Threads"], swiftSettings: strict),
        .target(
            name: "LineEditing", dependencies: ["CEditline", "Console", "PlainText"],
            swiftSettings: strict),
        .target(
            name: "Credentials", dependencies: ["CCrypto", "ModelFiles", "PlainText"],
            swiftSettings: strict),
        .target(name: "Compute", dependencies: ["CKernels", "Threads"], swiftSettings: strict),
        .target(
            name: "Conversations", dependencies: ["ModelFiles", "Templates", "Tokenizers"],
            swiftSettings: strict),
        .target(
            name: "Inference",
            dependencies: ["Compute", "Conversations", "ModelFiles", "Tokenizers"],
            swiftSettings: strict),
        .target(
            name: "Loading",
            dependencies: [
                "CCrypto", "Compute", "Conversations", "Inference", "ModelFiles", "PlainText",
                "Threads", "Tokenizers",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "Rendering", dependencies: ["Conversations", "Loading", "Wire"],
            swiftSettings: strict),
        .target(
            name: "Service", dependencies: ["PlainText", "Wire"], swiftSettings: onTheLoop),
        .target(
            name: "Server",
            dependencies: [
                "CHTTPParser", "Compute", "Console", "Conversations", "Credentials", "EventLoop",
                "Inference", "Loading", "ModelFiles", "PlainText", "Rendering", "Service",
                "Threads", "Tokenizers", "Wire",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: onTheLoop),
        // Also a package of its own, which its driver, example and benchmark belong to.
        .target(
            name: "AssayClient", dependencies: ["Threads", "Wire"],
            path: "clients/swift/Sources/AssayClient",
            swiftSettings: strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]),

        // The model in the box and where it lies once installed.
        .target(
            name: "DemoModel", path: "models",
            exclude: [
                "README.md", "conversations.jsonl", "heldout.jsonl", "scores.json", "story.regex",
                "train",
            ],
            resources: [.copy("assay-demo.gguf"), .copy("assay-demo.gguf.seal")],
            swiftSettings: strict),

        // What a program tells of itself.
        .target(
            name: "ProgramFacts", dependencies: ["CCommit", "Compute", "Wire"],
            swiftSettings: strict),

        // Executables: wiring only.
        .executableTarget(
            name: "assayd",
            dependencies: [
                "Console", "DemoModel", "EventLoop", "ProgramFacts", "Server",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "assay",
            dependencies: [
                "AssayClient", "Console", "Conversations", "Credentials", "LineEditing", "Loading",
                "ModelFiles",
                "PlainText", "ProgramFacts", "Rendering", "Templates", "Tokenizers", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // Measuring: a service from outside, engine and loader in process; assay-load ships them.
        .target(
            name: "LoadTesting",
            dependencies: [
                "PlainText", "Threads",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "EngineMeasure", dependencies: ["Compute", "Inference", "ModelFiles"],
            swiftSettings: strict),
        .target(
            name: "LoadMeasure",
            dependencies: [
                "Compute", "Loading", "ModelFiles", "PlainText",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "assay-load",
            dependencies: [
                "AssayClient", "Console", "Credentials", "EngineMeasure", "LoadMeasure",
                "LoadTesting", "PlainText", "ProgramFacts",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // Benchmarks: a bare libuv echo in C to stand beside, and what measures both.
        .executableTarget(
            name: "bare-echo", dependencies: ["CLibUV"], path: "Benchmarks/BareEcho",
            cSettings: cFlags),
        .target(name: "CPingPong", path: "Benchmarks/CPingPong", cSettings: cFlags),
        .target(name: "RandomModels", path: "Benchmarks/RandomModels", swiftSettings: strict),
        .executableTarget(
            name: "assay-bench",
            dependencies: [
                "CPingPong", "Compute", "Conversations", "EngineMeasure", "Inference",
                "RandomModels", "Templates", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/AssayBench", swiftSettings: strict),

        // Fidelity: recorded answers of reference implementations, and what compares with them.
        .target(
            name: "Goldens", path: "Fidelity/Goldens",
            exclude: [
                "embed-both-directions.json", "embed-llama-gqa.json", "embed_both_directions.py",
                "embed_llama_gqa.py",
            ], swiftSettings: strict),
        .target(
            name: "Fidelity",
            dependencies: [
                "Compute", "Goldens", "Inference", "ModelFiles", "PlainText", "Tokenizers",
            ],
            path: "Fidelity/Comparison", swiftSettings: strict),
        .executableTarget(
            name: "assay-fidelity",
            dependencies: [
                "Fidelity", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Fidelity/Command", swiftSettings: strict),

        // Tests, one folder per module.
        .target(
            name: "TestSupport", dependencies: ["ModelFiles"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "ComputeTestSupport", dependencies: ["Compute", "TestSupport"],
            path: "Tests/ComputeTestSupport", swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            name: "ConsoleTests", dependencies: ["Console", "PlainText", "Threads"],
            swiftSettings: strict),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "EventLoopTests", dependencies: ["EventLoop"], swiftSettings: strict),
        .testTarget(
            name: "ModelFilesTests", dependencies: ["ModelFiles", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "TokenizersTests",
            dependencies: ["Tokenizers", "Goldens", "ModelFiles", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "TemplatesTests", dependencies: ["Templates", "TestSupport"],
            exclude: ["constructs.json"], swiftSettings: strict),
        .testTarget(
            name: "ConversationsTests",
            dependencies: [
                "Conversations", "ModelFiles", "Templates", "TestSupport", "Tokenizers",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ComputeTests",
            dependencies: ["Compute", "ComputeTestSupport", "CKernels", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "InferenceTests",
            dependencies: [
                "Inference", "Compute", "ComputeTestSupport", "Goldens", "ModelFiles", "Tokenizers",
                "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FidelityTests", dependencies: ["Compute", "Fidelity", "TestSupport"],
            exclude: ["digests.txt"], swiftSettings: strict),
        .testTarget(
            name: "DemoModelTests",
            dependencies: [
                "DemoModel", "Compute", "Fidelity", "Goldens", "Loading", "ModelFiles",
                "Tokenizers", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["goldens"], swiftSettings: strict),
        .testTarget(
            name: "LoadingTests",
            dependencies: [
                "Loading", "Inference", "Compute", "CKernels", "ModelFiles", "PlainText",
                "Threads", "Tokenizers", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CredentialsTests", dependencies: ["Credentials", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ServiceTests", dependencies: ["Service", "Wire", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "LoadTestingTests", dependencies: ["LoadTesting", "PlainText"],
            swiftSettings: strict),
        .testTarget(
            name: "AssayClientTests", dependencies: ["AssayClient", "TestSupport"],
            path: "clients/swift/Tests/AssayClientTests", swiftSettings: strict),
        .target(
            name: "ServerTestSupport", dependencies: ["Wire"], path: "Tests/ServerTestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "CKernels", "Compute", "ComputeTestSupport", "Console", "Credentials",
                "Inference", "Loading", "ModelFiles", "Wire", "ServerTestSupport", "Service",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "BenchmarkTests",
            dependencies: [
                "CPingPong", "EngineMeasure", "EventLoop", "Inference", "LoadMeasure", "Loading",
                "ModelFiles", "RandomModels", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "assayd", "assay", "assay-load", "DemoModel", "Wire", "ServerTestSupport",
                "TestSupport",
            ],
            exclude: ["wrong-inputs.txt"], swiftSettings: strict),
    ]
)
