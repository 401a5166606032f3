// Norms, activations, the exponential, rotary positions: against double precision, and every
// instruction set against the scalar kernels bit for bit.

import CKernels
import Compute
import Glibc
import TestSupport
import Testing

@Suite struct ElementwiseTests {
    static func exponentials(_ table: UnsafePointer<kn_ops>, _ x: [Float]) -> [Float] {
        [Float](unsafeUninitializedCapacity: x.count) { y, used in
            table.pointee.exp(x, x.count, y.baseAddress)
            used = x.count
        }
    }

    @Test func exponentialIsWithinTwoUnitsInTheLastPlace() {
        let count = 400_000
        let x = (0..<count).map { -87.33 + Float($0) * (88.37 + 87.33) / Float(count) }
        let y = Self.exponentials(allTables[0], x)
        var worst = 0.0
        for (value, result) in zip(x, y) {
            worst = max(worst, abs(Double(result) - exp(Double(value))) / Double(result.ulp))
        }
        #expect(worst <= 2, "largest error \(worst) units in the last place")
        #expect(worst > 0.4, "an error this small means the test measures nothing")
    }

    @Test func exponentialHasDefinedEnds() {
        let x: [Float] = [
            0, -0.0, -87.4, -1000, -.infinity, 88.4, 1000, .infinity, .nan, 0x1p-140, -0x1p-140,
        ]
        let expected: [Float] = [1, 1, 0, 0, 0, .infinity, .infinity, .infinity, .nan, 1, 1]
        for table in allTables {
            #expect(bits(Self.exponentials(table, x)) == bits(expected), "\(table.pointee.title)")
        }
    }

    @Test func exponentialHasTheScalarBitsEverywhere() {
        var random = SeededGenerator(seed: 5)
        // Any bit pattern at all: NaN, subnormals, huge values.
        let x = (0..<200_003).map { _ in
            Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
        }
        let expected = bits(Self.exponentials(allTables[0], x))
        for table in allTables.dropFirst() {
            #expect(bits(Self.exponentials(table, x)) == expected, "\(table.pointee.title)")
        }
    }

    @Test(arguments: [1, 7, 8, 16, 17, 64, 288, 1001])
    func rmsNormFollowsItsFormula(_ width: Int) throws {
        let x = randomFloats(3 * width, seed: 1, scale: 5), weight = randomFloats(width, seed: 2)
        var scalar: [UInt32]?
        for queue in try allQueues() {
            let output = try queue.makeBuffer(count: 3 * width)
            queue.rmsNorm(
                try queue.buffer(x).rows(of: width), weight: try queue.buffer(weight),
                epsilon: 1e-5, rows: 3, width: width, into: output.rows(of: width))
            let result = queue.values(output)
            for row in 0..<3 {
                let values = x[row * width..<(row + 1) * width].map(Double.init)
                let mean = values.reduce(0) { $0 + $1 * $1 } / Double(width)
                for i in 0..<width {
                    let expected = values[i] / (mean + 1e-5).squareRoot() * Double(weight[i])
                    #expect(abs(Double(result[row * width + i]) - expected) <= 1e-6 * abs(expected))
                }
            }
            scalar = scalar ?? bits(result)
            #expect(bits(result) == scalar, "\(queue.backend.instructionSet)")
        }
    }

    @Test func rmsNormInPlaceAndWithoutWeightIsTheSameNorm() throws {
        for queue in try allQueues() {
            let x = try queue.buffer(randomFloats(2 * 50, seed: 3))
            let apart = try queue.makeBuffer(count: 2 * 50)
            let ones = try queue.buffer([Float](repeating: 1, count: 50))
            let rows = x.rows(of: 50)
            queue.rmsNorm(
                rows, weight: ones, epsilon: 1e-6, rows: 2, width: 50, into: apart.rows(of: 50))
            queue.rmsNorm(rows, weight: nil, epsilon: 1e-6, rows: 2, width: 50, into: rows)
            #expect(bits(queue.values(x)) == bits(queue.values(apart)))
        }
    }

