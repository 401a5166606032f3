// The search for CUDA devices, done once per process.
//
// Guarantees: "unavailable, because …" is an ordinary answer, never an error. The reason names
// the library, the function or the driver's own error. Devices are only described, and nothing is
// allocated on a device.
// Does not: act on the answer. `DeviceChoice` does.

/// The CUDA devices found on the machine.
public enum CUDAProbe: Sendable, Equatable {
    /// At least one device, in the driver's order, so that indexes match `cuda:N`.
    case available(devices: [CUDADevice], driverVersion: CUDADriverVersion)
    /// No usable device, with the reason.
    case unavailable(reason: String)
}

/// A CUDA device as its driver describes it.
public struct CUDADevice: Sendable, Equatable, CustomStringConvertible {
    /// The driver's index.
    public var index: Int
    /// Device name, for example `NVIDIA H100 80GB HBM3`.
    public var name: String
    /// Bytes of device memory.
    public var memorySize: Int
    /// Major number of the compute capability.
    public var capabilityMajor: Int
    /// Minor number of the compute capability.
    public var capabilityMinor: Int

    /// Creates a description from its parts.
    public init(
        index: Int, name: String, memorySize: Int, capabilityMajor: Int, capabilityMinor: Int
    ) {
        self.index = index
        self.name = name
        self.memorySize = memorySize
        self.capabilityMajor = capabilityMajor
        self.capabilityMinor = capabilityMinor
    }

    /// Name, memory and capability in one line.
    public var description: String {
        "\(name), \(memorySize >> 20) MiB, compute capability \(capabilityMajor).\(capabilityMinor)"
    }
}

/// The CUDA version that a driver supports. Number 12040 is version 12.4.
public struct CUDADriverVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
    /// 1000 times the major version plus 10 times the minor version.
    public var number: Int

    /// The oldest driver version that is accepted: 11.0, the first with PTX 7.0.
    public static let min = CUDADriverVersion(number: 11_000)

    /// Wraps the driver's number.
    public init(number: Int) { self.number = number }

    /// Major and minor version, for example `12.4`.
    public var description: String { "\(number / 1_000).\(number % 1_000 / 10)" }

    /// Orders older versions first.
    public static func < (left: CUDADriverVersion, right: CUDADriverVersion) -> Bool {
        left.number < right.number
    }
}

/// Finds the machine's devices.
public enum DeviceProbe {
    /// The CUDA devices of the machine. Callable from any thread. The first call loads the driver
    /// library and may take a second. Later calls return the cached answer at once.
    public static func cuda() -> CUDAProbe { cached }

    private static let cached = cuda(loader: .system)

    /// Names of the driver library, in the order of the attempts to open.
    package static let libraryNames = ["libcuda.so.1", "libcuda.so"]

    /// Largest plausible device count. A larger count makes CUDA unavailable.
    package static let deviceCountMax = 1_024

    /// Finds the CUDA devices through the given loader. The answer is not cached.
    package static func cuda(loader: LibraryLoader) -> CUDAProbe {
        do {
            let (name, library) = try openLibrary(loader)
            return try describe(library: library, name: name, loader)
        } catch {
            return .unavailable(reason: error.reason)
        }
    }

    private struct Unavailable: Error {
        var reason: String
    }

    private static func openLibrary(_ loader: LibraryLoader) throws(Unavailable)
        -> (name: String, library: LibraryLoader.Library)
    {
        var reasons: [String] = []
        for name in libraryNames {
            switch loader.open(name) {
            case .success(let library): return (name, library)
            case .failure(let failure): reasons.append(failure.reason)
            }
        }
        throw Unavailable(
            reason: "no CUDA driver library could be opened (\(reasons.joined(separator: "; ")))")
    }

    private static func describe(
        library: LibraryLoader.Library, name: String, _ loader: LibraryLoader
    ) throws(Unavailable) -> CUDAProbe {
        let cuda: CUDALibrary
        do {
            cuda = try CUDALibrary(library, loader)
        } catch {
            throw Unavailable(reason: "\(name) has no function \(error.name)")
        }
        try check(cuda, cuda.initialize(0), "cuInit")
        let version = CUDADriverVersion(
            number: Int(try read(cuda, "cuDriverGetVersion") { cuda.driverVersion(&$0) }))
        guard version >= .min else {
            throw Unavailable(
                reason: "the driver supports CUDA \(version), at least "
                    + "\(CUDADriverVersion.min) is needed")
        }
        let count = Int(try read(cuda, "cuDeviceGetCount") { cuda.deviceCount(&$0) })
        guard (1...deviceCountMax).contains(count) else {
            throw Unavailable(reason: "the driver reports \(count) devices")
        }
        var devices: [CUDADevice] = []
        for index in 0..<count { devices.append(try device(cuda, index)) }
        return .available(devices: devices, driverVersion: version)
    }

    private static func device(_ cuda: CUDALibrary, _ index: Int) throws(Unavailable)
        -> CUDADevice
    {
        let handle = try read(cuda, "cuDeviceGet") { cuda.device(&$0, Int32(index)) }
        // Numbers of CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
        let major = try read(cuda, "cuDeviceGetAttribute") { cuda.deviceAttribute(&$0, 75, handle) }
        let minor = try read(cuda, "cuDeviceGetAttribute") { cuda.deviceAttribute(&$0, 76, handle) }
        var memorySize = 0
        try check(cuda, cuda.deviceMemory(&memorySize, handle), "cuDeviceTotalMem_v2")
        return CUDADevice(
            index: index, name: try deviceName(cuda, handle), memorySize: memorySize,
            capabilityMajor: Int(major), capabilityMinor: Int(minor))
    }

    private static func deviceName(_ cuda: CUDALibrary, _ handle: Int32) throws(Unavailable)
        -> String
    {
        let sizeMax = 256
        var buffer = [CChar](repeating: 0, count: sizeMax)
        try check(cuda, cuda.deviceName(&buffer, Int32(sizeMax), handle), "cuDeviceGetName")
        // Ignore the last byte, so that the name ends even if a driver fills the whole buffer.
        let bytes = buffer.dropLast().prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7F ? 0x3F : $0 }, as: UTF8.self)
    }

    private static func read(
        _ cuda: CUDALibrary, _ function: String, _ call: (inout Int32) -> Int32
    ) throws(Unavailable) -> Int32 {
        var value: Int32 = 0
        try check(cuda, call(&value), function)
        return value
    }

    private static func check(_ cuda: CUDALibrary, _ result: Int32, _ function: String)
        throws(Unavailable)
    {
        guard result == 0 else {
            throw Unavailable(reason: "\(function) failed with \(cuda.describe(result))")
        }
    }
}
