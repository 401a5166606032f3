// The kernel's page cache, file by file: emptied for a cold load, filled for a warm one.
//
// Guarantees: after asking the kernel to forget a file it is asked what it still holds, so a "cold"
// figure is cold or is not given. Needs no rights beyond reading the file.
// Does not: touch other files' pages; reach the caches below the kernel (a disk's, a host's).

import Glibc

/// What the kernel did when it was asked to forget.
enum CacheDrop: Equatable {
    case dropped
    /// Pages stayed; the sentence says how many.
    case kept(String)
}

enum PageCache {
    /// A mapping that is still on its way out keeps its pages for a moment.
    private static let attemptsMax = 50

    /// Asks the kernel to forget the pages of `paths`.
    static func drop(_ paths: [String]) -> CacheDrop {
        var last = CacheDrop.dropped
        for attempt in 0..<attemptsMax {
            if attempt > 0 { usleep(2000) }
            last = .dropped
            for path in paths {
                let result = drop(path)
                if result != .dropped { last = result }
            }
            if last == .dropped { return last }
        }
        return last
    }

    /// Reads every byte of `paths` once.
    static func fill(_ paths: [String]) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        for path in paths {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            while read(descriptor, &buffer, buffer.count) > 0 {}
            close(descriptor)
        }
    }

    private static func drop(_ path: String) -> CacheDrop {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .kept("\(path) cannot be opened") }
        defer { close(descriptor) }
        // Pages that are not on disk yet are not forgotten.
        fdatasync(descriptor)
        let status = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        guard status == 0 else {
            return .kept("posix_fadvise answered error \(status) for \(path)")
        }
        return residency(descriptor, path)
    }

    /// What is still held, by mincore(2). To a caller who may not write the file the kernel calls
    /// every page resident, so that files cannot be spied on: then nothing is known.
    private static func residency(_ descriptor: Int32, _ path: String) -> CacheDrop {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_size > 0 else { return .dropped }
        let size = Int(facts.st_size)
        guard let map = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), map != MAP_FAILED
        else { return .kept("\(path) cannot be mapped") }
        defer { munmap(map, size) }
        let pageSize = Int(getpagesize())
        let count = (size + pageSize - 1) / pageSize
        var pages = [UInt8](repeating: 0, count: count)
        guard mincore(map, size, &pages) == 0 else {
            return .kept("the kernel does not say what it holds of \(path)")
        }
        let held = pages.count { $0 & 1 == 1 }
        guard held > 0 else { return .dropped }
        guard facts.st_uid == geteuid() || access(path, W_OK) == 0 else {
            return .kept(
                "the kernel tells only who may write \(path) what it holds of it; run this as "
                    + "its owner")
        }
        return .kept("the kernel still holds \(held) of \(count) pages of \(path)")
    }
}
