// Style as a failing test: the numbers of CONTRIBUTING.md, checked on every file.
//
// Each check names file and line, so the message is the repair list.

import Foundation
import Testing

@Suite struct StyleTests {
    static let widthMax = 100
    static let lineCountMax = 600
    /// One source file is what users of the C client are promised, so it may be long.
    static let withoutCeiling: Set<String> = ["clients/c/assay.c"]
    static let uncheckedSendableMax = 3

    @Test func sourcesAreFound() {
        #expect(SourceTree.files.count > 50)
        #expect(SourceTree.files.contains { $0.path == "Tests/TidyTests/StyleTests.swift" })
    }

    @Test func filesStayUnderTheCeiling() {
        let long = SourceTree.files.filter { file in
            file.lines.count > Self.lineCountMax && !Self.withoutCeiling.contains(file.path)
        }
        #expect(long.map { "\($0.path): \($0.lines.count) lines" } == [])
    }

    @Test func linesFitTheWidth() {
        #expect(offences { line in line.count > Self.widthMax } == [])
    }

    @Test func nothingIsLeftForLater() {
        // Spelled in two halves so that this file does not report itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "fatal" + "Error("]
        #expect(offences { line in marks.contains { line.contains($0) } } == [])
    }

    @Test func linesHaveNoTrailingSpaceOrTab() {
        #expect(offences { line in line.last == " " || line.contains("\t") } == [])
    }

    /// `Console` checks every write, and so do its users: no program loses its output silently.
    @Test func onlyTheConsoleWritesToStandardStreams() {
        let marks = [" print" + "(", "FileHandle.standard", "fputs(", "StreamLog" + "Handler"]
        let uses = offences(in: {
            $0.path.hasPrefix("Sources") && !$0.path.hasPrefix("Sources/LoadTesting/HostWatch")
        }) { line in marks.contains { line.contains($0) } }
        #expect(uses == [])
    }

    @Test func forcedTriesAreAbsentFromSources() {
        let mark = "try" + "!"
        #expect(offences(in: { $0.path.hasPrefix("Sources") }) { $0.contains(mark) } == [])
    }

    @Test func uncheckedSendableStaysWithinItsBudget() {
        let mark = "@unchecked " + "Sendable"
        let uses = offences(in: { $0.module != nil }) { line in
            line.contains(mark) && !line.drop(while: { $0 == " " }).hasPrefix("//")
        }
        #expect(uses.count <= Self.uncheckedSendableMax, "\(uses)")
    }

    @Test func everyFileSaysWhyItExists() {
        let silent = SourceTree.files.filter { file in
            let opening = file.lines.prefix(3).map { $0.trimmingCharacters(in: .whitespaces) }
            return !opening.contains { $0.hasPrefix("//") || $0.hasPrefix("/*") }
        }
        #expect(silent.map(\.path) == [])
    }

    @Test func generatedAndBuiltFilesStayOut() throws {
        let ignored = try SourceTree.text(".gitignore")
        for entry in ["/.build", "/Package.resolved"] {
            #expect(ignored.split(separator: "\n").contains(Substring(entry)))
        }
    }

    private func offences(
        in scope: (SourceFile) -> Bool = { _ in true }, _ isOffence: (Substring) -> Bool
    ) -> [String] {
        SourceTree.files.filter(scope).flatMap { file in
            file.lines.enumerated().filter { isOffence($0.element) }
                .map { "\(file.path):\($0.offset + 1)" }
        }
    }
}
