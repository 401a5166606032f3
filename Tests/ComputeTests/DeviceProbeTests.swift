// The look at CUDA devices, played with a table of made-up driver functions.
//
// Each test says what the driver would answer; no test needs a GPU, a driver, or their absence.

import Compute
import Testing

/// A driver library that exists only here.
///
/// The functions are C function pointers without captures, as a real library's are.
private struct FakeDriver: Sendable {
    typealias Number = @convention(c) (UnsafeMutablePointer<Int32>) -> Int32

    var addresses: [String: UInt] = [:]
    /// The library names that can be opened.
    var names = ["libcuda.so.1"]

    /// One device, everything succeeds.
    static let working: FakeDriver = {
        var driver = FakeDriver()
        driver.setInit { _ in 0 }
        driver.setNumber("cuDriverGetVersion") {
            $0.pointee = 12_040
            return 0
        }
        driver.setNumber("cuDeviceGetCount") {
            $0.pointee = 1
            return 0
        }
        driver.setDevice { device, index in
            device.pointee = index + 100
            return 0
        }
        driver.setName { name, _, _ in
            for (offset, byte) in "Fake\u{1B} GPU".utf8.enumerated() {
                name[offset] = CChar(bitPattern: byte)
            }
            return 0
        }
        driver.setMemory { size, _ in
            size.pointee = 80 << 30
            return 0
        }
        driver.setAttribute { value, attribute, device in
            // The device handle comes from cuDeviceGet, it is not the index.
            guard device >= 100 else { return 101 }
            value.pointee = attribute == 75 ? 9 : 0
            return 0
        }
        driver.setErrorName { result, name in
            guard result == 100 else { return 1 }
            name.pointee = UnsafeRawPointer(noDeviceName.utf8Start)
                .assumingMemoryBound(to: CChar.self)
            return 0
        }
        return driver
    }()

    mutating func setInit(_ function: @escaping @convention(c) (UInt32) -> Int32) {
        addresses["cuInit"] = address(function)
    }

    mutating func setNumber(_ name: String, _ function: @escaping Number) {
        addresses[name] = address(function)
    }

    mutating func setDevice(
        _ function: @escaping @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32
    ) {
        addresses["cuDeviceGet"] = address(function)
    }

    mutating func setName(
        _ function: @escaping @convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Int32
    ) {
        addresses["cuDeviceGetName"] = address(function)
    }

    mutating func setMemory(
        _ function: @escaping @convention(c) (UnsafeMutablePointer<Int>, Int32) -> Int32
    ) {
        addresses["cuDeviceTotalMem_v2"] = address(function)
    }

    mutating func setAttribute(
        _ function: @escaping @convention(c) (UnsafeMutablePointer<Int32>, Int32, Int32) -> Int32
    ) {
        addresses["cuDeviceGetAttribute"] = address(function)
    }

    mutating func setErrorName(
        _ function:
            @escaping @convention(c) (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32
    ) {
        addresses["cuGetErrorName"] = address(function)
    }

    private func address<Function>(_ function: Function) -> UInt {
        UInt(bitPattern: unsafeBitCast(function, to: UnsafeRawPointer.self))
    }

    var loader: LibraryLoader {
        LibraryLoader(
            open: { [names] name in
                names.contains(name)
                    ? .success(.init(address: 0x1000))
                    : .failure(LoadFailure(reason: "\(name): not here"))
            },
            symbol: { [addresses] _, name in addresses[name] })
    }
}

/// Ends with a zero and lives as long as the process, as a driver's error names do.
private let noDeviceName: StaticString = "CUDA_ERROR_NO_DEVICE"

@Suite struct DeviceProbeTests {
    private func probe(_ change: (inout FakeDriver) -> Void = { _ in }) -> CUDAProbe {
        var driver = FakeDriver.working
        change(&driver)
        return DeviceProbe.cuda(loader: driver.loader)
    }

    private func reason(_ change: (inout FakeDriver) -> Void) -> String? {
        if case .unavailable(let reason) = probe(change) { return reason }
        return nil
    }

