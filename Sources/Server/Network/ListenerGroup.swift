// The server's listening addresses and the watch over their socket files. A removed file of a Unix
// socket (by a cleaner of temporary files, or a person) makes a living server unreachable.
//
// Guarantees: the next `check` notices a missing file and binds anew at its path, at once where the
// path is free and otherwise at every later check. A socket of another living server is never
// touched. Existing connections go on. Loop thread only. Never waits.

import EventLoop
import Logging

/// See the head of the file.
final class ListenerGroup {
    private let logger: Logger
    private var listeners: [Listener] = []
    /// Last reported fault by address.
    private var faults: [String: String] = [:]

    init(logger: Logger) { self.logger = logger }

    /// Binds all addresses and begins to accept. After a failure, call `close` for the addresses
    /// already bound. Returns the addresses as bound.
    func bind(
        _ addresses: [Address], _ loop: Loop, _ settings: Listener.Settings,
        accept: @escaping (Stream) -> Void
    ) throws(EventLoopError) -> [Address] {
        for address in addresses {
            let listener = try Listener(loop: loop, address: address, settings: settings)
            listener.onError = { [logger] error in
                logger.warning("accepting failed", metadata: ["reason": "\(error)"])
            }
            listeners.append(listener)
        }
        for listener in listeners { listener.start(accept) }
        return listeners.map(\.address)
    }

    /// Stops listening for good.
    func close() {
        for listener in listeners { listener.close() }
        listeners = []
        faults = [:]
    }

    /// Checks the socket files. Returns a sentence for each address that no client can connect to.
    func check() -> [String] {
        for index in listeners.indices {
            let state = listeners[index].checkSocketFile()
            if state == .present { recovered(index) } else { bindAnew(index, state) }
        }
        return faults.keys.sorted().compactMap { faults[$0] }
    }

    /// Clears the fault of an address whose file is back.
    private func recovered(_ index: Int) {
        let address = listeners[index].address.description
        guard faults.removeValue(forKey: address) != nil else { return }
        logger.notice("the socket file is back", metadata: ["address": "\(address)"])
    }

    private func bindAnew(_ index: Int, _ state: SocketFileState) {
        let address = listeners[index].address.description
        let found = state == .missing ? "is gone" : "is gone, another file is in its place"
        if faults[address] == nil {
            logger.warning("the socket file of \(address) \(found); binding anew")
        }
        do throws(EventLoopError) {
            listeners[index] = try listeners[index].rebound()
            faults[address] = nil
            logger.notice("bound anew", metadata: ["address": "\(address)"])
        } catch {
            let fault = "the socket file of \(address) \(found): \(error)"
            if faults[address] != fault { logger.error("\(fault)") }
            faults[address] = fault
        }
    }
}
