// A root and its branches, laid out in a single line of tokens.
//
//     line      | root: 5 tokens | branch 0: 3 | 1 | branch 2: 4 |      (branch 1 has none)
//     grant                          [-------------------]             touches branches 0 and 2
//
// The scheduler hands out ranges of the line and knows nothing else. The branches that a grant
// touches are open together. Pure bookkeeping: no runner, no tokens.

/// Lengths and page costs of a root with branches.
package struct BranchLine {
    /// Tokens of the root, possibly 0.
    package let rootCount: Int
    /// End of each branch in the line, ascending.
    private let ends: [Int]
    /// Pages that the first i branches take from the cache when all are open.
    private let pageSums: [Int]

    package init(rootCount: Int, branchCounts: [Int]) {
        self.rootCount = rootCount
        var end = rootCount
        var pages = 0
        var ends: [Int] = []
        var pageSums = [0]
        for count in branchCounts {
            end += count
            // A full page of the root is shared. A partly filled page is copied.
            if count > 0 {
                pages += CachePages.count(rootCount + count) - rootCount / CachePages.size
            }
            ends.append(end)
            pageSums.append(pages)
        }
        self.ends = ends
        self.pageSums = pageSums
    }

    /// Ends of the branches in the line, without repetition. A step that takes branches whole ends
    /// at one of them.
    package var branchEnds: [Int] {
        ends.indices.filter { !range(of: $0).isEmpty }.map { ends[$0] }
    }

    /// Tokens of root and branches together.
    package var count: Int { ends.last ?? rootCount }

    /// Returns the range of a branch in the line.
    package func range(of branch: Int) -> Range<Int> {
        (branch == 0 ? rootCount : ends[branch - 1])..<ends[branch]
    }

    /// Returns the branch that holds a position behind the root.
    package func branch(at position: Int) -> Int {
        // Finds the first branch that ends behind `position`.
        var low = 0
        var high = ends.count
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Returns the pages to reserve so that the branches of any grant of `grantMax` tokens have
    /// room.
    package func pages(grantMax: Int) -> Int {
        var worst = 0
        for first in ends.indices where !range(of: first).isEmpty {
            // The grant with the most pages begins with the last token of a branch.
            let last = min(count, ends[first] - 1 + grantMax) - 1
            worst = max(worst, pageSums[branch(at: last) + 1] - pageSums[first])
        }
        return CachePages.count(rootCount) + worst
    }

    /// Returns the largest grant of at most `grantMax` tokens that leaves half of the cache to
    /// further requests, or a grant of one token when none does. Nil when a grant of one token does
    /// not fit.
    package func grant(
        of grantMax: Int, pageCount: Int
    ) -> (tokens: Int, pages: Int)? {
        var tokens = grantMax
        var pages = pages(grantMax: tokens)
        while pages > pageCount / 2, tokens > 1 {
            tokens /= 2
            pages = self.pages(grantMax: tokens)
        }
        return pages <= pageCount ? (tokens, pages) : nil
    }
}
