// An end for an encoding that is under way: somebody else's wish, or too many ids.

import Synchronization

/// Ends an encoding early. An encoding looks at its watch after each merge and each word. Any
/// thread.
public final class EncodingWatch: Sendable {
    /// Ids above which the encoding gives up.
    public let tokenCountMax: Int
    private let cancelled = Atomic<Bool>(false)

    /// Makes a watch that ends nothing by itself below `tokenCountMax` ids.
    public init(tokenCountMax: Int = .max) { self.tokenCountMax = tokenCountMax }

    /// True after `cancel`.
    public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Ends the encoding soon, with `encodingCancelled`.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Throws when the encoding gave up.
    func check(_ count: Int) throws(TokenizerError) {
        if isCancelled {
            throw TokenizerError(
                .encodingCancelled, tried: "encoding a text", found: "a cancellation",
                allowed: "none")
        }
        guard count > tokenCountMax else { return }
        throw TokenizerError(
            .tooManyTokens, tried: "encoding a text", found: "more than \(tokenCountMax) tokens",
            allowed: "\(tokenCountMax)")
    }
}
