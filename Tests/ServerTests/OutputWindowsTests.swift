// The windows between those who make answers and the sockets.

import Server
import Service
import Testing

@Suite struct OutputWindowsTests {
    private func windows(_ change: (inout ServiceLimits) -> Void = { _ in }) -> OutputWindows {
        var limits = ServiceLimits()
        limits.outputHighSize = 100
        limits.outputLowSize = 20
        limits.outputTotalMax = 10_000
        change(&limits)
        let windows = OutputWindows(limits: limits)
        for connection: UInt64 in 1...4 { windows.add(connection) }
        return windows
    }

    @Test func aWindowClosesAboveTheHighMarkAndOpensAtTheLowMark() {
        let windows = windows()
        windows.send(100, to: 1)
        #expect(windows.closed == [])
        windows.send(1, to: 1)
        windows.send(50, to: 2)
        #expect(windows.closed == [1])
        #expect(!windows.take(80, of: 1))
        #expect(windows.closed == [1])
        #expect(windows.take(1, of: 1))
        #expect(windows.closed == [])
        #expect(!windows.take(20, of: 1))
    }

    @Test func aConnectionThatIsGoneIsForgotten() {
        let windows = windows()
        windows.send(500, to: 1)
        windows.remove(1)
        #expect(windows.closed == [])
        // What the engine still had for it counts nowhere.
        windows.send(500, to: 1)
        #expect(windows.closed == [])
        #expect(!windows.take(500, of: 1))
    }

    @Test func togetherTheyHoldAHalfOfTheTotal() {
        let windows = windows { $0.outputTotalMax = 200 }
        windows.send(60, to: 1)
        windows.send(41, to: 2)
        #expect(windows.closed == [2])
        windows.send(30, to: 3)
        #expect(windows.closed == [2, 3])
        // Whoever has taken everything goes on, and whoever has not waits until there is room.
        #expect(windows.take(41, of: 2))
        #expect(windows.take(30, of: 3))
        #expect(windows.closed == [])
    }
}
