// The model as the rest of the system sees it: tokens in, logits or hidden states out.
//
// The real transformer and the mock both implement `TokenModel`. The kind of the model that
// answered is carried beside the model (see Loading), never inside. A model is immutable and shared
// between threads. A runner owns the changing state (cache and scratch) and belongs to a single
// thread.

/// A model that can be run. Immutable, usable from any thread.
public protocol TokenModel: AnyObject, Sendable {
    /// Number of tokens, and width of every row of logits.
    var vocabularySize: Int { get }
    /// Number of values in the hidden state of a position.
    var embeddingLength: Int { get }
    /// Largest number of positions in a sequence.
    var contextLength: Int { get }

    /// Makes the changing state for up to `sequenceCountMax` sequences at once.
    ///
    /// - Parameter tokenBudget: positions of key-value cache over all sequences, rounded up to
    ///   whole pages of 16. The memory is taken now, and nothing more is taken later.
    /// - Throws: `placement_failed` when the back end cannot provide the memory.
    func makeRunner(
        maxSequences sequenceCountMax: Int, tokenBudget: Int
    ) throws(InferenceError) -> any ModelRunner
}

/// A sequence of one runner. Never reused: the ID of a closed sequence stays invalid.
public struct SequenceID: Hashable, Sendable {
    let place: UInt32
    let use: UInt32

    package init(place: UInt32, use: UInt32) {
        self.place = place
        self.use = use
    }
}

/// Work for one sequence in one step: one token when generating, many when reading a prompt.
///
/// Items may be kept and changed in place from step to step. With unchanged array lengths, no
/// memory is allocated.
public struct StepItem: Sendable {
    /// Positions of the item whose values are handed out.
    public enum Logits: Sendable, Equatable { case none, first, last, all }

    /// Kind of the values for a position.
    public enum Output: Sendable, Equatable {
        /// One value per token of the vocabulary.
        case logits
        /// The hidden state after the output norm, `embeddingLength` values, from which the output
        /// matrix makes logits. The output matrix is left out.
        case hidden
    }

    /// Open sequence to append to.
    public var sequence: SequenceID
    /// Tokens to append to the sequence, in order. At least one.
    public var tokens: [Int32]
    /// Positions whose values are handed out.
    public var wants: Logits
    /// Kind of the values.
    public var output: Output
    /// Number of likeliest tokens in the log-probabilities handed out beside logits:
    /// `0 ... LogProbabilities.topCountMax`. Nil for no log-probabilities.
    public var topCount: Int?
    /// Choice of the token that follows the item's last token, if the logits of the last token are
    /// handed out. Nil for none.
    public var choice: TokenChoice?

    /// True when the values of the token at `offset` in `tokens` are handed out.
    package func wantsValues(of offset: Int) -> Bool {
        switch wants {
        case .none: false
        case .first: offset == 0
        case .last: offset == tokens.count - 1
        case .all: true
        }
    }

    /// Creates an item.
    public init(
        sequence: SequenceID, tokens: [Int32], wants: Logits, output: Output = .logits,
        topCount: Int? = nil, choice: TokenChoice? = nil
    ) {
        self.sequence = sequence
        self.tokens = tokens
        self.wants = wants
        self.output = output
        self.topCount = topCount
        self.choice = choice
    }
}

/// Values of a wanted position, lent to the receiver of a step.
public struct StepRow {
    /// Index of the item in the step.
    public let item: Int
    /// Position in the sequence, 0 = its first token.
    public let position: Int
    /// The values that the item's `output` names. Valid during the call only.
    public let values: UnsafeBufferPointer<Float>
    /// True when every value is finite.
    public var isFinite: Bool { scan.isFinite }
    /// Largest value and its first place.
    let scan: LogitScan
    private let findings: RowFindings

    /// Log-probabilities of the logits, or the error that says why there are none. Nil when the
    /// item does not ask for them.
    public var logProbabilities: Result<LogProbabilities, InferenceError>? {
        findings.logProbabilities
    }
    /// The chosen token, or the error that says why there is none. Nil when the item makes no
    /// choice at the position.
    public var token: Result<Int32, InferenceError>? { findings.token }

    /// Creates a row that was looked at before.
    init(
        item: Int, position: Int, values: UnsafeBufferPointer<Float>, scan: LogitScan,
        findings: RowFindings
    ) {
        (self.item, self.position, self.values) = (item, position, values)
        (self.scan, self.findings) = (scan, findings)
    }

