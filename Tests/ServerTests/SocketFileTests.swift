// A socket file that somebody removes under a living server: it is bound anew, or the server says
// that nobody can reach it.

import Foundation
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct SocketFileTests {
    private func server() throws -> (TestServer, admin: String, path: String) {
        let server = try TestServer { $0.admin = "127.0.0.1:0" }
        return (server, try #require(server.admin), String(server.unix.dropFirst(7)))
    }

    @Test func aRemovedSocketIsBoundAnewAndConnectionsGoOn() throws {
        let (server, admin, path) = try server()
        let old = try server.client()
        #expect(unlink(path) == 0)
        #expect(ProcessFacts.eventually { (try? server.client()) != nil })
        #expect(try old.call(PingRequest()).status == .ok)
        #expect(try RawHTTP.get("/readyz", admin).status == 200)
        #expect(try old.call(HealthRequest()).decoded(HealthResponse.self).ready)
    }

    @Test func aPathThatAnotherServerTookIsLeftAloneAndReported() throws {
        let (server, admin, path) = try server()
        let old = try server.client()
        #expect(unlink(path) == 0)
        var other: BoundUnixSocket? = try BoundUnixSocket(path)
        #expect(
            try ProcessFacts.eventually {
                try !old.call(HealthRequest()).decoded(HealthResponse.self).ready
            })
        let health = try old.call(HealthRequest()).decoded(HealthResponse.self)
        #expect(health.state == .failed)
        #expect(health.reason?.contains("socket file of unix://\(path)") == true)
        let red = try RawHTTP.get("/readyz", admin)
        #expect(red.status == 503)
        #expect(red.body.contains("socket file of"))
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        // The model itself can be asked over what connections there are.
        #expect(try old.call(HealthRequest(model: "tiny")).decoded(HealthResponse.self).ready)
        #expect(try old.call(GenerateRequest.stream(tokens: 2)).status == .ok)
        #expect(other?.isThere == true)
        other = nil
        #expect(
            try ProcessFacts.eventually {
                try old.call(HealthRequest()).decoded(HealthResponse.self).ready
            })
        #expect(try server.client().call(PingRequest()).status == .ok)
        #expect(try RawHTTP.get("/readyz", admin).status == 200)
    }
}

/// A socket that listens at a path and accepts nobody; gone with the object, its file stays.
private final class BoundUnixSocket {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0 && listen(descriptor, 64) == 0)
    }

    /// True if the file was bound here.
    var isThere: Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFSOCK
    }

    deinit { close(descriptor) }
}
