// A listener that speaks another protocol than ours, or none: what answers at a wrong port.

import Foundation

/// Listens on a free port of 127.0.0.1 until it is released.
final class StrangerListener: Sendable {
    /// What the listener does with a connection.
    enum Manner: Sendable {
        /// Sends bytes once the peer has sent some, or at once, and waits for the end.
        case answers([UInt8])
        case greets([UInt8])
        /// Closes once the peer has sent some bytes.
        case closes
        case isSilent
    }

    let port: UInt16
    private let descriptor: Int32

    init(_ manner: Manner) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) | listen(descriptor, 8)
                    | getsockname(descriptor, $0, &size)
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: name.sin_port)
        Thread.detachNewThread {
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else {
                    close(descriptor)
                    return
                }
                Self.serve(peer, manner)
                close(peer)
            }
        }
    }

    /// Wakes the thread, which closes the descriptor.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private static func serve(_ peer: Int32, _ manner: Manner) {
        var room = [UInt8](repeating: 0, count: 4096)
        switch manner {
        case .closes:
            _ = recv(peer, &room, room.count, 0)
            return
        case .answers(let bytes):
            _ = recv(peer, &room, room.count, 0)
            _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        case .greets(let bytes): _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        case .isSilent: break
        }
        // The bytes reach the peer, because it ends the connection first.
        while recv(peer, &room, room.count, 0) > 0 {}
    }
}
