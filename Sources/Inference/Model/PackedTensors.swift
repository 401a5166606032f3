// The tensors of a plan on a back end, made in a single pass over the files.
//
// Matrices are packed into the back end's layout, norms and biases become floats, rows of the token
// embedding are copied unchanged, and single factors and lists become values. A tied output matrix
// is packed from the bytes of the embedding's rows.
//
// Guarantees: every part is made of exactly the bytes that the observer saw. Nothing refers to the
// files afterwards.
// Does not: know blocks. `TransformerWeights` puts the parts together.

import Compute
import ModelFiles

/// Parts of a model by tensor name. A value type, usable from any thread.
struct PackedTensors: Sendable {
    private(set) var matrices: [String: WeightMatrix] = [:]
    private(set) var vectors: [String: FloatBuffer] = [:]
    private(set) var values: [String: [Float]] = [:]
    private(set) var embedding: EmbeddingTable
    /// Byte of the first NaN or infinity in an embedding that no product reads, or nil.
    private(set) var embeddingFault: Int?

    /// Form of a placed tensor.
    private enum Form { case table, matrix, vector, values }

    /// Reads and places every tensor of `plan`. Blocks the thread, and takes the memory stated by
    /// `WeightPlan.memory`.
    ///
    /// Throws `placement_failed` with the tensor's name, and with the file's error as the cause
    /// when the files cannot be read or change meanwhile.
    init(
        _ plan: WeightPlan, on backend: any Backend, observer: (any ReadObserver)?
    ) throws(InferenceError) {
        var packing: Packing
        do {
            packing = try Packing(plan, on: backend)
            try packing.run(observer)
        } catch let error as InferenceError {
            throw error
        } catch let error as ComputeError {
            throw InferenceError(
                .placement, tried: error.tried, found: error.found, allowed: error.allowed,
                cause: error)
        } catch let error as ModelFileError {
            throw InferenceError(reading: "the weights", error)
        } catch {
            throw InferenceError(
                .placement, tried: "reading the weights", found: "\(error)", cause: error)
        }
        guard let embedding = packing.embedding else {
            preconditionFailure("the plan lacks a token embedding")
        }
        (self.embedding, embeddingFault) = (embedding, packing.embeddingFault)
        (matrices, vectors, values) = (packing.matrices, packing.vectors, packing.values)
    }

    /// A tensor whose pieces are coming: a matrix, a table, or both in a tied embedding.
    private struct Incoming {
        var matrix: WeightRows<WeightMatrix>?
        var table: WeightRows<EmbeddingTable>?
    }

    /// State of the running pass.
    private struct Packing {
        let plan: WeightPlan
        let backend: any Backend
        let memory: WeightMemory
        var incoming = Incoming()
        var matrices: [String: WeightMatrix] = [:]
        var vectors: [String: FloatBuffer] = [:]
        var values: [String: [Float]] = [:]
        var embedding: EmbeddingTable?
        var embeddingFault: Int?

        init(_ plan: WeightPlan, on backend: any Backend) throws(ComputeError) {
            (self.plan, self.backend) = (plan, backend)
            memory = try backend.makeWeightMemory(size: plan.packedWeightBytes)
        }

        mutating func run(_ observer: (any ReadObserver)?) throws {
            let (source, configuration) = (plan.source, plan.configuration)
            var uses: [String: (tensor: TensorInfo, form: Form)] = [:]
            for (role, tensor) in plan.placedTensors {
                if let computed = source.computedValues(of: tensor, configuration) {
                    values[tensor.name] = computed
                } else {
                    uses[tensor.name] = (tensor, Self.form(role))
                }
            }
            var sides: [String: [UInt8]] = [:]
            for name in source.sideNames {
                guard let tensor = source.stored.tensor(name) else { continue }
                sides[name] = try source.stored.bytes(of: tensor)
            }
            let reading = TensorReading(source.stored, observer: observer, step: plan.pieceStep)
            try reading.run { piece in
                let stored = piece.tensor
                if let side = sides[stored.name], !piece.bytes.elementsEqual(side) {
                    throw ModelFileError.changed(
                        source.stored.part(of: stored).file.path,
                        found: "other bytes in tensor \"\(stored.name)\" than before")
                }
                guard let use = uses[stored.name] else { return }
                guard piece.isFirst, piece.isLast else {
                    try place(use.tensor, use.form, piece.bytes, piece)
                    return
                }
                try source.withConverted(
                    piece.bytes, of: use.tensor, sides: sides, configuration
                ) {
                    try place(use.tensor, use.form, $0, piece)
                }
            }
        }