    /// Creates the row of an item with index `index`, and finds what the item asks for.
    ///
    /// - Parameter isLast: true at the item's last token.
    package init(
        _ item: StepItem, index: Int, position: Int, isLast: Bool = false,
        values: UnsafeBufferPointer<Float>
    ) {
        let scan = LogitScan(values)
        self.init(
            item: index, position: position, values: values, scan: scan,
            findings: RowFindings(item, isLast: isLast, values, scan, .scalar))
    }

    /// Returns the log-probabilities of an item that asks for them.
    package func scored() throws(InferenceError) -> LogProbabilities {
        guard let logProbabilities else {
            preconditionFailure("item \(item) does not ask for log-probabilities")
        }
        return try logProbabilities.get()
    }

    /// Returns the token of an item that makes a choice.
    package func chosen() throws(InferenceError) -> Int32 {
        guard let token else { preconditionFailure("item \(item) makes no choice") }
        return try token.get()
    }
}

/// Changing state of a model in use. Confined to one thread.
public protocol ModelRunner: AnyObject {
    /// Opens an empty sequence and reserves cache for `capacity` positions.
    ///
    /// - Throws: `sequence_too_long` when the sequence can never fit, `cache_exhausted` or
    ///   `too_many_sequences` when there is no room now.
    func open(capacity: Int) throws(InferenceError) -> SequenceID

    /// Opens a sequence that begins with the same positions, and reserves cache for `capacity`
    /// positions in all. Full pages are shared. Shared pages cost nothing, and live until their
    /// last holder closes. A partly filled page is copied, and so is state of fixed size. Later
    /// tokens of either sequence do not touch the other. The fork's values equal, bit for bit, the
    /// values of a sequence that was fed from the start.
    ///
    /// - Throws: `unknown_sequence`, or `sequence_too_long` for a capacity that is less than the
    ///   sequence's length or can never fit, or `cache_exhausted` or `too_many_sequences` when
    ///   there is no room now, or `bad_step` in a model whose attention is not causal.
    func fork(_ sequence: SequenceID, capacity: Int) throws(InferenceError) -> SequenceID

    /// Gives the sequence's cache and state back, except for pages that forks still share. Does
    /// nothing for a closed or unknown sequence.
    func close(_ sequence: SequenceID)

    /// Number of positions that can still be reserved. A multiple of the page size.
    var freeTokens: Int { get }

    /// Returns the number of tokens in the sequence, or nil when the sequence is not open.
    func length(of sequence: SequenceID) -> Int?

    /// Calls `tick` several times per block while a step runs: a sign of life from a step with much
    /// to compute. A runner with short steps need not call `tick`.
    func reportProgress(to tick: @escaping () -> Void)

    /// Appends every item's tokens to its sequence. All items share the passes over the weights.
    ///
    /// Calls `receive` once per wanted position on the caller's thread, items in order and
    /// positions ascending. The call must not use the runner. The values depend on the model and
    /// the sequence's own tokens, never on other items, the division of the tokens into steps, or
    /// the number of threads.
    ///
    /// Where a model's attention is not causal, an item must hold all tokens of its sequence: a
    /// sequence with tokens takes no more, and has no forks.
    ///
    /// - Throws: `bad_step`, `unknown_sequence`, `token_out_of_range` or `sequence_too_long`, all
    ///   before anything has changed, or `placement_failed` when the back end fails while the step
    ///   runs. A step that throws has appended no token, and may have handed values out.
    func step(
        _ items: [StepItem], receive: (StepRow) -> Void
    ) throws(InferenceError)
}

extension ModelRunner {
    /// Runs a step and calls `logits` with the item's index, the position and the values of each
    /// row. See `step(_:receive:)`.
    public func step(
        _ items: [StepItem],
        logits: (_ item: Int, _ position: Int, _ values: UnsafeBufferPointer<Float>) -> Void
    ) throws(InferenceError) {
        try step(items) { (row: StepRow) in logits(row.item, row.position, row.values) }
    }

    /// Keeps a sequence as it is now: a fork without room to grow. The snapshot is closed like any
    /// sequence, and a fork of the snapshot goes on from there, also after the sequence itself has
    /// gone on or closed.
    ///
    /// - Throws: as `fork`.
    public func snapshot(_ sequence: SequenceID) throws(InferenceError) -> SequenceID {
        try fork(sequence, capacity: max(1, length(of: sequence) ?? 1))
    }

    /// Reports nothing.
    public func reportProgress(to tick: @escaping () -> Void) {}
}
