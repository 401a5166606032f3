// swift-tools-version: 6.2

import PackageDescription

// The client alone, with liblz4 as its only dependency. Wire, CLZ4, Threads, CScheduling and the
// test files shared with the server's tests are links into the repository's own folders.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "assay-client",
    products: [.library(name: "AssayClient", targets: ["AssayClient"])],
    targets: [
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "Wire", dependencies: ["CLZ4"], swiftSettings: strict),
        .systemLibrary(name: "CScheduling"),
        .target(name: "Threads", dependencies: ["CScheduling"], swiftSettings: strict),
        .target(
            name: "AssayClient", dependencies: ["Threads", "Wire"],
            swiftSettings: strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]),

        // Beside the client: the driver for the conformance kit, the README's example, a benchmark.
        .executableTarget(
            name: "driver", dependencies: ["AssayClient"], path: "driver", swiftSettings: strict),
        .executableTarget(
            name: "example", dependencies: ["AssayClient"], path: "example", swiftSettings: strict),
        .executableTarget(
            name: "bench", dependencies: ["AssayClient"], path: "bench", swiftSettings: strict),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "AssayClientTests", dependencies: ["AssayClient", "Wire", "TestSupport"],
            swiftSettings: strict),
    ]
)
