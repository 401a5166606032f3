// The five layers of the assay, in the order they run.
//
// Guarantees: raw values are the stable names used in reports, JSON and on the wire.
// Does not: say what a layer checks; the modules that implement them do.

/// One layer of the assay. A file passes all of them, in this order, before it may answer.
public enum Layer: String, Sendable, CaseIterable, Comparable, CustomStringConvertible {
    /// The path names a regular, readable, non-empty file that stays the same while it is read.
    case file
    /// The bytes are a well-formed model file.
    case parse
    /// This engine can run what the file describes.
    case compatibility
    /// A device and enough memory are there for it.
    case placement
    /// It computes: finite, sane, reproducible logits.
    case validation

    /// The stable name.
    public var description: String { rawValue }

    /// Earlier layers are smaller.
    public static func < (left: Layer, right: Layer) -> Bool { left.order < right.order }

    private var order: Int {
        switch self {
        case .file: 0
        case .parse: 1
        case .compatibility: 2
        case .placement: 3
        case .validation: 4
        }
    }
}
