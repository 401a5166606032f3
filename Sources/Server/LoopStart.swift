// Starting the loop thread: everything confined to it is made on it, and the starter learns how
// that went.

import EventLoop
import Foundation
import Loading
import Logging
import Service
import Synchronization

/// What the loop thread begins with.
struct LoopStart: Sendable {
    let configuration: ServerConfiguration
    let models: [(LoadedModel, Service.ModelFacts)]
    let addresses: [Address]
    let signals: [Int32]
    let mailbox: EngineMailbox
    let loading: ModelLoading
    let inbox: LoopInbox
    let logger: Logger

    /// Builds the loop, tells `outcome`, and runs until the drain is over. Loop thread.
    func run(_ outcome: StartOutcome) {
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
            outcome.set(.success(bound.map(\.description)))
        } catch {
            network.close()
            return outcome.set(.failure(.system("\(error)")))
        }
        network.run()
    }

    private func makeNetwork(_ loop: Loop) throws(EventLoopError) -> NetworkLoop {
        var context = ServiceContext(
            limits: configuration.limits, serverName: AssayServer.version)
        let router = WorkRouter(engine: mailbox, loading: loading, inbox: inbox, logger: logger)
        for (model, facts) in models {
            do throws(ServiceError) {
                try context.models.beginLoad(facts.name)
            } catch {
                preconditionFailure("names were checked before: \(error)")
            }
            router.adopt(model, facts: facts, context: &context)
        }
        return try NetworkLoop(
            loop: loop, context: context, router: router, inbox: inbox, logger: logger)
    }
}

/// How a start went; set once, waited for once.
final class StartOutcome: Sendable {
    private let result = Mutex<Result<[String], ServerStartError>?>(nil)
    private let isSet = DispatchSemaphore(value: 0)

    func set(_ value: Result<[String], ServerStartError>) {
        result.withLock { $0 = value }
        isSet.signal()
    }

    /// Whether it was a success.
    var hasStarted: Bool {
        result.withLock { if case .success = $0 { true } else { false } }
    }

    /// The addresses as bound.
    func wait() throws(ServerStartError) -> [String] {
        isSet.wait()
        guard let value = result.withLock({ $0 }) else { preconditionFailure("signalled unset") }
        return try value.get()
    }
}

/// The engine's answer to an installation, waited for by the thread that starts a server.
final class InstallationAnswer: Sendable {
    private let result = Mutex<ServiceError?>(nil)
    private let isSet = DispatchSemaphore(value: 0)

    func set(_ error: ServiceError?) {
        result.withLock { $0 = error }
        isSet.signal()
    }

    /// Nil when the engine has taken the model in.
    func wait() -> ServiceError? {
        isSet.wait()
        return result.withLock { $0 }
    }
}

/// Raised once; any number of threads may wait for it.
final class StoppedFlag: Sendable {
    private let isRaised = DispatchSemaphore(value: 0)

    func raise() { isRaised.signal() }

    func wait() {
        isRaised.wait()
        isRaised.signal()  // Let the next waiter through as well.
    }
}
