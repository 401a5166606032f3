// What a shell completes after the flags of assay. Only names of files and fixed words: a shell
// never asks a server.

import ArgumentParser
import Wire

extension CompletionKind {
    /// A model's file. Folders are completed, too.
    static let model = CompletionKind.file(extensions: ["gguf", "safetensors", "json"])
    /// A file of JSON.
    static let json = CompletionKind.file(extensions: ["json"])
    /// Names of strategies.
    static let strategy = CompletionKind.list(LoadStrategy.allCases.map(\.rawValue))
    /// Requests of a device.
    static let device = CompletionKind.list(["auto", "cpu", "cuda"])
    /// Names of devices, as answers have them.
    static let computingDevice = CompletionKind.list(["cpu", "cuda:0"])
}
