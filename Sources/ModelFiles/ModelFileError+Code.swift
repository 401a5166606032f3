// The catalogue of refusals of the `file` and `parse` layers.
//
// Guarantees: names are stable snake_case and never reused for another meaning. Each code
// belongs to exactly one layer. `isTransient` is true if the condition can pass by itself, so a
// retry makes sense.
// Does not: describe the single case. The fields of `ModelFileError` do.

extension ModelFileError {
    /// A stable reason for a refusal. Open: new codes may be added, so do not switch exhaustively.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let value: Value

        /// The stable snake_case name.
        public var name: String { value.rawValue }
        /// The layer this code belongs to.
        public var layer: Layer { value.isFileLayer ? .file : .parse }
        /// True for conditions that can heal without a change of the file's content.
        public var isTransient: Bool { value.isTransient }
        /// Subject and fault, the beginning of the error's sentence.
        package var complaint: String { value.complaint }
        /// The name.
        public var description: String { name }

        /// Every code, in the order of the catalogue.
        package static var all: [Code] { Value.allCases.map(Code.init) }

        private init(_ value: Value) { self.value = value }

        // File layer.
        /// The path is empty, too long or holds a NUL byte.
        public static let pathInvalid = Code(.pathInvalid)
        /// No file or directory has this path.
        public static let notFound = Code(.notFound)
        /// The path is a symbolic link whose target does not exist.
        public static let danglingLink = Code(.danglingLink)
        /// Symbolic links lead in a circle.
        public static let linkLoop = Code(.linkLoop)
        /// This process may not read the file, or search a folder on the way.
        public static let permissionDenied = Code(.permissionDenied)
        /// The path names a directory without a model.
        public static let isDirectory = Code(.isDirectory)
        /// The path names a directory with several models, or with too many names.
        public static let severalModels = Code(.severalModels)
        /// The path names a named pipe.
        public static let isFIFO = Code(.isFIFO)
        /// The path names a socket.
        public static let isSocket = Code(.isSocket)
        /// The path names a device or another special file.
        public static let isDevice = Code(.isDevice)
        /// The file name ends in no supported extension.
        public static let extensionUnsupported = Code(.extensionUnsupported)
        /// The file has no bytes.
        public static let emptyFile = Code(.emptyFile)
        /// The file is larger than `FileLimits.fileSizeMax`, or a text beside the weights is larger
        /// than `FileLimits.companionSizeMax`.
        public static let fileTooLarge = Code(.fileTooLarge)
        /// The system failed to open, examine or read the file.
        public static let ioError = Code(.ioError)
        /// No descriptor or memory is free right now, or the device is busy.
        public static let resourcesExhausted = Code(.resourcesExhausted)
        /// The file was written to, cut or replaced while it was being read.
        public static let changedWhileRead = Code(.changedWhileRead)

        // Parse layer: the file as a whole.
        /// A git-lfs pointer instead of the model file.
        public static let gitLFSPointer = Code(.gitLFSPointer)
        /// An HTML page, usually a saved error or login page.
        public static let htmlPage = Code(.htmlPage)
        /// Gzip data.
        public static let gzipArchive = Code(.gzipArchive)
        /// A zip archive.
        public static let zipArchive = Code(.zipArchive)
        /// The content is not GGUF. The error text describes the content.
        public static let notGGUF = Code(.notGGUF)
        /// A GGUF file in big-endian byte order.
        public static let bigEndian = Code(.bigEndian)
        /// A GGUF version other than 2 and 3.
        public static let versionUnsupported = Code(.versionUnsupported)
        /// The file ends inside a field.
        public static let truncated = Code(.truncated)

        // Parse layer: metadata.
        /// More metadata entries than the limit, or than the file could hold.
        public static let metadataCountInvalid = Code(.metadataCountInvalid)
        /// Header and metadata are larger than `ParseLimits.metadataSizeMax`.
        public static let metadataTooLarge = Code(.metadataTooLarge)
        /// A metadata key of zero bytes, or longer than the format allows.
        public static let keyLengthInvalid = Code(.keyLengthInvalid)
        /// A metadata key is not UTF-8.
        public static let keyNotUTF8 = Code(.keyNotUTF8)
        /// A metadata key has a character other than printable ASCII.
        public static let keyCharacterInvalid = Code(.keyCharacterInvalid)
        /// A metadata key occurs twice.
        public static let keyDuplicate = Code(.keyDuplicate)
        /// A value or array element has a type number that does not exist.
        public static let valueTypeUnknown = Code(.valueTypeUnknown)
        /// A boolean is neither 0 nor 1.
        public static let boolInvalid = Code(.boolInvalid)
        /// A string claims more bytes than are left.
        public static let stringTooLong = Code(.stringTooLong)
        /// A string value is not UTF-8.
        public static let stringNotUTF8 = Code(.stringNotUTF8)
        /// An array claims more elements than the bytes left can hold.
        public static let arrayTooLong = Code(.arrayTooLong)
        /// Arrays are nested deeper than the limit.
        public static let arrayTooDeep = Code(.arrayTooDeep)
        /// `general.alignment` has the wrong type or is no power of two in range.
        public static let alignmentInvalid = Code(.alignmentInvalid)

