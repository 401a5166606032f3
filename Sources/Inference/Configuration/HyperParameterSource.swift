// Sources of hyper-parameters: GGUF metadata here, config.json in CheckpointConfiguration.swift.
//
// Guarantees: values come as they are stored, without silent conversion. An array is expanded only
// after its length has been compared with the reader's limit.
// Does not: check types or ranges. `HyperParameterReader` does.

import ModelFiles

/// A stored value in the forms of hyper-parameters.
package enum HyperParameterValue: Sendable {
    case whole(Int)
    case real(Double)
    case flag(Bool)
    case word(String)
    case list([Int])
    /// A value of another form, described for the error text.
    case other(String)

    /// The value for error texts.
    var text: String {
        switch self {
        case .whole(let value): String(value)
        case .real(let value): String(value)
        case .flag(let value): String(value)
        case .word(let value): "\"\(value.clipped)\""
        case .list(let values): values.map(String.init).joined(separator: ",").clipped
        case .other(let type): type
        }
    }
}

/// Hyper-parameters of a file.
package protocol HyperParameterSource: Sendable {
    /// Returns the value of a parameter and its key as the file spells it, or nil when the file has
    /// none. A list longer than `listCountMax` comes as `other`.
    func find(
        _ parameter: HyperParameter, _ architecture: String, listCountMax: Int
    ) -> (key: String, value: HyperParameterValue)?
    /// Returns every key of the parameter, best first.
    func keys(_ parameter: HyperParameter, _ architecture: String) -> [String]
    /// Key and length of the token list. The length is the vocabulary size where no parameter
    /// states it.
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

    /// Accepts integers of any stored type, because converters disagree about the type. Nothing
    /// else is converted.
    private static func reduce(
        _ value: MetadataValue, listCountMax: Int
    ) -> HyperParameterValue {
        if let number = value.asInteger { return .whole(Int(number)) }
        if let number = value.asFloat { return .real(number) }
        if let flag = value.asBool { return .flag(flag) }
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
