// The kernel probes every TCP connection, so that a vanished host is noticed.

import AssayClient
import Glibc
import Testing

@Suite struct KeepaliveTests {
    /// A listener on a free port of the loopback interface.
    private func listener() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) | listen(descriptor, 8)
                    | getsockname(descriptor, $0, &size)
            }
        }
        try #require(status == 0)
        return (descriptor, UInt16(bigEndian: name.sin_port))
    }

    /// The descriptor of this process that is connected to `port`.
    private func client(of port: UInt16) -> Int32? {
        (3..<4096).first { descriptor in
            var name = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(descriptor, $0, &size)
                }
            }
            return status == 0 && name.sin_family == sa_family_t(AF_INET)
                && UInt16(bigEndian: name.sin_port) == port
        }
    }

    private func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1
    }

    @Test func everyTCPConnectionIsProbed() async throws {
        let (descriptor, port) = try listener()
        defer { close(descriptor) }
        let client = try Client("tcp://127.0.0.1:\(port)", options: .once)
        let call = Task { try? await client.stats() }
        let accepted = accept(descriptor, nil, nil)
        defer { close(accepted) }
        // Hello has arrived, so all options of the connection are set.
        var byte: UInt8 = 0
        #expect(recv(accepted, &byte, 1, 0) == 1)
        let connection = try #require(self.client(of: port))
        let tcp = Int32(IPPROTO_TCP)
        #expect(option(connection, SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(connection, tcp, TCP_KEEPIDLE) == 30)
        #expect(option(connection, tcp, TCP_KEEPINTVL) == 10)
        #expect(option(connection, tcp, TCP_KEEPCNT) == 3)
        client.close()
        _ = await call.value
    }
}
