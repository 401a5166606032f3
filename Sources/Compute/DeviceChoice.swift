// The choice of the device that computes, from a `DeviceRequest`.
//
// Guarantees: `auto` always ends in a device, and gives the reason against a better device. An
// explicit request is met or refused, never replaced. The CUDA back end is not built yet, so a
// CUDA device is only reported as present, and `auto` computes on the processor.

/// The chosen device, with the reason against a better device.
public struct DeviceChoice: Sendable, Equatable {
    /// Name of the device in reports and answers.
    public var device: String
    /// Reason for not taking a better device, or nil when the choice is no fallback.
    public var reason: String?

    /// Creates a choice from its parts.
    public init(device: String, reason: String?) {
        self.device = device
        self.reason = reason
    }

    /// Chooses a device. Callable from any thread. Calls `probe` only for `auto` and `cuda`.
    ///
    /// - Parameter probe: finds the machine's CUDA devices, by default with a cached answer.
    /// - Throws: `deviceUnavailable` when a CUDA device was requested.
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
