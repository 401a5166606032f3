// What every libuv handle has in common: memory, ownership and the one way to end.
//
// Ownership protocol, the same for all of them:
//   1. the C struct lives at a stable heap address of its own, never inside a Swift object;
//   2. once libuv knows the handle, its data pointer holds a +1 reference to the Swift object;
//   3. the close callback is the only place that gives that reference and the memory back.
// So an open handle keeps itself alive, and a closed one is an inert Swift object.

import CLibUV
import Glibc

/// The common part of `Stream`, `Listener`, `Timer`, `Wakeup` and `SignalWatcher`.
///
/// Confined to the loop's thread unless a subclass says otherwise.
public class Handle {
    enum State { case open, closing, closed }

    /// The loop this handle belongs to, for good.
    public let loop: Loop
    let memory: UnsafeMutableRawPointer
    @exclusivity(unchecked) private(set) var state = State.open

    /// Whether the handle still takes part in the loop. False from `close()` on.
    public var isOpen: Bool { state == .open }

    var raw: UnsafeMutablePointer<uv_handle_t> {
        memory.assumingMemoryBound(to: uv_handle_t.self)
    }

    /// Allocates the struct and lets `initialise` run libuv's init function on it.
    ///
    /// If init fails libuv does not know the handle, no close callback will come, and the memory
    /// is given back here.
    init(
        loop: Loop, type: uv_handle_type, operation: StaticString, tried: @autoclosure () -> String,
        initialise: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutableRawPointer) -> Int32
    ) throws(EventLoopError) {
        loop.assertConfined()
        self.loop = loop
        memory = .allocate(byteCount: uv_handle_size(type), alignment: 16)
        let status = initialise(loop.raw, memory)
        if status < 0 {
            state = .closed
            memory.deallocate()
            throw EventLoopError(status: status, operation: operation, tried: tried())
        }
        uv_handle_set_data(raw, Unmanaged.passRetained(self).toOpaque())
    }

    /// Takes the handle out of the loop. Pending operations fail with ECANCELED inside libuv and
    /// owner callbacks stop at once; the object is released after the loop's close callback.
    /// Loop thread only; safe inside any callback; calling it again does nothing.
    public func close() {
        loop.assertConfined()
        guard state == .open else { return }
        state = .closing
        willClose()
        uv_close(raw) { handle in
            guard let handle, let data = uv_handle_get_data(handle) else { return }
            Unmanaged<Handle>.fromOpaque(data).takeRetainedValue().finishClosing()
        }
        didStartClosing()
    }

    private func finishClosing() {
        loop.callback {
            state = .closed
            memory.deallocate()
            didClose()
        }
    }

    /// For subclasses: just before uv_close.
    func willClose() {}
    /// For subclasses: just after uv_close, when libuv no longer looks at the descriptor.
    func didStartClosing() {}
    /// For subclasses: the close callback; the C struct is gone, drop closures here.
    func didClose() {}
}

/// The Swift object behind a handle's data pointer, in a callback: no reference is taken over.
@inline(__always)
func recover<Owner: Handle>(_ data: UnsafeMutableRawPointer?, as type: Owner.Type) -> Owner? {
    guard let data else { return nil }
    return Unmanaged<Owner>.fromOpaque(data).takeUnretainedValue()
}