        // Parse layer: tensors.
        /// More tensors than the limit, or than the file could hold.
        public static let tensorCountInvalid = Code(.tensorCountInvalid)
        /// A tensor name of zero bytes, or longer than the format allows.
        public static let tensorNameLengthInvalid = Code(.tensorNameLengthInvalid)
        /// A tensor name is not UTF-8.
        public static let tensorNameNotUTF8 = Code(.tensorNameNotUTF8)
        /// A tensor name has a control character.
        public static let tensorNameCharacterInvalid = Code(.tensorNameCharacterInvalid)
        /// A tensor name occurs twice.
        public static let tensorNameDuplicate = Code(.tensorNameDuplicate)
        /// A tensor has no dimension, or more than the format allows.
        public static let tensorDimensionCountInvalid = Code(.tensorDimensionCountInvalid)
        /// A tensor has a dimension of length 0.
        public static let tensorDimensionZero = Code(.tensorDimensionZero)
        /// A tensor's size does not fit in 63 bits.
        public static let tensorSizeOverflow = Code(.tensorSizeOverflow)
        /// A tensor has a format number that ggml never had.
        public static let tensorTypeUnknown = Code(.tensorTypeUnknown)
        /// A tensor has a format that ggml removed.
        public static let tensorTypeRemoved = Code(.tensorTypeRemoved)
        /// A tensor's rows cannot be divided into the format's blocks.
        public static let tensorRowNotWholeBlocks = Code(.tensorRowNotWholeBlocks)
        /// A tensor's offset is not a multiple of the alignment.
        public static let tensorOffsetUnaligned = Code(.tensorOffsetUnaligned)
        /// A tensor ends behind the end of the file.
        public static let tensorOutsideFile = Code(.tensorOutsideFile)
        /// Two tensors share bytes.
        public static let tensorOverlap = Code(.tensorOverlap)

        // Parse layer: JSON beside or inside a model file.
        /// A text is not JSON. The message has the position and the text found there.
        public static let jsonInvalid = Code(.jsonInvalid)
        /// A JSON text nests deeper than the limit.
        public static let jsonTooDeep = Code(.jsonTooDeep)
        /// A JSON text has more bytes or values than the limit.
        public static let jsonTooLarge = Code(.jsonTooLarge)
        /// A JSON object has a key twice.
        public static let jsonKeyDuplicate = Code(.jsonKeyDuplicate)
        /// A JSON text is well formed, but a value has the wrong type or structure.
        public static let jsonStructureInvalid = Code(.jsonStructureInvalid)

        // Parse layer: SafeTensors.
        /// The content is not SafeTensors. The error text describes the content.
        public static let notSafeTensors = Code(.notSafeTensors)
        /// The header's size is below 2, beyond the limit or beyond the file.
        public static let headerSizeInvalid = Code(.headerSizeInvalid)
        /// A tensor has a `dtype` that `TensorFormat.safeTensorsNames` does not list.
        public static let tensorDtypeUnknown = Code(.tensorDtypeUnknown)
        /// The length of a tensor's byte range does not fit its shape and type.
        public static let tensorSizeMismatch = Code(.tensorSizeMismatch)
        /// Bytes of the data belong to no tensor.
        public static let tensorGap = Code(.tensorGap)

