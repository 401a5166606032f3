// A device that is not the CPU, as far as its users can see: weights, buffers and caches are
// addresses that nobody can dereference, and operations run late, in any order that the rules of
// `ComputeQueue` allow.
//
// A CPU back end holds the real objects and computes. So the results of a whole model must have the
// CPU's bits, whatever order was drawn.

import Compute
import Synchronization

/// See the head of the file. Any thread.
package final class RecordingBackend: Backend {
    /// Order in which recorded operations run.
    package enum Order: Sendable {
        /// The order of the calls.
        case called
        /// Any legal order, drawn from the seed.
        case random(seed: UInt64)
        /// The reverse order, legal or not. A test of the tests.
        case reversed
    }

    /// Returns other values in the place of values that are read, or nil.
    package typealias Damage = @Sendable (UnsafeBufferPointer<Float>) -> [Float]?

    let cpu: CPUBackend
    let order: Order
    let damage: Damage
    /// Number of the operation that fails, counted over all queues.
    let failing: Int?
    private let state = Mutex(State())

    private struct State {
        var objects: [UInt: any AnyObject & Sendable] = [:]
        /// Tables of the device with those of the CPU. Both stay alive as long as the back end.
        var tables: [ObjectIdentifier: (device: RopeTable, real: RopeTable)] = [:]
        var nextAddress: UInt = 0x1000
        var unfinishedReads = 0
        var swaps = 0
        var operations = 0
    }

    package init(
        threads: Int = 1, order: Order = .called, failing: Int? = nil,
        damage: @escaping Damage = { _ in nil }
    ) throws {
        cpu = try CPUBackend(threads: threads)
        (self.order, self.failing, self.damage) = (order, failing, damage)
    }

    /// `test:0`.
    package let deviceName = "test:0"
    /// Kernels of the CPU behind the device.
    package var kernels: KernelSelection? { cpu.kernels }

    /// Reads that no `finish` preceded.
    package var unfinishedReads: Int { state.withLock { $0.unfinishedReads } }
    /// Operations that ran before one that was called earlier.
    package var swaps: Int { state.withLock { $0.swaps } }
    /// Device objects that are alive.
    package var objectCount: Int { state.withLock { $0.objects.count } }

    func countUnfinishedRead() { state.withLock { $0.unfinishedReads += 1 } }
    func countSwap() { state.withLock { $0.swaps += 1 } }

    /// Counts an operation, and returns true when it is the one that fails.
    func countOperation() -> Bool {
        state.withLock { state in
            defer { state.operations += 1 }
            return state.operations == failing
        }
    }

    // MARK: Objects

    package func makeWeightMemory(size: Int) throws(ComputeError) -> WeightMemory { WeightMemory() }

    package func makeMatrix(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<WeightMatrix> {
        let real = try cpu.makeMatrix(format: format, rows: rows, columns: columns, in: memory)
        return WeightRows(format, rows: rows, columns: columns, step: real.step) {
            (bytes, _) throws(ComputeError) in
            try real.append(bytes)
        } make: { [self] in
            let matrix = real.finish()
            return WeightMatrix(
                format: format, rows: rows, columns: columns, layout: 0,
                storage: keep(matrix, size: matrix.size))
        }
    }

    package func makeEmbedding(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<EmbeddingTable> {
        let real = try cpu.makeEmbedding(format: format, rows: rows, columns: columns, in: memory)
        return WeightRows(format, rows: rows, columns: columns, step: real.step) {
            (bytes, _) throws(ComputeError) in
            try real.append(bytes)
        } make: { [self] in
            let table = real.finish()
            return EmbeddingTable(
                format: format, rows: rows, columns: columns,
                storage: keep(table, size: table.storage.size))
        }
    }

    package func makeVector(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, count: Int
    ) throws(ComputeError) -> FloatBuffer {
        place(try cpu.makeVector(bytes, format: format, count: count))
    }

    package func makeRopeTable(frequencies: [Double], magnitude: Double) -> RopeTable {
        let table = RopeTable(frequencies: frequencies, magnitude: magnitude) { _ in
            preconditionFailure("the CPU's table stands behind the device's")
        }
        let real = cpu.makeRopeTable(frequencies: frequencies, magnitude: magnitude)
        state.withLock { $0.tables[ObjectIdentifier(table)] = (table, real) }
        return table
    }

    package func makeBuffer(count: Int) throws(ComputeError) -> FloatBuffer {
        place(try cpu.makeBuffer(count: count))
    }

    package func makeCache(_ shape: CacheShape) throws(ComputeError) -> KeyValueCache {
        let real = try cpu.makeCache(shape)
        return KeyValueCache(shape: shape, storage: keep(real, size: shape.size ?? 0))
    }

    package func makeQueue() -> any ComputeQueue { RecordingQueue(self) }

    private func place(_ real: FloatBuffer) -> FloatBuffer {
        FloatBuffer(count: real.count, storage: keep(real, size: real.count * 4))
    }

    /// Keeps an object of the CPU under a new address until the device object is released.
    private func keep(_ object: any AnyObject & Sendable, size: Int) -> Storage {
        let address = state.withLock { state in
            defer { state.nextAddress += 1 }
            state.objects[state.nextAddress] = object
            return state.nextAddress
        }
        return Storage(deviceAddress: address, size: size) { [weak self] in
            self?.state.withLock { $0.objects[address] = nil }
        }
    }

    /// Returns the CPU's object behind a device object.
    func real<Object>(_ type: Object.Type, _ storage: Storage) -> Object {
        guard let object = state.withLock({ $0.objects[storage.address] }) as? Object else {
            preconditionFailure("no \(type) at address \(storage.address)")
        }
        return object
    }

    func real(_ table: RopeTable) -> RopeTable {
        guard let known = state.withLock({ $0.tables[ObjectIdentifier(table)] }) else {
            preconditionFailure("a rope table of another back end")
        }
        return known.real
    }
}