    @Test(arguments: [1, 7, 16, 17, 64, 288, 1001])
    func layerNormFollowsItsFormula(_ width: Int) throws {
        let x = randomFloats(3 * width, seed: 4, scale: 5).map { $0 + 2 }
        let weight = randomFloats(width, seed: 5), bias = randomFloats(width, seed: 6)
        for hasBias in [true, false] {
            var scalar: [UInt32]?
            for queue in try allQueues() {
                let output = try queue.makeBuffer(count: 3 * width)
                queue.layerNorm(
                    try queue.buffer(x).rows(of: width), weight: try queue.buffer(weight),
                    bias: hasBias ? try queue.buffer(bias) : nil, epsilon: 1e-5, rows: 3,
                    width: width, into: output.rows(of: width))
                let result = queue.values(output)
                for row in 0..<3 {
                    let values = x[row * width..<(row + 1) * width].map(Double.init)
                    let mean = values.reduce(0, +) / Double(width)
                    let centred = values.map { $0 - mean }
                    let variance = centred.reduce(0) { $0 + $1 * $1 } / Double(width)
                    for i in 0..<width {
                        let expected =
                            centred[i] / (variance + 1e-5).squareRoot() * Double(weight[i])
                            + (hasBias ? Double(bias[i]) : 0)
                        #expect(abs(Double(result[row * width + i]) - expected) <= 3e-6)
                    }
                }
                scalar = scalar ?? bits(result)
                #expect(bits(result) == scalar, "\(queue.backend.instructionSet)")
            }
        }
    }

    @Test func headNormIsTheNormOfEachHead() throws {
        let (rows, heads, length, stride) = (5, 3, 20, 70)
        let x = randomFloats(rows * stride, seed: 7), weight = randomFloats(length, seed: 8)
        for queue in try allQueues(threads: 2) {
            let together = try queue.buffer(x), apart = try queue.buffer(x)
            let weights = try queue.buffer(weight)
            queue.headNorm(
                together.rows(offset: 10, stride: stride), weight: weights, epsilon: 1e-6,
                rows: rows, heads: heads, headLength: length)
            for head in 0..<heads {
                let view = apart.rows(offset: 10 + head * length, stride: stride)
                queue.rmsNorm(
                    view, weight: weights, epsilon: 1e-6, rows: rows, width: length, into: view)
            }
            #expect(bits(queue.values(together)) == bits(queue.values(apart)))
        }
    }

    @Test func scaleRoundsOnceAndKeepsToItsRows() throws {
        let x = randomFloats(4 * 50, seed: 9)
        for queue in try allQueues(threads: 2) {
            let buffer = try queue.buffer(x)
            queue.scale(buffer.rows(offset: 3, stride: 50), by: 0.3, rows: 4, width: 40)
            let expected = x.enumerated().map { (3..<43).contains($0 % 50) ? $1 * 0.3 : $1 }
            #expect(bits(queue.values(buffer)) == bits(expected))
        }
    }

    /// More operations than a chain holds, with reads of the host in between.
    @Test(arguments: [false, true])
    func operationsTakeEffectInOrder(_ defers: Bool) throws {
        for queue in try allQueues(threads: 2) {
            let sum = try queue.buffer([Float](repeating: 0, count: 8))
            let one = try queue.buffer([Float](repeating: 1, count: 8))
            queue.defersOperations = defers
            var expected: Float = 0
            for round in 0..<700 {
                queue.add(one.rows(of: 8), into: sum.rows(of: 8), rows: 1, width: 8)
                expected += 1
                guard round % 50 == 49 else { continue }
                queue.scale(sum.rows(of: 8), by: 0.5, rows: 1, width: 8)
                expected *= 0.5
                if round % 100 == 99 { continue }
                #expect(queue.values(sum) == [Float](repeating: expected, count: 8))
            }
            try queue.finish()
            #expect(queue.values(sum) == [Float](repeating: expected, count: 8))
            withExtendedLifetime(one) {}
        }
    }

    @Test func roundingToInt8FollowsItsFormula() throws {
        var x = randomFloats(6 * 70, seed: 10, scale: 3)
        for index in 70..<140 { x[index] *= 1e-7 }  // below the smallest step there is
        x[140] = .nan
        x[215] = .infinity
        for index in 280..<350 { x[index] = 0 }
        for queue in try allQueues(threads: 2) {
            let buffer = try queue.buffer(x)
            queue.roundToInt8(buffer.rows(of: 70), rows: 6, width: 70)
            let expected = (0..<6).flatMap { row in
                let values = x[row * 70..<(row + 1) * 70]
                let largest = values.reduce(Float(1e-5)) { $1.magnitude > $0 ? $1.magnitude : $0 }
                let scale = 127 / largest
                return values.map { ($0 * scale).rounded(.toNearestOrEven) / scale }
            }
            let found = queue.values(buffer)
            #expect(bits(found) == bits(expected), "\(queue.backend.instructionSet)")
            #expect(Set(found[..<70]).count <= 256)
            #expect(found[140].isNaN && found[141].isFinite && found[216].isNaN)
        }
    }

