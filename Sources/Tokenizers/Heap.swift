// A binary heap: the queue behind merging and matching.
//
// Guarantees: the first element by `precedes` comes out first. Push and pop are O(log n), ordering
// a filled heap is O(n). With a total order the sequence of pops is deterministic.
// Does not: shrink its storage, so that the next use allocates nothing.

protocol HeapElement {
    /// Strict order: true when `self` must come out before `other`.
    func precedes(_ other: Self) -> Bool
}

struct Heap<Element: HeapElement> {
    var elements: [Element] = []

    init() {}

    var isEmpty: Bool { elements.isEmpty }
    var count: Int { elements.count }

    /// Adds without keeping the order. Call `order()` before the first pop.
    mutating func append(_ element: Element) { elements.append(element) }

    /// Makes a heap of all appended elements.
    mutating func order() {
        var index = elements.count / 2
        while index > 0 {
            index -= 1
            sink(index)
        }
    }

    mutating func push(_ element: Element) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard element.precedes(elements[parent]) else { break }
            elements[index] = elements[parent]
            index = parent
        }
        elements[index] = element
    }

    mutating func popFirst() -> Element? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        if !elements.isEmpty {
            elements[0] = last
            sink(0)
        }
        return first
    }

    mutating func removeAll() { elements.removeAll(keepingCapacity: true) }

    mutating func sink(_ start: Int) {
        elements.withUnsafeMutableBufferPointer { elements in
            let element = elements[start]
            var index = start
            while true {
                var child = 2 * index + 1
                guard child < elements.count else { break }
                if child + 1 < elements.count, elements[child + 1].precedes(elements[child]) {
                    child += 1
                }
                guard elements[child].precedes(element) else { break }
                elements[index] = elements[child]
                index = child
            }
            elements[index] = element
        }
    }
}

extension Heap: Sendable where Element: Sendable {}
