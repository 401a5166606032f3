// Tells the service manager that requests are answered: one datagram to the manager's socket, as
// sd_notify(3) describes.
//
// Guarantees: does nothing without NOTIFY_SOCKET. Never blocks. A failure is a sentence for the
// log, never the end of a working server.
// Does not: link libsystemd, or feed a watchdog.

import Foundation
import ModelFiles

/// The notice. Any thread.
package enum ReadyNotice {
    /// Sends `READY=1` to the socket in NOTIFY_SOCKET.
    ///
    /// - Returns: nil when the notice was sent or no manager waits, else the error as a sentence.
    package static func send(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        guard let name = environment["NOTIFY_SOCKET"] else { return nil }
        let tried = "telling the service manager at NOTIFY_SOCKET=\(name) that the server is ready"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // An at sign stands for the zero byte of an abstract name.
        var path = Array(name.utf8)
        guard let first = path.first, first == 47 || first == 64, !path.contains(0),
            path.count < MemoryLayout.size(ofValue: address.sun_path)
        else { return "\(tried): found no path and no abstract name" }
        if first == 64 { path[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let size = MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + path.count } ?? 0
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return "\(tried): \(systemErrorText(errno))" }
        defer { close(descriptor) }
        let message = "READY=1\nSTATUS=Serving\n"
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                sendto(
                    descriptor, message, message.utf8.count,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), raw,
                    socklen_t(size))
            }
        }
        return sent == message.utf8.count ? nil : "\(tried): \(systemErrorText(errno))"
    }
}
