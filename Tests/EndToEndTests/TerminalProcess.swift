// A program on a terminal of its own: what a person would type goes in, what they would see comes
// out.
//
// The slave side becomes the controlling terminal, so Ctrl-C is the terminal's and not this file's.

import Foundation
import ServerTestSupport
import TestSupport

/// A running program whose streams are a terminal.
final class TerminalProcess {
    private let identifier: pid_t
    private let master: Int32
    private var status: Int32?
    private var bytes: [UInt8] = []
    private var mark = 0

    /// Starts a program of the build with exactly these variables.
    init(
        _ program: String, _ arguments: [String], _ environment: [String: String] = [:]
    ) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0, let name = Self.slave(of: master) else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ENXIO)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = Self.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        let path = Program.path(program)
        let variables = [
            "PATH": "/usr/bin:/bin", "TERM": "xterm", "LC_ALL": "C.UTF-8",
        ].merging(environment) { $1 }
        var started = pid_t()
        let failure = ChildProcess.withStrings([path] + arguments) { arguments in
            ChildProcess.withStrings(variables.map { "\($0)=\($1)" }) { variables in
                posix_spawn(&started, path, &actions, &attributes, arguments, variables)
            }
        }
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .ENOENT) }
        identifier = started
    }

    deinit {
        if status == nil {
            kill(identifier, SIGKILL)
            waitpid(identifier, nil, 0)
        }
        close(master)
    }

    /// Unlocks the slave side and returns its path. Swift does not see unlockpt and ptsname.
    private static func slave(of master: Int32) -> String? {
        let (setLock, getNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))  // TIOCSPTLCK, TIOCGPTN
        var (lock, number) = (Int32(0), UInt32(0))
        guard ioctl(master, setLock, &lock) == 0, ioctl(master, getNumber, &number) == 0 else {
            return nil
        }
        return "/dev/pts/\(number)"
    }

    /// A session of its own, and signals as a shell leaves them, whatever this process ignores.
    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = 0x80 | Int(POSIX_SPAWN_SETSIGDEF) | Int(POSIX_SPAWN_SETSIGMASK)  // SETSID
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return attributes
    }

    /// Everything shown so far.
    var screen: String { String(decoding: bytes, as: UTF8.self) }

    /// Types text. Control characters are keys.
    func type(_ text: String) {
        _ = text.withCString { write(master, $0, strlen($0)) }
    }

    /// Waits until `text` is shown behind what was waited for before. False when the program ends
    /// or half a minute passes without it.
    func shows(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        let end = ContinuousClock.now + .seconds(30)
        while true {
            if let place = bytes[mark...].firstRange(of: wanted) {
                mark = place.upperBound
                return true
            }
            guard ContinuousClock.now < end, readMore() else { return false }
        }
    }

    /// Waits until anything is shown behind what was waited for before.
    func showsMore() -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while mark == bytes.count {
            guard ContinuousClock.now < end, readMore() else { return false }
        }
        mark = bytes.count
        return true
    }

    /// Waits until `text` is shown, types a line, waits for the echo, and enters the line.
    func answer(_ text: String, with line: String) -> Bool {
        guard shows(text) else { return false }
        type(line)
        guard shows(line) else { return false }
        type("\r")
        return true
    }

    /// Sends a signal and waits until the program has taken it.
    func signal(_ number: Int32) -> Bool {
        kill(identifier, number)
        return ProcessFacts.eventually {
            let status = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
            let line = status?.split(separator: "\n").first { $0.hasPrefix("ShdPnd:") }
            let pending = line.flatMap { UInt64($0.dropFirst(8), radix: 16) } ?? 0
            return pending & (1 << UInt64(number - 1)) == 0
        }
    }

    /// Waits until the terminal takes nothing more, because nobody reads what is shown.
    func isFull() -> Bool {
        guard let name = Self.slave(of: master) else { return false }
        let descriptor = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        defer { close(descriptor) }
        return ProcessFacts.eventually {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            return poll(&wanted, 1, 0) == 0
        }
    }

    /// Shows everything to the end of the program. Returns its status as a shell would.
    func waitUntilExit() -> Int32 {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end, readMore() {}
        var raw: Int32 = 0
        if ContinuousClock.now >= end { kill(identifier, SIGKILL) }
        waitpid(identifier, &raw, 0)
        let result = ChildProcess.exitStatus(raw)
        status = result
        return result
    }

    /// Takes what is there, for up to a second. False at the end of the program.
    private func readMore() -> Bool {
        var wanted = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, 1000) > 0 else { return true }
        var piece = [UInt8](repeating: 0, count: 4096)
        let count = read(master, &piece, piece.count)
        guard count > 0 else { return false }
        bytes += piece[..<count]
        return true
    }
}
