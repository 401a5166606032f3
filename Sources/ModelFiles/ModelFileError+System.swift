// The table from errno values to typed errors of the file layer.
//
// Guarantees: every errno value gives an error. An errno with an ordinary cause has its own code.
// Does not: decide about retries. `Code.isTransient` marks conditions that can pass.

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

    /// The error for a file changed since opening.
    package static func changed(_ path: String, found: String) -> ModelFileError {
        ModelFileError(
            .changedWhileRead, tried: "checking that the file stayed the same while it was read",
            found: found, allowed: "a file that nobody writes to or replaces during the load",
            location: .init(path: path))
    }

    package static func reserving(
        path: String, size: Int, _ failure: SystemCallFailure
    ) -> ModelFileError {
        let code: Code =
            failure.number == ENOMEM || failure.number == EAGAIN
            ? .resourcesExhausted : .ioError
        return ModelFileError(
            code, tried: "reserving \(size) bytes for the head of the file",
            found: systemErrorText(failure.number),
            allowed: "free address space and memory", location: .init(path: path),
            cause: failure)
    }
}
