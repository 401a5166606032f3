// Device names, and the way from a wish to a device.

import Compute
import Testing

@Suite struct DeviceChoiceTests {
    static let one = CUDAProbe.available(
        devices: [
            CUDADevice(
                index: 0, name: "Fake GPU", memorySize: 1 << 30, capabilityMajor: 9,
                capabilityMinor: 0)
        ], driverVersion: .min)
    static let none = CUDAProbe.unavailable(reason: "cuInit failed with error 999")

    static let forms: [(String, DeviceRequest)] = [
        ("auto", .auto), ("cpu", .cpu), ("cuda", .cuda(nil)), ("cuda:0", .cuda(0)),
        ("cuda:7", .cuda(7)), ("cuda:9999", .cuda(9_999)),
    ]

    @Test(arguments: forms)
    func readsAndWritesEachForm(_ text: String, _ request: DeviceRequest) throws {
        #expect(try DeviceRequest(text) == request)
        #expect(request.description == text)
    }

    @Test(arguments: [
        "", " cpu", "CPU", "gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:01", "cuda:1 ", "cuda:1x",
        "cuda:10000", "cuda:99999999999999999999", "cuda:１", "cuda 1", "cuda:0:1", "auto\n",
        "cpu\u{301}", "cuda:0\u{0}",
    ])
    func refusesEveryOtherForm(_ text: String) {
        let error = #expect(throws: ComputeError.self) { try DeviceRequest(text) }
        #expect(error?.code == .deviceRequestInvalid)
        #expect(error?.allowed == "auto, cpu, cuda or cuda:N")
    }

    @Test func clipsAndCleansWhatItQuotes() {
        let text = "\u{1B}[31m" + String(repeating: "é", count: 100)
        let error = #expect(throws: ComputeError.self) { try DeviceRequest(text) }
        #expect(error?.found == "\"?[31m" + String(repeating: "?", count: 35) + "…\"")
    }

    @Test func cpuDoesNotEvenLook() throws {
        let choice = try DeviceChoice.make(for: .cpu) {
            Issue.record("looked for CUDA")
            return Self.none
        }
        #expect(choice == DeviceChoice(device: "cpu", reason: nil))
    }

    @Test func autoFallsBackAndKeepsTheReason() throws {
        #expect(
            try DeviceChoice.make(for: .auto) { Self.one }
                == DeviceChoice(
                    device: "cpu", reason: "CUDA device present (Fake GPU), back end not built"))
        #expect(
            try DeviceChoice.make(for: .auto) { Self.none }
                == DeviceChoice(
                    device: "cpu", reason: "no CUDA device: cuInit failed with error 999"))
    }

    static let refusals: [(DeviceRequest, CUDAProbe, String)] = [
        (.cuda(nil), none, "no CUDA device: cuInit failed with error 999"),
        (.cuda(0), none, "no CUDA device: cuInit failed with error 999"),
        (.cuda(nil), one, "CUDA device present (Fake GPU), back end not built"),
        (.cuda(0), one, "CUDA device present (Fake GPU), back end not built"),
        (.cuda(1), one, "only index 0"),
    ]

    @Test(arguments: refusals.indices)
    func anExplicitWishIsRefusedNotReplaced(_ index: Int) {
        let (request, probe, found) = Self.refusals[index]
        let error = #expect(throws: ComputeError.self) {
            try DeviceChoice.make(for: request) { probe }
        }
        #expect(error?.code == .deviceUnavailable)
        #expect(error?.tried == "choosing the device \(request)")
        #expect(error?.found == found)
    }
}
