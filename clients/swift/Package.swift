// swift-tools-version: 6.2

import PackageDescription

// The client by itself: nothing but liblz4 beneath it. Wire, the system library and what the tests
// share with the server's lie in the repository's own folders; links lead there.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "assay-client",
    products: [.library(name: "AssayClient", targets: ["AssayClient"])],
    targets: [
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "Wire", dependencies: ["CLZ4"], swiftSettings: strict),
        .target(
            name: "AssayClient", dependencies: ["Wire"],
            swiftSettings: strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]),

        // Beside the client: what the conformance kit drives, the README's example, a benchmark.
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
