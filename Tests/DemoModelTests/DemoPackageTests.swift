// Where the packaged model is found, and that the assay accepts exactly this file.

import DemoModel
import Foundation
import Loading
import Logging
import TestSupport
import Testing

@Suite struct DemoPackageTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Makes an empty regular file and the folders above it.
    @discardableResult
    private func touch(_ name: String) throws -> String {
        let path = directory.path(name)
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(),
            withIntermediateDirectories: true)
        return try directory.write([], as: name)
    }

    private func assay(_ path: String) throws -> LoadOutcome {
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try ModelLoader(configuration: .init(), logger: silent).run(path: path)
    }

    private func rejection(_ path: String) throws -> String? {
        guard case .failure(let failure) = try assay(path).result else { return nil }
        return "\(failure)"
    }

    // MARK: - The place

    @Test func theInstalledFileComesBeforeTheBuiltOne() throws {
        let program = try touch("bin/assayd")
        let built = try touch("bin/assay_DemoModel.resources/assay-demo.gguf")
        #expect(try DemoModel.path(besideProgram: program) == built)
        let installed = try touch("share/assay/assay-demo.gguf")
        #expect(try DemoModel.path(besideProgram: program) == installed)
    }

    @Test(arguments: ["/assayd", "/nowhere/bin/assayd", ""])
    func aMissingModelSaysWhereItWasLookedFor(_ program: String) throws {
        let error = try #require(throws: DemoModelError.self) {
            try DemoModel.path(besideProgram: program)
        }
        #expect(error.places.count == 2)
        for place in error.places { #expect(error.description.contains(place)) }
    }

    @Test func aFolderOfThatNameIsNoModel() throws {
        try touch("share/assay/assay-demo.gguf/other")
        #expect(throws: DemoModelError.self) {
            try DemoModel.path(besideProgram: directory.path("bin/assayd"))
        }
    }

    @Test func thisBuildHasIt() throws {
        let path = try DemoModel.path()
        #expect(path.hasPrefix("/") && path.hasSuffix(".resources/assay-demo.gguf"))
        #expect(FileManager.default.fileExists(atPath: path + ".seal"))
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(try #require(size) <= 4 << 20)
    }

    // MARK: - The file

    @Test func theAssayAcceptsItAndItsSealMatches() throws {
        let outcome = try assay(DemoModel.path())
        guard case .success(.real(let model)) = outcome.result else {
            Issue.record("\(outcome.report)")
            return
        }
        guard case .matched(let difference) = outcome.report.seal else {
            Issue.record("seal: \(String(describing: outcome.report.seal))")
            return
        }
        #expect(difference <= 1e-3)
        #expect(model.tokenModel.contextLength == 512)
    }

    /// One changed bit anywhere: whatever layer sees it first, it does not pass.
    @Test func noChangedBitPasses() throws {
        let size = try Data(contentsOf: URL(fileURLWithPath: DemoModel.path())).count
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("DemoPackageTests"))
        let places = [0, 5, 100, size - 1] + (0..<12).map { _ in random.below(size) }
        for place in places {
            let path = try Demo.copy(to: directory) { $0[place] ^= UInt8(1 << random.below(8)) }
            #expect(try rejection(path) != nil, "byte \(place)")
        }
    }

    @Test func aCutFileIsRefusedByTheParseLayer() throws {
        let path = try Demo.copy(to: directory) { $0.removeLast($0.count / 2) }
        #expect(try #require(try rejection(path)).contains("parse"))
    }

    @Test func aChangedWeightIsRefusedByItsSeal() throws {
        let path = try Demo.copy(to: directory) { $0[$0.count - 100] ^= 1 }
        #expect(try #require(try rejection(path)).contains("seal_fingerprint_mismatch"))
    }
}
