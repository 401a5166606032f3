// The common ground of all libuv handles: memory, ownership and the one way to end.
//
// Ownership protocol of all handles:
//   1. The C struct lives at a stable heap address of its own, never inside a Swift object.
//   2. Once libuv knows the handle, its data pointer holds a +1 reference to the Swift object.
//   3. Only the close callback gives the reference and the memory back.
// So an open handle keeps itself alive, and a closed handle is an inert Swift object.

import CLibUV
import Glibc

/// The common part of `Stream`, `Listener`, `Timer`, `Wakeup` and `SignalWatcher`.
///
/// Confined to the loop's thread unless a subclass says otherwise.
package class Handle {
    enum State { case open, closing, closed }

    /// The loop of this handle, for good.
    package let loop: Loop
    let memory: UnsafeMutableRawPointer
    private(set) var state = State.open

    /// True while the handle takes part in the loop. False from `close()` on.
    package var isOpen: Bool { state == .open }

    var raw: UnsafeMutablePointer<uv_handle_t> {
        memory.assumingMemoryBound(to: uv_handle_t.self)
    }

    /// Allocates the struct and lets `initialise` run libuv's init function on it.
    ///
    /// If init fails, libuv does not know the handle and no close callback will come, so this
    /// initializer gives the memory back.
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
    /// owner callbacks stop at once. The object is released after the loop's close callback. Loop
    /// thread only. Safe inside any callback. A second call does nothing.
    package func close() {
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

    /// For subclasses: called just before uv_close.
    func willClose() {}
    /// For subclasses: called just after uv_close, when libuv no longer looks at the descriptor.
    func didStartClosing() {}
    /// For subclasses: called in the close callback, when the C struct is gone. Drop closures here.
    func didClose() {}
}

/// The Swift object behind a handle's data pointer, in a callback. No reference is taken over.
@inline(__always)
func recover<Owner: Handle>(_ data: UnsafeMutableRawPointer?, as type: Owner.Type) -> Owner? {
    guard let data else { return nil }
    return Unmanaged<Owner>.fromOpaque(data).takeUnretainedValue()
}
