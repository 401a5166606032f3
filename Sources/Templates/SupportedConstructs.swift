// The supported names of the language: statements, filters, tests, methods and functions.
//
// Everything else is refused at load. Documents are generated from `SupportedConstructs`.

/// The supported constructs by kind, for documents.
package enum SupportedConstructs {
    package static let statements = [
        "if, elif, else", "for (if, else, break, continue)", "set", "set block", "macro", "call",
        "filter", "generation", "raw",
    ]
    package static let operators = [
        "+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and",
        "or", "not", "is", "is not", "if else",
    ]
    package static let loopNames = LoopName.allCases.map(\.rawValue)
    package static let filters: [String] = Filter.names.keys.sorted()
    package static let tests: [String] = Test.names.keys.sorted()
    package static let methods = Method.allCases.map(\.rawValue)
    package static let functions = GlobalFunction.allCases.map(\.rawValue)
    package static let timeCodes = Strftime.codes.map { "%\($0)" }
}

enum Filter: String, CaseIterable {
    case abs, capitalize, `default`, dictsort, escape, first, float, indent, int, items, join, last
    case length, list, lower, map, max, min, reject, rejectattr, replace, safe, select, selectattr
    case sort, string, title, tojson, trim, unique, upper

    /// Filters by name, synonyms included.
    static let names: [String: Filter] = {
        var names = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
        names["count"] = .length
        names["d"] = .default
        names["e"] = .escape
        return names
    }()
}

enum Test: String, CaseIterable {
    case boolean, callable, defined, divisibleby, eq, even, `false`, float, ge, gt, `in`, integer
    case iterable, le, lt, mapping, ne, none, number, odd, sequence, string, `true`, undefined

    /// Tests by name, synonyms included.
    static let names: [String: Test] = {
        var names = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
        for (name, test) in [
            ("equalto", Test.eq), ("==", .eq), ("!=", .ne), (">", .gt), ("greaterthan", .gt),
            (">=", .ge), ("<", .lt), ("lessthan", .lt), ("<=", .le),
        ] {
            names[name] = test
        }
        return names
    }()
}

/// Methods of texts and dictionaries.
package enum Method: String, CaseIterable, Sendable {
    case capitalize, endswith, format, get, items, join, keys, lower, lstrip, replace, rstrip
    case split, startswith, strip, title, upper, values

    /// True for methods of dictionaries, false for methods of texts.
    var isOfDictionaries: Bool {
        switch self {
        case .get, .items, .keys, .values: true
        default: false
        }
    }
}

package enum GlobalFunction: String, CaseIterable, Sendable {
    case dict, namespace, raise_exception, range, strftime_now
}

enum LoopName: String, CaseIterable {
    case depth, depth0, first, index, index0, last, length, nextitem, previtem, revindex, revindex0
}

/// Names of the reference without support here.
enum ForeignNames {
    /// Functions, refused where a template reads the name.
    static let functions: Set<String> = ["cycler", "joiner", "lipsum", "self"]

    /// Methods that change a value. The sandbox of the reference denies the call.
    static let mutating: Set<String> = [
        "append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault",
        "sort", "update",
    ]

    /// Further attributes of texts.
    static let text: Set<String> = [
        "casefold", "center", "count", "encode", "expandtabs", "find", "format_map", "index",
        "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower",
        "isnumeric", "isprintable", "isspace", "istitle", "isupper", "ljust", "maketrans",
        "partition", "removeprefix", "removesuffix", "rfind", "rindex", "rjust", "rpartition",
        "rsplit", "splitlines", "swapcase", "translate", "zfill",
    ]
    /// Further attributes of marked texts.
    static let markedText: Set<String> = ["escape", "striptags", "unescape"]
    static let list: Set<String> = ["copy", "count", "index"]
    static let dictionary: Set<String> = ["copy", "fromkeys"]
    static let number: Set<String> = [
        "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes",
        "fromhex", "hex", "imag", "is_integer", "numerator", "real", "to_bytes",
    ]
    static let range: Set<String> = ["count", "index", "start", "step", "stop"]
    static let macro: Set<String> = [
        "arguments", "caller", "catch_kwargs", "catch_varargs", "explicit_caller", "name",
    ]
    static let view: Set<String> = ["isdisjoint", "mapping"]
    static let generator: Set<String> = [
        "close", "gi_code", "gi_frame", "gi_running", "gi_suspended", "gi_yieldfrom", "send",
        "throw",
    ]

    /// Attributes of any value, besides the methods that are supported.
    static let attributes: Set<String> = mutating.union(text).union(markedText).union(list)
        .union(dictionary).union(number).union(range).union(macro).union(view).union(generator)

    /// Methods whose call is refused at load.
    static let methods: Set<String> = text.union(markedText).union(list).union(dictionary)
}
