// The house rules as a failing test: who may import whom, and who may not.
//
// The compiler accepts an import that the manifest does not declare when another target happens
// to have built the module; this test does not. The table is the picture in ARCHITECTURE.md.

import Testing

@Suite struct HouseTests {
    /// Module -> modules of ours it may import. Read top to bottom, arrows point up the page only.
    static let mayImport: [String: Set<String>] = [
        "CKernels": [], "CLibUV": [], "CLZ4": [],
        "Wire": ["CLZ4"],
        "EventLoop": ["CLibUV"],
        "ModelFiles": [],
        "Tokenizers": ["ModelFiles"],
        "Compute": ["CKernels"],
        "Inference": ["Compute", "ModelFiles", "Tokenizers"],
        "Loading": ["Inference", "Compute", "ModelFiles", "Tokenizers"],
        "Service": ["Wire"],
        "AssayClient": ["Wire"],
        "Server": [
            "Compute", "EventLoop", "Inference", "Loading", "ModelFiles", "Service", "Tokenizers",
            "Wire",
        ],
        "DemoModel": [],
        "assayd": ["DemoModel", "Server"],
        "assay": ["AssayClient", "Loading", "ModelFiles", "Tokenizers", "Wire"],
        "LoadTesting": [],
        "assay-load": ["AssayClient", "EngineMeasure", "LoadMeasure", "LoadTesting"],
    ]

    /// Modules whose sources must not lean on Foundation: small, portable, quick to start.
    static let withoutFoundation: Set<String> = [
        "Wire", "EventLoop", "ModelFiles", "Tokenizers", "Compute", "Inference", "Service",
        "AssayClient", "DemoModel", "LoadTesting",
    ]

    @Test func everyModuleIsOnTheMap() {
        let modules = Set(SourceTree.files.compactMap(\.module))
        #expect(modules.subtracting(Self.mayImport.keys) == [])
    }

    @Test func importsPointDown() {
        var offences: [String] = []
        for file in SourceTree.files where file.isSwift {
            guard let module = file.module, let allowed = Self.mayImport[module] else { continue }
            for name in file.imports
            where Self.mayImport[name] != nil && name != module && !allowed.contains(name) {
                offences.append("\(file.path) imports \(name)")
            }
        }
        #expect(offences == [])
    }

    @Test func leafModulesDoWithoutFoundation() {
        let offences = SourceTree.files.filter { file in
            guard let module = file.module, Self.withoutFoundation.contains(module) else {
                return false
            }
            return file.imports.contains { $0.hasPrefix("Foundation") }
        }
        #expect(offences.map(\.path) == [])
    }

    @Test func serviceIsPure() {
        let forbidden = ["Glibc", "Synchronization", "Dispatch", "EventLoop", "CLibUV"]
        let offences = SourceTree.files.filter { file in
            file.module == "Service" && file.imports.contains { forbidden.contains($0) }
        }
        #expect(offences.map(\.path) == [])
    }

    @Test func socketsAndMessageKindsLiveInDifferentFiles() {
        let offences = SourceTree.files.filter { file in
            file.module != nil && file.imports.contains("EventLoop")
                && (file.text.contains("case .generate") || file.text.contains("case .tokenize"))
        }
        #expect(offences.map(\.path) == [])
    }

    @Test func theGraphHasNoCycle() {
        var done: Set<String> = []
        var rounds = 0
        while done.count < Self.mayImport.count, rounds <= Self.mayImport.count {
            for (module, below) in Self.mayImport
            where below.subtracting(["EngineMeasure", "LoadMeasure"]).isSubset(of: done) {
                done.insert(module)
            }
            rounds += 1
        }
        #expect(done.count == Self.mayImport.count)
    }
}
