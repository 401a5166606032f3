// The back end as a whole: what it refuses and with which words, the self check, memory, sharing.

import CKernels
import Compute
import Glibc
import TestSupport
import Testing

@Suite struct BackendTests {
    func refusal(_ body: () throws -> Void) -> ComputeError? {
        do {
            try body()
            return nil
        } catch {
            return error as? ComputeError
        }
    }

    @Test func bytesThatDoNotFitTheShapeAreRefused() throws {
        let backend = try CPUBackend(threads: 1), bytes = [UInt8](repeating: 0, count: 100)
        let error = refusal {
            _ = try bytes.withUnsafeBytes {
                try backend.makeMatrix($0, format: .q8_0, rows: 3, columns: 32)
            }
        }
        #expect(error?.code == .sizeMismatch)
        #expect(
            error?.message
                == "bytes do not fit the shape: found 100 bytes; allowed: 102 bytes "
                + "(packing a Q8_0 matrix of 3 x 32)")
    }

    @Test(arguments: [(0, 32), (1, 0), (1, 33), (-1, 32), (Int.max, 32), (Int.max / 33, 32)])
    func shapesThatCannotBeAreRefused(_ rows: Int, _ columns: Int) throws {
        let backend = try CPUBackend(threads: 1)
        let error = refusal {
            _ = try backend.makeMatrix(
                UnsafeRawBufferPointer(start: nil, count: 0), format: .q8_0, rows: rows,
                columns: columns)
        }
        #expect(error?.code == .shapeInvalid || error?.code == .sizeMismatch)
        #expect(
            refusal {
                _ = try backend.makeEmbedding(
                    UnsafeRawBufferPointer(start: nil, count: 0), format: .q4_0, rows: rows,
                    columns: columns)
            } != nil)
    }

    @Test func memoryTheSystemDoesNotHaveIsAnErrorNotACrash() throws {
        let backend = try CPUBackend(threads: 1)
        #expect(refusal { _ = try backend.makeBuffer(count: 1 << 59) }?.code == .outOfMemory)
        #expect(refusal { _ = try backend.makeBuffer(count: -1) }?.code == .shapeInvalid)
        let huge = CacheShape(
            kvHeads: [1 << 40, 1 << 40], keyLength: 1 << 19, valueLength: 1, pageCount: 1 << 20)
        #expect(huge.size == nil)
        #expect(refusal { _ = try backend.makeCache(huge) }?.code == .shapeInvalid)
    }

    @Test func threadCountsOutOfRangeAreRefused() {
        for threads in [0, -1, 100_000] {
            let error = refusal { _ = try CPUBackend(threads: threads) }
            #expect(error?.code == .threadsUnavailable)
        }
    }

    @Test func buffersAreAlignedAndZero() throws {
        let queue = try oneQueue()
        for count in [0, 1, 1000, 1 << 20] {
            let buffer = try queue.makeBuffer(count: count)
            queue.withValues(of: buffer, in: 0..<count) { values in
                #expect(UInt(bitPattern: values.baseAddress) % 64 == 0)
                #expect(values.allSatisfy { $0.bitPattern == 0 })
            }
        }
    }

    @Test func vectorsComeOutAsFloats() throws {
        let queue = try oneQueue()
        let sample = SampleMatrix(.bf16, rows: 1, columns: 37, seed: 3)
        let vector = try sample.bytes.withUnsafeBytes {
            try queue.backend.makeVector($0, format: .bf16, count: 37)
        }
        #expect(bits(queue.values(vector)) == bits(sample.values))
    }

    @Test func everyKernelPassesTheSelfCheckOnThisMachine() throws {
        for backend in try allBackends(threads: 2) {
            #expect(backend.verdicts.count == kn_kernel_count())
            #expect(backend.selfTest())
            for verdict in backend.verdicts {
                #expect(verdict.agrees, "\(backend.instructionSet) \(verdict.kernel)")
            }
        }
    }

    /// One wrong value each: the check must see it in every kernel it lists.
    private static func damageEverything(in table: inout kn_ops) {
        table.rms_norm = { _, _, _, _, y in y?[0] = 1 }
        table.layer_norm = { _, _, _, _, _, y in y?[0] = 1 }
        table.rope = { x, _, _, _, _ in x?[0] = 1 }
        table.gate = { _, _, _, _, out in out?[0] = 1 }
        table.add = { _, _, b in b?[0] = 1 }
        table.exp = { _, _, y in y?[0] = 1 }
        table.attend = { _ in }
        withUnsafeMutableBytes(of: &table.product) {
            for kernel in $0.bindMemory(to: kn_product_kernel.self).indices {
                $0.bindMemory(to: kn_product_kernel.self)[kernel].multiply = {
                    p, _, _, _, _, _, _ in p?.pointee.out[0] = 1
                }
            }
        }
    }

    /// The panels belong to the kernel: a faulty filling is seen and replaced with it.
    @Test func panelsThatAreFilledWronglyAreFound() throws {
        let best = try #require(kn_ops_for(kn_isa_best()))
        let input = Int(KN_INPUT_KINDS.rawValue) * Int(KN_TILE_Q8.rawValue)
        for kind in [KN_INPUT_INT8, KN_INPUT_INT8_ROW] {
            var table = best.pointee
            var wrong: kn_panels = try withUnsafeBytes(of: table.product) {
                let kernel = $0.bindMemory(to: kn_product_kernel.self)[input + Int(kind.rawValue)]
                return try #require(kernel.panels).pointee
            }
            wrong.fill = { _, _, tokens, _, panel in
                panel?.storeBytes(of: UInt8(tokens), as: UInt8.self)
            }
            withUnsafePointer(to: wrong) { wrong in
                withUnsafeMutableBytes(of: &table.product) {
                    $0.bindMemory(to: kn_product_kernel.self)[input + Int(kind.rawValue)].panels =
                        wrong
                }
                let differing = (0..<kn_kernel_count()).filter { !kn_kernel_agrees(&table, $0, 1) }
                #expect(differing.map { String(cString: kn_kernel_name($0)) } == ["product_q8"])
                for kernel in differing {
                    kn_kernel_replace(&table, kernel, kn_ops_for(KN_SCALAR))
                    #expect(kn_kernel_agrees(&table, kernel, 1))
                }
            }
        }
    }

    @Test func aKernelThatDiffersIsFoundAndCanBeReplaced() throws {
        let best = try #require(kn_ops_for(kn_isa_best()))
        var table = best.pointee
        Self.damageEverything(in: &table)
        for kernel in 0..<kn_kernel_count() {
            let name = String(cString: kn_kernel_name(kernel))
            #expect(!kn_kernel_agrees(&table, kernel, 1), "\(name)")
            kn_kernel_replace(&table, kernel, kn_ops_for(KN_SCALAR))
            #expect(kn_kernel_agrees(&table, kernel, 1), "\(name)")
        }
    }

    /// Every set in turn has one wrong kernel, alone or together with the sets below it.
    @Test(arguments: InstructionSet.available().dropFirst())
    func aFaultyKernelIsReplacedByTheNextLowerOneThatAgrees(_ set: InstructionSet) throws {
        let lower = InstructionSet.available().prefix { $0 != set }
        for damaged in [[set], [set] + lower] {
            let backend = try CPUBackend(threads: 1, instructionSet: set) { candidate, table in
                guard damaged.contains(candidate) else { return }
                table.rms_norm = { _, _, _, width, y in y?[width - 1] = 7 }
            }
            let kernels = try #require(backend.kernels)
            #expect(kernels.disabled.map(\.kernel) == ["rms_norm"])
            #expect(kernels.disabled[0].replacement == (damaged.count == 1 ? lower.last : .scalar))
            #expect(kernels.degradations == ["kernel_disabled: rms_norm"])
            #expect(kernels.summary.contains("switched off: rms_norm ("))
            #expect(backend.instructionSet == set && backend.selfTest())
        }
    }

    @Test(arguments: InstructionSet.available().dropFirst())
    func aSetWithoutASoundKernelIsLowered(_ set: InstructionSet) throws {
        let backend = try CPUBackend(threads: 1, instructionSet: set) { candidate, table in
            if candidate == set { Self.damageEverything(in: &table) }
        }
        let kernels = try #require(backend.kernels)
        let lower = try #require(InstructionSet.available().prefix { $0 != set }.last)
        #expect(kernels.chosen == set && kernels.instructionSet == lower)
        #expect(backend.instructionSet == lower && backend.selfTest())
        #expect(kernels.degradations == ["instruction_set_lowered: \(set) to \(lower)"])
        #expect(kernels.summary.hasPrefix("\(lower) (this machine has \(InstructionSet.best))"))
    }

    @Test func instructionSetsAreNamedAndTheScalarOneIsAlwaysThere() throws {
        #expect(InstructionSet.available().first == .scalar)
        #expect(InstructionSet.available().contains(.best))
        for set in InstructionSet.available() {
            #expect(try CPUBackend(threads: 1, instructionSet: set).instructionSet == set)
        }
    }

    @Test func anInstructionSetIsChosenByNameOrRefused() throws {
        #expect(try InstructionSet.named(nil) == .best)
        #expect(try InstructionSet.named("scalar") == .scalar)
        for name in ["", "AVX2", "neon"] {
            let error = refusal { _ = try InstructionSet.named(name) }
            #expect(error?.code == .instructionSetUnavailable)
            #expect(error?.found == "\"\(name)\"")
        }
    }

    @Test func twoThreadsMayComputeOnOneBackEnd() throws {
        let backend = try CPUBackend(threads: 2)
        let sample = SampleMatrix(.q8_0, rows: 600, columns: 256, seed: 5)
        let matrix = try sample.packed(by: backend)
        let input = randomFloats(3 * 256, seed: 6)
        let expected = bits(try CPUQueue(backend).product(matrix, input, tokens: 3))
        let body = ThreadBody {
            let queue = CPUQueue(backend)
            for _ in 0..<100 {
                let result = try? queue.product(matrix, input, tokens: 3)
                #expect(result.map(bits) == expected)
                _ = try? sample.packed(by: backend)
            }
        }
        let threads = try (0..<3).map { _ in try body.start() }
        for thread in threads { pthread_join(thread, nil) }
    }
}