        // Parse layer: models of several files.
        /// A split GGUF file is not named `NAME-00001-of-0000N.gguf`.
        public static let splitNameInvalid = Code(.splitNameInvalid)
        /// A `split.…` key is missing, of another type or out of range.
        public static let splitKeyInvalid = Code(.splitKeyInvalid)
        /// The parts of a model contradict each other or their index.
        public static let partsInconsistent = Code(.partsInconsistent)
        /// A shard index names too many files, or a name other than a plain `NAME.safetensors`.
        public static let shardNameInvalid = Code(.shardNameInvalid)
    }

    /// Raw values are the public names: renaming a case must not rename its code.
    fileprivate enum Value: String, CaseIterable, Sendable {
        case pathInvalid = "path_invalid"
        case notFound = "not_found"
        case danglingLink = "dangling_link"
        case linkLoop = "link_loop"
        case permissionDenied = "permission_denied"
        case isDirectory = "is_directory"
        case severalModels = "several_models"
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

        case jsonInvalid = "json_invalid"
        case jsonTooDeep = "json_too_deep"
        case jsonTooLarge = "json_too_large"
        case jsonKeyDuplicate = "json_key_duplicate"
        case jsonStructureInvalid = "json_structure_invalid"
        case notSafeTensors = "not_safetensors"
        case headerSizeInvalid = "header_size_invalid"
        case tensorDtypeUnknown = "tensor_dtype_unknown"
        case tensorSizeMismatch = "tensor_size_mismatch"
        case tensorGap = "tensor_gap"
        case splitNameInvalid = "split_name_invalid"
        case splitKeyInvalid = "split_key_invalid"
        case partsInconsistent = "parts_inconsistent"
        case shardNameInvalid = "shard_name_invalid"

        var isFileLayer: Bool {
            switch self {
            case .pathInvalid, .notFound, .danglingLink, .linkLoop, .permissionDenied,
                .isDirectory, .severalModels, .isFIFO, .isSocket, .isDevice,
                .extensionUnsupported, .emptyFile, .fileTooLarge, .ioError,
                .resourcesExhausted, .changedWhileRead:
                true
            default:
                false
            }
        }

        /// A path may appear (a mount, a copy about to finish), rights may be granted, memory may
        /// come back. Wrong bytes stay wrong, so no structural code is transient.
        var isTransient: Bool {
            switch self {
            case .notFound, .danglingLink, .permissionDenied, .ioError, .resourcesExhausted,
                .changedWhileRead:
                true
            default:
                false
            }
        }

        var complaint: String {
            switch self {
            case .pathInvalid: "path cannot name a file"
            case .notFound: "model file does not exist"
            case .danglingLink: "model file is a link to a file that does not exist"
            case .linkLoop: "links lead in a circle on the way to the model file"
            case .permissionDenied: "this process may not read the model file"
            case .isDirectory: "folder holds no model"
            case .severalModels: "folder does not hold one model"
            case .isFIFO, .isSocket, .isDevice: "not a model file"
            case .extensionUnsupported: "file name does not tell the format"
            case .emptyFile: "model file is empty"
            case .fileTooLarge: "file is too large"
            case .ioError: "system failed to read the file"
            case .resourcesExhausted: "system has nothing left to read the file with"
            case .changedWhileRead: "file changed while it was being read"
            case .gitLFSPointer: "file is a git-lfs pointer and not the model"
            case .htmlPage: "file is a web page and not a model"
            case .gzipArchive, .zipArchive: "file is an archive and not a model"
            case .notGGUF: "file is not GGUF"
            case .bigEndian: "GGUF file has big-endian byte order"
            case .versionUnsupported: "version of GGUF is not supported"
            case .truncated: "file ends too early"
            case .metadataCountInvalid: "number of metadata entries is impossible"
            case .metadataTooLarge: "metadata is too large"
            case .keyLengthInvalid: "metadata key has an impossible length"
            case .keyNotUTF8: "metadata key is not UTF-8"
            case .keyCharacterInvalid: "metadata key has a character other than printable ASCII"
            case .keyDuplicate: "metadata key occurs twice"
            case .valueTypeUnknown: "type of a metadata value does not exist"
            case .boolInvalid: "boolean is neither 0 nor 1"
            case .stringTooLong: "string does not fit in the file"
            case .stringNotUTF8: "string is not UTF-8"
            case .arrayTooLong: "array does not fit in the file"
            case .arrayTooDeep: "arrays are nested too deep"
            case .alignmentInvalid: "alignment is not usable"
            case .tensorCountInvalid: "number of tensors is impossible"
            case .tensorNameLengthInvalid: "tensor name has an impossible length"
            case .tensorNameNotUTF8: "tensor name is not UTF-8"
            case .tensorNameCharacterInvalid: "tensor name has a control character"
            case .tensorNameDuplicate: "tensor name occurs twice"
            case .tensorDimensionCountInvalid: "number of dimensions is impossible"
            case .tensorDimensionZero: "tensor has a dimension of 0"
            case .tensorSizeOverflow: "tensor is larger than any file"
            case .tensorTypeUnknown: "format of a tensor does not exist"
            case .tensorTypeRemoved: "format of a tensor is no longer in ggml"
            case .tensorRowNotWholeBlocks: "rows of a tensor are not whole blocks"
            case .tensorOffsetUnaligned: "tensor begins off the alignment"
            case .tensorOutsideFile: "tensor ends behind the end of the file"
            case .tensorOverlap: "two tensors share bytes"
            case .jsonInvalid: "text is not JSON"
            case .jsonTooDeep: "JSON text is nested too deep"
            case .jsonTooLarge: "JSON text is too large"
            case .jsonKeyDuplicate: "JSON object has a key twice"
            case .jsonStructureInvalid: "JSON text has another structure"
            case .notSafeTensors: "file is not SafeTensors"
            case .headerSizeInvalid: "size of the header is impossible"
            case .tensorDtypeUnknown: "dtype of a tensor is unknown"
            case .tensorSizeMismatch: "bytes of a tensor do not fit its shape"
            case .tensorGap: "bytes of the data belong to no tensor"
            case .splitNameInvalid: "part of a split model has no name of one"
            case .splitKeyInvalid: "key of a split model is unusable"
            case .partsInconsistent: "parts of the model contradict each other"
            case .shardNameInvalid: "index names a file that cannot be a shard"
            }
        }
    }
}
