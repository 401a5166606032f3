// Where hyper-parameters are looked up: GGUF metadata here, config.json in
// CheckpointConfiguration.swift.
//
// Guarantees: values come as they are stored; nothing is converted silently. An array is never
// expanded before its length has been compared with what the reader can use.
// Does not: check types or ranges; `HyperParameterReader` does.

import ModelFiles

/// A stored value reduced to what hyper-parameters can be.
package enum HyperParameterValue: Sendable {
    case whole(Int)
    case real(Double)
    case word(String)
    case list([Int])
    /// Anything else, described for the error text.
    case other(String)

    /// For error texts.
    var text: String {
        switch self {
        case .whole(let value): String(value)
        case .real(let value): String(value)
        case .word(let value): "\"\(value.clipped)\""
        case .list(let values): values.map(String.init).joined(separator: ",").clipped
        case .other(let type): type
        }
    }
}

/// A file's hyper-parameters.
package protocol HyperParameterSource: Sendable {
    /// The value of a parameter and the key it stands under, as the file spells it; nil if the file
    /// has none. A list longer than `listCountMax` comes as `other`.
    func find(
        _ parameter: HyperParameter, _ architecture: String, listCountMax: Int
    ) -> (key: String, value: HyperParameterValue)?
    /// Every key the parameter may stand under, best first.
    func keys(_ parameter: HyperParameter, _ architecture: String) -> [String]
    /// What tells the size of the vocabulary where no parameter does.
    var tokenList: (key: String, count: Int)? { get }
}

/// The metadata of a GGUF file.
struct MetadataParameters: HyperParameterSource {
    private let metadata: Metadata

    init(_ metadata: Metadata) { self.metadata = metadata }

    func find(
        _ parameter: HyperParameter, _ architecture: String, listCountMax: Int
    ) -> (key: String, value: HyperParameterValue)? {
        for key in keys(parameter, architecture) {
            if let value = metadata[key] {
                return (key, Self.reduce(value, listCountMax: listCountMax))
            }
        }
        return nil
    }

    func keys(_ parameter: HyperParameter, _ architecture: String) -> [String] {
        parameter.keys(architecture: architecture)
    }

    var tokenList: (key: String, count: Int)? {
        let key = "tokenizer.ggml.tokens"
        return (metadata[key]?.asArray?.count).map { (key, $0) }
    }

    /// Integers of any stored type are accepted, for converters disagree about them; nothing else
    /// is converted.
    private static func reduce(
        _ value: MetadataValue, listCountMax: Int
    ) -> HyperParameterValue {
        if let number = value.asInteger { return .whole(Int(number)) }
        if let number = value.asFloat { return .real(number) }
        if let text = value.asString { return .word(text) }
        if let list = value.asArray, list.count <= listCountMax, let numbers = list.integers() {
            return .list(numbers.map { Int($0) })
        }
        if let list = value.asArray {
            return .other("an array of \(list.count) values of type \(list.elementType)")
        }
        return .other("a value of type \(value.type)")
    }
}
