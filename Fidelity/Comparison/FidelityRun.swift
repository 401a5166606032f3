// All checks against the fixtures, printed as one table.
//
// Guarantees: every instruction set is named, and one that this machine lacks is said to be
// lacking; a fixture that is missing, damaged or known to no check is a row that misses. The
// outcome is 0 only when every row holds.
// Does not: make or fetch fixtures, or judge speed.

import Compute
import Foundation
import PlainText

/// One run of all checks, or of those whose subject contains a word.
package struct FidelityRun {
    /// How a run ends; the raw value is the exit status.
    package enum Outcome: Int32, Sendable {
        /// Every row holds.
        case held = 0
        /// At least one does not.
        case missed = 1
        /// No subject has the word in its title.
        case noSubject = 2
        /// There are no fixtures: nothing was checked, which is not the same as nothing found.
        case nothingToCheck = 77
    }

    private let root: String
    private let only: String?
    private let print: (String) -> Void
    private let sets: [InstructionSet]

    /// A run over the fixtures in the folder `root`; `print` takes each line. `sets` are some that
    /// this machine has, at least one, all unless a test wants to be quick.
    package init(
        root: String, only: String? = nil, sets: [InstructionSet] = InstructionSet.available(),
        print: @escaping (String) -> Void
    ) {
        (self.root, self.only, self.print) = (root, only, print)
        self.sets = sets.reversed()
    }

    /// Runs on this thread; some minutes for everything.
    package func run() -> Outcome {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root, isDirectory: &isDirectory),
            isDirectory.boolValue
        else {
            print("NOTHING CHECKED: no fixtures at \(root) (name their folder with --fixtures or")
            print("ASSAY_FIXTURES)")
            return .nothingToCheck
        }
        if let only, !Self.titles.contains(where: isWanted) {
            let nearest = nearestName(to: only, among: Self.titles) ?? ""
            print("--only: no subject has \"\(only)\" in its title; nearest: \(nearest)")
            print("there are: \(Self.titles.joined(separator: ", "))")
            return .noSubject
        }
        for set in InstructionSet.allCases.reversed() {
            let isThere = InstructionSet.available().contains(set)
            let state =
                sets.contains(set) ? "checked" : isThere ? "left out" : "not on this machine"
            print("\(set): \(state)")
        }
        let unsupported = FormatChecks.unsupportedNames(root: root)
        if !unsupported.isEmpty {
            print("formats with recorded blocks that this engine refuses by name: \(unsupported)")
        }
        print("")
        print(FidelityTable.header)
        let (checked, missed) = rows()
        let scope = only.map { " (only subjects with \"\($0)\"; the others were left out)" } ?? ""
        print("")
        print("\(checked) rows, \(missed) missed\(scope)")
        guard checked > 0 else { return .nothingToCheck }
        return missed == 0 ? .held : .missed
    }

    private func rows() -> (checked: Int, missed: Int) {
        var checked = 0, missed = 0
        func take(_ rows: [FidelityRow]) {
            for row in rows {
                checked += 1
                if !row.holds { missed += 1 }
                print(FidelityTable.line(row))
            }
        }
        for subject in ModelSubject.all where isWanted(subject.title) {
            take(ModelChecks(subject, root: root, sets: sets).rows())
        }
        for format in WeightFormat.allCases where isWanted(format.name) {
            take(FormatChecks(format, root: root, sets: sets).rows())
        }
        for subject in VocabularySubject.all where isWanted(subject.title) {
            take(subject.rows(root: root))
        }
        if only == nil { take(KnownFixtures.unknown(root: root)) }
        return (checked, missed)
    }

    /// Titles of all subjects, in the order of the table.
    private static var titles: [String] {
        ModelSubject.all.map(\.title) + WeightFormat.allCases.map(\.name)
            + VocabularySubject.all.map(\.title)
    }

    private func isWanted(_ title: String) -> Bool { only.map { title.contains($0) } ?? true }
}
