// Addresses as text: accepted and refused forms.

import AssayClient
import Testing

@Suite struct ServerAddressTests {
    @Test func addressesOfBothKindsAreRead() throws {
        #expect(
            try ServerAddress("tcp://127.0.0.1:7411") == .tcp(host: "127.0.0.1", port: 7411))
        #expect(try ServerAddress("tcp://[::1]:80") == .tcp(host: "::1", port: 80))
        #expect(try ServerAddress("unix:///run/a.sock") == .unix(path: "/run/a.sock"))
        #expect(try ServerAddress("tcp://[::1]:80").description == "tcp://[::1]:80")
        #expect(try ServerAddress("localhost:7411") == .tcp(host: "localhost", port: 7411))
        #expect(try ServerAddress("[::1]:80") == .tcp(host: "::1", port: 80))
        #expect(try ServerAddress("/run/a.sock") == .unix(path: "/run/a.sock"))
    }

    @Test(arguments: [
        "", "localhost", "7411", "run/a.sock", "a/b:80", "tcp://localhost", "tcp://:7411",
        "tcp://a:0", "tcp://a:65536",
        "tcp://a:x", "unix://relative", "unix://", "http://a:80", "tcp://a/b:80",
        "unix:///" + String(repeating: "p", count: 107),
    ])
    func otherTextIsRefused(_ text: String) {
        #expect(throws: AssayError.self) { try ServerAddress(text) }
    }
}
