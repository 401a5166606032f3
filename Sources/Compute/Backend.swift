// A device as the engine sees one: weights, buffers and caches are made here, and queues that
// compute.
//
// Guarantees: a made object holds its values when the call returns.
// Does not: compute (`ComputeQueue` does), or know architectures, sequences and requests.

/// A device that multiplies. Weights and buffers belong to the back end that made them.
///
/// Any thread may call, also while another thread does (a model is loaded and tested while another
/// model serves).
public protocol Backend: AnyObject, Sendable {
    /// Short name for answers and reports, for example `cpu`.
    var deviceName: String { get }

    /// Kernels in use, or nil when the back end has no choice of kernels to check.
    var kernels: KernelSelection? { get }

    /// Kernels for the host's work on rows that a step hands out.
    var hostKernels: HostKernels { get }

    /// Reserves memory for the weights of a model, `size` bytes in the packed form. A device that
    /// allocates weights singly returns `WeightMemory()`.
    func makeWeightMemory(size: Int) throws(ComputeError) -> WeightMemory

    /// Begins a matrix of `rows` x `columns`. The rows come next, one after another in the file's
    /// blocks, and are packed into `memory`.
    func makeMatrix(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<WeightMatrix>

    /// Begins a table for looking rows up by token. The rows come next, and are copied to `memory`.
    func makeEmbedding(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<EmbeddingTable>

    /// Makes a vector (norm weight, bias) of floats. Copies the bytes.
    func makeVector(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, count: Int
    ) throws(ComputeError) -> FloatBuffer

    /// Makes the angles of a rotation: radians per position for each rotated pair, and the factor
    /// on cosines and sines. Cosines and sines reach the device once, when first needed.
    func makeRopeTable(frequencies: [Double], magnitude: Double) -> RopeTable

    /// Makes a buffer of `count` zeros.
    func makeBuffer(count: Int) throws(ComputeError) -> FloatBuffer

    /// Makes an empty cache. A page costs memory only after its first write.
    func makeCache(_ shape: CacheShape) throws(ComputeError) -> KeyValueCache

    /// Makes a queue. Every runner has a queue of its own.
    func makeQueue() throws(ComputeError) -> any ComputeQueue
}

extension Backend {
    /// Nil, for a back end without a choice of kernels.
    public var kernels: KernelSelection? { nil }

    /// Packs a matrix whose rows are all in `bytes`. Copies all bytes.
    public func makeMatrix(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> WeightMatrix {
        try format.check(
            bytes, rows: rows, columns: columns,
            tried: "packing a \(format.name) matrix of \(rows) x \(columns)")
        let matrix = try makeMatrix(
            format: format, rows: rows, columns: columns, in: WeightMemory())
        try matrix.append(bytes)
        return matrix.finish()
    }

    /// Makes a table whose rows are all in `bytes`. Copies the bytes.
    public func makeEmbedding(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> EmbeddingTable {
        try format.check(
            bytes, rows: rows, columns: columns,
            tried: "copying a \(format.name) table of \(rows) x \(columns)")
        let table = try makeEmbedding(
            format: format, rows: rows, columns: columns, in: WeightMemory())
        try table.append(bytes)
        return table.finish()
    }

    /// The scalar kernels, for a back end that does not compute on the host.
    public var hostKernels: HostKernels { .scalar }
}
