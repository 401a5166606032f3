// Tells a process with clients from a process that was forked from it.
//
// A forked process has the thread that called fork(2) and no other: the client's thread and the
// threads of Swift's concurrency runtime are gone, the sockets are the parent's own, and every lock
// may be held for ever. A client has to notice before a lock is taken or a socket touched.
//
// Guarantees: one load from memory per question, and no lock. The mark is a page that the kernel
// wipes in every forked process (MADV_WIPEONFORK, Linux 4.14). Process ids alone would not do: a
// new namespace can give parent and child the same id. An older kernel gets the comparison of ids.
// Not here: the refusal itself (see Client, Pool, Connection and Loop).

import Glibc

enum Fork {
    /// The process that asked first, and the address of its page, 0 without one. Never unmapped.
    private static let mark: (process: pid_t, page: UInt) = {
        let size = Int(sysconf(Int32(_SC_PAGESIZE)))
        let page = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let page, page != MAP_FAILED, madvise(page, size, MADV_WIPEONFORK) == 0 else {
            return (getpid(), 0)
        }
        page.storeBytes(of: 1, as: UInt8.self)
        return (getpid(), UInt(bitPattern: page))
    }()

    /// True in a process that was forked after its parent had made a client.
    static var isChild: Bool {
        guard let page = UnsafeRawPointer(bitPattern: mark.page) else {
            return getpid() != mark.process
        }
        return page.load(as: UInt8.self) == 0
    }
}
