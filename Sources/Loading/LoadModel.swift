// Short functions that load a model, for callers with tasks.
//
// Guarantees: the calling task is suspended and no thread of the cooperative pool is blocked. The
// outcome equals the outcome of `ModelLoader`. `loadWithFallback` keeps an old name alive and loads
// strictly.
// Does not: return a mock unless the options ask for a mock by name.

import Threads

/// Loads the model at `path` under the strict strategy: a real model or an error. Any task. Throws
/// `AssayRejection`.
public func loadModelStrict(_ path: String) async throws -> RealModel {
    try await loadModel(path, options: ModelLoadingConfiguration()).ensureReal()
}

/// Loads the model at `path` with `options`. The result is a mock only under `development` with
/// `allowMockFallback`. Throws `AssayRejection`, or `LoadingConfigurationError` before any file is
/// touched.
public func loadModel(
    _ path: String, options: ModelLoadingConfiguration,
    progress: @escaping @Sendable (LayerProgress) -> Void = { _ in }
) async throws -> LoadedModel {
    let loader = try ModelLoader(configuration: options)
    return try await loader.load(path: path, progress: progress)
}

/// Forwards to `loadModelStrict`. A former function of this name returned a mock when loading
/// failed. There is no fallback any more. See docs/migration.md.
@available(
    *, deprecated, renamed: "loadModelStrict",
    message: "Nothing falls back silently any more; see docs/migration.md."
)
public func loadWithFallback(path: String) async throws -> RealModel {
    try await loadModelStrict(path)
}

extension ModelLoader {
    /// As the blocking `load`, but suspends the calling task. Any task.
    public func load(
        path: String, progress: @escaping @Sendable (LayerProgress) -> Void = { _ in }
    ) async throws -> LoadedModel {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread("assay-loader") {
                    continuation.resume(with: run(path: path, progress: progress).result)
                }
            } catch {
                continuation.resume(
                    throwing: AssayRejection(
                        .file, .resourcesExhausted, tried: "starting the loading thread",
                        found: "\(error)", allowed: "a free thread", location: "in \"\(path)\"",
                        isTransient: true))
            }
        }
    }
}
