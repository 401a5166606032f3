// What the rest of the system needs of a model: tokens in, logits or hidden states out.
//
// The real transformer and the mock both have this face; which of the two answered is carried
// beside it (see Loading), never inside it. A model is immutable and shared between threads; a
// runner owns the changing state (cache and scratch) and belongs to one thread.

/// A model that can be run: immutable, usable from any thread.
public protocol TokenModel: AnyObject, Sendable {
    /// Number of tokens; the width of every row of logits.
    var vocabularySize: Int { get }
    /// Values of one position's hidden state.
    var embeddingLength: Int { get }
    /// Positions a sequence may have at most.
    var contextLength: Int { get }

    /// Makes the changing state for up to `sequenceCountMax` sequences at once.
    ///
    /// - Parameter tokenBudget: positions of key-value cache over all sequences, taken from memory
    ///   now, rounded up to whole pages of 16; nothing more is taken later.
    /// - Throws: `placement_failed` when the back end cannot provide the memory.
    func makeRunner(
        maxSequences sequenceCountMax: Int, tokenBudget: Int
    ) throws(InferenceError) -> any ModelRunner
}

/// A sequence of one runner. Never reused: a closed sequence's ID stays invalid.
public struct SequenceID: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    package init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
}

/// Work for one sequence in one step: one token when generating, many when reading a prompt.
///
/// Items may be kept and changed in place from step to step; with unchanged array lengths that
/// allocates nothing.
public struct StepItem: Sendable {
    /// Which of the item's positions are handed out.
    public enum Logits: Sendable, Equatable { case none, last, all }

    /// What is handed out of a position.
    public enum Output: Sendable, Equatable {
        /// One value per token of the vocabulary.
        case logits
        /// What the output matrix reads to make logits: the hidden state after the output norm,
        /// `embeddingLength` values. The output matrix is left out.
        case hidden
    }

    /// The open sequence to append to.
    public var sequence: SequenceID
    /// The tokens to append to the sequence, in order; at least one.
    public var tokens: [Int32]
    /// The positions whose values are handed out.
    public var wants: Logits
    /// What these values are.
    public var output: Output

    /// Creates an item; see the properties.
    public init(
        sequence: SequenceID, tokens: [Int32], wants: Logits, output: Output = .logits
    ) {
        self.sequence = sequence
        self.tokens = tokens
        self.wants = wants
        self.output = output
    }
}

/// The changing state of a model in use. Confined to one thread.
public protocol ModelRunner: AnyObject {
    /// Opens an empty sequence and reserves cache for `capacity` positions.
    ///
    /// - Throws: `sequence_too_long` when it can never fit, `cache_exhausted` or
    ///   `too_many_sequences` when it does not fit now.
    func open(capacity: Int) throws(InferenceError) -> SequenceID

    /// Opens a sequence that begins with the same positions, and reserves cache for `capacity`
    /// positions in all. Full pages are shared (they cost nothing, and live until their last holder
    /// closes); a partly filled one is copied. What either sequence gets afterwards does not touch
    /// the other. The values it gives are those of a sequence that was fed from the start, bit for
    /// bit.
    ///
    /// - Throws: `unknown_sequence`; `sequence_too_long` for less than the sequence's length or
    ///   more than can ever fit; `cache_exhausted` or `too_many_sequences` when it does not fit
    ///   now.
    func fork(_ sequence: SequenceID, capacity: Int) throws(InferenceError) -> SequenceID

    /// Gives the sequence's cache back, but for pages that forks still share. Closing twice, or a
    /// stranger, does nothing.
    func close(_ sequence: SequenceID)

    /// Positions that can still be reserved; a multiple of the page size.
    var freeTokens: Int { get }

    /// Tokens the sequence holds, or nil when it is not open.
    func length(of sequence: SequenceID) -> Int?

    /// Calls `tick` while a step runs, several times per block: a sign of life from inside a step
    /// that takes long because there is much to compute. A runner whose steps are short need not.
    func reportProgress(to tick: @escaping () -> Void)

    /// Appends every item's tokens to its sequence in one pass over the weights.
    ///
    /// Calls `logits` once per wanted position, items in order and positions ascending, with the
    /// item's index, the position in the sequence (0 = its first token) and the values that the
    /// item's `output` says. The buffer is valid during the call only, and the call must not use
    /// the runner. The values depend on the model and the sequence's own tokens; never on the other
    /// items, on how the tokens were divided into steps, or on the number of threads.
    ///
    /// - Throws: `bad_step`, `unknown_sequence`, `token_out_of_range` or `sequence_too_long`, all
    ///   before anything has changed: a step that throws has had no effect.
    func step(
        _ items: [StepItem],
        logits: (_ item: Int, _ position: Int, _ values: UnsafeBufferPointer<Float>) -> Void
    ) throws(InferenceError)
}

extension ModelRunner {
    /// Reports nothing.
    public func reportProgress(to tick: @escaping () -> Void) {}
}
