// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// The words that fields of text may have.

/// `role` of Chat message: who speaks.
public enum ChatRole: String, Sendable, CaseIterable {
    case system, user, assistant
}

/// `state` of Health response: where it stands.
public enum ServingState: String, Sendable, CaseIterable {
    case loading, ready, failed, draining
}

/// `seal` of Health response: only after `verify`: what the comparison gave.
public enum SealState: String, Sendable, CaseIterable {
    case absent, matched, drifted
}

/// `file` of Health response: of one real model: its files on disk beside those that were loaded.
public enum FileState: String, Sendable, CaseIterable {
    case unchanged, changed, missing
}

/// `strategy` of Load request: how hard to try; default: the server's setting.
public enum LoadStrategy: String, Sendable, CaseIterable {
    case strict, graceful, development
}

/// `finish_reason` of Generate response: end token or stop string; `max_tokens` or context;
/// Cancel; deadline.
public enum FinishReason: String, Sendable, CaseIterable {
    case stop, length, cancelled, deadline
}

/// `pooling` of Embed request: how positions become one vector; default mean.
public enum Pooling: String, Sendable, CaseIterable {
    case mean, last, cls
}
