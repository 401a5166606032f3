"""The end of clients/rust/src/protocol.rs, for rust.py: builders of requests, short calls, and the
errors of the language."""

from _tables import folded, pascal, sentence, served

#: code -> the kind of an `std::io::Error`
IO_KINDS = {"address_invalid": "InvalidInput", "unreachable": "NotConnected",
            "connection_closed": "ConnectionAborted", "timed_out": "TimedOut",
            "protocol_error": "InvalidData", "given_up": "Interrupted",
            "request_invalid": "InvalidInput", "revision_too_low": "Unsupported"}
#: status of a server's refusal -> the kind
REFUSED = {"DEADLINE_EXCEEDED": "TimedOut", "NOT_FOUND": "NotFound",
           "ALREADY_EXISTS": "AlreadyExists", "PERMISSION_DENIED": "PermissionDenied",
           "UNAUTHENTICATED": "PermissionDenied", "INVALID_ARGUMENT": "InvalidInput",
           "OUT_OF_RANGE": "InvalidInput"}

SHORT = '''
/// Version of this client.
pub const CLIENT_VERSION: &str = env!("CARGO_PKG_VERSION");

impl From<&str> for Input {
    fn from(text: &str) -> Input {
        Input { text: Some(text.to_owned()), ..Default::default() }
    }
}

impl From<String> for Input {
    fn from(text: String) -> Input {
        Input { text: Some(text), ..Default::default() }
    }
}

impl From<Vec<u32>> for Input {
    fn from(tokens: Vec<u32>) -> Input {
        Input { tokens: Some(tokens), ..Default::default() }
    }
}

impl ChatMessage {
%(turns)s}

impl GenerateRequest {
    /// Continues a text.
    pub fn text(prompt: impl Into<String>) -> Self {
        GenerateRequest { prompt: Some(prompt.into()), ..Default::default() }
    }

    /// Continues a conversation.
    pub fn chat(messages: impl IntoIterator<Item = ChatMessage>) -> Self {
        GenerateRequest { messages: messages.into_iter().collect(), ..Default::default() }
    }
}

impl EmbedRequest {
    /// Turns each text, or the token ids of a text, into a vector.
    pub fn of(inputs: impl IntoIterator<Item = impl Into<Input>>) -> Self {
        let inputs = inputs.into_iter().map(Into::into).collect();
        EmbedRequest { inputs, ..Default::default() }
    }
}

impl EmbedResponse {
    /// One vector for each input, in the order of the inputs.
    pub fn vectors(&self) -> std::slice::ChunksExact<'_, f32> {
        self.embeddings.chunks_exact(usize::try_from(self.dimensions).unwrap_or(0).max(1))
    }
}

impl Model {
    /// The provenance of the model's answers.
    pub fn source(&self) -> Provenance {
        if self.provenance == u64::from(PROVENANCE_REAL) {
            Provenance::Real
        } else {
            Provenance::Mock
        }
    }
}

/// Short calls. For further fields, see [`GenerateRequest::text`], [`GenerateRequest::chat`] and
/// [`EmbedRequest::of`].
impl Client {
    /// Continues a text.
    pub fn generate_text(&self, prompt: impl Into<String>) -> Result<Reply<GenerateResponse>> {
        self.generate(&GenerateRequest::text(prompt))
    }

    /// Continues a conversation.
    pub fn chat(
        &self, messages: impl IntoIterator<Item = ChatMessage>,
    ) -> Result<Reply<GenerateResponse>> {
        self.generate(&GenerateRequest::chat(messages))
    }

    /// Turns each text into a vector, see [`EmbedResponse::vectors`].
    pub fn embed_all(
        &self, inputs: impl IntoIterator<Item = impl Into<Input>>,
    ) -> Result<Reply<EmbedResponse>> {
        self.embed(&EmbedRequest::of(inputs))
    }
}

/// The system's error behind an [`AssayError`].
#[derive(Debug, Clone)]
pub(crate) struct Cause(std::sync::Arc<std::io::Error>);

impl PartialEq for Cause {
    fn eq(&self, other: &Cause) -> bool {
        self.0.kind() == other.0.kind()
    }
}

impl AssayError {
    /// The kind of an `std::io::Error` that fits.
    pub fn io_kind(&self) -> std::io::ErrorKind {
        use std::io::ErrorKind;
        if let Some(cause) = &self.cause {
            return cause.0.kind();
        }
        match (self.code, self.status) {
%(kinds)s            _ => ErrorKind::Other,
        }
    }

    pub(crate) fn because(mut self, error: std::io::Error) -> Self {
        self.0.cause = Some(Cause(std::sync::Arc::new(error)));
        self
    }
}

impl std::fmt::Display for AssayError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for AssayError {
    /// The system's error, if any.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &*cause.0 as &(dyn std::error::Error + 'static))
    }
}

impl From<AssayError> for std::io::Error {
    fn from(error: AssayError) -> std::io::Error {
        std::io::Error::new(error.io_kind(), error)
    }
}
'''

TURN = '''    /// A turn of the role %s.
    pub fn %s(content: impl Into<String>) -> Self {
        ChatMessage { role: "%s".to_owned(), content: content.into(), ..Default::default() }
    }
'''

#: fields whose names are also methods of every message: with_context
TAKEN = ("context", "requirements")
SETTERS = {
    "required": ("%s", "%s"), "optional": ("%s", "Some(%s)"),
    "repeated": ("impl IntoIterator<Item = %s>", "%s.into_iter().collect()"),
}


def doc(text):
    return "".join("    /// %s\n" % line for line in folded(sentence(text), 92))


def setter(field, types, camel):
    """The method that sets one field, and returns the request."""
    kind = camel(field["record"]) if field["type"] == "record" else types[field["type"]]
    value, given = SETTERS[field["presence"]]
    if field["presence"] == "repeated" and kind == "String":
        value, given = value % "impl Into<String>", "value.into_iter().map(Into::into).collect()"
    elif kind == "String":
        value, given = "impl Into<String>", given % "value.into()"
    else:
        value, given = value % kind, given % "value"
    return ("%s    pub fn %s(mut self, value: %s) -> Self {\n        self.%s = %s;\n"
            "        self\n    }\n") % (
        doc("sets `%s`: %s" % (field["name"], field["meaning"])),
        "with_" * (field["name"] in TAKEN) + field["name"], value,
        field["name"], given)


def builders(protocol, types, camel):
    """A method for each field of each request, but the one that makes the request."""
    out = []
    for kind in served(protocol, ("Hello", "Cancel")):
        fields = protocol["messages"][kind["request"]]["fields"]
        if fields:
            out.append("\n/// The fields one by one: each method sets a field, and returns the "
                       "request.\n"
                       "impl %s {\n%s}\n" % (camel(kind["request"]), "\n".join(
                           setter(field, types, camel) for field in fields)))
    return "".join(out)


def words(protocol, types, camel):
    role = next(field for field in protocol["messages"]["Chat message"]["fields"]
                if field["name"] == "role")
    arms = "".join("            (Code::%s, _) => ErrorKind::%s,\n" % (pascal(code), kind)
                   for code, kind in IO_KINDS.items())
    arms += "".join("            (_, Status::%s) => ErrorKind::%s,\n" % (
        pascal(status.lower()), kind) for status, kind in REFUSED.items())
    turns = "\n".join(TURN % (word, word, word) for word in role["choices"])
    return builders(protocol, types, camel) + SHORT % {"turns": turns, "kinds": arms}
