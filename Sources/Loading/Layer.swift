// The five layers of the assay, in running order.
//
// Guarantees: raw values are the stable names used in reports, JSON and on the wire.
// Does not: describe the checks of a layer. The modules that implement the layers do.

/// A layer of the assay. A model file passes all layers in this order before the model may answer.
public enum Layer: String, Sendable, CaseIterable, Comparable, CustomStringConvertible {
    /// The path names a regular, readable, non-empty file. The file does not change while it is
    /// read.
    case file
    /// The bytes are a well-formed model file.
    case parse
    /// This engine can run the described model.
    case compatibility
    /// A device and enough memory are available for the model.
    case placement
    /// The model computes finite, sane, reproducible logits.
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
