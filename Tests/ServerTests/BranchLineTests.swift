// The line of a root and its branches, against a walk over every grant there could be.

import Server
import TestSupport
import Testing

@Suite struct BranchLineTests {
    private func pages(_ count: Int) -> Int { (count + 15) / 16 }

    /// The most pages any grant of `grantMax` tokens needs, counted branch by branch.
    private func worst(_ root: Int, _ counts: [Int], grantMax: Int) -> Int {
        var owners: [Int] = []
        for (branch, count) in counts.enumerated() {
            owners += [Int](repeating: branch, count: count)
        }
        var worst = 0
        for start in owners.indices {
            let touched = Set(owners[start..<min(owners.count, start + grantMax)])
            worst = max(
                worst, touched.reduce(0) { $0 + pages(root + counts[$1]) - root / 16 })
        }
        return pages(root) + worst
    }

    @Test func reservesExactlyWhatTheWorstShareTouches() {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("branchLine"))
        for _ in 0..<300 {
            let root = random.below(3) == 0 ? 0 : 1 + random.below(50)
            let counts = (0..<1 + random.below(12)).map { _ in
                random.below(4) == 0 && root > 0 ? 0 : 1 + random.below(40)
            }
            let line = BranchLine(rootCount: root, branchCounts: counts)
            #expect(line.count == root + counts.reduce(0, +))
            for grantMax in [1, 2, 16, 33, 500] {
                #expect(line.pages(grantMax: grantMax) == worst(root, counts, grantMax: grantMax))
            }
            for position in root..<line.count {
                #expect(line.range(of: line.branch(at: position)).contains(position))
            }
        }
    }

    @Test func aShareLeavesHalfOfTheCacheToOthersIfItCan() throws {
        let line = BranchLine(rootCount: 16, branchCounts: [Int](repeating: 2, count: 100))
        let wide = try #require(line.grant(of: 512, pageCount: 1000))
        #expect((wide.tokens, wide.pages) == (512, 101))
        let narrow = try #require(line.grant(of: 512, pageCount: 40))
        #expect(narrow.pages <= 20)
        #expect(narrow.tokens == 32)
        let tight = try #require(line.grant(of: 512, pageCount: 2))
        #expect((tight.tokens, tight.pages) == (1, 2))
        #expect(line.grant(of: 512, pageCount: 1) == nil)
    }
}
