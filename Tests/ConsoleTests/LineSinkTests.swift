// The log's way out: whole lines, never a wait, and every line written or counted.

import Console
import Foundation
import Synchronization
import Testing
import Threads

@Suite struct LineSinkTests {
    /// A pipe whose reader the test holds.
    private final class Pipe: Sendable {
        private let read: Int32
        let write: Int32

        init() {
            var ends: [Int32] = [-1, -1]
            #expect(pipe(&ends) == 0)
            (read, write) = (ends[0], ends[1])
        }

        deinit { close(read) }

        func closeWriter() { close(write) }

        /// Everything in the pipe until the writer's end is closed.
        func rest() -> String {
            let reader = FileHandle(fileDescriptor: read, closeOnDealloc: false)
            return String(decoding: reader.readDataToEndOfFile(), as: UTF8.self)
        }
    }

    @Test func linesComeOutInOrderAndEscaped() throws {
        let pipe = Pipe()
        let sink = try LineSink(descriptor: pipe.write)
        sink.write("one")
        sink.write("two\nforged \u{1B}[31m")
        #expect(sink.flush(milliseconds: 10_000))
        pipe.closeWriter()
        #expect(pipe.rest() == "one\ntwo\\u{A}forged \\u{1B}[31m\n")
    }

    /// Nobody reads: lines wait up to the bound, and the rest is counted.
    @Test func aPipeThatNobodyReadsCostsLinesOnly() throws {
        let pipe = Pipe()
        let time = Atomic<UInt64>(0)
        let sink = try LineSink(descriptor: pipe.write) {
            time.wrappingAdd(1_000_000_000, ordering: .relaxed).newValue
        }
        let line = String(repeating: "x", count: 999)
        let count = 4 * LineSink.sizeMax / 1000
        for _ in 0..<count { sink.write(line) }
        #expect(!sink.flush(milliseconds: 1))
        // The reader comes back: whole lines, then the number of those that were lost.
        let text = Mutex("")
        let done = DispatchSemaphore(value: 0)
        try startThread("reader") {
            let all = pipe.rest()
            text.withLock { $0 = all }
            done.signal()
        }
        #expect(sink.flush(milliseconds: 30_000))
        pipe.closeWriter()
        done.wait()
        let lines = text.withLock { $0 }.split(separator: "\n")
        let whole = lines.filter { $0 == line }.count
        let dropped = lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(whole + dropped.reduce(0, +) == count)
        #expect(whole < count && whole * 1000 <= 2 * LineSink.sizeMax + (1 << 17))
    }

    @Test func moreLinesThanTheRateAreCounted() throws {
        let pipe = Pipe()
        let time = Atomic<UInt64>(0)
        let sink = try LineSink(descriptor: pipe.write) { time.load(ordering: .relaxed) }
        for _ in 0..<LineSink.rateMax + 50 { sink.write("a") }
        time.store(1_000_000_000 / UInt64(LineSink.rateMax) * 2, ordering: .relaxed)
        sink.write("b")
        time.store(60_000_000_000, ordering: .relaxed)
        while !sink.flush(milliseconds: 0) { usleep(1000) }
        pipe.closeWriter()
        let lines = pipe.rest().split(separator: "\n")
        #expect(lines.filter { $0 == "a" }.count == LineSink.rateMax)
        #expect(lines.suffix(2) == ["log lines dropped: 50", "b"])
    }

    /// A flood of one kind costs lines of this kind alone, by rate and by bytes.
    @Test func noFloodCostsAnAuditLineOfAChange() throws {
        let pipe = Pipe()
        let time = Atomic<UInt64>(0)
        let sink = try LineSink(descriptor: pipe.write) { time.load(ordering: .relaxed) }
        let changes = LineSink.rateMax + 5
        for number in 0..<LineSink.rateMax + 50 {
            sink.write("o")
            sink.write("r", as: .refusal)
            if number < changes { sink.write("c", as: .change) }
        }
        time.store(60_000_000_000, ordering: .relaxed)
        while !sink.flush(milliseconds: 0) { usleep(1000) }
        pipe.closeWriter()
        let lines = pipe.rest().split(separator: "\n")
        #expect(lines.filter { $0 == "o" }.count == LineSink.rateMax)
        #expect(lines.filter { $0 == "r" }.count == LineSink.rateMax)
        #expect(lines.filter { $0 == "c" }.count == changes)
        #expect(number(after: "log lines dropped:", in: lines) == 50)
        #expect(number(after: "audit lines lost:", in: lines) == 50)
    }

    /// Nobody reads: audit lines wait up to their own bounds beside a full share of ordinary lines,
    /// and what is beyond is counted.
    @Test func auditLinesThatNobodyReadsAreBoundedAndCounted() throws {
        let pipe = Pipe()
        let time = Atomic<UInt64>(0)
        let sink = try LineSink(descriptor: pipe.write) {
            time.wrappingAdd(1_000_000_000, ordering: .relaxed).newValue
        }
        let text = String(repeating: "x", count: 997)
        let count = 2 * LineSink.sizeMax / 1000
        for _ in 0..<count {
            sink.write("o\(text)")
            sink.write("r\(text)", as: .refusal)
        }
        // Later than the floods, and still whole.
        for _ in 0..<100 { sink.write("c\(text)", as: .change) }
        let all = Mutex("")
        let done = DispatchSemaphore(value: 0)
        try startThread("reader") {
            let rest = pipe.rest()
            all.withLock { $0 = rest }
            done.signal()
        }
        while !sink.flush(milliseconds: 0) { usleep(1000) }
        pipe.closeWriter()
        done.wait()
        let lines = all.withLock { $0 }.split(separator: "\n")
        #expect(lines.filter { $0 == "c\(text)" }.count == 100)
        let refusals = lines.filter { $0 == "r\(text)" }.count
        // One batch may have left for the pipe before it was full.
        #expect(refusals * 1000 <= 2 * LineSink.auditSizeMax + (1 << 17))
        #expect(refusals + number(after: "audit lines lost:", in: lines) == count)
    }

    private func number(after text: String, in lines: [Substring]) -> Int {
        lines.filter { $0.hasPrefix(text) }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    /// A loss that a lost line told of is told again.
    @Test func aLostLineAboutLossesIsNoLoss() throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        let sink = try LineSink(descriptor: full)
        for _ in 0..<10 { sink.write("lost", as: .change) }
        #expect(!sink.flush(milliseconds: 50))
        let pipe = Pipe()
        #expect(dup2(pipe.write, full) == full)
        while !sink.flush(milliseconds: 0) { usleep(1000) }
        pipe.closeWriter()
        // The sink's own descriptor is the last writer now.
        #expect(dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), full) == full)
        let lines = pipe.rest().split(separator: "\n")
        #expect(number(after: "audit lines lost:", in: lines) == 10)
    }

    @Test func aDescriptorThatRefusesCostsLinesOnly() throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        let sink = try LineSink(descriptor: full)
        for _ in 0..<100 { sink.write("lost") }
        #expect(!sink.flush(milliseconds: 50))
    }
}
