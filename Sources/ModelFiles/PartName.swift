// Takes a file name like `NAME-00002-of-00005.gguf` apart: the number of a part and the total.
//
// Facts: llama.cpp's gguf-split and transformers both count from 1 with five digits and write the
// total into every name.
// Does not: check that the files exist.

/// The name of a file that is one numbered part of a model.
struct PartName {
    /// Folder and name, up to the dash in front of the numbers.
    let prefix: String
    /// Number of the part, from 1 in a valid name.
    let number: Int
    let count: Int
    /// Extension, with the dot.
    let suffix: String

    /// Nil for a name without numbers.
    ///
    ///     folder/name-00001-of-00003.gguf
    ///                 ^ 14 bytes, then the suffix
    init?(_ path: String) {
        let bytes = Array(path.utf8)
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot >= 15 else { return nil }
        let start = dot - 14
        guard bytes[start - 1] == UInt8(ascii: "-"),
            bytes[start + 5..<start + 9].elementsEqual("-of-".utf8),
            let number = Self.number(bytes[start..<start + 5]),
            let count = Self.number(bytes[start + 9..<dot])
        else { return nil }
        prefix = String(decoding: bytes[..<(start - 1)], as: UTF8.self)
        suffix = String(decoding: bytes[dot...], as: UTF8.self)
        self.number = number
        self.count = count
    }

    /// The paths of all parts, in order.
    ///
    /// - Throws: `splitNameInvalid` for a number or a total out of range.
    func paths(countMax: Int) throws(ModelFileError) -> [String] {
        guard (1...countMax).contains(count), (1...count).contains(number) else {
            throw ModelFileError(
                .splitNameInvalid, tried: "reading the number of parts in the file's name",
                found: "part \(number) of \(count)",
                allowed: "NAME-00001-of-0000N\(printable(suffix)), N at most \(countMax)",
                location: .init(path: path(number)))
        }
        return (1...count).map(path)
    }

    /// The path of a part, counted from 1.
    func path(_ number: Int) -> String {
        prefix + "-" + Self.fiveDigits(number) + "-of-" + Self.fiveDigits(count) + suffix
    }

    private static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
