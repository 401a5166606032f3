// Load of the engine as the network side last heard, and the `server_load` that clients are told.

import Wire

/// The engine's part of `server_load`, over all models.
package struct EngineLoad: Sendable, Equatable {
    /// Requests with a place in the batch.
    package var running = 0
    /// Pages of the key-value caches that hold something.
    package var cachePagesUsed = 0
    /// Pages of the key-value caches in all.
    package var cachePages = 0

    package init(running: Int = 0, cachePagesUsed: Int = 0, cachePages: Int = 0) {
        self.running = running
        self.cachePagesUsed = cachePagesUsed
        self.cachePages = cachePages
    }
}

extension ServiceContext {
    /// Returns the `server_load` of an answer or an error.
    ///
    /// - Parameter isCounted: true when the answered request is among the outstanding requests. The
    ///   result leaves that request out.
    package func serverLoad(withoutOne isCounted: Bool) -> ServerLoad {
        let others = admission.outstandingCount - (isCounted ? 1 : 0)
        let queued = UInt64(max(0, others - engineLoad.running))
        return ServerLoad(
            queued: queued, running: UInt64(engineLoad.running),
            waitMicroseconds: queued * admission.finishIntervalMicroseconds,
            cachePagesUsed: UInt64(engineLoad.cachePagesUsed),
            cachePages: UInt64(engineLoad.cachePages))
    }
}
