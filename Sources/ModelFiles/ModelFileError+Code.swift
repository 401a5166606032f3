// The catalogue of refusals of the `file` and `parse` layers.
//
// Guarantees: names are stable snake_case and never reused for another meaning; each code
// belongs to exactly one layer and says whether the condition can pass by itself (then a retry
// makes sense).
// Does not: describe the single case; that is what the error's other fields are for.

extension ModelFileError {
    /// A stable reason for a refusal. Open: new codes may be added, so do not switch exhaustively.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let value: Value

        /// The stable snake_case name.
        public var name: String { value.rawValue }
        /// The layer this code belongs to.
        public var layer: Layer { value.isFileLayer ? .file : .parse }
        /// True for conditions that can heal without anybody changing the file's content.
        public var isTransient: Bool { value.isTransient }
        public var description: String { name }

        /// Every code, in the order of the catalogue.
        package static var all: [Code] { Value.allCases.map(Code.init) }

        private init(_ value: Value) { self.value = value }

        // File layer.
        public static let pathInvalid = Code(.pathInvalid)
        public static let notFound = Code(.notFound)
        public static let danglingLink = Code(.danglingLink)
        public static let linkLoop = Code(.linkLoop)
        public static let permissionDenied = Code(.permissionDenied)
        public static let isDirectory = Code(.isDirectory)
        public static let isFIFO = Code(.isFIFO)
        public static let isSocket = Code(.isSocket)
        public static let isDevice = Code(.isDevice)
        public static let extensionUnsupported = Code(.extensionUnsupported)
        public static let emptyFile = Code(.emptyFile)
        public static let fileTooLarge = Code(.fileTooLarge)
        public static let ioError = Code(.ioError)
        public static let resourcesExhausted = Code(.resourcesExhausted)
        public static let changedWhileRead = Code(.changedWhileRead)

        // Parse layer: the file as a whole.
        public static let gitLFSPointer = Code(.gitLFSPointer)
        public static let htmlPage = Code(.htmlPage)
        public static let gzipArchive = Code(.gzipArchive)
        public static let zipArchive = Code(.zipArchive)
        public static let notGGUF = Code(.notGGUF)
        public static let safetensorsNotSupported = Code(.safetensorsNotSupported)
        public static let bigEndian = Code(.bigEndian)
        public static let versionUnsupported = Code(.versionUnsupported)
        public static let truncated = Code(.truncated)

        // Parse layer: metadata.
        public static let metadataCountInvalid = Code(.metadataCountInvalid)
        public static let metadataTooLarge = Code(.metadataTooLarge)
        public static let keyLengthInvalid = Code(.keyLengthInvalid)
        public static let keyNotUTF8 = Code(.keyNotUTF8)
        public static let keyCharacterInvalid = Code(.keyCharacterInvalid)
        public static let keyDuplicate = Code(.keyDuplicate)
        public static let valueTypeUnknown = Code(.valueTypeUnknown)
        public static let boolInvalid = Code(.boolInvalid)
        public static let stringTooLong = Code(.stringTooLong)
        public static let stringNotUTF8 = Code(.stringNotUTF8)
        public static let arrayTooLong = Code(.arrayTooLong)
        public static let arrayTooDeep = Code(.arrayTooDeep)
        public static let alignmentInvalid = Code(.alignmentInvalid)

