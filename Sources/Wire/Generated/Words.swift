// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Allowed words of text fields.

/// `role` of Chat message: speaker of the turn, `tool` from revision 3 on.
public enum ChatRole: String, Sendable, CaseIterable {
    case system, user, assistant, tool
}

/// `tool_arguments` of Chat template: form in which the template gets the arguments of past calls,
/// absent when none are written.
public enum ToolArguments: String, Sendable, CaseIterable {
    case object, text
}

/// `thinking` of Chat template: reasoning before an answer: not foreseen, chosen by a variable, or
/// always.
public enum Thinking: String, Sendable, CaseIterable {
    case none, optional, always
}

/// `state` of Health response: state of the model, or of the server.
public enum ServingState: String, Sendable, CaseIterable {
    case loading, ready, failed, draining
}

/// `seal` of Health response: result of the comparison with the seal, only after `verify`.
public enum SealState: String, Sendable, CaseIterable {
    case absent, matched, drifted
}

/// `file` of Health response: files on disk compared with the loaded files, only for one real
/// model.
public enum FileState: String, Sendable, CaseIterable {
    case unchanged, changed, missing
}

/// `breaker` of Model: state of the model's circuit breaker, absent for a server without.
public enum BreakerState: String, Sendable, CaseIterable {
    case closed, open, halfOpen = "half_open"
}

/// `strategy` of Load request: loading strategy, absent for the server's setting.
public enum LoadStrategy: String, Sendable, CaseIterable {
    case strict, graceful, development
}

/// `step` of Swap progress: step behind the layers.
public enum SwapStep: String, Sendable, CaseIterable {
    case warmUp = "warm_up", shadow
}

/// `finish_reason` of Generate response: cause of the end: end token or stop string, `max_tokens`
/// or context, Cancel, deadline.
public enum FinishReason: String, Sendable, CaseIterable {
    case stop, length, cancelled, deadline
}

/// `pooling` of Embed request: reduction of the positions to a single vector, absent for the
/// model's own (mean under revision 2).
public enum Pooling: String, Sendable, CaseIterable {
    case mean, last, cls
}
