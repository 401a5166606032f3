// Last words to peers that speak another protocol, in that protocol, so that a browser, a monitor
// or a TLS client says more than "connection reset".
//
// Guarantees: a fixed text for each protocol, nothing of the peer's bytes, and one line in the log.
// Not here: recognising a protocol (Wire's `Stranger`), deciding (Service).

import EventLoop
import Service

extension NetworkLoop {
    /// Writes the last words, which leave before the connection is closed.
    func answer(_ stranger: String, _ connection: ClientConnection) {
        logger.notice(
            "a peer at \(connection.stream.peerName) speaks \(stranger), not Assay's protocol")
        let bytes = StrangerAnswer.bytes(to: stranger)
        _ = bytes.withUnsafeBytes { connection.stream.write($0) }
        context.counters.add(.bytesSent, UInt64(bytes.count))
    }
}

/// The last words.
enum StrangerAnswer {
    private static let page = """
        This port speaks Assay's own protocol, not HTTP.
        Monitors ask the admin address, which assayd prints at its start as "admin: http://...".
        Programs that speak HTTP ask a bridge (clients/bridge) in front of this server.

        """

    private static let http = Array(
        ([
            "HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8",
            "Content-Length: \(page.utf8.count)", "Connection: close", "", page,
        ].joined(separator: "\r\n")).utf8)

    /// A fatal alert, protocol_version.
    private static let tls: [UInt8] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]

    /// Nothing for a protocol without such words.
    static func bytes(to stranger: String) -> [UInt8] {
        switch stranger {
        case "HTTP": http
        case "TLS": tls
        default: []
        }
    }
}
