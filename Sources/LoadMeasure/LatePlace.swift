// An injected transient fault that is a real one: a path where no file is, until it is let appear.
//
//   TEMPORARY/late -> the model's folder     made by `appear`, missing before
//   TEMPORARY/late/model.gguf                what is loaded
//
// Guarantees: the loader meets the kernel's own "no such file"; parts and seal beside the model
// appear with it; `remove` takes everything away. The model itself is not touched.

import Glibc

final class LatePlace: Sendable {
    /// The path to load.
    let path: String
    private let folder: String
    private let link: String
    private let target: String

    /// Makes the folder in `parent`, by default the place for temporary files. Throws when there is
    /// no room for it.
    init(of model: String, in parent: String? = nil) throws(LoadMeasureError) {
        guard let resolved = realpath(model, nil) else {
            throw LoadMeasureError(description: "resolving \(model): no such file")
        }
        defer { free(resolved) }
        let real = String(cString: resolved)
        let slash = real.lastIndex(of: "/") ?? real.startIndex
        let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/assay-load-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw LoadMeasureError(
                description: "making a temporary folder in \(parent): found error \(errno); "
                    + "allowed: a folder this process may write, named by TMPDIR")
        }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        link = folder + "/late"
        target = slash == real.startIndex ? "/" : String(real[..<slash])
        path = link + real[slash...]
    }

    /// Takes everything away. Said, not left to `deinit`: a timer of the loader may hold on to what
    /// it was given for as long as the process lives.
    func remove() {
        unlink(link)
        rmdir(folder)
    }

    /// From now on the model is there.
    func appear() { symlink(target, link) }
}
