// How busy the engine is, as the network side last heard, and what is told to callers of it.

import Wire

/// The engine's part of `server_load`: what is open in all its models.
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
    /// What an answer or an error says of the server's load.
    ///
    /// - Parameter isCounted: whether the request that it answers is among those outstanding; it is
    ///   not counted.
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
