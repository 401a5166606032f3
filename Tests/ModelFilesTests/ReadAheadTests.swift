// The read-ahead stays in front of the reader, within its window, and ends when told.

import Dispatch
import ModelFiles
import Synchronization
import Testing

@Suite struct ReadAheadTests {
    /// Requests in order, as positions over all files.
    private final class Requests: Sendable {
        let ranges = Mutex<[Range<Int>]>([])
        let made = DispatchSemaphore(value: 0)
        let sizes: [Int]

        init(_ sizes: [Int]) { self.sizes = sizes }

        var advise: ReadAhead.Advise {
            { file, range in
                let before = self.sizes[..<file].reduce(0, +)
                self.ranges.withLock {
                    $0.append(before + range.lowerBound..<before + range.upperBound)
                }
                self.made.signal()
            }
        }

        /// Waits for `count` more requests.
        func wait(_ count: Int) { for _ in 0..<count { made.wait() } }
        var all: [Range<Int>] { ranges.withLock { $0 } }
    }

    private let mebibyte = 1 << 20

    @Test func asksForTheWindowAndNoMoreUntilTheReaderMoves() throws {
        let requests = Requests([400 * mebibyte])
        let ahead = try #require(ReadAhead(sizes: requests.sizes, requests.advise))
        requests.wait(8)
        #expect(requests.all.last?.upperBound == ReadAhead.windowSize)
        ahead.reach(8 * mebibyte)
        requests.wait(1)
        #expect(requests.all.last?.upperBound == ReadAhead.windowSize + 8 * mebibyte)
        ahead.stop()
        let all = requests.all
        #expect(all.count == 9)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }

    @Test func asksForEveryByteOfSeveralFilesOnce() throws {
        let requests = Requests([20 * mebibyte + 1, 5, 15 * mebibyte])
        let ahead = try #require(ReadAhead(sizes: requests.sizes, requests.advise))
        requests.wait(6)
        ahead.stop()
        let all = requests.all
        #expect(all.first?.lowerBound == 0 && all.last?.upperBound == 35 * mebibyte + 6)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }

    @Test func doesNotAskForWhatTheReaderHasPassed() throws {
        let requests = Requests([400 * mebibyte])
        let ahead = try #require(ReadAhead(sizes: requests.sizes, requests.advise))
        requests.wait(8)
        ahead.reach(300 * mebibyte)
        requests.wait(8)
        ahead.stop()
        #expect(requests.all[8].upperBound > 300 * mebibyte)
    }

    @Test func leavesSmallFilesToTheSystem() {
        #expect(ReadAhead(sizes: [ReadAhead.sizeMin - 1]) { _, _ in } == nil)
    }
}
