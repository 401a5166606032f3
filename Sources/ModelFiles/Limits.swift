// The bounds of the file and parse layers, each with unit and reason.
//
// Guarantees: with the default limits a hostile file of any size costs under 100 MB and under a
// second. The bounds leave room above the largest published models (tens of thousands of tensors in
// mixture-of-experts files, vocabularies of about 300,000 tokens).
// Does not: bound tensor data. The placement layer compares tensor data with the available memory.

/// Bounds of the file layer.
public struct FileLimits: Sendable, Equatable {
    /// Largest file, in bytes. 16 TiB: ext4's own bound, and far inside the address space.
    public var fileSizeMax: Int = 1 << 44
    /// Largest text beside the weights, in bytes. The largest published tokenizer.json has 33 MB.
    public var companionSizeMax: Int = 64 << 20
    /// Templates in additional_chat_templates. Published folders have up to 2.
    public var additionalTemplateCountMax: Int = 32
    /// Largest of these templates, in bytes. Known templates have up to 19 kB.
    public var additionalTemplateSizeMax: Int = 1 << 20
    /// Names in a folder searched for a model. Published model folders have up to 200.
    public var folderEntryCountMax: Int = 65_536

    /// The default limits.
    public static let `default` = FileLimits()
    /// Creates the default limits.
    public init() {}
}

/// Bounds of the parse layer.
public struct ParseLimits: Sendable, Equatable {
    /// Metadata entries. Real files have 20 to 300.
    public var metadataCountMax: Int = 16_384
    /// Bytes of header plus metadata. Real files have up to 20 MB. All these bytes may be read and
    /// copied as strings. Twice 32 MiB, plus both tables at their limits, stays under 100 MB.
    public var metadataSizeMax: Int = 32 << 20
    /// Bytes of a key. The bound of the format, 2^16 - 1.
    public var keySizeMax: Int = 65_535
    /// Levels of nested arrays. A plain array has 1 level. Published files use 1.
    public var arrayDepthMax: Int = 4
    /// Tensors. Each costs about 300 bytes of memory in the table.
    public var tensorCountMax: Int = 65_536
    /// Bytes of a tensor name. The bound of the format.
    public var tensorNameSizeMax: Int = 64
    /// Dimensions of a tensor. The bound of the format.
    public var dimensionCountMax: Int = 4
    /// Least alignment of tensor data in bytes. The format asks for a multiple of 8.
    public var alignmentMin: Int = 8
    /// Largest alignment of tensor data in bytes. More than 16 MiB serves no page size in use.
    public var alignmentMax: Int = 16 << 20
    /// Bytes of a tensor name in a SafeTensors file. The format sets no bound. Published names stay
    /// below 100.
    public var safeTensorsNameSizeMax: Int = 256
    /// Files of one model. Published models have up to 191. Each file takes a descriptor.
    public var partCountMax: Int = 256

    /// The default limits.
    public static let `default` = ParseLimits()
    /// Creates the default limits.
    public init() {}
}
