// From errno to a typed refusal of the file layer: one table.
//
// Guarantees: every errno value gives an error; those with an ordinary cause get their own code.
// Does not: decide about retries; the codes' own `isTransient` does.

import Glibc

extension ModelFileError {
    /// The error for a failed system call on a model file.
    package static func system(
        _ failure: SystemCallFailure, tried: String, location: Location
    ) -> ModelFileError {
        let (code, allowed): (Code, String) =
            switch failure.number {
            case ENOENT: (.notFound, "the path of an existing file")
            case ENOTDIR: (.notFound, "a path whose parents are directories")
            case EACCES, EPERM: (.permissionDenied, "a file this process may read")
            case ELOOP: (.linkLoop, "a path without a circle of links")
            case ENAMETOOLONG: (.pathInvalid, "a path short enough for the system")
            case EISDIR: (.isDirectory, "a regular file")
            case ENXIO: (.isSocket, "a regular file")
            case EMFILE, ENFILE, ENOMEM, EAGAIN, EBUSY, ETXTBSY:
                (.resourcesExhausted, "enough free descriptors and memory, and an idle device")
            default: (.ioError, "a file system that answers without errors")
            }
        return ModelFileError(
            code, tried: tried, found: systemErrorText(failure.number), allowed: allowed,
            location: location, cause: failure)
    }

    package static func mapping(
        path: String, size: Int, _ failure: SystemCallFailure
    ) -> ModelFileError {
        let code: Code =
            failure.number == ENOMEM || failure.number == EAGAIN
            ? .resourcesExhausted : .ioError
        return ModelFileError(
            code, tried: "mapping \(size) bytes", found: systemErrorText(failure.number),
            allowed: "a file that can be mapped into memory", location: .init(path: path),
            cause: failure)
    }

    package static func guarding(path: String, isFull: Bool) -> ModelFileError {
        ModelFileError(
            .resourcesExhausted, tried: "protecting the mapping against a shrinking file",
            found: isFull ? "no free slot" : "the signal handler could not be installed",
            allowed: "at most 1024 mapped model files", location: .init(path: path))
    }
}
