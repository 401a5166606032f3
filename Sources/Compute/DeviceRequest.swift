// The device that a caller requests: `auto`, `cpu`, `cuda`, `cuda:N`.
//
// Guarantees: only the four forms are accepted, nothing is trimmed or guessed.
// Does not: check that the device exists.

/// A caller's request for a device.
public enum DeviceRequest: Sendable, Equatable, CustomStringConvertible {
    /// The best device that works. `DeviceChoice` keeps the reason for a fallback.
    case auto
    /// The processor. The machine is not searched for CUDA devices.
    case cpu
    /// The CUDA device with the driver's index, or any CUDA device when nil.
    case cuda(Int?)

    /// Reads the written form.
    ///
    /// - Throws: `deviceRequestInvalid` when the text has none of the four forms.
    public init(_ text: String) throws(ComputeError) {
        switch text {
        case "auto": self = .auto
        case "cpu": self = .cpu
        case "cuda": self = .cuda(nil)
        default:
            guard let index = Self.index(text) else {
                throw ComputeError(
                    .deviceRequestInvalid, tried: "reading a device name",
                    found: Self.printable(text), allowed: "auto, cpu, cuda or cuda:N")
            }
            self = .cuda(index)
        }
    }

    /// The written form.
    public var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .cuda(let index): index.map { "cuda:\($0)" } ?? "cuda"
        }
    }

    /// Returns the N of `cuda:N`: one to four ASCII digits without a leading zero. Refuses `+1`,
    /// `01` and `１`.
    private static func index(_ text: String) -> Int? {
        guard text.utf8.starts(with: "cuda:".utf8) else { return nil }
        let digits = text.utf8.dropFirst(5)
        guard (1...4).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
    }

    private static func printable(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(40).map { scalar -> Character in
            (0x20..<0x7F).contains(scalar.value) ? Character(scalar) : "?"
        }
        return "\"" + String(shown) + (text.unicodeScalars.count > 40 ? "…\"" : "\"")
    }
}
