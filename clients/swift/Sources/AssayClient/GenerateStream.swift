// A streamed generation as an asynchronous sequence.
//
//     for try await part in client.generateStream(request) {
//         print(part.text, terminator: "")
//         if let answer = part.answer { print(answer.message.finishReason) }
//     }
//
// Guarantees: the request is sent by the first `next`; nothing runs between two of them but the
// filing of frames, up to `backlogSizeMax` bytes. Leaving the loop early, or cancelling its task,
// gives the answer up: Cancel is sent and the connection lives on.

import Wire

/// The parts of one answer as they come; the last one holds the whole answer. One iteration sends
/// one request.
public struct GenerateStream: AsyncSequence, Sendable {
    /// What iteration throws.
    public typealias Failure = ClientError
    /// A part of the answer.
    public typealias Element = GeneratePart

    let client: Client
    let request: GenerateRequest
    let deadlineMilliseconds: UInt32

    /// Starts an iteration; nothing is sent before its first `next`.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Sends the request and waits for the whole answer, dropping its parts.
    public func result() async throws(ClientError) -> Reply<GenerateResponse> {
        try await client.generate(request, deadlineMilliseconds: deadlineMilliseconds)
    }

    /// Takes the parts in order. Not Sendable: one task at a time.
    public struct Iterator: AsyncIteratorProtocol {
        private let call: PartedCall<GenerateRequest, GenerationPieces>

        init(_ stream: GenerateStream) {
            call = PartedCall(
                stream.client, stream.request.demandingReal(stream.client.options),
                GenerationPieces(stream.request),
                deadlineMilliseconds: stream.deadlineMilliseconds)
        }

        /// The next part, nil behind the last one. Throws what `Client.generate` throws; behind an
        /// error it is nil.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(ClientError) -> GeneratePart? {
            switch try await call.next() {
            case .chunk(let chunk, let provenance, let generation)?:
                return GeneratePart(
                    chunk: chunk, provenance: provenance, generation: generation, answer: nil)
            case .last(let last, let whole)?:
                return GeneratePart(
                    chunk: GenerateChunk(
                        tokens: last.tokens, text: last.text, logprobs: last.logprobs,
                        promptLogprobs: last.promptLogprobs),
                    provenance: whole.provenance, generation: whole.generation, answer: whole)
            case nil:
                return nil
            }
        }

        /// See `next(isolation:)`.
        public mutating func next() async throws(ClientError) -> GeneratePart? {
            try await next(isolation: nil)
        }
    }
}
