// Starts the loop thread. Everything confined to the loop thread is made on it, and the starter
// learns the outcome. The models of the start are listed as loading before any client can connect.

import EventLoop
import Loading
import Logging
import Service
import Threads
import Wire

/// Input of the loop thread.
struct LoopStart: Sendable {
    let configuration: ServerConfiguration
    /// Names of the models to load, without duplicates.
    let names: [String]
    /// Models to load for their first request.
    let onRequest: [LoadRequest]
    let addresses: [Address]
    let signals: [Int32]
    let mailbox: EngineMailbox
    let texts: TextThreads
    let windows: OutputWindows
    let loading: ModelLoading
    let warmUps: WarmUps
    let inbox: LoopInbox
    /// The tokens, on a server that demands them.
    let tokens: TokenWatch?
    let logger: Logger

    /// Slice of the loop thread. Its work between two waits takes less, and threads of the engine
    /// that compute or spin on every core do not hold it up.
    private static let sliceMicroseconds: UInt64 = 100

    /// Builds the loop, sets `outcome`, and runs until the drain is over. Loop thread.
    func run(_ outcome: StartOutcome) {
        let hasSlice = setThreadSlice(microseconds: Self.sliceMicroseconds)
        logger.debug("loop thread starts", metadata: ["slice": "\(hasSlice ? "short" : "usual")"])
        let loop: Loop
        do throws(EventLoopError) {
            loop = try Loop()
        } catch {
            return outcome.set(.failure(.system("\(error)")))
        }
        let network: NetworkLoop
        do throws(EventLoopError) {
            network = try makeNetwork(loop)
        } catch {
            loop.close()
            return outcome.set(.failure(.system("\(error)")))
        }
        do throws(EventLoopError) {
            let bound = try network.listen(addresses)
            try network.watchSignals(signals)
            if let tokens { try network.watchTokens(tokens) }
            outcome.set(.success(bound.map(\.description)))
        } catch {
            network.close()
            return outcome.set(.failure(.system("\(error)\(Self.advice(after: error))")))
        }
        network.run()
    }

    /// What to do about an address that cannot be had.
    private static func advice(after error: EventLoopError) -> String {
        switch error.code {
        case .addressInUse where !error.systemName.isEmpty:
            "; another server is there: stop it, or choose another address with --listen"
        case .addressUnavailable:
            "; this machine has no such address or folder: create the folder, or choose another "
                + "address with --listen"
        case .permissionDenied:
            "; this user may not listen there: choose another address with --listen, such as a "
                + "port above 1023 or a path in a folder of your own"
        case .pathOccupied: "; remove the file, or choose another path with --listen"
        default: ""
        }
    }

    private func makeNetwork(_ loop: Loop) throws(EventLoopError) -> NetworkLoop {
        var context = ServiceContext(
            limits: configuration.limits, serverName: AssayServer.version)
        let router = WorkRouter(
            engine: mailbox, texts: texts, windows: windows, loading: loading,
            warmUps: warmUps, inbox: inbox, logger: logger)
        context.condition.isStarting = true
        context.tokens = tokens?.first
        for name in names {
            do throws(ServiceError) {
                try context.models.beginLoad(name)
            } catch {
                preconditionFailure("names were checked before: \(error)")
            }
        }
        for request in onRequest {
            do throws(ServiceError) {
                try context.models.list(request.name)
            } catch {
                preconditionFailure("names were checked before: \(error)")
            }
            router.sources[request.name] = .init(request, isFromPeer: false)
        }
        return try NetworkLoop(
            loop: loop, context: context, router: router, inbox: inbox, logger: logger)
    }
}

/// Outcome of binding: the addresses as bound.
typealias StartOutcome = Latch<Result<[String], ServerStartError>>

/// Outcome of the load of a model of the start.
typealias BootOutcome = Latch<Result<LoadReport, ServerStartError>>
