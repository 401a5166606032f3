// The loop itself, and the handles that are not sockets: timers, wake-ups, signals.

import EventLoop
import Glibc
import Testing

@Suite struct LoopTests {
    @Test func runReturnsWhenNothingIsLeft() throws {
        try withLoop { loop in
            var fired = false
            let timer = try Timer(loop: loop)
            timer.start(after: .zero) { fired = true }
            loop.run()
            #expect(fired)
        }
    }

    @Test func stopBeforeRunEndsThatRunOnly() throws {
        try withLoop { loop in
            var fired = 0
            let timer = try Timer(loop: loop)
            timer.start(after: .zero) { fired += 1 }
            loop.stop()
            loop.run()
            #expect(fired == 0)
            loop.run()
            #expect(fired == 1)
        }
    }

    @Test func closeTakesEveryHandleDown() throws {
        let directory = try ScratchDirectory()
        weak var observed: Timer?
        let loop = try Loop()
        var closes = 0
        let (stream, peer) = try Fresh.pair(loop, .unix, in: directory)
        stream.onClose = { _ in closes += 1 }
        do {
            let timer = try Timer(loop: loop)
            timer.start(after: .seconds(100)) {}
            observed = timer
        }
        loop.close()
        loop.close()
        #expect(closes == 1)
        #expect(observed == nil)
        #expect(!stream.isOpen)
        peer.close()
    }

    @Test func useOffTheThreadStopsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            let loop = try Loop()
            let smuggled = Shared(UInt(bitPattern: Unmanaged.passRetained(loop).toOpaque()))
            startThread {
                let pointer = UnsafeRawPointer(bitPattern: smuggled.get())!
                Unmanaged<Loop>.fromOpaque(pointer).takeUnretainedValue().stop()
            }()
        }
    }
}

@Suite struct TimerTests {
    @Test func timersFireInOrderOfTime() throws {
        try withLoop { loop in
            var order: [Int] = []
            for milliseconds in [3, 1, 2] {
                let timer = try Timer(loop: loop)
                timer.start(after: .milliseconds(milliseconds)) { order.append(milliseconds) }
            }
            loop.run()
            #expect(order == [1, 2, 3])
        }
    }

    @Test func repeatingTimerEndsWhenStoppedInside() throws {
        try withLoop { loop in
            var count = 0
            let timer = try Timer(loop: loop)
            timer.start(after: .zero, repeating: .microseconds(1)) { [unowned timer] in
                count += 1
                if count == 3 { timer.stop() }
            }
            loop.run()
            #expect(count == 3)
        }
    }

    @Test func closeInsideTheCallbackIsSafe() throws {
        try withLoop { loop in
            var count = 0
            let timer = try Timer(loop: loop)
            timer.start(after: .zero, repeating: .milliseconds(1)) { [unowned timer] in
                count += 1
                timer.close()
                timer.start(after: .zero) { count += 100 }
            }
            loop.run()
            #expect(count == 1)
        }
    }

    @Test func restartReplacesTheHandler() throws {
        try withLoop { loop in
            var fired: [String] = []
            let timer = try Timer(loop: loop)
            timer.start(after: .zero) { fired.append("first") }
            timer.start(after: .zero) { fired.append("second") }
            loop.run()
            #expect(fired == ["second"])
        }
    }
}

@Suite struct WakeupTests {
    @Test func sendsCoalesce() throws {
        try withLoop { loop in
            var arrivals = 0
            let wakeup = try Wakeup(loop: loop) {
                arrivals += 1
                loop.stop()
            }
            for _ in 0..<1000 { #expect(wakeup.send()) }
            try loop.runUntilStopped()
            #expect(arrivals == 1)
            #expect(wakeup.send())
            try loop.runUntilStopped()
            #expect(arrivals == 2)
        }
    }

    /// Four threads queue and send; the loop takes all there is on every arrival. A lost wake-up
    /// would leave the last items lying and run into the alarm.
    @Test func nothingQueuedBeforeASendIsMissed() throws {
        try withLoop { loop in
            let queue = Shared<[Int]>([])
            var drained = 0
            let wakeup = try Wakeup(loop: loop) {
                drained += queue.replace(with: []).count
                if drained == 4000 { loop.stop() }
            }
            let joins = (0..<4).map { _ in
                startThread {
                    for item in 0..<1000 {
                        queue.append(item)
                        wakeup.send()
                    }
                }
            }
            try loop.runUntilStopped()
            for join in joins { join() }
            #expect(drained == 4000)
        }
    }

    @Test func sendAfterCloseReportsThatNobodyComes() throws {
        let loop = try Loop()
        let wakeup = try Wakeup(loop: loop) { Issue.record("called after close") }
        #expect(wakeup.send())
        wakeup.close()
        #expect(!wakeup.send())
        #expect(!wakeup.send())
        loop.close()
        #expect(!wakeup.send())
    }
}

@Suite struct SignalTests {
    @Test func signalsArriveAsEvents() throws {
        try withLoop { loop in
            var raised = 0
            let watcher = try SignalWatcher(loop: loop, signal: SIGUSR2) {
                raised += 1
                loop.stop()
            }
            kill(getpid(), SIGUSR2)
            try loop.runUntilStopped()
            #expect(raised == 1)
            watcher.close()
        }
    }

    @Test func uncatchableSignalsAreRefused() throws {
        try withLoop { loop in
            #expect { try SignalWatcher(loop: loop, signal: SIGKILL) {} } throws: { error in
                (error as? EventLoopError)?.operation == "uv_signal_start"
            }
        }
    }

    @Test func watcherDoesNotHoldTheLoop() throws {
        try withLoop { loop in
            _ = try SignalWatcher(loop: loop, signal: SIGUSR1) {}
            loop.run()
        }
    }
}
