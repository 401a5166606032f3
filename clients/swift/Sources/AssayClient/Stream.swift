// A streamed generation as an asynchronous sequence.
//
//     let stream = client.generateStream(request)
//     for try await part in stream { print(part.text, terminator: "") }
//     print(try await stream.result().finishReason)
//
// Guarantees: the request is sent when the first part, or the result, is asked for; nothing runs
// between two parts but the filing of frames, up to `answerSizeMax` bytes. Leaving the loop early,
// dropping the stream, or cancelling its task gives the answer up: Cancel is sent and the
// connection lives on.

import Wire

/// One element of a streamed generation. The texts of all elements, one after the other, are the
/// text of the answer; so are the tokens.
public struct GeneratePart: Sendable, Equatable {
    /// Tokens, text, progress and log-probabilities since the element before. In the last element:
    /// what the last frame brought.
    public let chunk: GenerateChunk
    /// Real or mock; the same in all elements.
    public let provenance: Provenance
    /// Generation of the model that answers; the same in all elements.
    public let generation: UInt32
    /// The whole answer: in the last element, nil before.
    public let answer: Reply<GenerateResponse>?

    /// Text since the element before.
    public var text: String { chunk.text }
    /// Token ids since the element before.
    public var tokens: [UInt32] { chunk.tokens }
}

/// The parts of one answer as they come; the last one holds the whole answer. For one task at a
/// time, and for one iteration.
public final class GenerateStream: AsyncSequence {
    /// What iteration throws.
    public typealias Failure = AssayError
    /// A part of the answer.
    public typealias Element = GeneratePart

    private let exchange: Exchange<GenerateRequest, GeneratePieces>

    init(_ exchange: Exchange<GenerateRequest, GeneratePieces>) { self.exchange = exchange }

    /// Takes what is left, and returns the whole answer. Throws the error that the stream ended
    /// with; `given_up` when it was closed before its end.
    public func result() async throws(AssayError) -> Reply<GenerateResponse> {
        try await exchange.whole()
    }

    /// Gives up what is left. Safe to repeat; behind the end it does nothing.
    public func close() { exchange.close() }

    /// The iteration; when it goes, the stream is closed.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Takes the parts in order.
    public final class Iterator: AsyncIteratorProtocol {
        private let stream: GenerateStream

        init(_ stream: GenerateStream) { self.stream = stream }

        deinit { stream.close() }

        /// The next part, nil behind the last one. Throws what `Client.generate` throws; behind an
        /// error it is nil.
        public func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(AssayError) -> GeneratePart? {
            switch try await stream.exchange.next() {
            case .chunk(let chunk, let provenance, let generation)?:
                GeneratePart(
                    chunk: chunk, provenance: provenance, generation: generation, answer: nil)
            case .last(let last, let whole)?:
                GeneratePart(
                    chunk: GenerateChunk(of: last), provenance: whole.provenance,
                    generation: whole.generation, answer: whole)
            case nil: nil
            }
        }
    }
}
