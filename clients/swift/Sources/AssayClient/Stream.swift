// A streamed generation as an asynchronous sequence.
//
//     let stream = client.generateStream(request)
//     for try await part in stream { print(part.text, terminator: "") }
//     print(try await stream.result().finishReason)
//
// Guarantees: the request is sent when the caller asks for the first part or for the result.
// Between two parts only the filing of frames runs, up to `answerSizeMax` bytes. Leaving the loop
// early, dropping the stream, or cancelling its task gives up the answer: Cancel is sent and the
// connection stays open.

import Wire

/// An element of a streamed generation. The joined texts of all elements are the text of the
/// answer, and the joined tokens are its tokens.
public struct GeneratePart: Sendable, Equatable {
    /// Tokens, text, progress and log-probabilities since the previous element. In the last
    /// element, the content of the last frame.
    public let chunk: GenerateChunk
    /// Real or mock, the same in all elements.
    public let provenance: Provenance
    /// Generation of the model that answers, the same in all elements.
    public let generation: UInt32
    /// The whole answer in the last element. Nil in earlier elements.
    public let answer: Reply<GenerateResponse>?

    /// Text since the previous element.
    public var text: String { chunk.text }
    /// Token ids since the previous element.
    public var tokens: [UInt32] { chunk.tokens }
}

/// The parts of an answer as they arrive. The last part holds the whole answer. For one task at a
/// time, and for one iteration.
public final class GenerateStream: AsyncSequence {
    /// The error type of the iteration.
    public typealias Failure = AssayError
    /// A part of the answer.
    public typealias Element = GeneratePart

    private let exchange: Exchange<GenerateRequest, GeneratePieces>

    init(_ exchange: Exchange<GenerateRequest, GeneratePieces>) { self.exchange = exchange }

    /// Takes the remaining parts and returns the whole answer. Throws the error that ended the
    /// stream, or `given_up` when the stream was closed before its end.
    public func result() async throws(AssayError) -> Reply<GenerateResponse> {
        try await exchange.whole()
    }

    /// Gives up the rest of the answer. Safe to repeat. Does nothing after the end.
    public func close() { exchange.close() }

    /// Makes the iterator. When the iterator goes away, the stream is closed.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Takes the parts in order.
    public final class Iterator: AsyncIteratorProtocol {
        private let stream: GenerateStream

        init(_ stream: GenerateStream) { self.stream = stream }

        deinit { stream.close() }

        /// The next part. Nil after the last part and after an error. Throws the errors of
        /// `Client.generate`.
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
