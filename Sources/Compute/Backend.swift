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

    /// Packs a matrix of `rows` x `columns` (row after row in the file's blocks). Copies all bytes.
    func makeMatrix(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> WeightMatrix

    /// Makes a table for looking rows up by token. Copies the bytes.
    func makeEmbedding(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> EmbeddingTable

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

    /// The scalar kernels, for a back end that does not compute on the host.
    public var hostKernels: HostKernels { .scalar }
}