    static func activated(_ activation: Activation, _ x: Double) -> Double {
        switch activation {
        case .silu: return x / (1 + exp(-x))
        case .gelu:
            return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .reluSquared: return x > 0 ? x * x : 0
        }
    }

    @Test(arguments: Activation.allCases)
    func gatesFollowTheirFormulas(_ activation: Activation) throws {
        let width = 301
        let gate = randomFloats(2 * width, seed: 4, scale: 12),
            up = randomFloats(2 * width, seed: 5)
        var scalar: [UInt32]?
        for queue in try allQueues() {
            let (g, u) = (try queue.buffer(gate), try queue.buffer(up))
            let plain = try queue.makeBuffer(count: 2 * width)
            queue.gate(
                activation, gate: g.rows(of: width), up: nil, rows: 2, width: width,
                into: plain.rows(of: width))
            queue.gate(
                activation, gate: g.rows(of: width), up: u.rows(of: width), rows: 2, width: width,
                into: g.rows(of: width))
            let (alone, result) = (queue.values(plain), queue.values(g))
            for i in gate.indices {
                let expected = Self.activated(activation, Double(gate[i]))
                #expect(abs(Double(alone[i]) - expected) <= 2e-6 * abs(expected) + 1e-7)
                #expect(result[i] == alone[i] * up[i])
            }
            scalar = scalar ?? bits(result + alone)
            #expect(bits(result + alone) == scalar, "\(queue.backend.instructionSet)")
        }
    }

    @Test(arguments: Activation.allCases)
    func gatesKeepNonFiniteValuesNonFinite(_ activation: Activation) throws {
        let gate: [Float] = [.nan, .infinity, 1, 2, -1e30, 1e30]
        let up: [Float] = [1, 1, .nan, .infinity, 1, 1]
        var scalar: [UInt32]?
        for queue in try allQueues() {
            let output = try queue.makeBuffer(count: 6)
            queue.gate(
                activation, gate: try queue.buffer(gate).rows(of: 6),
                up: try queue.buffer(up).rows(of: 6), rows: 1, width: 6, into: output.rows(of: 6))
            let result = queue.values(output)
            #expect(result[..<4].allSatisfy { !$0.isFinite })
            scalar = scalar ?? bits(result)
            #expect(bits(result) == scalar)
        }
    }

    @Test func addAddsRowByRow() throws {
        for queue in try allQueues(threads: 2) {
            let (a, b) = (randomFloats(70 * 300, seed: 6), randomFloats(70 * 310, seed: 7))
            let target = try queue.buffer(b)
            queue.add(
                try queue.buffer(a).rows(of: 300), into: target.rows(offset: 5, stride: 310),
                rows: 70, width: 300)
            var expected = b
            for row in 0..<70 {
                for i in 0..<300 { expected[row * 310 + 5 + i] += a[row * 300 + i] }
            }
            #expect(bits(queue.values(target)) == bits(expected))
        }
    }