        // Parse layer: tensors.
        public static let tensorCountInvalid = Code(.tensorCountInvalid)
        public static let tensorNameLengthInvalid = Code(.tensorNameLengthInvalid)
        public static let tensorNameNotUTF8 = Code(.tensorNameNotUTF8)
        public static let tensorNameCharacterInvalid = Code(.tensorNameCharacterInvalid)
        public static let tensorNameDuplicate = Code(.tensorNameDuplicate)
        public static let tensorDimensionCountInvalid = Code(.tensorDimensionCountInvalid)
        public static let tensorDimensionZero = Code(.tensorDimensionZero)
        public static let tensorSizeOverflow = Code(.tensorSizeOverflow)
        public static let tensorTypeUnknown = Code(.tensorTypeUnknown)
        public static let tensorTypeRemoved = Code(.tensorTypeRemoved)
        public static let tensorRowNotWholeBlocks = Code(.tensorRowNotWholeBlocks)
        public static let tensorOffsetUnaligned = Code(.tensorOffsetUnaligned)
        public static let tensorOutsideFile = Code(.tensorOutsideFile)
        public static let tensorOverlap = Code(.tensorOverlap)
    }

    /// Raw values are the public names: renaming a case must not rename its code.
    fileprivate enum Value: String, CaseIterable, Sendable {
        case pathInvalid = "path_invalid"
        case notFound = "not_found"
        case danglingLink = "dangling_link"
        case linkLoop = "link_loop"
        case permissionDenied = "permission_denied"
        case isDirectory = "is_directory"
        case isFIFO = "is_fifo"
        case isSocket = "is_socket"
        case isDevice = "is_device"
        case extensionUnsupported = "extension_unsupported"
        case emptyFile = "empty_file"
        case fileTooLarge = "file_too_large"
        case ioError = "io_error"
        case resourcesExhausted = "resources_exhausted"
        case changedWhileRead = "changed_while_read"

        case gitLFSPointer = "git_lfs_pointer"
        case htmlPage = "html_page"
        case gzipArchive = "gzip_archive"
        case zipArchive = "zip_archive"
        case notGGUF = "not_gguf"
        case safetensorsNotSupported = "safetensors_not_supported"
        case bigEndian = "big_endian"
        case versionUnsupported = "version_unsupported"
        case truncated = "truncated"

        case metadataCountInvalid = "metadata_count_invalid"
        case metadataTooLarge = "metadata_too_large"
        case keyLengthInvalid = "key_length_invalid"
        case keyNotUTF8 = "key_not_utf8"
        case keyCharacterInvalid = "key_character_invalid"
        case keyDuplicate = "key_duplicate"
        case valueTypeUnknown = "value_type_unknown"
        case boolInvalid = "bool_invalid"
        case stringTooLong = "string_too_long"
        case stringNotUTF8 = "string_not_utf8"
        case arrayTooLong = "array_too_long"
        case arrayTooDeep = "array_too_deep"
        case alignmentInvalid = "alignment_invalid"

        case tensorCountInvalid = "tensor_count_invalid"
        case tensorNameLengthInvalid = "tensor_name_length_invalid"
        case tensorNameNotUTF8 = "tensor_name_not_utf8"
        case tensorNameCharacterInvalid = "tensor_name_character_invalid"
        case tensorNameDuplicate = "tensor_name_duplicate"
        case tensorDimensionCountInvalid = "tensor_dimension_count_invalid"
        case tensorDimensionZero = "tensor_dimension_zero"
        case tensorSizeOverflow = "tensor_size_overflow"
        case tensorTypeUnknown = "tensor_type_unknown"
        case tensorTypeRemoved = "tensor_type_removed"
        case tensorRowNotWholeBlocks = "tensor_row_not_whole_blocks"
        case tensorOffsetUnaligned = "tensor_offset_unaligned"
        case tensorOutsideFile = "tensor_outside_file"
        case tensorOverlap = "tensor_overlap"

        var isFileLayer: Bool {
            switch self {
            case .pathInvalid, .notFound, .danglingLink, .linkLoop, .permissionDenied,
                .isDirectory, .isFIFO, .isSocket, .isDevice, .extensionUnsupported, .emptyFile,
                .fileTooLarge, .ioError, .resourcesExhausted, .changedWhileRead:
                true
            default:
                false
            }
        }

        /// A path may appear (a mount, a copy about to finish), rights may be granted, memory may
        /// come back. Bytes that are wrong stay wrong, so no structural code is in this list.
        var isTransient: Bool {
            switch self {
            case .notFound, .danglingLink, .permissionDenied, .ioError, .resourcesExhausted,
                .changedWhileRead:
                true
            default:
                false
            }
        }
    }
}