        private static func form(_ role: TensorRole) -> Form {
            switch role {
            case .tokenEmbedding: .table
            case .ropeFactors, .ropeFactorsShort, .ropeFactorsLong, .queryScale, .keyScale,
                .valueScale, .attentionOutputScale, .gateScale, .upScale, .downScale:
                .values
            case .output, .queryKeyValue, .query, .key, .value, .attentionOutput, .gateUp, .gate,
                .up, .down:
                .matrix
            default: .vector
            }
        }

        /// Places the next bytes of a tensor: those of `piece`, in their converted form.
        private mutating func place(
            _ tensor: TensorInfo, _ form: Form, _ bytes: UnsafeRawBufferPointer,
            _ piece: TensorPiece
        ) throws(InferenceError) {
            do throws(ComputeError) {
                switch form {
                case .table, .matrix:
                    if piece.isFirst { try begin(tensor, form) }
                    try incoming.table?.append(bytes)
                    try incoming.matrix?.append(bytes)
                    if form == .table, !plan.isOutputTied { scan(bytes, of: tensor, piece.offset) }
                    if piece.isLast { end(tensor) }
                case .vector:
                    vectors[tensor.name] = try backend.makeVector(
                        bytes, format: Self.format(of: tensor), count: tensor.valueCount)
                case .values:
                    values[tensor.name] = (0..<tensor.valueCount).map { index in
                        let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                        return Float(bitPattern: UInt32(littleEndian: bits))
                    }
                }
            } catch {
                throw InferenceError(
                    .placement,
                    tried: "placing tensor \"\(tensor.name)\" on \(backend.deviceName): "
                        + error.tried,
                    found: error.found, allowed: error.allowed, location: tensor.name, cause: error)
            }
        }

        private mutating func begin(_ tensor: TensorInfo, _ form: Form) throws(ComputeError) {
            let (rows, columns) = (tensor.rows, tensor.columns)
            let format = Self.format(of: tensor)
            incoming = Incoming()
            if form == .table {
                incoming.table = try backend.makeEmbedding(
                    format: format, rows: rows, columns: columns, in: memory)
            }
            if form == .matrix || plan.isOutputTied {
                incoming.matrix = try backend.makeMatrix(
                    format: format, rows: rows, columns: columns, in: memory)
            }
        }

        private mutating func end(_ tensor: TensorInfo) {
            if let table = incoming.table { embedding = table.finish() }
            if let matrix = incoming.matrix { matrices[tensor.name] = matrix.finish() }
            incoming = Incoming()
        }

        /// Looks for a NaN or an infinity in rows that no product reads, from byte `offset` on.
        private mutating func scan(
            _ bytes: UnsafeRawBufferPointer, of tensor: TensorInfo, _ offset: Int
        ) {
            guard embeddingFault == nil, let fields = FloatFields.byFormat[tensor.format.id] else {
                return
            }
            embeddingFault = TensorScan.firstNonFinite(in: bytes, fields).map { $0 + offset }
        }

        private static func format(of tensor: TensorInfo) -> WeightFormat {
            guard let format = WeightFormat(rawValue: tensor.format.id) else {
                preconditionFailure("the plan let \(tensor.format.name) pass")
            }
            return format
        }
    }
}
