// From a wish for a device to the device that computes.
//
// Guarantees: `auto` always ends in a device, and says why it is not a better one; an explicit
// wish is met or refused, never replaced. The CUDA back end is not built yet: a device that is
// there is reported as present, and `auto` computes on the processor.

/// The device that was chosen, and why not a better one.
public struct DeviceChoice: Sendable, Equatable {
    /// The name in reports and answers.
    public var device: String
    /// Why a better device was not taken; nil if there was nothing to fall back from.
    public var reason: String?

    /// Creates a choice from its parts.
    public init(device: String, reason: String?) {
        self.device = device
        self.reason = reason
    }

    /// Chooses. Any thread; looks for CUDA only if the request leaves room for it.
    ///
    /// - Parameter probe: the look at the machine's devices; by default the cached one.
    /// - Throws: `deviceUnavailable` when a CUDA device was asked for.
    public static func make(
        for request: DeviceRequest, probe: () -> CUDAProbe = DeviceProbe.cuda
    ) throws(ComputeError) -> DeviceChoice {
        switch request {
        case .cpu: DeviceChoice(device: "cpu", reason: nil)
        case .auto: DeviceChoice(device: "cpu", reason: fallbackReason(probe()))
        case .cuda(let index): throw refusal(request, index, probe())
        }
    }

    private static func fallbackReason(_ probe: CUDAProbe) -> String {
        switch probe {
        case .available(let devices, _):
            let names = devices.map(\.name).joined(separator: ", ")
            return "CUDA device present (\(names)), back end not built"
        case .unavailable(let reason):
            return "no CUDA device: \(reason)"
        }
    }

    private static func refusal(_ request: DeviceRequest, _ index: Int?, _ probe: CUDAProbe)
        -> ComputeError
    {
        var found = fallbackReason(probe)
        if case .available(let devices, _) = probe, let index, index >= devices.count {
            let indexes = devices.count == 1 ? "index 0" : "indexes 0 to \(devices.count - 1)"
            found = "only \(indexes)"
        }
        return ComputeError(
            .deviceUnavailable, tried: "choosing the device \(request)", found: found,
            allowed: "cpu, or auto to fall back to it")
    }
}
