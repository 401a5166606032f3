// For every position of a text: the longest special token that starts there.
//
// Guarantees: linear in the text whatever the tokens are (an automaton after Aho and Corasick,
// 1975, over the reversed tokens, run over the text from its end; each step moves once or falls
// back along a link that earlier steps paid for). Shorter tokens at the same position hang on a
// chain of links.
// Does not: resolve overlaps; `SpecialTokenMatcher` does.
//
//   tokens "ab", "b"    reversed "ba", "b"    text x a b, read from the right: b, a, x
//
//        x  a  b
//              ^ state "b":  "b" starts here
//           ^    state "ba": "ab" starts here, nothing shorter

struct SpecialTokenTrie: Sendable {
    struct Node: Sendable {
        /// The token that this node spells, or -1.
        var token: Int32 = -1
        /// Bytes spelled so far.
        var depth: Int32 = 0
        /// The longest proper suffix of the spelling that is a node too.
        var fallback: Int32 = 0
        /// The nearest node with a token along the fallback links, or 0.
        var shorter: Int32 = 0
    }

    private(set) var nodes: [Node] = [Node()]
    private var edges = IntegerTable()
    private var roots = [Int32](repeating: 0, count: 256)

    var isEmpty: Bool { nodes.count == 1 }

    /// - Parameter tokens: ids and texts; empty texts are ignored.
    init(_ tokens: [(id: Int32, text: ArraySlice<UInt8>)]) {
        var arrivals: [Arrival] = [Arrival(parent: 0, byte: 0)]
        for (id, text) in tokens where !text.isEmpty {
            var node: Int32 = 0
            for byte in text.reversed() {
                if let known = next(node, byte) {
                    node = known
                } else {
                    arrivals.append(Arrival(parent: node, byte: byte))
                    node = add(byte, below: node)
                }
            }
            nodes[Int(node)].token = id
        }
        link(arrivals)
    }

    /// How a node is reached: its parent, and the byte on the way.
    private struct Arrival {
        var parent: Int32
        var byte: UInt8
    }

    private mutating func add(_ byte: UInt8, below parent: Int32) -> Int32 {
        let node = Int32(nodes.count)
        nodes.append(Node(depth: nodes[Int(parent)].depth + 1))
        if parent == 0 {
            roots[Int(byte)] = node
        } else {
            edges.insert(UInt64(parent) << 8 | UInt64(byte), UInt64(node))
        }
        return node
    }

    @inline(__always)
    private func next(_ node: Int32, _ byte: UInt8) -> Int32? {
        if node == 0 {
            let root = roots[Int(byte)]
            return root == 0 ? nil : root
        }
        return edges.find(UInt64(node) << 8 | UInt64(byte)).map { Int32(truncatingIfNeeded: $0) }
    }

    /// Sets the links, nearest nodes first: a node's links lead to nodes of smaller depth.
    private mutating func link(_ arrivals: [Arrival]) {
        let order = nodes.indices.dropFirst().sorted { nodes[$0].depth < nodes[$1].depth }
        for index in order {
            let arrival = arrivals[index]
            guard arrival.parent != 0 else { continue }
            let fallback = step(from: nodes[Int(arrival.parent)].fallback, arrival.byte)
            let target = nodes[Int(fallback)]
            nodes[index].fallback = fallback
            nodes[index].shorter = target.token >= 0 ? fallback : target.shorter
        }
    }

    @inline(__always)
    private func step(from start: Int32, _ byte: UInt8) -> Int32 {
        var node = start
        while true {
            if let following = next(node, byte) { return following }
            if node == 0 { return 0 }
            node = nodes[Int(node)].fallback
        }
    }

    /// Calls `body` with each position where a token starts, from the text's end to its start, and
    /// with the node of the longest such token.
    func forEachStart(in text: Span<UInt8>, _ body: (_ position: Int, _ node: Int32) -> Void) {
        var node: Int32 = 0
        var position = text.count
        while position > 0 {
            position -= 1
            node = step(from: node, text[position])
            if node == 0 { continue }
            if nodes[Int(node)].token >= 0 {
                body(position, node)
            } else if nodes[Int(node)].shorter != 0 {
                body(position, nodes[Int(node)].shorter)
            }
        }
    }
}
