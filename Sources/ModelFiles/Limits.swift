// Every bound of this module in one place, each with its unit and its reason.
//
// Guarantees: with the default limits a hostile file of any size costs under 100 MB and under a
// second; the bounds leave room above the largest published models (tens of thousands of tensors in
// mixture-of-experts files, vocabularies of about 300,000 tokens).
// Does not: bound tensor data; the placement layer compares that with the memory there is.

/// Bounds of the file layer.
public struct FileLimits: Sendable, Equatable {
    /// Largest file, in bytes. 16 TiB: ext4's own bound, and far inside the address space.
    public var fileSizeMax: Int = 1 << 44
    /// Largest text beside the weights, in bytes. The largest published tokenizer.json has 33 MB.
    public var companionSizeMax: Int = 64 << 20
    /// Names in a folder that is searched for a model. Published ones have up to 200.
    public var folderEntryCountMax: Int = 65_536

    /// The defaults of each field.
    public static let `default` = FileLimits()
    /// Starts from the defaults.
    public init() {}
}

/// Bounds of the parse layer.
public struct ParseLimits: Sendable, Equatable {
    /// Metadata entries. Real files have 20 to 300.
    public var metadataCountMax: Int = 16_384
    /// Bytes of header plus metadata. Real files have up to 20 MB. All of them may be read, and as
    /// strings copied: twice 32 MiB, plus both tables at their limits, stays under 100 MB.
    public var metadataSizeMax: Int = 32 << 20
    /// Bytes of a key; the format's own bound (2^16 - 1).
    public var keySizeMax: Int = 65_535
    /// Arrays inside arrays; 1 is a plain array. Published files use 1.
    public var arrayDepthMax: Int = 4
    /// Tensors. Each costs about 300 bytes of memory in the table.
    public var tensorCountMax: Int = 65_536
    /// Bytes of a tensor name; the format's own bound.
    public var tensorNameSizeMax: Int = 64
    /// Dimensions of a tensor; the format's own bound.
    public var dimensionCountMax: Int = 4
    /// Alignment of tensor data in bytes: the format asks for a multiple of 8 …
    public var alignmentMin: Int = 8
    /// … and more than 16 MiB serves no page size in use.
    public var alignmentMax: Int = 16 << 20
    /// Bytes of a tensor name in a SafeTensors file, which sets no bound. Published names stay
    /// below 100.
    public var safeTensorsNameSizeMax: Int = 256
    /// Files of one model. Published ones have up to 191; each takes a descriptor.
    public var partCountMax: Int = 256

    /// The defaults of each field.
    public static let `default` = ParseLimits()
    /// Starts from the defaults.
    public init() {}
}
