// Waiting items of many connections, served in turn.
//
// Guarantees: the connection whose turn it is gives its first item and goes to the end. So the
// length of one connection's line delays nobody else. Items of a connection keep their order.

/// See the head of the file. A value.
package struct TurnQueue<Item: Sendable>: Sendable {
    private var lines: [UInt64: [Item]] = [:]
    /// Connections with items, the next first.
    private var order: [UInt64] = []
    /// Items of all connections.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Items of a connection.
    package func count(of connection: UInt64) -> Int { lines[connection]?.count ?? 0 }

    /// Puts an item behind the others of its connection.
    package mutating func add(_ item: Item, of connection: UInt64) {
        if lines[connection] == nil { order.append(connection) }
        lines[connection, default: []].append(item)
        count += 1
    }

    /// Takes the next item out.
    ///
    /// - Parameter held: connections that are passed over and keep their place.
    package mutating func next(without held: Set<UInt64> = []) -> Item? {
        guard let place = order.firstIndex(where: { !held.contains($0) }) else { return nil }
        let connection = order.remove(at: place)
        guard var line = lines.removeValue(forKey: connection), !line.isEmpty else {
            preconditionFailure("connection \(connection) has a turn and nothing to do")
        }
        let item = line.removeFirst()
        count -= 1
        if !line.isEmpty {
            lines[connection] = line
            order.append(connection)
        }
        return item
    }

    /// Takes out the first item of a connection for which `condition` holds.
    package mutating func remove(
        of connection: UInt64, where condition: (Item) -> Bool
    ) -> Item? {
        guard let index = lines[connection]?.firstIndex(where: condition) else { return nil }
        let item = lines[connection]?.remove(at: index)
        count -= 1
        if lines[connection]?.isEmpty == true {
            lines[connection] = nil
            order.removeAll { $0 == connection }
        }
        return item
    }

    /// Takes out an item of any connection for which `condition` holds.
    package mutating func remove(where condition: (Item) -> Bool) -> Item? {
        for connection in order {
            if let item = remove(of: connection, where: condition) { return item }
        }
        return nil
    }
}
