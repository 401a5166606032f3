// Detects a process that was forked from a process with clients.
//
// A forked process has only the thread that called fork(2). The client's thread and the threads of
// Swift's concurrency runtime are gone, the sockets are the parent's own, and every lock may be
// held for ever. A client must notice the fork before taking a lock or touching a socket.
//
// Guarantees: a load from memory per question, and no lock. The mark is a page that the kernel
// wipes in every forked process (MADV_WIPEONFORK, Linux 4.14). Process ids would not suffice,
// because a new namespace can give parent and child equal ids. Only older kernels use process ids.
// Not here: the refusal (see Client, Exchange, Pool and PollLoop).

import Glibc

enum Fork {
    /// The process of the first question, and the address of the page, 0 without a page. Never
    /// unmapped.
    private static let mark: (process: pid_t, page: UInt) = {
        let size = Int(sysconf(Int32(_SC_PAGESIZE)))
        let page = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let page, page != MAP_FAILED, madvise(page, size, MADV_WIPEONFORK) == 0 else {
            return (getpid(), 0)
        }
        page.storeBytes(of: 1, as: UInt8.self)
        return (getpid(), UInt(bitPattern: page))
    }()

    /// True in a process forked after the parent had made a client.
    static var isChild: Bool {
        guard let page = UnsafeRawPointer(bitPattern: mark.page) else {
            return getpid() != mark.process
        }
        return page.load(as: UInt8.self) == 0
    }
}
