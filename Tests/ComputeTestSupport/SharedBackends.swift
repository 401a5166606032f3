// Back ends that tests share. Making one checks every kernel, which takes longer than most tests.
//
// Guarantees: one back end for a number of threads and an instruction set, kept until the end.
// Queues of one back end may work at the same time (see `CPUBackend`).

import Compute
import Synchronization

package enum SharedBackends {
    private struct Key: Hashable {
        let threads: Int
        let instructionSet: InstructionSet?
    }

    private static let made = Mutex<[Key: CPUBackend]>([:])

    /// Returns the back end, which is made on first use.
    package static func get(
        threads: Int = 1, instructionSet: InstructionSet? = nil
    ) throws -> CPUBackend {
        try made.withLock { made in
            let key = Key(threads: threads, instructionSet: instructionSet)
            if let backend = made[key] { return backend }
            let backend = try CPUBackend(threads: threads, instructionSet: instructionSet)
            made[key] = backend
            return backend
        }
    }
}
