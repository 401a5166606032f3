// Standard input that another thread can interrupt.
//
// Guarantees: a wait ends with a byte, the end of input, or the number of a signal, whichever comes
// first. Bytes are read one piece ahead and never lost.
// Does not: decode or edit.

import Glibc

/// Bytes of standard input, and signals between them. For one reader at a time.
package final class WakingInput {
    /// What a wait has brought.
    package enum Event: Equatable {
        case byte(UInt8)
        case end
        case signal(Int32)
    }

    /// Tells a waiting reader of signals. Any thread.
    package struct Waker: Sendable {
        fileprivate let descriptor: Int32

        /// Ends the wait of the reader, or its next wait.
        package func wake(_ number: Int32) {
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(descriptor, &byte, 1)
        }
    }

    /// For the other thread.
    package let waker: Waker
    private let reading: Int32
    private var ahead: ArraySlice<UInt8> = []
    /// An event that came instead of a byte and has not been told yet.
    private var held: Event?

    /// Nil when the system has no descriptors left.
    package init?() {
        guard let ends = WakingPipe() else { return nil }
        (reading, waker) = (ends.reading, Waker(descriptor: ends.writing))
    }

    deinit {
        close(reading)
        close(waker.descriptor)
    }

    /// Waits for the next event.
    package func next() -> Event {
        if let event = held {
            held = nil
            return event
        }
        while true {
            if let byte = ahead.popFirst() { return .byte(byte) }
            var wanted = [
                pollfd(fd: reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&wanted, 2, -1) > 0 else { continue }
            var number: UInt8 = 0
            if wanted[0].revents != 0, read(reading, &number, 1) == 1 {
                return .signal(Int32(number))
            }
            guard wanted[1].revents != 0 else { continue }
            ahead = Console.input()[...]
            if ahead.isEmpty { return .end }
        }
    }

    /// Takes the next byte when it continues a character of UTF-8. Waits for it.
    package func takeContinuation() -> UInt8? {
        if ahead.isEmpty {
            let event = next()
            guard case .byte(let byte) = event else {
                held = event
                return nil
            }
            ahead = [byte]
        }
        guard let byte = ahead.first, byte & 0xC0 == 0x80 else { return nil }
        return ahead.popFirst()
    }

    /// Waits for the next line, without its newline. A signal throws away the beginning of a line,
    /// as the terminal does. The bytes of a line beyond `sizeMax` are left out.
    package func line(sizeMax: Int) -> Line {
        var bytes: [UInt8] = []
        while true {
            switch next() {
            case .signal(let number): return .signal(number)
            case .end where bytes.isEmpty: return .end
            case .end, .byte(UInt8(ascii: "\n")): return .text(bytes)
            case .byte(let byte): if bytes.count < sizeMax { bytes.append(byte) }
            }
        }
    }

    /// What a wait for a line has brought.
    package enum Line: Equatable {
        case text([UInt8])
        case end
        case signal(Int32)
    }
}

/// The two ends of a pipe that wakes a reader. Writing never blocks.
struct WakingPipe {
    let reading: Int32
    let writing: Int32

    /// Nil when the system has no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (reading, writing) = (ends[0], ends[1])
    }
}
