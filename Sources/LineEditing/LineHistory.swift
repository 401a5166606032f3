// The lines of earlier sessions: a file of libedit's form in the user's state folder.
//
// Guarantees: the file and its folder are made for the user alone, and other users' rights on the
// file are taken away. Each line is on disk before the next is asked for. The number of lines, the
// size of a line and the size of the file are bounded. Without a folder, lines live in memory.

import CEditline
import Glibc

/// Lines to go back to.
package final class LineHistory {
    /// Lines that are kept.
    package static let countMax = 1000
    /// Bytes of a line that is kept.
    package static let lineSizeMax = 4096
    /// Bytes of a file that is read. A larger one is begun anew.
    static let fileSizeMax = 4 << 20

    private let list: OpaquePointer
    private let path: String?

    /// - Parameter path: the file. Nil for lines in memory.
    package init?(path: String?) {
        guard let list = history_init() else { return nil }
        (self.list, self.path) = (list, path)
        assay_history_set_size(list, Int32(Self.countMax))
        assay_history_set_unique(list)
        load()
    }

    deinit { history_end(list) }

    /// The file of the user: `$XDG_STATE_HOME/assay/history`, else the same in `~/.local/state`.
    /// Makes the folder. Nil where that fails.
    package static func userPath(
        variable: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) -> String? {
        // The specification of these folders says to ignore a relative path.
        let state = variable("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = variable("HOME").flatMap { $0.hasPrefix("/") ? $0 + "/.local/state" : nil }
        guard let base = state ?? home else { return nil }
        let folder = base + "/assay"
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/" + part
            if mkdir(made, 0o700) != 0, errno != EEXIST { return nil }
        }
        return access(folder, W_OK) == 0 ? folder + "/history" : nil
    }

    func attach(to editor: OpaquePointer) { assay_el_set_history(editor, list) }

    /// Keeps a line, in memory and in the file. Blank lines and too long lines are not kept.
    func add(_ line: String) {
        guard line.contains(where: { !$0.isWhitespace }), line.utf8.count <= Self.lineSizeMax,
            assay_history_enter(list, line) >= 0
        else { return }
        // libedit writes whole lists: this one has a single line.
        guard let single = history_init() else { return }
        defer { history_end(single) }
        assay_history_set_size(single, 1)
        assay_history_enter(single, line)
        write(single, O_APPEND)
    }

    private func load() {
        guard let path else { return }
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return }
        if facts.st_size <= Self.fileSizeMax { assay_history_load(list, path) }
        // Sessions only add lines, so the next session begins with the lines that are kept.
        if facts.st_size > Self.fileSizeMax / 4 {
            write(list, O_TRUNC)
        }
    }

    /// Writes lines to the file. A failure costs the file a line and the person nothing.
    private func write(_ lines: OpaquePointer, _ flag: Int32) {
        guard let path else { return }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flag, 0o600)
        guard descriptor >= 0 else { return }
        guard fchmod(descriptor, 0o600) == 0, lseek(descriptor, 0, SEEK_END) >= 0,
            let file = fdopen(descriptor, flag == O_APPEND ? "a" : "w")
        else {
            close(descriptor)
            return
        }
        assay_history_save(lines, file)
        fclose(file)
    }
}