    @Test(arguments: RopeStyle.allCases, [2, 6, 8, 30, 32, 64, 96])
    func ropeRotatesPairsByPositionTimesFrequency(_ style: RopeStyle, _ rotary: Int) throws {
        let headLength = rotary + 4, heads = 3, positions: [Int32] = [0, 1, 77, 4000, 77]
        let width = heads * headLength
        let x = randomFloats(positions.count * width, seed: 8)
        var pass = PassInputs()
        for position in positions { pass.append([0], at: Int(position)) }
        var scalar: [UInt32]?
        for queue in try allQueues() {
            let buffer = try queue.buffer(x)
            queue.begin(pass)
            queue.rope(
                buffer.rows(of: width), heads: heads, headLength: headLength, style: style,
                table: queue.backend.makeRopeTable(base: 10000, rotaryLength: rotary))
            let result = queue.values(buffer)
            let expected = Self.rotated(
                x, style, rotary: rotary, headLength: headLength, heads: heads, positions)
            for i in x.indices { #expect(abs(Double(result[i]) - expected[i]) <= 3e-7) }
            scalar = scalar ?? bits(result)
            #expect(bits(result) == scalar, "\(queue.backend.instructionSet)")
        }
    }

    /// Double precision, written from the definition.
    static func rotated(
        _ x: [Float], _ style: RopeStyle, rotary: Int, headLength: Int, heads: Int,
        _ positions: [Int32]
    ) -> [Double] {
        var result = x.map(Double.init)
        for (row, position) in positions.enumerated() {
            for head in 0..<heads {
                let base = (row * heads + head) * headLength
                for i in 0..<rotary / 2 {
                    let first = base + (style == .interleaved ? 2 * i : i)
                    let second = base + (style == .interleaved ? 2 * i + 1 : i + rotary / 2)
                    let angle = Double(position) * pow(10000, -2 * Double(i) / Double(rotary))
                    let (a, b) = (result[first], result[second])
                    result[first] = a * cos(angle) - b * sin(angle)
                    result[second] = b * cos(angle) + a * sin(angle)
                }
            }
        }
        return result
    }

    @Test func ropeScaleAndMagnitudeActOnAngleAndLength() throws {
        let queue = try oneQueue()
        let plain = try queue.buffer([1, 0]), scaled = try queue.buffer([1, 0])
        let halved = queue.backend.makeRopeTable(base: 10000, rotaryLength: 2, scale: 2)
        let doubled = queue.backend.makeRopeTable(frequencies: [1], magnitude: 2)
        var pass = PassInputs()
        pass.append([0], at: 3)
        queue.begin(pass)
        for (buffer, table) in [(plain, halved), (scaled, doubled)] {
            queue.rope(
                buffer.rows(of: 2), heads: 1, headLength: 2, style: .halves, table: table)
        }
        #expect(queue.values(plain) == [Float(cos(1.5)), Float(sin(1.5))])
        #expect(queue.values(scaled) == [Float(cos(3.0) * 2), Float(sin(3.0) * 2)])
    }

    /// What a runner does after a prompt: a few of its rows stay, in front of the others.
    @Test func wantedRowsMoveToTheFront() throws {
        let queue = try oneQueue()
        let values = randomFloats(6 * 10, seed: 12)
        let buffer = try queue.buffer(values)
        var pass = PassInputs()
        pass.append([0, 0, 0, 0, 0, 0], at: 0)
        for row in [0, 3, 5] { pass.want(row: row) }
        queue.begin(pass)
        queue.moveRows(buffer.rows(offset: 1, stride: 10), width: 8)
        var expected = values
        for (target, source) in [(1, 3), (2, 5)] {
            for column in 1..<9 {
                expected[target * 10 + column] = values[source * 10 + column]
            }
        }
        #expect(queue.values(buffer) == expected)
    }

    @Test func rowsAreCopiedAndCleared() throws {
        let queue = try oneQueue()
        let buffer = try queue.buffer([1, 2, 3, 4, .nan, 6, 7, 8, 9, 10])
        queue.copy(
            buffer.rows(offset: 0, stride: 5), into: buffer.rows(offset: 2, stride: 5), rows: 2,
            width: 2)
        #expect(bits(queue.values(buffer)) == bits([1, 2, 1, 2, .nan, 6, 7, 6, 7, 10]))
        queue.clear(buffer.rows(offset: 3, stride: 5), rows: 2, width: 2)
        #expect(queue.values(buffer) == [1, 2, 1, 0, 0, 6, 7, 6, 0, 0])
    }
}

extension PassInputs {
    /// Rows of a sequence in the pages 0, 1, 2 and so on.
    mutating func append(_ tokens: [Int32], at first: Int) {
        append(tokens[...], first: first, pages: (0...Int32(first + tokens.count) / 16).map { $0 })
    }
}

extension CPUBackend {
    /// The usual frequencies `base^(-2i / rotaryLength)`, with positions divided by `scale`.
    func makeRopeTable(base: Double, rotaryLength: Int, scale: Double = 1) -> RopeTable {
        let frequencies = (0..<rotaryLength / 2).map {
            pow(base, -2 * Double($0) / Double(rotaryLength)) / scale
        }
        return makeRopeTable(frequencies: frequencies, magnitude: 1)
    }
}
