"""Short calls and errno values of clients/c/assay_protocol.h, for c.py and _c_tables.py."""

#: code or status -> the system's error number
CODES = {"ADDRESS_INVALID": "EINVAL", "UNREACHABLE": "ECONNREFUSED",
         "CONNECTION_CLOSED": "ECONNRESET", "TIMED_OUT": "ETIMEDOUT", "PROTOCOL_ERROR": "EPROTO",
         "MOCK_REFUSED": "EPERM", "GIVEN_UP": "ECANCELED", "REQUEST_INVALID": "EINVAL",
         "REVISION_TOO_LOW": "EOPNOTSUPP", "OUT_OF_MEMORY": "ENOMEM"}
STATUSES = {"CANCELLED": "ECANCELED", "INVALID_ARGUMENT": "EINVAL",
            "DEADLINE_EXCEEDED": "ETIMEDOUT", "NOT_FOUND": "ENOENT", "ALREADY_EXISTS": "EEXIST",
            "PERMISSION_DENIED": "EACCES", "UNAUTHENTICATED": "EACCES", "OUT_OF_RANGE": "ERANGE",
            "RESOURCE_EXHAUSTED": "EAGAIN", "UNAVAILABLE": "EAGAIN", "ABORTED": "EAGAIN",
            "UNIMPLEMENTED": "EOPNOTSUPP"}

HEADS = {
    "turn": "assay_chat_message assay_turn(const char *role, const char *content)",
    "text": """assay_code assay_generate_text(
    assay_client *client, const char *prompt, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error)""",
    "chat": """assay_code assay_chat(
    assay_client *client, const assay_chat_message *turns, size_t count, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error)""",
    "embed": """assay_code assay_embed_texts(
    assay_client *client, const char *const *texts, size_t count,
    const assay_call_options *call, assay_reply *reply, assay_error *error)""",
    "vector": "const float *assay_vector(const assay_reply *reply, size_t index)",
    "errno": "int assay_errno(const assay_error *error)",
}

DECLARED = """/* Version of this client. */
#define ASSAY_CLIENT_VERSION "%(release)s"

/* Short calls. The texts are C strings. max_tokens of 0 is the server's default. */
/* Makes a turn of a conversation without copying. Role: %(roles)s. */
%(turn)s;
/* Continues a text. With call->on_chunk the text arrives in chunks, too. */
%(text)s;
/* Continues a conversation. */
%(chat)s;
/* Turns each text into a vector. At most %(most)d texts. */
%(embed)s;
/* The vector of one input, of reply->embed->dimensions values, valid until the reply is freed. NULL
 * for a reply to another kind, and for an index beyond the inputs. */
%(vector)s;
/* The errno value that fits an error: ETIMEDOUT, ECONNREFUSED, ENOENT, ... 0 for none. */
%(errno)s;

"""

DEFINED = """
static assay_text assay_text_at(const char *string) {
    return (assay_text){string, string == NULL ? 0 : strlen(string)};
}

%(turn)s {
    return (assay_chat_message){.role = assay_text_at(role), .content = assay_text_at(content)};
}

static assay_code assay_generate_at_most(
    assay_client *client, assay_generate_request request, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    request.max_tokens = (assay_opt_u64){max_tokens, max_tokens > 0};
    return assay_generate(client, &request, call, reply, error);
}

%(text)s {
    assay_generate_request request = {.prompt = assay_text_at(prompt)};
    return assay_generate_at_most(client, request, max_tokens, call, reply, error);
}

%(chat)s {
    assay_generate_request request = {.messages = {turns, count}};
    return assay_generate_at_most(client, request, max_tokens, call, reply, error);
}

%(embed)s {
    assay_input inputs[ASSAY_LIMIT_INPUT_COUNT_MAX + 1]; /* one too many is refused by the table */
    size_t taken = count < sizeof inputs / sizeof *inputs ? count : sizeof inputs / sizeof *inputs;
    for (size_t i = 0; i < taken; i++) {
        inputs[i] = (assay_input){.text = assay_text_at(texts[i])};
    }
    assay_embed_request request = {.inputs = {inputs, taken}};
    return assay_embed(client, &request, call, reply, error);
}

%(vector)s {
    if (reply->kind != ASSAY_KIND_EMBED || reply->embed == NULL || index >= reply->embed->count) {
        return NULL;
    }
    return reply->embed->embeddings.items + index * (size_t)reply->embed->dimensions;
}

%(errno)s {
    switch (error->code) {
    case ASSAY_OK:
        return 0;
%(codes)s    default:
        break;
    }
    switch (error->status) {
%(statuses)s    default:
        return EIO;
    }
}
"""


def declared(protocol):
    """The declarations."""
    role = next(field for field in protocol["messages"]["Chat message"]["fields"]
                if field["name"] == "role")
    most = next(limit["value"] for limit in protocol["limits"]
                if limit["name"] == "input_count_max")
    return DECLARED % dict(HEADS, release=protocol["release"], most=most,
                           roles=", ".join(role["choices"]))


def cases(prefix, rows):
    return "".join("    case ASSAY_%s%s:\n        return %s;\n" % (prefix, name, value)
                   for name, value in rows.items())


def defined():
    """The definitions, for the one file with the tables."""
    return DEFINED % dict(HEADS, codes=cases("", CODES), statuses=cases("STATUS_", STATUSES))
