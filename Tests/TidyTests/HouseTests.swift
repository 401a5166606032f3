// The house rules as a failing test: who may import whom, and who may not.
//
// Package.swift declares the dependencies, and the package manager refuses circles. The compiler,
// however, accepts an import that the manifest does not declare when another target happens to have
// built the module. This test does not.

import Testing

@Suite struct HouseTests {
    /// Modules of the tool chain.
    static let system: Set<String> = [
        "CoreFoundation", "Dispatch", "Foundation", "FoundationEssentials", "Glibc",
        "PackageDescription",
        "Synchronization", "Testing",
    ]

    /// Modules whose sources must not lean on Foundation: small, portable, quick to start.
    static let withoutFoundation: Set<String> = [
        "Wire", "EventLoop", "ModelFiles", "Tokenizers", "Compute", "Inference", "Service",
        "AssayClient", "DemoModel", "LoadTesting",
    ]

    @Test func everyFileBelongsToATarget() {
        let strays = SourceTree.files.filter { file in
            file.isSwift && !file.path.hasPrefix("clients/") && file.target == nil
        }
        #expect(strays.map(\.path) == [])
        #expect(Manifest.targets.count > 30)
    }

    @Test func importsAreDeclared() {
        var offences: [String] = []
        for file in SourceTree.files where file.isSwift {
            guard let target = file.target else { continue }
            let allowed = target.dependencies.union(Self.system).union([target.name])
            offences += file.imports.filter { !allowed.contains($0) }
                .map { "\(file.path) imports \($0)" }
        }
        #expect(offences == [])
    }

    @Test func declarationsAreImported() {
        for target in Manifest.targets {
            let files = SourceTree.files.filter { $0.target?.name == target.name && $0.isSwift }
            let programs = Manifest.targets.filter(\.isProgram).map(\.name)
            let idle = target.dependencies.subtracting(files.flatMap(\.imports))
                .subtracting(target.isTest ? programs : [])
            #expect(files.isEmpty || idle.isEmpty, "\(target.name) declares \(idle)")
        }
    }

    @Test func noNameStandsForTwoTypes() {
        var modules: [String: Set<String>] = [:]
        for file in SourceTree.files {
            guard let module = file.module, file.isSwift else { continue }
            for name in file.types { modules[name, default: []].insert(module) }
        }
        let twice = modules.filter { $0.value.count > 1 }
        #expect(twice.keys.sorted() == [], "\(twice)")
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
}