    @Test func describesOneDevice() {
        let device = CUDADevice(
            index: 0, name: "Fake? GPU", memorySize: 80 << 30, capabilityMajor: 9,
            capabilityMinor: 0)
        #expect(
            probe() == .available(devices: [device], driverVersion: .init(number: 12_040)))
        #expect(device.description == "Fake? GPU, 81920 MiB, compute capability 9.0")
        #expect(CUDADriverVersion(number: 12_040).description == "12.4")
    }

    @Test func triesTheSecondLibraryName() {
        #expect(reason { $0.names = ["libcuda.so"] } == nil)
    }

    @Test func saysWhichLibrariesAreMissing() {
        #expect(
            reason { $0.names = [] }
                == "no CUDA driver library could be opened (libcuda.so.1: not here; "
                + "libcuda.so: not here)")
    }

    @Test(arguments: [
        "cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName",
        "cuDeviceTotalMem_v2", "cuDeviceGetAttribute", "cuGetErrorName",
    ])
    func namesAMissingFunction(_ name: String) {
        #expect(reason { $0.addresses[name] = nil } == "libcuda.so.1 has no function \(name)")
    }

    @Test func reportsAnInitialisationErrorByItsName() {
        #expect(
            reason { $0.setInit { _ in 100 } }
                == "cuInit failed with CUDA_ERROR_NO_DEVICE (100)")
    }

    @Test func reportsAnErrorWithoutANameByItsNumber() {
        #expect(reason { $0.setInit { _ in 999 } } == "cuInit failed with error 999")
    }

    @Test func reportsErrorsOfLaterCalls() {
        #expect(
            reason { $0.setNumber("cuDeviceGetCount") { _ in 100 } }
                == "cuDeviceGetCount failed with CUDA_ERROR_NO_DEVICE (100)")
        #expect(
            reason { $0.setName { _, _, _ in 100 } }
                == "cuDeviceGetName failed with CUDA_ERROR_NO_DEVICE (100)")
        #expect(
            reason { $0.setMemory { _, _ in 100 } }
                == "cuDeviceTotalMem_v2 failed with CUDA_ERROR_NO_DEVICE (100)")
        #expect(
            reason { $0.setAttribute { _, _, _ in 100 } }
                == "cuDeviceGetAttribute failed with CUDA_ERROR_NO_DEVICE (100)")
    }

    @Test func noDevicesIsUnavailable() {
        #expect(
            reason {
                $0.setNumber("cuDeviceGetCount") {
                    $0.pointee = 0
                    return 0
                }
            } == "the driver reports 0 devices")
    }

    @Test func anImpossibleCountIsNotBelieved() {
        #expect(
            reason {
                $0.setNumber("cuDeviceGetCount") {
                    $0.pointee = -5
                    return 0
                }
            } == "the driver reports -5 devices")
        #expect(
            reason {
                $0.setNumber("cuDeviceGetCount") {
                    $0.pointee = .max
                    return 0
                }
            } == "the driver reports 2147483647 devices")
    }

    @Test func anOldDriverIsUnavailable() {
        #expect(
            reason {
                $0.setNumber("cuDriverGetVersion") {
                    $0.pointee = 10_020
                    return 0
                }
            } == "the driver supports CUDA 10.2, at least 11.0 is needed")
    }

    @Test func aNameWithoutAnEndIsCut() {
        let answer = probe {
            $0.setName { name, size, _ in
                for offset in 0..<Int(size) { name[offset] = 0x41 }
                return 0
            }
        }
        guard case .available(let devices, _) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(devices[0].name == String(repeating: "A", count: 255))
    }

    @Test func severalDevicesKeepTheDriversOrder() {
        let answer = probe {
            $0.setNumber("cuDeviceGetCount") {
                $0.pointee = 3
                return 0
            }
        }
        guard case .available(let devices, _) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(devices.map(\.index) == [0, 1, 2])
    }

    /// Whatever this machine has: an answer comes, the same one each time.
    @Test func thisMachineHasAnAnswer() {
        let first = DeviceProbe.cuda()
        #expect(first == DeviceProbe.cuda())
        if case .unavailable(let reason) = first { #expect(!reason.isEmpty) }
    }
}
