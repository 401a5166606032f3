// Addresses as text: what is accepted reads back the same, what is not is refused by name.

import EventLoop
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        "tcp://127.0.0.1:7411", "tcp://0.0.0.0:0", "tcp://localhost:65535", "tcp://[::1]:80",
        "tcp://[::]:7411", "unix:///run/assay.sock", "unix:///a b/ü",
    ])
    func validTextReadsBackTheSame(_ text: String) throws {
        #expect(try Address.parse(text).description == text)
    }

    @Test func partsAreTakenApart() throws {
        #expect(try Address.parse("tcp://[::1]:80") == .tcp(host: "::1", port: 80))
        #expect(try Address.parse("unix:///x/y") == .unix(path: "/x/y"))
        for text in ["127.0.0.1:80", "localhost:0", "[::1]:80"] {
            #expect(try Address.parse(text) == Address.parse("tcp://" + text))
        }
        #expect(try Address.parse("/x/y") == .unix(path: "/x/y"))
    }

    @Test(arguments: [
        "", "127.0.0.1", "7411", "x.sock", "http://127.0.0.1:1", "host:80", "/",
        "/dir/", "tcp://127.0.0.1", "tcp://127.0.0.1:",
        "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:+1", "tcp://127.0.0.1:1x",
        "tcp://:80", "tcp://::1:80", "tcp://[127.0.0.1]:80", "tcp://[]:80", "tcp://example.org:80",
        "tcp://1.2.3:80", "tcp://1.2.3.4\0x:80", "unix://", "unix://relative", "unix:///",
        "unix:///dir/", "unix:///a\0b",
    ])
    func anythingElseIsInvalid(_ text: String) {
        #expect { try Address.parse(text) } throws: { error in
            (error as? EventLoopError)?.code == .addressInvalid
        }
    }

    @Test func pathsAreMeasuredAgainstTheKernelsField() throws {
        let fits = "unix:///" + String(repeating: "p", count: Address.unixPathSizeMax - 1)
        #expect(try Address.parse(fits).description == fits)
        #expect { try Address.parse(fits + "p") } throws: { error in
            (error as? EventLoopError)?.code == .pathTooLong
        }
    }

    @Test func errorsSayWhatWasTriedFoundAndAllowed() {
        #expect { try Address.parse("tcp://host:1") } throws: { error in
            "\(error)"
                == "reading the address \"tcp://host:1\": host \"host\"; allowed: "
                + "IPV4:PORT, [IPV6]:PORT, localhost:PORT or /PATH, and tcp:// or unix:// before it"
        }
    }

    @Test func errorsRepeatHostileTextOnlyInPart() {
        let long = "tcp://" + String(repeating: "x", count: 1_000_000)
        #expect { try Address.parse(long) } throws: { "\($0)".utf8.count < 400 }
    }
}
