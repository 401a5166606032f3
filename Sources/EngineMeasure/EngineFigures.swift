// The result of one engine measurement, for people and for programs.
//
// The names in JSON are a contract: other tools read `prefill_tps` and `decode_tps`.

/// What one run of `EngineMeasure` found.
package struct EngineFigures: Sendable, Codable {
    /// Threads of the back end.
    package let threads: Int
    /// The kernels' instruction set.
    package let instructionSet: String
    /// The model's family.
    package let architecture: String
    /// Values in all tensors.
    package let parameterCount: Int
    /// Tokens read per run.
    package let promptCount: Int
    /// Tokens generated per run.
    package let generateCount: Int
    /// Mapping, checking and packing the file.
    package let loadMilliseconds: Double
    /// Prompt tokens read per second, median.
    package let prefillTokensPerSecond: Double
    /// Tokens generated per second by one sequence, median.
    package let decodeTokensPerSecond: Double
    /// Digest of the token ids chosen: equal for equal work.
    package let tokenHash: String

    enum CodingKeys: String, CodingKey {
        case threads, architecture
        case instructionSet = "instruction_set"
        case parameterCount = "parameters"
        case promptCount = "prompt"
        case generateCount = "generate"
        case loadMilliseconds = "load_ms"
        case prefillTokensPerSecond = "prefill_tps"
        case decodeTokensPerSecond = "decode_tps"
        case tokenHash = "token_hash"
    }

    /// One line for people.
    package var summary: String {
        let prefill = Int(prefillTokensPerSecond.rounded())
        let decode = Int(decodeTokensPerSecond.rounded())
        return "\(threads) thread\(threads == 1 ? "" : "s") \(instructionSet): prompt \(prefill) "
            + "tok/s, generate \(decode) tok/s, loaded in \(Int(loadMilliseconds.rounded())) ms, "
            + "tokens \(tokenHash)"
    }
}

/// FNV-1a over token ids, four little-endian bytes each: small, well known, good enough to tell
/// equal from different.
struct TokenHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ token: Int32) {
        for shift in [0, 8, 16, 24] {
            state =
                (state ^ UInt64(UInt32(bitPattern: token) >> UInt32(shift) & 0xFF))
                &* 0x0000_0100_0000_01B3
        }
    }

    var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
