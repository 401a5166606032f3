/*
 * Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
 *
 * Numbers, values and messages of the wire protocol (Protocol/SPEC.md), errors, the options of a
 * client, a reply and a call for each kind of request. Included by assay.h, which describes the
 * calls. A field with the type of an optional value that is not `given`, a text or bytes without
 * data, an array without items and a record that is NULL are absent.
 */
#ifndef ASSAY_PROTOCOL_H
#define ASSAY_PROTOCOL_H

#define ASSAY_PROTOCOL_VERSION 1
#define ASSAY_PROTOCOL_REVISION 4
#define ASSAY_DEFAULT_PORT 7411
#define ASSAY_RESPONSE_BIT 128

/* Flags. */
/* the body is an LZ4 block (section 5) */
#define ASSAY_FLAG_COMPRESSED 1
/* more frames of the response follow (only with status 0) */
#define ASSAY_FLAG_MORE 2
/* the answer lists degradations (only with status 0) */
#define ASSAY_FLAG_DEGRADED 4
/* All flags together. */
#define ASSAY_FLAGS_MAX 7

/* Provenance, 0 for none. */
typedef enum assay_provenance {
    /* no mock took part */
    ASSAY_REAL = 1,
    /* a mock model produced a part of the answer, or is the model addressed */
    ASSAY_MOCK = 2,
} assay_provenance;

/* Limits, with units. */
#define ASSAY_LIMIT_FRAME_SIZE_MAX_BEFORE_HELLO 4096ULL /* bytes */
#define ASSAY_LIMIT_BODY_SIZE_MAX 4194304ULL /* bytes */
#define ASSAY_LIMIT_BODY_SIZE_MIN 4096ULL /* bytes */
#define ASSAY_LIMIT_COMPRESSION_SIZE_MIN 1024ULL /* bytes */
#define ASSAY_LIMIT_REQUESTS_IN_FLIGHT_MAX 256ULL /* requests */
#define ASSAY_LIMIT_TEXT_SIZE_MAX 4000000ULL /* bytes */
#define ASSAY_LIMIT_TOKEN_COUNT_MAX 1000000ULL /* elements */
#define ASSAY_LIMIT_LIST_COUNT_MAX 1024ULL /* elements */
#define ASSAY_LIMIT_MESSAGE_COUNT_MAX 1024ULL /* records */
#define ASSAY_LIMIT_TOOL_CALL_COUNT_MAX 128ULL /* records */
#define ASSAY_LIMIT_TEMPLATE_VARIABLE_COUNT_MAX 64ULL /* records */
#define ASSAY_LIMIT_JSON_DEPTH_MAX 64ULL /* levels */
#define ASSAY_LIMIT_CONTINUATION_COUNT_MAX 256ULL /* records */
#define ASSAY_LIMIT_INPUT_COUNT_MAX 256ULL /* records */
#define ASSAY_LIMIT_TOP_LOGPROBS_MAX 64ULL /* tokens */
#define ASSAY_LIMIT_EMBEDDING_DIMENSIONS_MAX 131072ULL /* elements */
#define ASSAY_LIMIT_PING_PAYLOAD_SIZE_MAX 65536ULL /* bytes */
#define ASSAY_LIMIT_RETRY_AFTER_MILLISECONDS_MAX 3600000ULL /* milliseconds */
#define ASSAY_LIMIT_HEADER_SIZE 32ULL /* bytes */
#define ASSAY_LIMIT_HEADER_SIZE_COUNTED 28ULL /* bytes */
#define ASSAY_LIMIT_FIELD_HEADER_SIZE 8ULL /* bytes */
#define ASSAY_LIMIT_COMPRESSION_PERCENT_MAX 90ULL /* percent */
#define ASSAY_LIMIT_COMPRESSION_SAMPLED_SIZE_MIN 16384ULL /* bytes */
#define ASSAY_LIMIT_COMPRESSION_SAMPLE_SIZE 4096ULL /* bytes */

/* Status numbers, see assay_status_name. */
typedef enum assay_status {
    /* the answer follows */
    ASSAY_STATUS_OK = 0,
    /* a Cancel, or the connection's end, came before the work began */
    ASSAY_STATUS_CANCELLED = 1,
    /* an unclassified failure, or a number unknown to the client */
    ASSAY_STATUS_UNKNOWN = 2,
    /* a field is unknown, malformed, out of range or missing (the error body names the field) */
    ASSAY_STATUS_INVALID_ARGUMENT = 3,
    /* the request's deadline passed before the work began */
    ASSAY_STATUS_DEADLINE_EXCEEDED = 4,
    /* no model of the requested name is served */
    ASSAY_STATUS_NOT_FOUND = 5,
    /* the name, or the request id, is taken */
    ASSAY_STATUS_ALREADY_EXISTS = 6,
    /* the client is not allowed to make the request */
    ASSAY_STATUS_PERMISSION_DENIED = 7,
    /* a queue or a budget is full (refused at once instead of waiting without bound) */
    ASSAY_STATUS_RESOURCE_EXHAUSTED = 8,
    /* the state forbids the request: no Hello yet (hello_required), a second Hello, a model not
     * ready */
    ASSAY_STATUS_FAILED_PRECONDITION = 9,
    /* overtaken by a concurrent change, for example a model being replaced */
    ASSAY_STATUS_ABORTED = 10,
    /* valid, but too much for the model: a prompt longer than the context, a token id outside
     * the vocabulary */
    ASSAY_STATUS_OUT_OF_RANGE = 11,
    /* the kind is unknown or reserved (the connection lives on) */
    ASSAY_STATUS_UNIMPLEMENTED = 12,
    /* a fault of the server */
    ASSAY_STATUS_INTERNAL = 13,
    /* the server is draining, or the model is still loading (model_loading) */
    ASSAY_STATUS_UNAVAILABLE = 14,
    /* a served model drifted from its seal, or gives non-finite logits */
    ASSAY_STATUS_DATA_LOSS = 15,
    /* the server demands that the client identifies itself */
    ASSAY_STATUS_UNAUTHENTICATED = 16,
    /* the bytes break the framing (sent in a GoAway before the connection closes) */
    ASSAY_STATUS_PROTOCOL_ERROR = 32,
    /* a model file failed the assay (the error body names the layer) */
    ASSAY_STATUS_MODEL_REJECTED = 33,
    /* a requirement of the request does not hold, and nothing was computed */
    ASSAY_STATUS_REQUIREMENT_NOT_MET = 34,
    /* made by a client that receives a mock answer and does not allow mocks */
    ASSAY_STATUS_MOCK_REFUSED = 35,
} assay_status;

/* Kinds of requests. */
enum {
    ASSAY_KIND_HELLO = 0x01,
    ASSAY_KIND_PING = 0x02,
    ASSAY_KIND_HEALTH = 0x03,
    ASSAY_KIND_MODELS = 0x04,
    ASSAY_KIND_LOAD = 0x05,
    ASSAY_KIND_SWAP = 0x06,
    ASSAY_KIND_UNLOAD = 0x07,
    ASSAY_KIND_TOKENIZE = 0x08,
    ASSAY_KIND_DETOKENIZE = 0x09,
    ASSAY_KIND_GENERATE = 0x0a,
    ASSAY_KIND_SCORE = 0x0b,
    ASSAY_KIND_LOGITS = 0x0c,
    ASSAY_KIND_EMBED = 0x0d,
    ASSAY_KIND_CANCEL = 0x0e,
    ASSAY_KIND_STATS = 0x0f,
    ASSAY_KIND_RENDER = 0x10,
    ASSAY_KIND_ROLLBACK = 0x12,
    ASSAY_KIND_PIN = 0x13,
    ASSAY_KIND_ALIAS = 0x14,
    ASSAY_KIND_GO_AWAY = 0x70,
};

/* Types of fields. */
enum {
    ASSAY_TYPE_U64 = 1,
    ASSAY_TYPE_F64 = 2,
    ASSAY_TYPE_BYTES = 3,
    ASSAY_TYPE_TEXT = 4,
    ASSAY_TYPE_U32S = 5,
    ASSAY_TYPE_F32S = 6,
    ASSAY_TYPE_RECORD = 7,
    ASSAY_TYPE_BOOL = 8,
};

/* Messages, as indices of assay_messages. */
enum {
    ASSAY_MESSAGE_REQUIREMENTS,
    ASSAY_MESSAGE_REQUEST_CONTEXT,
    ASSAY_MESSAGE_ANSWER,
    ASSAY_MESSAGE_SERVER_LOAD,
    ASSAY_MESSAGE_TIMING,
    ASSAY_MESSAGE_CHAT_MESSAGE,
    ASSAY_MESSAGE_TOOL_CALL,
    ASSAY_MESSAGE_TEMPLATE_VARIABLE,
    ASSAY_MESSAGE_CHAT_TEMPLATE,
    ASSAY_MESSAGE_INPUT,
    ASSAY_MESSAGE_LOGPROBS,
    ASSAY_MESSAGE_ERROR_BODY,
    ASSAY_MESSAGE_HELLO_REQUEST,
    ASSAY_MESSAGE_HELLO_RESPONSE,
    ASSAY_MESSAGE_PING_REQUEST,
    ASSAY_MESSAGE_PING_RESPONSE,
    ASSAY_MESSAGE_HEALTH_REQUEST,
    ASSAY_MESSAGE_HEALTH_RESPONSE,
    ASSAY_MESSAGE_MODELS_REQUEST,
    ASSAY_MESSAGE_MODELS_RESPONSE,
    ASSAY_MESSAGE_MODEL,
    ASSAY_MESSAGE_LOAD_REQUEST,
    ASSAY_MESSAGE_LOAD_PROGRESS,
    ASSAY_MESSAGE_LOAD_RESPONSE,
    ASSAY_MESSAGE_LAYER,
    ASSAY_MESSAGE_UNLOAD_REQUEST,
    ASSAY_MESSAGE_UNLOAD_RESPONSE,
    ASSAY_MESSAGE_MODEL_LABEL,
    ASSAY_MESSAGE_SWAP_REQUEST,
    ASSAY_MESSAGE_SWAP_PROGRESS,
    ASSAY_MESSAGE_SWAP_RESPONSE,
    ASSAY_MESSAGE_SHADOW_REPORT,
    ASSAY_MESSAGE_ROLLBACK_REQUEST,
    ASSAY_MESSAGE_ROLLBACK_RESPONSE,
    ASSAY_MESSAGE_PIN_REQUEST,
    ASSAY_MESSAGE_PIN_RESPONSE,
    ASSAY_MESSAGE_ALIAS_REQUEST,
    ASSAY_MESSAGE_ALIAS_RESPONSE,
    ASSAY_MESSAGE_TOKENIZE_REQUEST,
    ASSAY_MESSAGE_TOKENIZE_RESPONSE,
    ASSAY_MESSAGE_DETOKENIZE_REQUEST,
    ASSAY_MESSAGE_DETOKENIZE_RESPONSE,
    ASSAY_MESSAGE_GENERATE_REQUEST,
    ASSAY_MESSAGE_GENERATE_CHUNK,
    ASSAY_MESSAGE_GENERATE_RESPONSE,
    ASSAY_MESSAGE_SCORE_REQUEST,
    ASSAY_MESSAGE_SCORE_RESPONSE,
    ASSAY_MESSAGE_CONTINUATION_SCORE,
    ASSAY_MESSAGE_EMBED_REQUEST,
    ASSAY_MESSAGE_EMBED_CHUNK,
    ASSAY_MESSAGE_EMBED_RESPONSE,
    ASSAY_MESSAGE_LOGITS_REQUEST,
    ASSAY_MESSAGE_LOGITS_CHUNK,
    ASSAY_MESSAGE_LOGITS_RESPONSE,
    ASSAY_MESSAGE_RENDER_REQUEST,
    ASSAY_MESSAGE_RENDER_RESPONSE,
    ASSAY_MESSAGE_CANCEL_REQUEST,
    ASSAY_MESSAGE_CANCEL_RESPONSE,
    ASSAY_MESSAGE_STATS_REQUEST,
    ASSAY_MESSAGE_STATS_RESPONSE,
    ASSAY_MESSAGE_COUNTER,
    ASSAY_MESSAGE_GO_AWAY,
    ASSAY_MESSAGE_COUNT
};

/* Types of values, which own nothing. In replies a 0 byte follows the data of a text or bytes,
 * not counted in size. */
/* u64: optional unsigned integer */
typedef struct assay_opt_u64 {
    uint64_t value;
    bool given;
} assay_opt_u64;
/* f64: optional number (NaN is out of every range) */
typedef struct assay_opt_f64 {
    double value;
    bool given;
} assay_opt_f64;
/* bytes: raw bytes */
typedef struct assay_bytes {
    const uint8_t *data;
    size_t size; /* bytes */
} assay_bytes;
/* text: UTF-8, well-formed (no overlong forms, no surrogates) */
typedef struct assay_text {
    const char *data;
    size_t size; /* bytes */
} assay_text;
/* u32[]: array of unsigned integers */
typedef struct assay_u32s {
    const uint32_t *items;
    size_t count; /* elements */
} assay_u32s;
/* f32[]: array of numbers */
typedef struct assay_f32s {
    const float *items;
    size_t count; /* elements */
} assay_f32s;
/* bool: optional 0 or 1 */
typedef struct assay_opt_bool {
    bool value;
    bool given;
} assay_opt_bool;
/* Texts. */
typedef struct assay_texts {
    const assay_text *items;
    size_t count; /* elements */
} assay_texts;

/* Outcome of a call. All codes but ASSAY_OK mean that there is no usable answer. */
typedef enum assay_code {
    ASSAY_OK,
    /* the address is not a URL of a known form */
    ASSAY_ADDRESS_INVALID,
    /* nobody answers at the address */
    ASSAY_UNREACHABLE,
    /* the connection ended, or the client was closed, before the answer was complete */
    ASSAY_CONNECTION_CLOSED,
    /* the answer did not come in time */
    ASSAY_TIMED_OUT,
    /* the server's bytes break the protocol, and the connection is closed */
    ASSAY_PROTOCOL_ERROR,
    /* the answer comes from a mock and mocks are not allowed, so the answer is withheld */
    ASSAY_MOCK_REFUSED,
    /* the server answered with a status */
    ASSAY_SERVER_REFUSED,
    /* the caller gave up the answer, or the answer is larger than answer_size_max */
    ASSAY_GIVEN_UP,
    /* the request breaks the tables or exceeds a limit, and nothing was sent */
    ASSAY_REQUEST_INVALID,
    /* the server speaks an older revision without the request, and nothing was sent */
    ASSAY_REVISION_TOO_LOW,
    /* the allocator returned NULL */
    ASSAY_OUT_OF_MEMORY,
} assay_code;

/* Settings of a client: name, demands, bounds and times. Start from assay_options_default. */
typedef struct assay_options {
    /* name and version of the program, for the server's log (default "assay-c/0.1.0", 1..128
     * bytes) */
    const char *name;
    /* answers of mocks are handed out, with provenance mock (default false) */
    bool allow_mock;
    /* LZ4 compression is offered in Hello (default true) */
    bool compression;
    /* largest body accepted, bytes (default 4194304, 4096..4294967295) */
    uint64_t body_size_max;
    /* largest whole answer accepted before the answer is given up, bytes of all bodies (default
     * 1073741824, 4096..9007199254740991) */
    uint64_t answer_size_max;
    /* size of the pool, where a call takes the connection with the fewest requests in flight
     * (default 1, 1..1024) */
    uint64_t connections;
    /* time to connect, and again for Hello, milliseconds (default 5000, 1..4294967295) */
    uint64_t connect_milliseconds;
    /* longest silence on an answer, 0 for no bound, milliseconds (default 0, 0..4294967295) */
    uint64_t answer_milliseconds;
    /* time after a request's deadline before the client gives up the answer, milliseconds
     * (default 2000, 0..4294967295) */
    uint64_t grace_milliseconds;
    /* attempts of a call in all (default 3, 1..4294967295) */
    uint64_t attempts;
    /* first pause between attempts, doubled for each later pause, with jitter from half to
     * whole, milliseconds (default 50, 0..4294967295) */
    uint64_t backoff_milliseconds;
    /* longest pause between attempts, milliseconds (default 2000, 0..4294967295) */
    uint64_t backoff_max_milliseconds;
    /* time from a call's start to wait for a server that is absent or loads its model,
     * milliseconds (default 0, 0..4294967295) */
    uint64_t wait_milliseconds;
    assay_allocator allocator; /* realloc and free when resize is NULL */
} assay_options;

typedef struct assay_requirements assay_requirements;
typedef struct assay_request_context assay_request_context;
typedef struct assay_timing assay_timing;
typedef struct assay_server_load assay_server_load;
typedef struct assay_answer assay_answer;
typedef struct assay_tool_call assay_tool_call;
typedef struct assay_tool_call_list assay_tool_call_list;
typedef struct assay_chat_message assay_chat_message;
typedef struct assay_chat_message_list assay_chat_message_list;
typedef struct assay_template_variable assay_template_variable;
typedef struct assay_template_variable_list assay_template_variable_list;
typedef struct assay_chat_template assay_chat_template;
typedef struct assay_input assay_input;
typedef struct assay_input_list assay_input_list;
typedef struct assay_logprobs assay_logprobs;
typedef struct assay_error_body assay_error_body;
typedef struct assay_hello_request assay_hello_request;
typedef struct assay_hello_response assay_hello_response;
typedef struct assay_ping_request assay_ping_request;
typedef struct assay_ping_response assay_ping_response;
typedef struct assay_health_request assay_health_request;
typedef struct assay_health_response assay_health_response;
typedef struct assay_models_request assay_models_request;
typedef struct assay_model_label assay_model_label;
typedef struct assay_model_label_list assay_model_label_list;
typedef struct assay_model assay_model;
typedef struct assay_model_list assay_model_list;
typedef struct assay_models_response assay_models_response;
typedef struct assay_load_request assay_load_request;
typedef struct assay_layer assay_layer;
typedef struct assay_layer_list assay_layer_list;
typedef struct assay_load_progress assay_load_progress;
typedef struct assay_load_response assay_load_response;
typedef struct assay_unload_request assay_unload_request;
typedef struct assay_unload_response assay_unload_response;
typedef struct assay_swap_request assay_swap_request;
typedef struct assay_swap_progress assay_swap_progress;
typedef struct assay_shadow_report assay_shadow_report;
typedef struct assay_swap_response assay_swap_response;
typedef struct assay_rollback_request assay_rollback_request;
typedef struct assay_rollback_response assay_rollback_response;
typedef struct assay_pin_request assay_pin_request;
typedef struct assay_pin_response assay_pin_response;
typedef struct assay_alias_request assay_alias_request;
typedef struct assay_alias_response assay_alias_response;
typedef struct assay_tokenize_request assay_tokenize_request;
typedef struct assay_tokenize_response assay_tokenize_response;
typedef struct assay_detokenize_request assay_detokenize_request;
typedef struct assay_detokenize_response assay_detokenize_response;
typedef struct assay_generate_request assay_generate_request;
typedef struct assay_generate_chunk assay_generate_chunk;
typedef struct assay_generate_response assay_generate_response;
typedef struct assay_score_request assay_score_request;
typedef struct assay_continuation_score assay_continuation_score;
typedef struct assay_continuation_score_list assay_continuation_score_list;
typedef struct assay_score_response assay_score_response;
typedef struct assay_embed_request assay_embed_request;
typedef struct assay_embed_chunk assay_embed_chunk;
typedef struct assay_embed_response assay_embed_response;
typedef struct assay_logits_request assay_logits_request;
typedef struct assay_logits_chunk assay_logits_chunk;
typedef struct assay_logits_response assay_logits_response;
typedef struct assay_render_request assay_render_request;
typedef struct assay_render_response assay_render_response;
typedef struct assay_cancel_request assay_cancel_request;
typedef struct assay_cancel_response assay_cancel_response;
typedef struct assay_stats_request assay_stats_request;
typedef struct assay_counter assay_counter;
typedef struct assay_counter_list assay_counter_list;
typedef struct assay_stats_response assay_stats_response;
typedef struct assay_go_away assay_go_away;

struct assay_requirements {
    /* the model must be real, default false (optional) */
    assay_opt_bool real;
    /* SHA-256 of the file that must answer (optional, 32..32 bytes) */
    assay_bytes fingerprint;
    /* device that must compute the answer (optional, 1..64 bytes) */
    assay_text device;
};

struct assay_request_context {
    /* W3C traceparent of version 00, the place in the caller's trace (optional, 55..55 bytes) */
    assay_text trace_context;
    /* number of the attempt within the call, default 1 (optional, 1..4294967295) */
    assay_opt_u64 attempt;
    /* priority among the waiting requests of the connection, highest first, default 4 (optional,
     * 0..9) */
    assay_opt_u64 priority;
};

struct assay_timing {
    /* from last byte read to request admitted, microseconds (required) */
    uint64_t accept;
    /* waiting for the engine, microseconds (required) */
    uint64_t queue;
    /* turning text into tokens, microseconds (required) */
    uint64_t tokenize;
    /* reading the prompt, microseconds (required) */
    uint64_t prefill;
    /* making tokens, microseconds (required) */
    uint64_t decode;
    /* writing frames to the socket, microseconds (required) */
    uint64_t write;
    /* from receipt to last frame, microseconds (required) */
    uint64_t total;
};

struct assay_server_load {
    /* requests waiting for the engine (required) */
    uint64_t queued;
    /* requests running on the engine (required) */
    uint64_t running;
    /* estimated wait of a new request, microseconds (required) */
    uint64_t wait_microseconds;
    /* pages of the key-value cache in use (required) */
    uint64_t cache_pages_used;
    /* pages of the key-value cache in all (required) */
    uint64_t cache_pages;
};

struct assay_answer {
    /* name of the model that answered (required, 1..128 bytes) */
    assay_text model;
    /* SHA-256 of the bytes that serve: of the model's file, or of the list of the files'
     * SHA-256, absent for a mock (optional, 32..32 bytes) */
    assay_bytes fingerprint;
    /* device that computed the answer (required, 1..64 bytes) */
    assay_text device;
    /* time budget of the answer, a Timing (required) */
    const struct assay_timing *timing;
    /* reasons for an answer worse than possible, not empty exactly when flag bit 2 is set
     * (0..1024 times, 1..2048 bytes) */
    assay_texts degradations;
    /* load of the server at the time of the answer (optional) */
    const struct assay_server_load *server_load;
    /* time that the chat template was given, only for a conversation, seconds since 1970
     * (optional, 0..253402300799) */
    assay_opt_u64 template_time;
};

struct assay_tool_call {
    /* id of the call, for the result's tool_call_id (optional, 1..256 bytes) */
    assay_text id;
    /* name of the tool (required, 1..256 bytes) */
    assay_text name;
    /* JSON text of the arguments, an object as a rule (required, 1..1000000 bytes) */
    assay_text arguments;
};
struct assay_tool_call_list {
    const struct assay_tool_call *items;
    size_t count;
};

struct assay_chat_message {
    /* speaker of the turn, tool from revision 3 on (required, system | user | assistant | tool) */
    assay_text role;
    /* text of the turn, may be empty (required, 0..4000000 bytes) */
    assay_text content;
    /* JSON text of a content that is no text (null, a list of parts), beside an empty content
     * (optional, 1..4000000 bytes) */
    assay_text content_json;
    /* reasoning of the turn, apart from content (optional, 1..4000000 bytes) */
    assay_text reasoning_content;
    /* name of the speaker, or of the tool whose result the turn is (optional, 1..256 bytes) */
    assay_text name;
    /* calls of tools that the turn makes, a Tool call each (0..128 times) */
    struct assay_tool_call_list tool_calls;
    /* id of the call whose result the turn is (optional, 1..256 bytes) */
    assay_text tool_call_id;
};
struct assay_chat_message_list {
    const struct assay_chat_message *items;
    size_t count;
};

struct assay_template_variable {
    /* name of the variable (enable_thinking, reasoning_effort) (required, 1..128 bytes) */
    assay_text name;
    /* JSON text of the value (required, 1..65536 bytes) */
    assay_text value;
};
struct assay_template_variable_list {
    const struct assay_template_variable *items;
    size_t count;
};

struct assay_chat_template {
    /* place of the template in the model's files (tokenizer.chat_template, chat_template.jinja)
     * (required, 1..512 bytes) */
    assay_text source;
    /* SHA-256 of the template's text (required, 32..32 bytes) */
    assay_bytes fingerprint;
    /* the template writes tools (required) */
    bool reads_tools;
    /* form in which the template gets the arguments of past calls, absent when none are written
     * (optional, object | text) */
    assay_text tool_arguments;
    /* reasoning before an answer: not foreseen, chosen by a variable, or always (required, none
     * | optional | always) */
    assay_text thinking;
    /* the template writes the time (required) */
    bool reads_time;
    /* names of variables that the template reads, in order of name (0..1024 times, 1..128 bytes) */
    assay_texts variables;
};

struct assay_input {
    /* text, tokenized by the server (optional, 0..4000000 bytes) */
    assay_text text;
    /* token ids, used unchanged (optional, 1..1000000 elements) */
    assay_u32s tokens;
};
struct assay_input_list {
    const struct assay_input *items;
    size_t count;
};

struct assay_logprobs {
    /* the tokens, in order (required, 0..1000000 elements) */
    assay_u32s tokens;
    /* log-probability of each token, as many as tokens (required, 0..1000000 elements) */
    assay_f32s logprobs;
    /* alternatives per token, default 0 (optional, 0..64) */
    assay_opt_u64 top_count;
    /* the best tokens at each position: a row of top_count per token, best first (optional,
     * 0..1000000 elements) */
    assay_u32s top_tokens;
    /* log-probability of each alternative, as many as top_tokens (optional, 0..1000000 elements) */
    assay_f32s top_logprobs;
};

struct assay_error_body {
    /* stable reason in snake_case (required, 1..128 bytes) */
    assay_text code;
    /* sentence with the attempt, the finding, the allowed values and the place (required,
     * 0..2048 bytes) */
    assay_text message;
    /* path of the refused field (requirements.device), or #9 for an unknown id (optional, 1..128
     * bytes) */
    assay_text field;
    /* pause before another attempt, milliseconds (optional, 0..3600000) */
    assay_opt_u64 retry_after_milliseconds;
    /* layer that refused the model, with MODEL_REJECTED (optional, file | parse | compatibility
     * | placement | validation) */
    assay_text layer;
    /* load of the server at the time of the refusal (optional) */
    const struct assay_server_load *server_load;
};

struct assay_hello_request {
    /* name and version of the client program (required, 1..128 bytes) */
    assay_text client;
    /* highest revision of version 1 the client speaks (required, 1..4294967295) */
    uint64_t revision;
    /* the client reads, and may send, compressed bodies, default false (optional) */
    assay_opt_bool compression;
    /* largest body that the client accepts, bytes before compression, default 4194304 (optional,
     * 4096..4294967295) */
    assay_opt_u64 body_size_max;
    /* token that names the client, absent without one (optional, 1..256 bytes) */
    assay_text token;
    /* part of the client's own share of the server that the connection belongs to (optional,
     * 1..64 bytes) */
    assay_text tenant;
};

struct assay_hello_response {
    /* name and version of the server program (required, 1..128 bytes) */
    assay_text server;
    /* revision in force, the lower of the client's and the server's (required, 1..4294967295) */
    uint64_t revision;
    /* bodies may be compressed from now on, in both directions (required) */
    bool compression;
    /* largest body that the server accepts, bytes before compression (required,
     * 4096..4294967295) */
    uint64_t body_size_max;
    /* requests that the connection may have in flight (required, 1..4294967295) */
    uint64_t requests_in_flight_max;
};

struct assay_ping_request {
    /* bytes to send back unchanged (optional, 0..65536 bytes) */
    assay_bytes payload;
};

struct assay_ping_response {
    /* payload of the request (optional, 0..65536 bytes) */
    assay_bytes payload;
};

struct assay_health_request {
    /* name of a model, absent for the server as a whole (optional, 1..128 bytes) */
    assay_text model;
    /* verify the model now, default false (optional) */
    assay_opt_bool verify;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_health_response {
    /* work is accepted (required) */
    bool ready;
    /* state of the model, or of the server (required, loading | ready | failed | draining) */
    assay_text state;
    /* reason for not being ready, or a note (optional, 1..2048 bytes) */
    assay_text reason;
    /* result of the comparison with the seal, only after verify (optional, absent | matched |
     * drifted) */
    assay_text seal;
    /* largest distance of a logit from the sealed logit, only with matched (optional, 0.0..10.0) */
    assay_opt_f64 largest_difference;
    /* files on disk compared with the loaded files, only for one real model (optional, unchanged
     * | changed | missing) */
    assay_text file;
};

struct assay_models_request {
    char nothing; /* an empty body */
};

struct assay_model_label {
    /* label, named in requests as NAME:LABEL (required, 1..64 bytes) */
    assay_text label;
    /* generation that the label stands for (required, 1..4294967295) */
    uint64_t generation;
    /* share of the requests for the plain name that the generation answers, absent for none
     * (optional, 0.0..1.0) */
    assay_opt_f64 share;
};
struct assay_model_label_list {
    const struct assay_model_label *items;
    size_t count;
};

struct assay_model {
    /* name under which the model is served (required, 1..128 bytes) */
    assay_text name;
    /* state of the model (required, loading | ready | failed | draining) */
    assay_text state;
    /* 1 real, 2 mock (required, 1..2) */
    uint64_t provenance;
    /* architecture family (llama), empty while loading (required, 0..128 bytes) */
    assay_text architecture;
    /* number of weights (required) */
    uint64_t parameters;
    /* size of the vocabulary, tokens (required) */
    uint64_t vocabulary;
    /* size of the context, tokens (required) */
    uint64_t context;
    /* SHA-256 of the bytes that serve, absent for a mock (optional, 32..32 bytes) */
    assay_bytes fingerprint;
    /* 1 for the first load under the name, 1 more for each later load (required, 0..4294967295) */
    uint64_t generation;
    /* device of the model (cpu, cuda:0) (required, 0..64 bytes) */
    assay_text device;
    /* reason for a device different from the requested device (optional, 1..2048 bytes) */
    assay_text device_reason;
    /* memory taken, bytes (required) */
    uint64_t bytes;
    /* files on disk compared with the loaded files, absent for a mock (optional, unchanged |
     * changed | missing) */
    assay_text file;
    /* a Model label for each label (0..64 times) */
    struct assay_model_label_list labels;
    /* true for a model that stays in memory until it is unpinned (optional) */
    assay_opt_bool pinned;
    /* generation that Rollback returns to, absent for none (optional, 1..4294967295) */
    assay_opt_u64 held_generation;
    /* true for a model that was put out of memory and is loaded for its next request (optional) */
    assay_opt_bool evicted;
    /* state of the model's circuit breaker, absent for a server without (optional, closed | open
     * | half_open) */
    assay_text breaker;
    /* failure that the breaker opened for (optional, 1..2048 bytes) */
    assay_text breaker_reason;
    /* time since the breaker changed its state, seconds (optional, 0.0..1000000000000.0) */
    assay_opt_f64 breaker_seconds;
    /* time since the weights in memory were last compared with the seal, seconds (optional,
     * 0.0..1000000000000.0) */
    assay_opt_f64 seal_age_seconds;
    /* reason of the last swap or reload that failed while the model went on (optional, 1..2048
     * bytes) */
    assay_text load_failure;
};
struct assay_model_list {
    const struct assay_model *items;
    size_t count;
};

struct assay_models_response {
    /* a Model for each model, in order of name (0..1024 times) */
    struct assay_model_list models;
};

struct assay_load_request {
    /* name under which the model will be served (required, 1..128 bytes) */
    assay_text name;
    /* path of the model on the server's machine (required, 1..4096 bytes) */
    assay_text path;
    /* loading strategy, absent for the server's setting (optional, strict | graceful |
     * development) */
    assay_text strategy;
    /* device (auto, cpu, cuda, cuda:N), absent for the server's setting (optional, 1..64 bytes) */
    assay_text device;
    /* true asks for frames while a layer runs, with bytes_read in the Layer (optional) */
    assay_opt_bool progress;
};

struct assay_layer {
    /* layer of the assay (required, file | parse | compatibility | placement | validation) */
    assay_text layer;
    /* verdict of the layer, true when passed, or when the layer still runs (required) */
    bool ok;
    /* time taken, microseconds, 0 while the layer runs (required) */
    uint64_t microseconds;
    /* bytes of the files read so far, by a layer that still runs (optional) */
    assay_opt_u64 bytes_read;
    /* bytes of the files as a whole, beside bytes_read (optional) */
    assay_opt_u64 bytes_total;
};
struct assay_layer_list {
    const struct assay_layer *items;
    size_t count;
};

struct assay_load_progress {
    /* the Layer just completed, or the running one where it has bytes_read (required) */
    const struct assay_layer *layer;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_load_response {
    /* always true, since a rejection is a status (required) */
    bool accepted;
    /* a Layer for each layer, in order (0..1024 times) */
    struct assay_layer_list layers;
    /* the Model now served (optional) */
    const struct assay_model *model;
    /* configuration overrides in effect, key=value (0..1024 times, 1..2048 bytes) */
    assay_texts overrides;
    /* a sentence for each earlier failed attempt (0..1024 times, 1..2048 bytes) */
    assay_texts attempts;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_unload_request {
    /* name of the model to stop serving, once its requests are done (required, 1..128 bytes) */
    assay_text name;
};

struct assay_unload_response {
    char nothing; /* an empty body */
};

struct assay_swap_request {
    /* name of the served model (required, 1..128 bytes) */
    assay_text name;
    /* path of the new model on the server's machine (required, 1..4096 bytes) */
    assay_text path;
    /* loading strategy, absent for the server's setting (optional, strict | graceful |
     * development) */
    assay_text strategy;
    /* device (auto, cpu, cuda, cuda:N), absent for the server's setting (optional, 1..64 bytes) */
    assay_text device;
    /* true asks for frames while a layer runs, with bytes_read in the Layer (optional) */
    assay_opt_bool progress;
    /* live requests to compute by both generations and compare before the switch, default 0
     * (optional, 0..4096) */
    assay_opt_u64 shadow;
    /* a difference found by the shadow ends the swap, default false (optional) */
    assay_opt_bool require_equal;
};

struct assay_swap_progress {
    /* the Layer just completed, or the running one where it has bytes_read (optional) */
    const struct assay_layer *layer;
    /* step behind the layers (optional, warm_up | shadow) */
    assay_text step;
    /* requests of the step that were computed (optional) */
    assay_opt_u64 done;
    /* requests of the step in all (optional) */
    assay_opt_u64 total;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_shadow_report {
    /* live requests that both generations computed (required) */
    uint64_t compared;
    /* those with equal answers (required) */
    uint64_t equal;
    /* largest divergence between the answers, 0 where all are equal (required, 0.0..1e+300) */
    double divergence_max;
    /* sentence about the first request with different answers (optional, 1..2048 bytes) */
    assay_text first_difference;
};

struct assay_swap_response {
    /* a Layer for each layer, in order (0..1024 times) */
    struct assay_layer_list layers;
    /* the Model now served (required) */
    const struct assay_model *model;
    /* generation that answered until the switch (required, 1..4294967295) */
    uint64_t previous_generation;
    /* configuration overrides in effect, key=value (0..1024 times, 1..2048 bytes) */
    assay_texts overrides;
    /* a sentence for each earlier failed attempt (0..1024 times, 1..2048 bytes) */
    assay_texts attempts;
    /* requests that the new generation computed before the switch (required) */
    uint64_t warmed;
    /* the Shadow report, when the request asked for a shadow (optional) */
    const struct assay_shadow_report *shadow;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_rollback_request {
    /* name of the model to return to its held generation (required, 1..128 bytes) */
    assay_text name;
};

struct assay_rollback_response {
    /* the Model now served (required) */
    const struct assay_model *model;
};

struct assay_pin_request {
    /* name of the model (required, 1..128 bytes) */
    assay_text name;
    /* true keeps the model in memory, false lets it go, default true (optional) */
    assay_opt_bool pinned;
};

struct assay_pin_response {
    /* the Model (required) */
    const struct assay_model *model;
};

struct assay_alias_request {
    /* name of the model (required, 1..128 bytes) */
    assay_text name;
    /* label, without the name and the : (required, 1..64 bytes) */
    assay_text label;
    /* generation that the label stands for, 0 to remove the label (required, 0..4294967295) */
    uint64_t generation;
    /* share of the requests for the plain name that the generation answers, absent for none
     * (optional, 0.0..1.0) */
    assay_opt_f64 share;
};

struct assay_alias_response {
    /* the Model (required) */
    const struct assay_model *model;
};

struct assay_tokenize_request {
    /* name of the model, absent for the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* text as bytes, usually UTF-8, but any bytes are allowed (required, 0..4000000 bytes) */
    assay_bytes text;
    /* names of special tokens in the text become special tokens, default false (optional) */
    assay_opt_bool parse_special;
    /* add begin and end tokens as the model demands, default true (optional) */
    assay_opt_bool add_special;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_tokenize_response {
    /* token ids (required, 0..1000000 elements) */
    assay_u32s tokens;
    /* facts about the answer, an Answer (required) */
    const struct assay_answer *answer;
};

struct assay_detokenize_request {
    /* name of the model, absent for the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* token ids (required, 0..1000000 elements) */
    assay_u32s tokens;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_detokenize_response {
    /* text as bytes, since single tokens need not be whole characters (required, 0..4000000
     * bytes) */
    assay_bytes text;
    /* facts about the answer, an Answer (required) */
    const struct assay_answer *answer;
};

struct assay_generate_request {
    /* name of the model, absent for the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* text to continue, may be empty, instead of tokens or messages (optional, 0..4000000 bytes) */
    assay_text prompt;
    /* token ids to continue, used unchanged, instead of prompt or messages (optional, 1..1000000
     * elements) */
    assay_u32s tokens;
    /* names of special tokens in prompt become special tokens, default false (optional) */
    assay_opt_bool parse_special;
    /* add begin tokens to prompt as the model demands, default true (optional) */
    assay_opt_bool add_special;
    /* tokens to make at most, default 256 (optional, 1..1048576) */
    assay_opt_u64 max_tokens;
    /* sampling temperature, where 0 always picks the best token, default 0 (optional,
     * 0.0..100.0) */
    assay_opt_f64 temperature;
    /* number of best tokens to keep, default 0, meaning all (optional, 0..16777216) */
    assay_opt_u64 top_k;
    /* share of probability up to which the best tokens are kept, default 1, meaning all, above 0
     * unless the temperature is 0 (optional, 0.0..1.0) */
    assay_opt_f64 top_p;
    /* least share of the best token's probability for a token to be kept, default 0, meaning all
     * (optional, 0.0..1.0) */
    assay_opt_f64 min_p;
    /* seed of the sampler, default 0 (optional) */
    assay_opt_u64 seed;
    /* stop string, before which the answer ends (0..16 times, 1..256 bytes) */
    assay_texts stop;
    /* cut the beginning of an overlong prompt (truncated_context) instead of refusing, default
     * false (optional) */
    assay_opt_bool truncate_prompt;
    /* number of best alternatives to list beside each token's log-probability, absent for no
     * log-probabilities (optional, 0..64) */
    assay_opt_u64 logprobs;
    /* number of best alternatives to list beside each prompt token's log-probability, absent for
     * none (optional, 0..64) */
    assay_opt_u64 prompt_logprobs;
    /* conversation to continue, instead of prompt or tokens (0..1024 times) */
    struct assay_chat_message_list messages;
    /* an end token does not end the answer, default false (optional) */
    assay_opt_bool ignore_eos;
    /* tokens before which neither an end token is chosen nor a stop string looked for, default 0
     * (optional, 0..1048576) */
    assay_opt_u64 min_tokens;
    /* JSON text of a list of tools, only with messages (optional, 1..1000000 bytes) */
    assay_text tools;
    /* further variables of the chat template, only with messages (0..64 times) */
    struct assay_template_variable_list template_variables;
    /* end with the template's opening of an answer, default true, only with messages (optional) */
    assay_opt_bool add_generation_prompt;
    /* leave the last message open instead, to be continued, default false, only with messages
     * (optional) */
    assay_opt_bool continue_final_message;
    /* time for the chat template, absent for the server's time, seconds since 1970, only with
     * messages (optional, 0..253402300799) */
    assay_opt_u64 template_time;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_generate_chunk {
    /* tokens made since the last frame (optional, 0..1000000 elements) */
    assay_u32s tokens;
    /* text of the tokens, whole characters, may lag behind (optional, 0..4000000 bytes) */
    assay_text text;
    /* prompt tokens read so far (optional) */
    assay_opt_u64 prompt_done;
    /* prompt tokens in all (optional) */
    assay_opt_u64 prompt_total;
    /* log-probabilities of exactly tokens, when requested (optional) */
    const struct assay_logprobs *logprobs;
    /* log-probabilities of the next prompt tokens, when requested (optional) */
    const struct assay_logprobs *prompt_logprobs;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_generate_response {
    /* tokens not sent in chunks (optional, 0..1000000 elements) */
    assay_u32s tokens;
    /* text not sent in chunks (optional, 0..4000000 bytes) */
    assay_text text;
    /* cause of the end: end token or stop string, max_tokens or context, Cancel, deadline
     * (required, stop | length | cancelled | deadline) */
    assay_text finish_reason;
    /* stop string that ended the answer (optional, 1..256 bytes) */
    assay_text stop_matched;
    /* tokens of the prompt (required) */
    uint64_t prompt_tokens;
    /* tokens made in all (required) */
    uint64_t completion_tokens;
    /* log-probabilities of exactly tokens, when requested (optional) */
    const struct assay_logprobs *logprobs;
    /* log-probabilities of the prompt tokens not sent in chunks (optional) */
    const struct assay_logprobs *prompt_logprobs;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
    /* facts about the answer, an Answer (required) */
    const struct assay_answer *answer;
};

struct assay_score_request {
    /* name of the model, absent for the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* text, instead of tokens or messages (optional, 0..4000000 bytes) */
    assay_text prompt;
    /* token ids, used unchanged, instead of prompt or messages (optional, 1..1000000 elements) */
    assay_u32s tokens;
    /* as in Generate (optional) */
    assay_opt_bool parse_special;
    /* as in Generate (optional) */
    assay_opt_bool add_special;
    /* conversation, instead of prompt or tokens (0..1024 times) */
    struct assay_chat_message_list messages;
    /* continuations to score, an Input each (1..256 times) */
    struct assay_input_list continuations;
    /* alternatives listed beside each token, default 0 (optional, 0..64) */
    assay_opt_u64 top_logprobs;
    /* JSON text of a list of tools, only with messages (optional, 1..1000000 bytes) */
    assay_text tools;
    /* further variables of the chat template, only with messages (0..64 times) */
    struct assay_template_variable_list template_variables;
    /* end with the template's opening of an answer, default true, only with messages (optional) */
    assay_opt_bool add_generation_prompt;
    /* leave the last message open instead, to be continued, default false, only with messages
     * (optional) */
    assay_opt_bool continue_final_message;
    /* time for the chat template, absent for the server's time, seconds since 1970, only with
     * messages (optional, 0..253402300799) */
    assay_opt_u64 template_time;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_continuation_score {
    /* log-probabilities of the scored tokens (required) */
    const struct assay_logprobs *logprobs;
    /* sum of the log-probabilities, for the continuation as a whole (required) */
    double logprob;
    /* every token was the most probable token at its position (required) */
    bool greedy;
};
struct assay_continuation_score_list {
    const struct assay_continuation_score *items;
    size_t count;
};

struct assay_score_response {
    /* a Continuation score for each continuation, in order (1..256 times) */
    struct assay_continuation_score_list scores;
    /* tokens of the prompt alone (required) */
    uint64_t prompt_tokens;
    /* facts about the answer, an Answer (required) */
    const struct assay_answer *answer;
};

struct assay_embed_request {
    /* name of the model, absent for the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* inputs to embed, an Input each (1..256 times) */
    struct assay_input_list inputs;
    /* names of special tokens in a text become special tokens, default false (optional) */
    assay_opt_bool parse_special;
    /* add begin and end tokens to a text as the model demands, default true (optional) */
    assay_opt_bool add_special;
    /* reduction of the positions to a single vector, absent for the model's own (mean under
     * revision 2) (optional, mean | last | cls) */
    assay_text pooling;
    /* divide each vector by the Euclidean length, default true (optional) */
    assay_opt_bool normalize;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_embed_chunk {
    /* the next values (required, 1..1000000 elements) */
    assay_f32s embeddings;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_embed_response {
    /* the last values (required, 0..1000000 elements) */
    assay_f32s embeddings;
    /* values per input (required, 1..131072) */
    uint64_t dimensions;
    /* number of inputs, equal to the request's (required, 1..256) */
    uint64_t count;
    /* tokens of all inputs together (required) */
    uint64_t prompt_tokens;
    /* reduction that made the vectors (optional, mean | last | cls) */
    assay_text pooling;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
    /* facts about the answer, an Answer (required) */
    const struct assay_answer *answer;
};

struct assay_logits_request {
    /* name of the model, absent for the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* text, instead of tokens or messages (optional, 0..4000000 bytes) */
    assay_text prompt;
    /* token ids, used unchanged, instead of prompt or messages (optional, 1..1000000 elements) */
    assay_u32s tokens;
    /* as in Generate (optional) */
    assay_opt_bool parse_special;
    /* as in Generate (optional) */
    assay_opt_bool add_special;
    /* logits after every token instead of the last alone, default false (optional) */
    assay_opt_bool all_positions;
    /* conversation, instead of prompt or tokens (0..1024 times) */
    struct assay_chat_message_list messages;
    /* JSON text of a list of tools, only with messages (optional, 1..1000000 bytes) */
    assay_text tools;
    /* further variables of the chat template, only with messages (0..64 times) */
    struct assay_template_variable_list template_variables;
    /* end with the template's opening of an answer, default true, only with messages (optional) */
    assay_opt_bool add_generation_prompt;
    /* leave the last message open instead, to be continued, default false, only with messages
     * (optional) */
    assay_opt_bool continue_final_message;
    /* time for the chat template, absent for the server's time, seconds since 1970, only with
     * messages (optional, 0..253402300799) */
    assay_opt_u64 template_time;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_logits_chunk {
    /* the next values (required, 1..1000000 elements) */
    assay_f32s logits;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_logits_response {
    /* the last values (required, 0..1000000 elements) */
    assay_f32s logits;
    /* values per position (required, 1..4294967295) */
    uint64_t vocabulary;
    /* positions in all (required, 1..4294967295) */
    uint64_t positions;
    /* number of the frame in the answer, from 0 (optional) */
    assay_opt_u64 frame;
    /* facts about the answer, an Answer (required) */
    const struct assay_answer *answer;
};

struct assay_render_request {
    /* name of the model, absent for the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* conversation to render (1..1024 times) */
    struct assay_chat_message_list messages;
    /* JSON text of a list of tools (optional, 1..1000000 bytes) */
    assay_text tools;
    /* further variables of the chat template (0..64 times) */
    struct assay_template_variable_list template_variables;
    /* end with the template's opening of an answer, default true (optional) */
    assay_opt_bool add_generation_prompt;
    /* leave the last message open instead, to be continued, default false (optional) */
    assay_opt_bool continue_final_message;
    /* time for the chat template, absent for the server's time, seconds since 1970 (optional,
     * 0..253402300799) */
    assay_opt_u64 template_time;
    /* trace, attempt and priority of the request (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_render_response {
    /* conversation as the template writes it (required, 0..4000000 bytes) */
    assay_text text;
    /* token ids that a Generate of the conversation reads (required, 0..1000000 elements) */
    assay_u32s tokens;
    /* facts about the template, a Chat template (required) */
    const struct assay_chat_template *template;
    /* facts about the answer, an Answer (required) */
    const struct assay_answer *answer;
};

struct assay_cancel_request {
    /* id of the request to stop, of the same connection (required, 1..18446744073709551615) */
    uint64_t target;
};

struct assay_cancel_response {
    /* the target was in flight and is being stopped (required) */
    bool found;
};

struct assay_stats_request {
    char nothing; /* an empty body */
};

struct assay_counter {
    /* name of the counter (required, 1..128 bytes) */
    assay_text name;
    /* count for real answers (required) */
    uint64_t real;
    /* count for mock answers (required) */
    uint64_t mock;
};
struct assay_counter_list {
    const struct assay_counter *items;
    size_t count;
};

struct assay_stats_response {
    /* a Counter for each counter, in order of name (0..1024 times) */
    struct assay_counter_list counters;
};

struct assay_go_away {
    /* reason of the end: shutting_down, idle, or a word of a later server (required, 1..128
     * bytes) */
    assay_text reason;
    /* time until the server closes everything still open, milliseconds (required) */
    uint64_t drain_milliseconds;
};

/* An error. Owns nothing, and never holds prompts or answers. */
typedef struct assay_error {
    assay_code code;
    /* status number, from the server or from the code */
    assay_status status;
    /* provenance of the failed frame: ASSAY_REAL, ASSAY_MOCK, or 0 for none */
    assay_provenance provenance;
    bool has_retry_after;
    bool has_server_load;
    /* stable reason in snake_case, empty for none */
    char server_code[132];
    /* sentence with the attempt, the finding, the allowed values and the place */
    char message[2564];
    /* path of the refused field (requirements.device), or #9 for an unknown id, empty for none */
    char field[132];
    /* pause before another attempt, milliseconds, valid if has_retry_after */
    uint64_t retry_after_milliseconds;
    /* layer that refused the model, with MODEL_REJECTED, empty for none */
    char layer[16];
    /* load of the server at the time of the refusal, valid if has_server_load */
    assay_server_load server_load;
} assay_error;

/* A part of an answer, valid while on_chunk runs. */
typedef struct assay_chunk {
    uint8_t kind; /* ASSAY_KIND_..., selects the member of the union */
    assay_provenance provenance;
    uint32_t generation;
    union {
        const void *message;
        const assay_load_progress *load;
        const assay_swap_progress *swap;
        const assay_generate_chunk *generate;
        const assay_logits_chunk *logits;
        const assay_embed_chunk *embed;
    };
} assay_chunk;

/* A whole answer, with the content of all chunks. Freed by assay_reply_free. */
typedef struct assay_reply {
    uint8_t kind;               /* ASSAY_KIND_..., selects the member of the union */
    assay_provenance provenance; /* ASSAY_REAL or ASSAY_MOCK (only with allow_mock) */
    bool degraded;              /* reasons in answer->degradations */
    uint32_t generation;        /* generation of the model that answered, 0 for none */
    const assay_answer *answer; /* model, device and timing, NULL for kinds without answer */
    union {
        const void *message;
        const assay_ping_response *ping;
        const assay_health_response *health;
        const assay_models_response *models;
        const assay_load_response *load;
        const assay_swap_response *swap;
        const assay_unload_response *unload;
        const assay_tokenize_response *tokenize;
        const assay_detokenize_response *detokenize;
        const assay_generate_response *generate;
        const assay_score_response *score;
        const assay_logits_response *logits;
        const assay_embed_response *embed;
        const assay_stats_response *stats;
        const assay_render_response *render;
        const assay_rollback_response *rollback;
        const assay_pin_response *pin;
        const assay_alias_response *alias;
    };
    struct assay_block *blocks; /* private */
    assay_allocator allocator;  /* private */
} assay_reply;

/*
 * A function for each kind of request, with the kind's request as parameter if the request has
 * fields. The function blocks until the answer is whole, and returns the error's code. The
 * parameters call, reply and error may be NULL.
 */
/* returns the payload unchanged */
assay_code assay_ping(
    assay_client *client, const assay_ping_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* reports if a model, or the server, accepts work */
assay_code assay_health(
    assay_client *client, const assay_health_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* lists the models */
assay_code assay_models(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error);
/* assays a model file and serves the model (streamed) */
assay_code assay_load(
    assay_client *client, const assay_load_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* assays a model file beside the served one, and switches to it (streamed) */
assay_code assay_swap(
    assay_client *client, const assay_swap_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* stops serving a model */
assay_code assay_unload(
    assay_client *client, const assay_unload_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* turns text into token ids */
assay_code assay_tokenize(
    assay_client *client, const assay_tokenize_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* turns token ids into text */
assay_code assay_detokenize(
    assay_client *client, const assay_detokenize_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* continues a prompt (streamed) */
assay_code assay_generate(
    assay_client *client, const assay_generate_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* computes log-probabilities of given continuations */
assay_code assay_score(
    assay_client *client, const assay_score_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* computes raw scores of the vocabulary (streamed) */
assay_code assay_logits(
    assay_client *client, const assay_logits_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* turns inputs into vectors (streamed) */
assay_code assay_embed(
    assay_client *client, const assay_embed_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* returns counters, split by provenance */
assay_code assay_stats(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error);
/* renders a conversation by the model's chat template */
assay_code assay_render(
    assay_client *client, const assay_render_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* returns to the generation before the last swap */
assay_code assay_rollback(
    assay_client *client, const assay_rollback_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* keeps a model in memory, or lets it go */
assay_code assay_pin(
    assay_client *client, const assay_pin_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* gives a generation of a model a label, with a share of the requests */
assay_code assay_alias(
    assay_client *client, const assay_alias_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* A call by number of kind. The request is the struct of the kind's request message. */
assay_code assay_call(
    assay_client *client, uint8_t kind, const void *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error);

/* Version of this client. */
#define ASSAY_CLIENT_VERSION "0.1.0"

/* Short calls. The texts are C strings. max_tokens of 0 is the server's default. */
/* Makes a turn of a conversation without copying. Role: system, user, assistant, tool. */
assay_chat_message assay_turn(const char *role, const char *content);
/* Continues a text. With call->on_chunk the text arrives in chunks, too. */
assay_code assay_generate_text(
    assay_client *client, const char *prompt, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* Continues a conversation. */
assay_code assay_chat(
    assay_client *client, const assay_chat_message *turns, size_t count, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* Turns each text into a vector. At most 256 texts. */
assay_code assay_embed_texts(
    assay_client *client, const char *const *texts, size_t count,
    const assay_call_options *call, assay_reply *reply, assay_error *error);
/* The vector of one input, of reply->embed->dimensions values, valid until the reply is freed. NULL
 * for a reply to another kind, and for an index beyond the inputs. */
const float *assay_vector(const assay_reply *reply, size_t index);
/* The errno value that fits an error: ETIMEDOUT, ECONNREFUSED, ENOENT, ... 0 for none. */
int assay_errno(const assay_error *error);

/* Presence of a field. */
enum { ASSAY_REQUIRED, ASSAY_OPTIONAL, ASSAY_REPEATED };

/* An allowed word, and the lowest revision with it. */
typedef struct assay_choice {
    const char *word;
    uint8_t since;
} assay_choice;

/* One row of a message's table, with the field's place in the struct. For generic programs. */
typedef struct assay_field_info {
    const char *name;
    uint16_t id;
    uint8_t type;     /* ASSAY_TYPE_... */
    uint8_t presence; /* ASSAY_REQUIRED, ... */
    uint8_t since;    /* lowest revision with the field */
    uint8_t record;   /* index of a record's message */
    uint32_t times_min, times_max;
    uint8_t scalar_size;  /* bytes of a u64, f64 or bool, else 0 */
    uint8_t element_size; /* bytes of a u64, f64 or bool, of an element of an array, of a char */
    size_t item_size;     /* bytes of an item of a list, or of a record's struct */
    uint64_t min, max;    /* bytes, elements or value */
    double f64_min, f64_max;
    bool min_exclusive;
    bool is_traceparent;         /* true for a W3C traceparent of version 00 */
    const assay_choice *choices; /* allowed words, ends with a NULL word (NULL for any) */
    size_t offset;
} assay_field_info;

/* Fields of a message, of which at most one is given, and exactly one if `needs_one`. */
typedef struct assay_rule {
    uint8_t rows[4]; /* indices of the message's fields */
    uint8_t count;
    bool needs_one;
} assay_rule;

/* One message. */
typedef struct assay_message_info {
    const char *name;
    size_t size; /* bytes of the message's struct */
    const assay_field_info *fields;
    size_t field_count;
    const assay_rule *rules;
    size_t rule_count;
} assay_message_info;

/* One kind of request, with the messages of the frames (ASSAY_MESSAGE_COUNT for none). */
typedef struct assay_kind_info {
    const char *name;
    uint8_t number;
    uint8_t since;
    bool streamed;
    bool retry_safe; /* true when a repeated request does no harm */
    uint8_t request, chunk, response;
} assay_kind_info;

/* Name of a code in snake_case: "mock_refused". */
const char *assay_code_name(assay_code code);
/* Name of a status number: "UNAVAILABLE". An unknown number is "UNKNOWN". */
const char *assay_status_name(uint32_t status);

extern const assay_message_info assay_messages[ASSAY_MESSAGE_COUNT];
extern const assay_kind_info assay_kinds[]; /* the served kinds */
extern const size_t assay_kind_count;
extern const assay_field_info assay_option_fields[]; /* fields of assay_options */
extern const size_t assay_option_count;

/* Tables for assay.c, which defines ASSAY_PROTOCOL_TABLES once. */
#ifdef ASSAY_PROTOCOL_TABLES

static const assay_field_info assay_fields_requirements[] = {
    {.name = "real", .id = 1, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_requirements, real)},
    {.name = "fingerprint", .id = 2, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .min = 32ULL, .max = 32ULL, .element_size = 1,
     .offset = offsetof(struct assay_requirements, fingerprint)},
    {.name = "device", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_requirements, device)},
};
static const assay_field_info assay_fields_request_context[] = {
    {.name = "trace_context", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .min = 55ULL, .max = 55ULL, .element_size = 1,
     .is_traceparent = true, .offset = offsetof(struct assay_request_context, trace_context)},
    {.name = "attempt", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 4294967295ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_request_context, attempt)},
    {.name = "priority", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = 9ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_request_context, priority)},
};
static const assay_field_info assay_fields_answer[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_answer, model)},
    {.name = "fingerprint", .id = 2, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .min = 32ULL, .max = 32ULL, .element_size = 1,
     .offset = offsetof(struct assay_answer, fingerprint)},
    {.name = "device", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_answer, device)},
    {.name = "timing", .id = 4, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_timing),
     .record = ASSAY_MESSAGE_TIMING, .offset = offsetof(struct assay_answer, timing)},
    {.name = "degradations", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REPEATED,
     .since = 1, .times_max = 1024, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .item_size = sizeof(assay_text), .offset = offsetof(struct assay_answer, degradations)},
    {.name = "server_load", .id = 6, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_server_load),
     .record = ASSAY_MESSAGE_SERVER_LOAD, .offset = offsetof(struct assay_answer, server_load)},
    {.name = "template_time", .id = 7, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 253402300799ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_answer, template_time)},
};
static const assay_field_info assay_fields_server_load[] = {
    {.name = "queued", .id = 1, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_server_load, queued)},
    {.name = "running", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_server_load, running)},
    {.name = "wait_microseconds", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 3, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_server_load, wait_microseconds)},
    {.name = "cache_pages_used", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 3, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_server_load, cache_pages_used)},
    {.name = "cache_pages", .id = 5, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 3, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_server_load, cache_pages)},
};
static const assay_field_info assay_fields_timing[] = {
    {.name = "accept", .id = 1, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_timing, accept)},
    {.name = "queue", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_timing, queue)},
    {.name = "tokenize", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_timing, tokenize)},
    {.name = "prefill", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_timing, prefill)},
    {.name = "decode", .id = 5, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_timing, decode)},
    {.name = "write", .id = 6, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_timing, write)},
    {.name = "total", .id = 7, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_timing, total)},
};
static const assay_choice assay_choices_chat_message_role[] = {{"system", 2}, {"user", 2},
    {"assistant", 2}, {"tool", 3}, {NULL, 0}};
static const assay_field_info assay_fields_chat_message[] = {
    {.name = "role", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_chat_message_role,
     .offset = offsetof(struct assay_chat_message, role)},
    {.name = "content", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_chat_message, content)},
    {.name = "content_json", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .min = 1ULL, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_chat_message, content_json)},
    {.name = "reasoning_content", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .min = 1ULL, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_chat_message, reasoning_content)},
    {.name = "name", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 256ULL, .element_size = 1,
     .offset = offsetof(struct assay_chat_message, name)},
    {.name = "tool_calls", .id = 6, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 3, .times_max = 128, .element_size = 1, .item_size = sizeof(assay_tool_call),
     .record = ASSAY_MESSAGE_TOOL_CALL, .offset = offsetof(struct assay_chat_message, tool_calls)},
    {.name = "tool_call_id", .id = 7, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .min = 1ULL, .max = 256ULL, .element_size = 1,
     .offset = offsetof(struct assay_chat_message, tool_call_id)},
};
static const assay_field_info assay_fields_tool_call[] = {
    {.name = "id", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 256ULL, .element_size = 1,
     .offset = offsetof(struct assay_tool_call, id)},
    {.name = "name", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 256ULL, .element_size = 1,
     .offset = offsetof(struct assay_tool_call, name)},
    {.name = "arguments", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_tool_call, arguments)},
};
static const assay_field_info assay_fields_template_variable[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_template_variable, name)},
    {.name = "value", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 65536ULL, .element_size = 1,
     .offset = offsetof(struct assay_template_variable, value)},
};
static const assay_choice assay_choices_chat_template_tool_arguments[] = {{"object", 3},
    {"text", 3}, {NULL, 0}};
static const assay_choice assay_choices_chat_template_thinking[] = {{"none", 3}, {"optional", 3},
    {"always", 3}, {NULL, 0}};
static const assay_field_info assay_fields_chat_template[] = {
    {.name = "source", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 512ULL, .element_size = 1,
     .offset = offsetof(struct assay_chat_template, source)},
    {.name = "fingerprint", .id = 2, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_REQUIRED,
     .since = 3, .times_min = 1, .times_max = 1, .min = 32ULL, .max = 32ULL, .element_size = 1,
     .offset = offsetof(struct assay_chat_template, fingerprint)},
    {.name = "reads_tools", .id = 3, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED,
     .since = 3, .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_chat_template, reads_tools)},
    {.name = "tool_arguments", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_chat_template_tool_arguments,
     .offset = offsetof(struct assay_chat_template, tool_arguments)},
    {.name = "thinking", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_chat_template_thinking,
     .offset = offsetof(struct assay_chat_template, thinking)},
    {.name = "reads_time", .id = 6, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED,
     .since = 3, .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_chat_template, reads_time)},
    {.name = "variables", .id = 7, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REPEATED, .since = 3,
     .times_max = 1024, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .item_size = sizeof(assay_text), .offset = offsetof(struct assay_chat_template, variables)},
};
static const assay_field_info assay_fields_input[] = {
    {.name = "text", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_input, text)},
    {.name = "tokens", .id = 2, .type = ASSAY_TYPE_U32S, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_input, tokens)},
};
static const assay_rule assay_rules_input[] = {
    {{0, 1}, 2, true},
};
static const assay_field_info assay_fields_logprobs[] = {
    {.name = "tokens", .id = 1, .type = ASSAY_TYPE_U32S, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_logprobs, tokens)},
    {.name = "logprobs", .id = 2, .type = ASSAY_TYPE_F32S, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_logprobs, logprobs)},
    {.name = "top_count", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = 64ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_logprobs, top_count)},
    {.name = "top_tokens", .id = 4, .type = ASSAY_TYPE_U32S, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_logprobs, top_tokens)},
    {.name = "top_logprobs", .id = 5, .type = ASSAY_TYPE_F32S, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_logprobs, top_logprobs)},
};
static const assay_choice assay_choices_error_body_layer[] = {{"file", 1}, {"parse", 1},
    {"compatibility", 1}, {"placement", 1}, {"validation", 1}, {NULL, 0}};
static const assay_field_info assay_fields_error_body[] = {
    {.name = "code", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_error_body, code)},
    {.name = "message", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 2048ULL, .element_size = 1,
     .offset = offsetof(struct assay_error_body, message)},
    {.name = "field", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_error_body, field)},
    {.name = "retry_after_milliseconds", .id = 4, .type = ASSAY_TYPE_U64,
     .presence = ASSAY_OPTIONAL, .since = 1, .times_max = 1, .max = 3600000ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_error_body, retry_after_milliseconds)},
    {.name = "layer", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_error_body_layer,
     .offset = offsetof(struct assay_error_body, layer)},
    {.name = "server_load", .id = 6, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_server_load),
     .record = ASSAY_MESSAGE_SERVER_LOAD,
     .offset = offsetof(struct assay_error_body, server_load)},
};
static const assay_field_info assay_fields_hello_request[] = {
    {.name = "client", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_hello_request, client)},
    {.name = "revision", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4294967295ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_hello_request, revision)},
    {.name = "compression", .id = 3, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_hello_request, compression)},
    {.name = "body_size_max", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .min = 4096ULL, .max = 4294967295ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_hello_request, body_size_max)},
    {.name = "token", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 256ULL, .element_size = 1,
     .offset = offsetof(struct assay_hello_request, token)},
    {.name = "tenant", .id = 6, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_hello_request, tenant)},
};
static const assay_field_info assay_fields_hello_response[] = {
    {.name = "server", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_hello_response, server)},
    {.name = "revision", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4294967295ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_hello_response, revision)},
    {.name = "compression", .id = 3, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_hello_response, compression)},
    {.name = "body_size_max", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .min = 4096ULL, .max = 4294967295ULL,
     .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_hello_response, body_size_max)},
    {.name = "requests_in_flight_max", .id = 5, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4294967295ULL,
     .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_hello_response, requests_in_flight_max)},
};
static const assay_field_info assay_fields_ping_request[] = {
    {.name = "payload", .id = 1, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 65536ULL, .element_size = 1,
     .offset = offsetof(struct assay_ping_request, payload)},
};
static const assay_field_info assay_fields_ping_response[] = {
    {.name = "payload", .id = 1, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 65536ULL, .element_size = 1,
     .offset = offsetof(struct assay_ping_response, payload)},
};
static const assay_field_info assay_fields_health_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_health_request, model)},
    {.name = "verify", .id = 2, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_health_request, verify)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_health_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_health_request, requirements)},
};
static const assay_choice assay_choices_health_response_state[] = {{"loading", 1}, {"ready", 1},
    {"failed", 1}, {"draining", 1}, {NULL, 0}};
static const assay_choice assay_choices_health_response_seal[] = {{"absent", 2}, {"matched", 2},
    {"drifted", 2}, {NULL, 0}};
static const assay_choice assay_choices_health_response_file[] = {{"unchanged", 3},
    {"changed", 3}, {"missing", 3}, {NULL, 0}};
static const assay_field_info assay_fields_health_response[] = {
    {.name = "ready", .id = 1, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_health_response, ready)},
    {.name = "state", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_health_response_state,
     .offset = offsetof(struct assay_health_response, state)},
    {.name = "reason", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .offset = offsetof(struct assay_health_response, reason)},
    {.name = "seal", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_health_response_seal,
     .offset = offsetof(struct assay_health_response, seal)},
    {.name = "largest_difference", .id = 5, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .f64_min = 0.0, .f64_max = 10.0, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_health_response, largest_difference)},
    {.name = "file", .id = 6, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_health_response_file,
     .offset = offsetof(struct assay_health_response, file)},
};
static const assay_field_info assay_fields_models_response[] = {
    {.name = "models", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED, .since = 1,
     .times_max = 1024, .element_size = 1, .item_size = sizeof(assay_model),
     .record = ASSAY_MESSAGE_MODEL, .offset = offsetof(struct assay_models_response, models)},
};
static const assay_choice assay_choices_model_state[] = {{"loading", 1}, {"ready", 1},
    {"failed", 1}, {"draining", 1}, {NULL, 0}};
static const assay_choice assay_choices_model_file[] = {{"unchanged", 3}, {"changed", 3},
    {"missing", 3}, {NULL, 0}};
static const assay_choice assay_choices_model_breaker[] = {{"closed", 4}, {"open", 4},
    {"half_open", 4}, {NULL, 0}};
static const assay_field_info assay_fields_model[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_model, name)},
    {.name = "state", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_model_state, .offset = offsetof(struct assay_model, state)},
    {.name = "provenance", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 2ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_model, provenance)},
    {.name = "architecture", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_model, architecture)},
    {.name = "parameters", .id = 5, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_model, parameters)},
    {.name = "vocabulary", .id = 6, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_model, vocabulary)},
    {.name = "context", .id = 7, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_model, context)},
    {.name = "fingerprint", .id = 8, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .min = 32ULL, .max = 32ULL, .element_size = 1,
     .offset = offsetof(struct assay_model, fingerprint)},
    {.name = "generation", .id = 9, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 4294967295ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_model, generation)},
    {.name = "device", .id = 10, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_model, device)},
    {.name = "device_reason", .id = 11, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .offset = offsetof(struct assay_model, device_reason)},
    {.name = "bytes", .id = 12, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_model, bytes)},
    {.name = "file", .id = 13, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1, .choices = assay_choices_model_file,
     .offset = offsetof(struct assay_model, file)},
    {.name = "labels", .id = 14, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED, .since = 4,
     .times_max = 64, .element_size = 1, .item_size = sizeof(assay_model_label),
     .record = ASSAY_MESSAGE_MODEL_LABEL, .offset = offsetof(struct assay_model, labels)},
    {.name = "pinned", .id = 15, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_model, pinned)},
    {.name = "held_generation", .id = 16, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 4, .times_max = 1, .min = 1ULL, .max = 4294967295ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_model, held_generation)},
    {.name = "evicted", .id = 17, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_model, evicted)},
    {.name = "breaker", .id = 18, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1, .choices = assay_choices_model_breaker,
     .offset = offsetof(struct assay_model, breaker)},
    {.name = "breaker_reason", .id = 19, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 4, .times_max = 1, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .offset = offsetof(struct assay_model, breaker_reason)},
    {.name = "breaker_seconds", .id = 20, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL,
     .since = 4, .times_max = 1, .f64_min = 0.0, .f64_max = 1000000000000.0, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_model, breaker_seconds)},
    {.name = "seal_age_seconds", .id = 21, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL,
     .since = 4, .times_max = 1, .f64_min = 0.0, .f64_max = 1000000000000.0, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_model, seal_age_seconds)},
    {.name = "load_failure", .id = 22, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 4, .times_max = 1, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .offset = offsetof(struct assay_model, load_failure)},
};
static const assay_choice assay_choices_load_request_strategy[] = {{"strict", 1}, {"graceful", 1},
    {"development", 1}, {NULL, 0}};
static const assay_field_info assay_fields_load_request[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_load_request, name)},
    {.name = "path", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4096ULL, .element_size = 1,
     .offset = offsetof(struct assay_load_request, path)},
    {.name = "strategy", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_load_request_strategy,
     .offset = offsetof(struct assay_load_request, strategy)},
    {.name = "device", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_load_request, device)},
    {.name = "progress", .id = 5, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_load_request, progress)},
};
static const assay_field_info assay_fields_load_progress[] = {
    {.name = "layer", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_layer),
     .record = ASSAY_MESSAGE_LAYER, .offset = offsetof(struct assay_load_progress, layer)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_load_progress, frame)},
};
static const assay_field_info assay_fields_load_response[] = {
    {.name = "accepted", .id = 1, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_load_response, accepted)},
    {.name = "layers", .id = 2, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED, .since = 1,
     .times_max = 1024, .element_size = 1, .item_size = sizeof(assay_layer),
     .record = ASSAY_MESSAGE_LAYER, .offset = offsetof(struct assay_load_response, layers)},
    {.name = "model", .id = 3, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .element_size = 1, .item_size = sizeof(assay_model),
     .record = ASSAY_MESSAGE_MODEL, .offset = offsetof(struct assay_load_response, model)},
    {.name = "overrides", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REPEATED, .since = 1,
     .times_max = 1024, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .item_size = sizeof(assay_text), .offset = offsetof(struct assay_load_response, overrides)},
    {.name = "attempts", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REPEATED, .since = 1,
     .times_max = 1024, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .item_size = sizeof(assay_text), .offset = offsetof(struct assay_load_response, attempts)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_load_response, frame)},
};
static const assay_choice assay_choices_layer_layer[] = {{"file", 1}, {"parse", 1},
    {"compatibility", 1}, {"placement", 1}, {"validation", 1}, {NULL, 0}};
static const assay_field_info assay_fields_layer[] = {
    {.name = "layer", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_layer_layer, .offset = offsetof(struct assay_layer, layer)},
    {.name = "ok", .id = 2, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_layer, ok)},
    {.name = "microseconds", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_layer, microseconds)},
    {.name = "bytes_read", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_layer, bytes_read)},
    {.name = "bytes_total", .id = 5, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_layer, bytes_total)},
};
static const assay_field_info assay_fields_unload_request[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_unload_request, name)},
};
static const assay_field_info assay_fields_model_label[] = {
    {.name = "label", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_model_label, label)},
    {.name = "generation", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4294967295ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_model_label, generation)},
    {.name = "share", .id = 3, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .f64_min = 0.0, .f64_max = 1.0, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_model_label, share)},
};
static const assay_choice assay_choices_swap_request_strategy[] = {{"strict", 4}, {"graceful", 4},
    {"development", 4}, {NULL, 0}};
static const assay_field_info assay_fields_swap_request[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_swap_request, name)},
    {.name = "path", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4096ULL, .element_size = 1,
     .offset = offsetof(struct assay_swap_request, path)},
    {.name = "strategy", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_swap_request_strategy,
     .offset = offsetof(struct assay_swap_request, strategy)},
    {.name = "device", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .min = 1ULL, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_swap_request, device)},
    {.name = "progress", .id = 5, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_swap_request, progress)},
    {.name = "shadow", .id = 6, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = 4096ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_swap_request, shadow)},
    {.name = "require_equal", .id = 7, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 4, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_swap_request, require_equal)},
};
static const assay_choice assay_choices_swap_progress_step[] = {{"warm_up", 4}, {"shadow", 4},
    {NULL, 0}};
static const assay_field_info assay_fields_swap_progress[] = {
    {.name = "layer", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .element_size = 1, .item_size = sizeof(assay_layer),
     .record = ASSAY_MESSAGE_LAYER, .offset = offsetof(struct assay_swap_progress, layer)},
    {.name = "step", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_swap_progress_step,
     .offset = offsetof(struct assay_swap_progress, step)},
    {.name = "done", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_swap_progress, done)},
    {.name = "total", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_swap_progress, total)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_swap_progress, frame)},
};
static const assay_field_info assay_fields_swap_response[] = {
    {.name = "layers", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED, .since = 4,
     .times_max = 1024, .element_size = 1, .item_size = sizeof(assay_layer),
     .record = ASSAY_MESSAGE_LAYER, .offset = offsetof(struct assay_swap_response, layers)},
    {.name = "model", .id = 2, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_model),
     .record = ASSAY_MESSAGE_MODEL, .offset = offsetof(struct assay_swap_response, model)},
    {.name = "previous_generation", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 4, .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4294967295ULL,
     .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_swap_response, previous_generation)},
    {.name = "overrides", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REPEATED, .since = 4,
     .times_max = 1024, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .item_size = sizeof(assay_text), .offset = offsetof(struct assay_swap_response, overrides)},
    {.name = "attempts", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REPEATED, .since = 4,
     .times_max = 1024, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .item_size = sizeof(assay_text), .offset = offsetof(struct assay_swap_response, attempts)},
    {.name = "warmed", .id = 6, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_swap_response, warmed)},
    {.name = "shadow", .id = 7, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .element_size = 1, .item_size = sizeof(assay_shadow_report),
     .record = ASSAY_MESSAGE_SHADOW_REPORT,
     .offset = offsetof(struct assay_swap_response, shadow)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_swap_response, frame)},
};
static const assay_field_info assay_fields_shadow_report[] = {
    {.name = "compared", .id = 1, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_shadow_report, compared)},
    {.name = "equal", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_shadow_report, equal)},
    {.name = "divergence_max", .id = 3, .type = ASSAY_TYPE_F64, .presence = ASSAY_REQUIRED,
     .since = 4, .times_min = 1, .times_max = 1, .f64_min = 0.0, .f64_max = 1e+300,
     .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_shadow_report, divergence_max)},
    {.name = "first_difference", .id = 4, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 4, .times_max = 1, .min = 1ULL, .max = 2048ULL, .element_size = 1,
     .offset = offsetof(struct assay_shadow_report, first_difference)},
};
static const assay_field_info assay_fields_rollback_request[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_rollback_request, name)},
};
static const assay_field_info assay_fields_rollback_response[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_model),
     .record = ASSAY_MESSAGE_MODEL, .offset = offsetof(struct assay_rollback_response, model)},
};
static const assay_field_info assay_fields_pin_request[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_pin_request, name)},
    {.name = "pinned", .id = 2, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_pin_request, pinned)},
};
static const assay_field_info assay_fields_pin_response[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_model),
     .record = ASSAY_MESSAGE_MODEL, .offset = offsetof(struct assay_pin_response, model)},
};
static const assay_field_info assay_fields_alias_request[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_alias_request, name)},
    {.name = "label", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 64ULL, .element_size = 1,
     .offset = offsetof(struct assay_alias_request, label)},
    {.name = "generation", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .max = 4294967295ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_alias_request, generation)},
    {.name = "share", .id = 4, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL, .since = 4,
     .times_max = 1, .f64_min = 0.0, .f64_max = 1.0, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_alias_request, share)},
};
static const assay_field_info assay_fields_alias_response[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 4,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_model),
     .record = ASSAY_MESSAGE_MODEL, .offset = offsetof(struct assay_alias_response, model)},
};
static const assay_field_info assay_fields_tokenize_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_tokenize_request, model)},
    {.name = "text", .id = 2, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_tokenize_request, text)},
    {.name = "parse_special", .id = 3, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_tokenize_request, parse_special)},
    {.name = "add_special", .id = 4, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_tokenize_request, add_special)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_tokenize_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_tokenize_request, requirements)},
};
static const assay_field_info assay_fields_tokenize_response[] = {
    {.name = "tokens", .id = 1, .type = ASSAY_TYPE_U32S, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_tokenize_response, tokens)},
    {.name = "answer", .id = 31, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_answer),
     .record = ASSAY_MESSAGE_ANSWER, .offset = offsetof(struct assay_tokenize_response, answer)},
};
static const assay_field_info assay_fields_detokenize_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_detokenize_request, model)},
    {.name = "tokens", .id = 2, .type = ASSAY_TYPE_U32S, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_detokenize_request, tokens)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_detokenize_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_detokenize_request, requirements)},
};
static const assay_field_info assay_fields_detokenize_response[] = {
    {.name = "text", .id = 1, .type = ASSAY_TYPE_BYTES, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_detokenize_response, text)},
    {.name = "answer", .id = 31, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_answer),
     .record = ASSAY_MESSAGE_ANSWER, .offset = offsetof(struct assay_detokenize_response, answer)},
};
static const assay_field_info assay_fields_generate_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_generate_request, model)},
    {.name = "prompt", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_generate_request, prompt)},
    {.name = "tokens", .id = 3, .type = ASSAY_TYPE_U32S, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_generate_request, tokens)},
    {.name = "parse_special", .id = 4, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_generate_request, parse_special)},
    {.name = "add_special", .id = 5, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_generate_request, add_special)},
    {.name = "max_tokens", .id = 6, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 1048576ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, max_tokens)},
    {.name = "temperature", .id = 7, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .f64_min = 0.0, .f64_max = 100.0, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_generate_request, temperature)},
    {.name = "top_k", .id = 8, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 16777216ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, top_k)},
    {.name = "top_p", .id = 9, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .f64_min = 0.0, .f64_max = 1.0, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, top_p)},
    {.name = "min_p", .id = 10, .type = ASSAY_TYPE_F64, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .f64_min = 0.0, .f64_max = 1.0, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, min_p)},
    {.name = "seed", .id = 11, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, seed)},
    {.name = "stop", .id = 12, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REPEATED, .since = 1,
     .times_max = 16, .min = 1ULL, .max = 256ULL, .element_size = 1,
     .item_size = sizeof(assay_text), .offset = offsetof(struct assay_generate_request, stop)},
    {.name = "truncate_prompt", .id = 13, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_generate_request, truncate_prompt)},
    {.name = "logprobs", .id = 14, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = 64ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, logprobs)},
    {.name = "prompt_logprobs", .id = 15, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 64ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, prompt_logprobs)},
    {.name = "messages", .id = 16, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 2, .times_max = 1024, .element_size = 1, .item_size = sizeof(assay_chat_message),
     .record = ASSAY_MESSAGE_CHAT_MESSAGE,
     .offset = offsetof(struct assay_generate_request, messages)},
    {.name = "ignore_eos", .id = 17, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_generate_request, ignore_eos)},
    {.name = "min_tokens", .id = 18, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 1048576ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, min_tokens)},
    {.name = "tools", .id = 19, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_generate_request, tools)},
    {.name = "template_variables", .id = 20, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 3, .times_max = 64, .element_size = 1, .item_size = sizeof(assay_template_variable),
     .record = ASSAY_MESSAGE_TEMPLATE_VARIABLE,
     .offset = offsetof(struct assay_generate_request, template_variables)},
    {.name = "add_generation_prompt", .id = 21, .type = ASSAY_TYPE_BOOL,
     .presence = ASSAY_OPTIONAL, .since = 3, .times_max = 1, .max = 1, .scalar_size = 1,
     .element_size = 1, .offset = offsetof(struct assay_generate_request, add_generation_prompt)},
    {.name = "continue_final_message", .id = 22, .type = ASSAY_TYPE_BOOL,
     .presence = ASSAY_OPTIONAL, .since = 3, .times_max = 1, .max = 1, .scalar_size = 1,
     .element_size = 1, .offset = offsetof(struct assay_generate_request, continue_final_message)},
    {.name = "template_time", .id = 23, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 253402300799ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_request, template_time)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_generate_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_generate_request, requirements)},
};
static const assay_rule assay_rules_generate_request[] = {
    {{1, 2, 15}, 3, true},
    {{15, 3}, 2, false},
    {{15, 4}, 2, false},
    {{1, 18}, 2, false},
    {{1, 19}, 2, false},
    {{1, 20}, 2, false},
    {{1, 21}, 2, false},
    {{1, 22}, 2, false},
    {{2, 18}, 2, false},
    {{2, 19}, 2, false},
    {{2, 20}, 2, false},
    {{2, 21}, 2, false},
    {{2, 22}, 2, false},
    {{20, 21}, 2, false},
};
static const assay_field_info assay_fields_generate_chunk[] = {
    {.name = "tokens", .id = 1, .type = ASSAY_TYPE_U32S, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_generate_chunk, tokens)},
    {.name = "text", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_generate_chunk, text)},
    {.name = "prompt_done", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_chunk, prompt_done)},
    {.name = "prompt_total", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_chunk, prompt_total)},
    {.name = "logprobs", .id = 5, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_logprobs),
     .record = ASSAY_MESSAGE_LOGPROBS, .offset = offsetof(struct assay_generate_chunk, logprobs)},
    {.name = "prompt_logprobs", .id = 6, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_logprobs),
     .record = ASSAY_MESSAGE_LOGPROBS,
     .offset = offsetof(struct assay_generate_chunk, prompt_logprobs)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_chunk, frame)},
};
static const assay_choice assay_choices_generate_response_finish_reason[] = {{"stop", 1},
    {"length", 1}, {"cancelled", 1}, {"deadline", 1}, {NULL, 0}};
static const assay_field_info assay_fields_generate_response[] = {
    {.name = "tokens", .id = 1, .type = ASSAY_TYPE_U32S, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_generate_response, tokens)},
    {.name = "text", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_generate_response, text)},
    {.name = "finish_reason", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_generate_response_finish_reason,
     .offset = offsetof(struct assay_generate_response, finish_reason)},
    {.name = "stop_matched", .id = 6, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .min = 1ULL, .max = 256ULL, .element_size = 1,
     .offset = offsetof(struct assay_generate_response, stop_matched)},
    {.name = "prompt_tokens", .id = 7, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_generate_response, prompt_tokens)},
    {.name = "completion_tokens", .id = 8, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_generate_response, completion_tokens)},
    {.name = "logprobs", .id = 9, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_logprobs),
     .record = ASSAY_MESSAGE_LOGPROBS,
     .offset = offsetof(struct assay_generate_response, logprobs)},
    {.name = "prompt_logprobs", .id = 10, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_logprobs),
     .record = ASSAY_MESSAGE_LOGPROBS,
     .offset = offsetof(struct assay_generate_response, prompt_logprobs)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_generate_response, frame)},
    {.name = "answer", .id = 31, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_answer),
     .record = ASSAY_MESSAGE_ANSWER, .offset = offsetof(struct assay_generate_response, answer)},
};
static const assay_field_info assay_fields_score_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_score_request, model)},
    {.name = "prompt", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_score_request, prompt)},
    {.name = "tokens", .id = 3, .type = ASSAY_TYPE_U32S, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_score_request, tokens)},
    {.name = "parse_special", .id = 4, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_score_request, parse_special)},
    {.name = "add_special", .id = 5, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_score_request, add_special)},
    {.name = "messages", .id = 6, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 2, .times_max = 1024, .element_size = 1, .item_size = sizeof(assay_chat_message),
     .record = ASSAY_MESSAGE_CHAT_MESSAGE,
     .offset = offsetof(struct assay_score_request, messages)},
    {.name = "continuations", .id = 7, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 2, .times_min = 1, .times_max = 256, .element_size = 1,
     .item_size = sizeof(assay_input), .record = ASSAY_MESSAGE_INPUT,
     .offset = offsetof(struct assay_score_request, continuations)},
    {.name = "top_logprobs", .id = 8, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 64ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_score_request, top_logprobs)},
    {.name = "tools", .id = 9, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_score_request, tools)},
    {.name = "template_variables", .id = 10, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 3, .times_max = 64, .element_size = 1, .item_size = sizeof(assay_template_variable),
     .record = ASSAY_MESSAGE_TEMPLATE_VARIABLE,
     .offset = offsetof(struct assay_score_request, template_variables)},
    {.name = "add_generation_prompt", .id = 11, .type = ASSAY_TYPE_BOOL,
     .presence = ASSAY_OPTIONAL, .since = 3, .times_max = 1, .max = 1, .scalar_size = 1,
     .element_size = 1, .offset = offsetof(struct assay_score_request, add_generation_prompt)},
    {.name = "continue_final_message", .id = 12, .type = ASSAY_TYPE_BOOL,
     .presence = ASSAY_OPTIONAL, .since = 3, .times_max = 1, .max = 1, .scalar_size = 1,
     .element_size = 1, .offset = offsetof(struct assay_score_request, continue_final_message)},
    {.name = "template_time", .id = 13, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 253402300799ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_score_request, template_time)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_score_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_score_request, requirements)},
};
static const assay_rule assay_rules_score_request[] = {
    {{1, 2, 5}, 3, true},
    {{5, 3}, 2, false},
    {{5, 4}, 2, false},
    {{1, 8}, 2, false},
    {{1, 9}, 2, false},
    {{1, 10}, 2, false},
    {{1, 11}, 2, false},
    {{1, 12}, 2, false},
    {{2, 8}, 2, false},
    {{2, 9}, 2, false},
    {{2, 10}, 2, false},
    {{2, 11}, 2, false},
    {{2, 12}, 2, false},
    {{10, 11}, 2, false},
};
static const assay_field_info assay_fields_score_response[] = {
    {.name = "scores", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED, .since = 2,
     .times_min = 1, .times_max = 256, .element_size = 1,
     .item_size = sizeof(assay_continuation_score), .record = ASSAY_MESSAGE_CONTINUATION_SCORE,
     .offset = offsetof(struct assay_score_response, scores)},
    {.name = "prompt_tokens", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 2, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_score_response, prompt_tokens)},
    {.name = "answer", .id = 31, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_answer),
     .record = ASSAY_MESSAGE_ANSWER, .offset = offsetof(struct assay_score_response, answer)},
};
static const assay_field_info assay_fields_continuation_score[] = {
    {.name = "logprobs", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED,
     .since = 2, .times_min = 1, .times_max = 1, .element_size = 1,
     .item_size = sizeof(assay_logprobs), .record = ASSAY_MESSAGE_LOGPROBS,
     .offset = offsetof(struct assay_continuation_score, logprobs)},
    {.name = "logprob", .id = 2, .type = ASSAY_TYPE_F64, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .f64_min = -INFINITY, .f64_max = INFINITY, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_continuation_score, logprob)},
    {.name = "greedy", .id = 3, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_continuation_score, greedy)},
};
static const assay_choice assay_choices_embed_request_pooling[] = {{"mean", 2}, {"last", 2},
    {"cls", 2}, {NULL, 0}};
static const assay_field_info assay_fields_embed_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_embed_request, model)},
    {.name = "inputs", .id = 2, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED, .since = 2,
     .times_min = 1, .times_max = 256, .element_size = 1, .item_size = sizeof(assay_input),
     .record = ASSAY_MESSAGE_INPUT, .offset = offsetof(struct assay_embed_request, inputs)},
    {.name = "parse_special", .id = 3, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_embed_request, parse_special)},
    {.name = "add_special", .id = 4, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_embed_request, add_special)},
    {.name = "pooling", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_embed_request_pooling,
     .offset = offsetof(struct assay_embed_request, pooling)},
    {.name = "normalize", .id = 6, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL, .since = 2,
     .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_embed_request, normalize)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_embed_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 2, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_embed_request, requirements)},
};
static const assay_field_info assay_fields_embed_chunk[] = {
    {.name = "embeddings", .id = 1, .type = ASSAY_TYPE_F32S, .presence = ASSAY_REQUIRED,
     .since = 2, .times_min = 1, .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_embed_chunk, embeddings)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_embed_chunk, frame)},
};
static const assay_choice assay_choices_embed_response_pooling[] = {{"mean", 3}, {"last", 3},
    {"cls", 3}, {NULL, 0}};
static const assay_field_info assay_fields_embed_response[] = {
    {.name = "embeddings", .id = 1, .type = ASSAY_TYPE_F32S, .presence = ASSAY_REQUIRED,
     .since = 2, .times_min = 1, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_embed_response, embeddings)},
    {.name = "dimensions", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 131072ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_embed_response, dimensions)},
    {.name = "count", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 256ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_embed_response, count)},
    {.name = "prompt_tokens", .id = 4, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 2, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_embed_response, prompt_tokens)},
    {.name = "pooling", .id = 5, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT32_MAX, .element_size = 1,
     .choices = assay_choices_embed_response_pooling,
     .offset = offsetof(struct assay_embed_response, pooling)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_embed_response, frame)},
    {.name = "answer", .id = 31, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 2,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_answer),
     .record = ASSAY_MESSAGE_ANSWER, .offset = offsetof(struct assay_embed_response, answer)},
};
static const assay_field_info assay_fields_logits_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_logits_request, model)},
    {.name = "prompt", .id = 2, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_logits_request, prompt)},
    {.name = "tokens", .id = 3, .type = ASSAY_TYPE_U32S, .presence = ASSAY_OPTIONAL, .since = 1,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_logits_request, tokens)},
    {.name = "parse_special", .id = 4, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_logits_request, parse_special)},
    {.name = "add_special", .id = 5, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_logits_request, add_special)},
    {.name = "all_positions", .id = 6, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_logits_request, all_positions)},
    {.name = "messages", .id = 7, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 2, .times_max = 1024, .element_size = 1, .item_size = sizeof(assay_chat_message),
     .record = ASSAY_MESSAGE_CHAT_MESSAGE,
     .offset = offsetof(struct assay_logits_request, messages)},
    {.name = "tools", .id = 8, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_logits_request, tools)},
    {.name = "template_variables", .id = 9, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 3, .times_max = 64, .element_size = 1, .item_size = sizeof(assay_template_variable),
     .record = ASSAY_MESSAGE_TEMPLATE_VARIABLE,
     .offset = offsetof(struct assay_logits_request, template_variables)},
    {.name = "add_generation_prompt", .id = 10, .type = ASSAY_TYPE_BOOL,
     .presence = ASSAY_OPTIONAL, .since = 3, .times_max = 1, .max = 1, .scalar_size = 1,
     .element_size = 1, .offset = offsetof(struct assay_logits_request, add_generation_prompt)},
    {.name = "continue_final_message", .id = 11, .type = ASSAY_TYPE_BOOL,
     .presence = ASSAY_OPTIONAL, .since = 3, .times_max = 1, .max = 1, .scalar_size = 1,
     .element_size = 1, .offset = offsetof(struct assay_logits_request, continue_final_message)},
    {.name = "template_time", .id = 12, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 253402300799ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_logits_request, template_time)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_logits_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_logits_request, requirements)},
};
static const assay_rule assay_rules_logits_request[] = {
    {{1, 2, 6}, 3, true},
    {{6, 3}, 2, false},
    {{6, 4}, 2, false},
    {{1, 7}, 2, false},
    {{1, 8}, 2, false},
    {{1, 9}, 2, false},
    {{1, 10}, 2, false},
    {{1, 11}, 2, false},
    {{2, 7}, 2, false},
    {{2, 8}, 2, false},
    {{2, 9}, 2, false},
    {{2, 10}, 2, false},
    {{2, 11}, 2, false},
    {{9, 10}, 2, false},
};
static const assay_field_info assay_fields_logits_chunk[] = {
    {.name = "logits", .id = 1, .type = ASSAY_TYPE_F32S, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_logits_chunk, logits)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_logits_chunk, frame)},
};
static const assay_field_info assay_fields_logits_response[] = {
    {.name = "logits", .id = 1, .type = ASSAY_TYPE_F32S, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_logits_response, logits)},
    {.name = "vocabulary", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4294967295ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_logits_response, vocabulary)},
    {.name = "positions", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 4294967295ULL, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_logits_response, positions)},
    {.name = "frame", .id = 28, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_logits_response, frame)},
    {.name = "answer", .id = 31, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_answer),
     .record = ASSAY_MESSAGE_ANSWER, .offset = offsetof(struct assay_logits_response, answer)},
};
static const assay_field_info assay_fields_render_request[] = {
    {.name = "model", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_render_request, model)},
    {.name = "messages", .id = 2, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 3, .times_min = 1, .times_max = 1024, .element_size = 1,
     .item_size = sizeof(assay_chat_message), .record = ASSAY_MESSAGE_CHAT_MESSAGE,
     .offset = offsetof(struct assay_render_request, messages)},
    {.name = "tools", .id = 3, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_OPTIONAL, .since = 3,
     .times_max = 1, .min = 1ULL, .max = 1000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_render_request, tools)},
    {.name = "template_variables", .id = 4, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 3, .times_max = 64, .element_size = 1, .item_size = sizeof(assay_template_variable),
     .record = ASSAY_MESSAGE_TEMPLATE_VARIABLE,
     .offset = offsetof(struct assay_render_request, template_variables)},
    {.name = "add_generation_prompt", .id = 5, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_render_request, add_generation_prompt)},
    {.name = "continue_final_message", .id = 6, .type = ASSAY_TYPE_BOOL,
     .presence = ASSAY_OPTIONAL, .since = 3, .times_max = 1, .max = 1, .scalar_size = 1,
     .element_size = 1, .offset = offsetof(struct assay_render_request, continue_final_message)},
    {.name = "template_time", .id = 7, .type = ASSAY_TYPE_U64, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .max = 253402300799ULL, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_render_request, template_time)},
    {.name = "context", .id = 29, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_request_context),
     .record = ASSAY_MESSAGE_REQUEST_CONTEXT,
     .offset = offsetof(struct assay_render_request, context)},
    {.name = "requirements", .id = 30, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_OPTIONAL,
     .since = 3, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_requirements),
     .record = ASSAY_MESSAGE_REQUIREMENTS,
     .offset = offsetof(struct assay_render_request, requirements)},
};
static const assay_rule assay_rules_render_request[] = {
    {{4, 5}, 2, false},
};
static const assay_field_info assay_fields_render_response[] = {
    {.name = "text", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .max = 4000000ULL, .element_size = 1,
     .offset = offsetof(struct assay_render_response, text)},
    {.name = "tokens", .id = 2, .type = ASSAY_TYPE_U32S, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .max = 1000000ULL, .element_size = 4,
     .offset = offsetof(struct assay_render_response, tokens)},
    {.name = "template", .id = 3, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED,
     .since = 3, .times_min = 1, .times_max = 1, .element_size = 1,
     .item_size = sizeof(assay_chat_template), .record = ASSAY_MESSAGE_CHAT_TEMPLATE,
     .offset = offsetof(struct assay_render_response, template)},
    {.name = "answer", .id = 31, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REQUIRED, .since = 3,
     .times_min = 1, .times_max = 1, .element_size = 1, .item_size = sizeof(assay_answer),
     .record = ASSAY_MESSAGE_ANSWER, .offset = offsetof(struct assay_render_response, answer)},
};
static const assay_field_info assay_fields_cancel_request[] = {
    {.name = "target", .id = 1, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_cancel_request, target)},
};
static const assay_field_info assay_fields_cancel_response[] = {
    {.name = "found", .id = 1, .type = ASSAY_TYPE_BOOL, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = 1, .scalar_size = 1, .element_size = 1,
     .offset = offsetof(struct assay_cancel_response, found)},
};
static const assay_field_info assay_fields_stats_response[] = {
    {.name = "counters", .id = 1, .type = ASSAY_TYPE_RECORD, .presence = ASSAY_REPEATED,
     .since = 1, .times_max = 1024, .element_size = 1, .item_size = sizeof(assay_counter),
     .record = ASSAY_MESSAGE_COUNTER, .offset = offsetof(struct assay_stats_response, counters)},
};
static const assay_field_info assay_fields_counter[] = {
    {.name = "name", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_counter, name)},
    {.name = "real", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_counter, real)},
    {.name = "mock", .id = 3, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8, .element_size = 8,
     .offset = offsetof(struct assay_counter, mock)},
};
static const assay_field_info assay_fields_go_away[] = {
    {.name = "reason", .id = 1, .type = ASSAY_TYPE_TEXT, .presence = ASSAY_REQUIRED, .since = 1,
     .times_min = 1, .times_max = 1, .min = 1ULL, .max = 128ULL, .element_size = 1,
     .offset = offsetof(struct assay_go_away, reason)},
    {.name = "drain_milliseconds", .id = 2, .type = ASSAY_TYPE_U64, .presence = ASSAY_REQUIRED,
     .since = 1, .times_min = 1, .times_max = 1, .max = UINT64_MAX, .scalar_size = 8,
     .element_size = 8, .offset = offsetof(struct assay_go_away, drain_milliseconds)},
};

const assay_message_info assay_messages[ASSAY_MESSAGE_COUNT] = {
    {.name = "Requirements", .size = sizeof(struct assay_requirements),
     .fields = assay_fields_requirements, .field_count = 3},
    {.name = "Request context", .size = sizeof(struct assay_request_context),
     .fields = assay_fields_request_context, .field_count = 3},
    {.name = "Answer", .size = sizeof(struct assay_answer), .fields = assay_fields_answer,
     .field_count = 7},
    {.name = "Server load", .size = sizeof(struct assay_server_load),
     .fields = assay_fields_server_load, .field_count = 5},
    {.name = "Timing", .size = sizeof(struct assay_timing), .fields = assay_fields_timing,
     .field_count = 7},
    {.name = "Chat message", .size = sizeof(struct assay_chat_message),
     .fields = assay_fields_chat_message, .field_count = 7},
    {.name = "Tool call", .size = sizeof(struct assay_tool_call), .fields = assay_fields_tool_call,
     .field_count = 3},
    {.name = "Template variable", .size = sizeof(struct assay_template_variable),
     .fields = assay_fields_template_variable, .field_count = 2},
    {.name = "Chat template", .size = sizeof(struct assay_chat_template),
     .fields = assay_fields_chat_template, .field_count = 7},
    {.name = "Input", .size = sizeof(struct assay_input), .fields = assay_fields_input,
     .field_count = 2, .rules = assay_rules_input, .rule_count = 1},
    {.name = "Logprobs", .size = sizeof(struct assay_logprobs), .fields = assay_fields_logprobs,
     .field_count = 5},
    {.name = "Error", .size = sizeof(struct assay_error_body), .fields = assay_fields_error_body,
     .field_count = 6},
    {.name = "Hello request", .size = sizeof(struct assay_hello_request),
     .fields = assay_fields_hello_request, .field_count = 6},
    {.name = "Hello response", .size = sizeof(struct assay_hello_response),
     .fields = assay_fields_hello_response, .field_count = 5},
    {.name = "Ping request", .size = sizeof(struct assay_ping_request),
     .fields = assay_fields_ping_request, .field_count = 1},
    {.name = "Ping response", .size = sizeof(struct assay_ping_response),
     .fields = assay_fields_ping_response, .field_count = 1},
    {.name = "Health request", .size = sizeof(struct assay_health_request),
     .fields = assay_fields_health_request, .field_count = 4},
    {.name = "Health response", .size = sizeof(struct assay_health_response),
     .fields = assay_fields_health_response, .field_count = 6},
    {.name = "Models request", .size = sizeof(struct assay_models_request)},
    {.name = "Models response", .size = sizeof(struct assay_models_response),
     .fields = assay_fields_models_response, .field_count = 1},
    {.name = "Model", .size = sizeof(struct assay_model), .fields = assay_fields_model,
     .field_count = 22},
    {.name = "Load request", .size = sizeof(struct assay_load_request),
     .fields = assay_fields_load_request, .field_count = 5},
    {.name = "Load progress", .size = sizeof(struct assay_load_progress),
     .fields = assay_fields_load_progress, .field_count = 2},
    {.name = "Load response", .size = sizeof(struct assay_load_response),
     .fields = assay_fields_load_response, .field_count = 6},
    {.name = "Layer", .size = sizeof(struct assay_layer), .fields = assay_fields_layer,
     .field_count = 5},
    {.name = "Unload request", .size = sizeof(struct assay_unload_request),
     .fields = assay_fields_unload_request, .field_count = 1},
    {.name = "Unload response", .size = sizeof(struct assay_unload_response)},
    {.name = "Model label", .size = sizeof(struct assay_model_label),
     .fields = assay_fields_model_label, .field_count = 3},
    {.name = "Swap request", .size = sizeof(struct assay_swap_request),
     .fields = assay_fields_swap_request, .field_count = 7},
    {.name = "Swap progress", .size = sizeof(struct assay_swap_progress),
     .fields = assay_fields_swap_progress, .field_count = 5},
    {.name = "Swap response", .size = sizeof(struct assay_swap_response),
     .fields = assay_fields_swap_response, .field_count = 8},
    {.name = "Shadow report", .size = sizeof(struct assay_shadow_report),
     .fields = assay_fields_shadow_report, .field_count = 4},
    {.name = "Rollback request", .size = sizeof(struct assay_rollback_request),
     .fields = assay_fields_rollback_request, .field_count = 1},
    {.name = "Rollback response", .size = sizeof(struct assay_rollback_response),
     .fields = assay_fields_rollback_response, .field_count = 1},
    {.name = "Pin request", .size = sizeof(struct assay_pin_request),
     .fields = assay_fields_pin_request, .field_count = 2},
    {.name = "Pin response", .size = sizeof(struct assay_pin_response),
     .fields = assay_fields_pin_response, .field_count = 1},
    {.name = "Alias request", .size = sizeof(struct assay_alias_request),
     .fields = assay_fields_alias_request, .field_count = 4},
    {.name = "Alias response", .size = sizeof(struct assay_alias_response),
     .fields = assay_fields_alias_response, .field_count = 1},
    {.name = "Tokenize request", .size = sizeof(struct assay_tokenize_request),
     .fields = assay_fields_tokenize_request, .field_count = 6},
    {.name = "Tokenize response", .size = sizeof(struct assay_tokenize_response),
     .fields = assay_fields_tokenize_response, .field_count = 2},
    {.name = "Detokenize request", .size = sizeof(struct assay_detokenize_request),
     .fields = assay_fields_detokenize_request, .field_count = 4},
    {.name = "Detokenize response", .size = sizeof(struct assay_detokenize_response),
     .fields = assay_fields_detokenize_response, .field_count = 2},
    {.name = "Generate request", .size = sizeof(struct assay_generate_request),
     .fields = assay_fields_generate_request, .field_count = 25,
     .rules = assay_rules_generate_request, .rule_count = 14},
    {.name = "Generate chunk", .size = sizeof(struct assay_generate_chunk),
     .fields = assay_fields_generate_chunk, .field_count = 7},
    {.name = "Generate response", .size = sizeof(struct assay_generate_response),
     .fields = assay_fields_generate_response, .field_count = 10},
    {.name = "Score request", .size = sizeof(struct assay_score_request),
     .fields = assay_fields_score_request, .field_count = 15, .rules = assay_rules_score_request,
     .rule_count = 14},
    {.name = "Score response", .size = sizeof(struct assay_score_response),
     .fields = assay_fields_score_response, .field_count = 3},
    {.name = "Continuation score", .size = sizeof(struct assay_continuation_score),
     .fields = assay_fields_continuation_score, .field_count = 3},
    {.name = "Embed request", .size = sizeof(struct assay_embed_request),
     .fields = assay_fields_embed_request, .field_count = 8},
    {.name = "Embed chunk", .size = sizeof(struct assay_embed_chunk),
     .fields = assay_fields_embed_chunk, .field_count = 2},
    {.name = "Embed response", .size = sizeof(struct assay_embed_response),
     .fields = assay_fields_embed_response, .field_count = 7},
    {.name = "Logits request", .size = sizeof(struct assay_logits_request),
     .fields = assay_fields_logits_request, .field_count = 14, .rules = assay_rules_logits_request,
     .rule_count = 14},
    {.name = "Logits chunk", .size = sizeof(struct assay_logits_chunk),
     .fields = assay_fields_logits_chunk, .field_count = 2},
    {.name = "Logits response", .size = sizeof(struct assay_logits_response),
     .fields = assay_fields_logits_response, .field_count = 5},
    {.name = "Render request", .size = sizeof(struct assay_render_request),
     .fields = assay_fields_render_request, .field_count = 9, .rules = assay_rules_render_request,
     .rule_count = 1},
    {.name = "Render response", .size = sizeof(struct assay_render_response),
     .fields = assay_fields_render_response, .field_count = 4},
    {.name = "Cancel request", .size = sizeof(struct assay_cancel_request),
     .fields = assay_fields_cancel_request, .field_count = 1},
    {.name = "Cancel response", .size = sizeof(struct assay_cancel_response),
     .fields = assay_fields_cancel_response, .field_count = 1},
    {.name = "Stats request", .size = sizeof(struct assay_stats_request)},
    {.name = "Stats response", .size = sizeof(struct assay_stats_response),
     .fields = assay_fields_stats_response, .field_count = 1},
    {.name = "Counter", .size = sizeof(struct assay_counter), .fields = assay_fields_counter,
     .field_count = 3},
    {.name = "GoAway", .size = sizeof(struct assay_go_away), .fields = assay_fields_go_away,
     .field_count = 2},
};

const assay_kind_info assay_kinds[] = {
    {"Hello", 1, 1, false, true,
     ASSAY_MESSAGE_HELLO_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_HELLO_RESPONSE},
    {"Ping", 2, 1, false, true,
     ASSAY_MESSAGE_PING_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_PING_RESPONSE},
    {"Health", 3, 1, false, true,
     ASSAY_MESSAGE_HEALTH_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_HEALTH_RESPONSE},
    {"Models", 4, 1, false, true,
     ASSAY_MESSAGE_MODELS_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_MODELS_RESPONSE},
    {"Load", 5, 1, true, false,
     ASSAY_MESSAGE_LOAD_REQUEST, ASSAY_MESSAGE_LOAD_PROGRESS, ASSAY_MESSAGE_LOAD_RESPONSE},
    {"Swap", 6, 4, true, false,
     ASSAY_MESSAGE_SWAP_REQUEST, ASSAY_MESSAGE_SWAP_PROGRESS, ASSAY_MESSAGE_SWAP_RESPONSE},
    {"Unload", 7, 1, false, false,
     ASSAY_MESSAGE_UNLOAD_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_UNLOAD_RESPONSE},
    {"Tokenize", 8, 1, false, true,
     ASSAY_MESSAGE_TOKENIZE_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_TOKENIZE_RESPONSE},
    {"Detokenize", 9, 1, false, true,
     ASSAY_MESSAGE_DETOKENIZE_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_DETOKENIZE_RESPONSE},
    {"Generate", 10, 1, true, true,
     ASSAY_MESSAGE_GENERATE_REQUEST, ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_MESSAGE_GENERATE_RESPONSE},
    {"Score", 11, 2, false, true,
     ASSAY_MESSAGE_SCORE_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_SCORE_RESPONSE},
    {"Logits", 12, 1, true, true,
     ASSAY_MESSAGE_LOGITS_REQUEST, ASSAY_MESSAGE_LOGITS_CHUNK, ASSAY_MESSAGE_LOGITS_RESPONSE},
    {"Embed", 13, 2, true, true,
     ASSAY_MESSAGE_EMBED_REQUEST, ASSAY_MESSAGE_EMBED_CHUNK, ASSAY_MESSAGE_EMBED_RESPONSE},
    {"Cancel", 14, 1, false, false,
     ASSAY_MESSAGE_CANCEL_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_CANCEL_RESPONSE},
    {"Stats", 15, 1, false, true,
     ASSAY_MESSAGE_STATS_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_STATS_RESPONSE},
    {"Render", 16, 3, false, true,
     ASSAY_MESSAGE_RENDER_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_RENDER_RESPONSE},
    {"Rollback", 18, 4, false, false,
     ASSAY_MESSAGE_ROLLBACK_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_ROLLBACK_RESPONSE},
    {"Pin", 19, 4, false, true,
     ASSAY_MESSAGE_PIN_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_PIN_RESPONSE},
    {"Alias", 20, 4, false, true,
     ASSAY_MESSAGE_ALIAS_REQUEST, ASSAY_MESSAGE_COUNT, ASSAY_MESSAGE_ALIAS_RESPONSE},
};
const size_t assay_kind_count = 19;

/* A request of any kind. */
union assay_request {
    assay_hello_request hello;
    assay_ping_request ping;
    assay_health_request health;
    assay_models_request models;
    assay_load_request load;
    assay_swap_request swap;
    assay_unload_request unload;
    assay_tokenize_request tokenize;
    assay_detokenize_request detokenize;
    assay_generate_request generate;
    assay_score_request score;
    assay_logits_request logits;
    assay_embed_request embed;
    assay_cancel_request cancel;
    assay_stats_request stats;
    assay_render_request render;
    assay_rollback_request rollback;
    assay_pin_request pin;
    assay_alias_request alias;
};

/* Lists of which an answer is assembled, and their places in frames. */
enum {
    ASSAY_LIST_TOKENS,
    ASSAY_LIST_TEXT,
    ASSAY_LIST_LOGPROBS_TOKENS,
    ASSAY_LIST_LOGPROBS_LOGPROBS,
    ASSAY_LIST_LOGPROBS_TOP_TOKENS,
    ASSAY_LIST_LOGPROBS_TOP_LOGPROBS,
    ASSAY_LIST_PROMPT_LOGPROBS_TOKENS,
    ASSAY_LIST_PROMPT_LOGPROBS_LOGPROBS,
    ASSAY_LIST_PROMPT_LOGPROBS_TOP_TOKENS,
    ASSAY_LIST_PROMPT_LOGPROBS_TOP_LOGPROBS,
    ASSAY_LIST_LOGITS,
    ASSAY_LIST_EMBEDDINGS,
    ASSAY_LIST_COUNT
};

static const struct {
    uint8_t message, list;
    uint8_t element_size;
    bool in_record; /* at `offset` is a pointer to a record with the list */
    size_t offset, inner;
} assay_lists[] = {
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_TOKENS, 4, false,
     offsetof(struct assay_generate_chunk, tokens), 0},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_TEXT, 1, false,
     offsetof(struct assay_generate_chunk, text), 0},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_LOGPROBS_TOKENS, 4, true,
     offsetof(struct assay_generate_chunk, logprobs), offsetof(struct assay_logprobs, tokens)},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_LOGPROBS_LOGPROBS, 4, true,
     offsetof(struct assay_generate_chunk, logprobs), offsetof(struct assay_logprobs, logprobs)},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_LOGPROBS_TOP_TOKENS, 4, true,
     offsetof(struct assay_generate_chunk, logprobs), offsetof(struct assay_logprobs, top_tokens)},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_LOGPROBS_TOP_LOGPROBS, 4, true,
     offsetof(struct assay_generate_chunk, logprobs),
     offsetof(struct assay_logprobs, top_logprobs)},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_PROMPT_LOGPROBS_TOKENS, 4, true,
     offsetof(struct assay_generate_chunk, prompt_logprobs),
     offsetof(struct assay_logprobs, tokens)},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_PROMPT_LOGPROBS_LOGPROBS, 4, true,
     offsetof(struct assay_generate_chunk, prompt_logprobs),
     offsetof(struct assay_logprobs, logprobs)},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_PROMPT_LOGPROBS_TOP_TOKENS, 4, true,
     offsetof(struct assay_generate_chunk, prompt_logprobs),
     offsetof(struct assay_logprobs, top_tokens)},
    {ASSAY_MESSAGE_GENERATE_CHUNK, ASSAY_LIST_PROMPT_LOGPROBS_TOP_LOGPROBS, 4, true,
     offsetof(struct assay_generate_chunk, prompt_logprobs),
     offsetof(struct assay_logprobs, top_logprobs)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_TOKENS, 4, false,
     offsetof(struct assay_generate_response, tokens), 0},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_TEXT, 1, false,
     offsetof(struct assay_generate_response, text), 0},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_LOGPROBS_TOKENS, 4, true,
     offsetof(struct assay_generate_response, logprobs), offsetof(struct assay_logprobs, tokens)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_LOGPROBS_LOGPROBS, 4, true,
     offsetof(struct assay_generate_response, logprobs),
     offsetof(struct assay_logprobs, logprobs)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_LOGPROBS_TOP_TOKENS, 4, true,
     offsetof(struct assay_generate_response, logprobs),
     offsetof(struct assay_logprobs, top_tokens)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_LOGPROBS_TOP_LOGPROBS, 4, true,
     offsetof(struct assay_generate_response, logprobs),
     offsetof(struct assay_logprobs, top_logprobs)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_PROMPT_LOGPROBS_TOKENS, 4, true,
     offsetof(struct assay_generate_response, prompt_logprobs),
     offsetof(struct assay_logprobs, tokens)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_PROMPT_LOGPROBS_LOGPROBS, 4, true,
     offsetof(struct assay_generate_response, prompt_logprobs),
     offsetof(struct assay_logprobs, logprobs)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_PROMPT_LOGPROBS_TOP_TOKENS, 4, true,
     offsetof(struct assay_generate_response, prompt_logprobs),
     offsetof(struct assay_logprobs, top_tokens)},
    {ASSAY_MESSAGE_GENERATE_RESPONSE, ASSAY_LIST_PROMPT_LOGPROBS_TOP_LOGPROBS, 4, true,
     offsetof(struct assay_generate_response, prompt_logprobs),
     offsetof(struct assay_logprobs, top_logprobs)},
    {ASSAY_MESSAGE_LOGITS_CHUNK, ASSAY_LIST_LOGITS, 4, false,
     offsetof(struct assay_logits_chunk, logits), 0},
    {ASSAY_MESSAGE_LOGITS_RESPONSE, ASSAY_LIST_LOGITS, 4, false,
     offsetof(struct assay_logits_response, logits), 0},
    {ASSAY_MESSAGE_EMBED_CHUNK, ASSAY_LIST_EMBEDDINGS, 4, false,
     offsetof(struct assay_embed_chunk, embeddings), 0},
    {ASSAY_MESSAGE_EMBED_RESPONSE, ASSAY_LIST_EMBEDDINGS, 4, false,
     offsetof(struct assay_embed_response, embeddings), 0},
};
static const size_t assay_list_count = 24;

/* Numbers on the wire, lowest byte first. */
static uint16_t get_u16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get_u32(const uint8_t *bytes) {
    return (uint32_t)get_u16(bytes) | (uint32_t)get_u16(bytes + 2) << 16;
}

static uint64_t get_u64(const uint8_t *bytes) {
    return (uint64_t)get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32;
}

static void put_u32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static void put_u64(uint8_t *bytes, uint64_t value) {
    put_u32(bytes, (uint32_t)value);
    put_u32(bytes + 4, (uint32_t)(value >> 32));
}

/* The header of a frame. */
struct assay_header {
    /* bytes after the length word: 28 + body bytes on the wire */
    uint32_t length;
    /* 1 */
    uint8_t version;
    /* the request's kind with bit 7 set */
    uint8_t kind;
    /* bits 0, 1, 2 */
    uint8_t flags;
    /* 1 real, 2 mock */
    uint8_t provenance;
    /* id of the request, 0 in GoAway only */
    uint64_t request_id;
    /* status code, 0 is OK */
    uint32_t status;
    /* body bytes before compression */
    uint32_t raw_size;
    /* generation of the model that answered, 0 for none */
    uint32_t generation;
    /* 0 */
    uint32_t reserved;
};

static struct assay_header read_header(const uint8_t *bytes) {
    return (struct assay_header){
        .length = get_u32(bytes + 0),
        .version = bytes[4],
        .kind = bytes[5],
        .flags = bytes[6],
        .provenance = bytes[7],
        .request_id = get_u64(bytes + 8),
        .status = get_u32(bytes + 16),
        .raw_size = get_u32(bytes + 20),
        .generation = get_u32(bytes + 24),
        .reserved = get_u32(bytes + 28),
    };
}

static void put_header(uint8_t *bytes, struct assay_header header) {
    put_u32(bytes + 0, header.length);
    bytes[4] = header.version;
    bytes[5] = header.kind;
    bytes[6] = header.flags;
    bytes[7] = header.provenance;
    put_u64(bytes + 8, header.request_id);
    put_u32(bytes + 16, header.status);
    put_u32(bytes + 20, header.raw_size);
    put_u32(bytes + 24, header.generation);
    put_u32(bytes + 28, header.reserved);
}

/* Checks of the header of a response, in order. */
enum {
    ASSAY_FRAMING_LENGTH_TOO_SMALL,
    ASSAY_FRAMING_LENGTH_TOO_LARGE,
    ASSAY_FRAMING_VERSION_UNSUPPORTED,
    ASSAY_FRAMING_RESERVED_NOT_ZERO,
    ASSAY_FRAMING_KIND_OUT_OF_RANGE,
    ASSAY_FRAMING_FLAGS_UNKNOWN,
    ASSAY_FRAMING_PROVENANCE_INVALID,
    ASSAY_FRAMING_REQUEST_ID_INVALID,
    ASSAY_FRAMING_FLAGS_CONFLICT,
    ASSAY_FRAMING_COMPRESSION_NOT_AGREED,
    ASSAY_FRAMING_RAW_SIZE_TOO_LARGE,
    ASSAY_FRAMING_RAW_SIZE_MISMATCH,
    ASSAY_FRAMING_COMPRESSION_NOT_USEFUL,
    ASSAY_FRAMING_COUNT
};

static const struct {
    const char *code;
    size_t from_byte; /* bytes needed for the check */
    const char *allowed;
} assay_framing[ASSAY_FRAMING_COUNT] = {
    {"length_too_small", 4, "length at least 28"},
    {"length_too_large", 4, "length at most 28 + body limit"},
    {"version_unsupported", 5, "version is 1"},
    {"reserved_not_zero", 32, "reserved is 0"},
    {"kind_out_of_range", 32, "request: kind 0x01..0x7F; response: kind 0x81..0xFF"},
    {"flags_unknown", 32, "no flag bits but the allowed ones"},
    {"provenance_invalid", 32, "request: provenance 0; response: 1 or 2"},
    {"request_id_invalid", 32, "request: id not 0; response: id 0 exactly in GoAway"},
    {"flags_conflict", 32, "response with status: neither more nor degraded"},
    {"compression_not_agreed", 32, "compressed: Hello agreed on compression"},
    {"raw_size_too_large", 32, "rawSize at most the body limit"},
    {"raw_size_mismatch", 32, "not compressed: rawSize is the body size on the wire"},
    {"compression_not_useful", 32,
     "compressed: rawSize at least 1024, body on the wire not empty and smaller"},
};

static const struct {
    const char *name;
    uint32_t status;
} assay_codes[] = {
    {"ok", ASSAY_STATUS_OK},
    {"address_invalid", ASSAY_STATUS_INVALID_ARGUMENT},
    {"unreachable", ASSAY_STATUS_UNAVAILABLE},
    {"connection_closed", ASSAY_STATUS_UNAVAILABLE},
    {"timed_out", ASSAY_STATUS_DEADLINE_EXCEEDED},
    {"protocol_error", ASSAY_STATUS_PROTOCOL_ERROR},
    {"mock_refused", ASSAY_STATUS_MOCK_REFUSED},
    {"server_refused", ASSAY_STATUS_UNKNOWN},
    {"given_up", ASSAY_STATUS_CANCELLED},
    {"request_invalid", ASSAY_STATUS_INVALID_ARGUMENT},
    {"revision_too_low", ASSAY_STATUS_UNIMPLEMENTED},
    {"out_of_memory", ASSAY_STATUS_RESOURCE_EXHAUSTED},
};

static const struct {
    uint32_t number;
    const char *name;
} assay_statuses[] = {
    {0, "OK"},
    {1, "CANCELLED"},
    {2, "UNKNOWN"},
    {3, "INVALID_ARGUMENT"},
    {4, "DEADLINE_EXCEEDED"},
    {5, "NOT_FOUND"},
    {6, "ALREADY_EXISTS"},
    {7, "PERMISSION_DENIED"},
    {8, "RESOURCE_EXHAUSTED"},
    {9, "FAILED_PRECONDITION"},
    {10, "ABORTED"},
    {11, "OUT_OF_RANGE"},
    {12, "UNIMPLEMENTED"},
    {13, "INTERNAL"},
    {14, "UNAVAILABLE"},
    {15, "DATA_LOSS"},
    {16, "UNAUTHENTICATED"},
    {32, "PROTOCOL_ERROR"},
    {33, "MODEL_REJECTED"},
    {34, "REQUIREMENT_NOT_MET"},
    {35, "MOCK_REFUSED"},
};

/* First bytes of other protocols, with their names. None begins a frame before Hello. */
static const struct {
    const char *start, *name;
} assay_strangers[] = {
    {"HTTP", "HTTP"},
    {"GET ", "HTTP"},
    {"HEAD", "HTTP"},
    {"POST", "HTTP"},
    {"PUT ", "HTTP"},
    {"DELE", "HTTP"},
    {"OPTI", "HTTP"},
    {"PATC", "HTTP"},
    {"CONN", "HTTP"},
    {"TRAC", "HTTP"},
    {"PRI ", "HTTP"},
    {"\025\003\001", "TLS"},
    {"\025\003\002", "TLS"},
    {"\025\003\003", "TLS"},
    {"\026\003\001", "TLS"},
    {"\026\003\002", "TLS"},
    {"\026\003\003", "TLS"},
    {"SSH-", "SSH"},
};

/* Says in an error which protocol the peer at `address` speaks. Returns false. */
static bool assay_stranger(
    assay_error *error, const char *address, const uint8_t *bytes, size_t size) {
    char shown[4 * 16 + 1] = "";
    for (size_t i = 0; i < sizeof assay_strangers / sizeof assay_strangers[0]; i++) {
        const size_t length = strlen(assay_strangers[i].start);
        if (size >= length && memcmp(bytes, assay_strangers[i].start, length) == 0) {
            (void)snprintf(
                error->message, sizeof error->message,
                "reading the first bytes: the peer at %s speaks %s, not Assay's protocol", address,
                assay_strangers[i].name);
            return false;
        }
    }
    for (size_t i = 0, at = 0; i < size && i < 16; i++) {
        const bool is_plain = bytes[i] >= 32 && bytes[i] < 127;
        at += (size_t)snprintf(
            shown + at, sizeof shown - at, is_plain ? "%c" : "\\x%02x", bytes[i]);
    }
    (void)snprintf(
        error->message, sizeof error->message,
        "reading the first bytes: the peer at %s does not speak Assay's protocol, its first bytes "
        "are \"%s\"", address, shown);
    return false;
}

static const assay_options assay_defaults = {
    .name = "assay-c/0.1.0",
    .allow_mock = false,
    .compression = true,
    .body_size_max = 4194304ULL,
    .answer_size_max = 1073741824ULL,
    .connections = 1ULL,
    .connect_milliseconds = 5000ULL,
    .answer_milliseconds = 0ULL,
    .grace_milliseconds = 2000ULL,
    .attempts = 3ULL,
    .backoff_milliseconds = 50ULL,
    .backoff_max_milliseconds = 2000ULL,
    .wait_milliseconds = 0ULL,
};

const assay_field_info assay_option_fields[] = {
    {.name = "name", .type = ASSAY_TYPE_TEXT, .min = 1ULL, .max = 128ULL,
     .offset = offsetof(assay_options, name)},
    {.name = "allow_mock", .type = ASSAY_TYPE_BOOL, .max = 1,
     .offset = offsetof(assay_options, allow_mock)},
    {.name = "compression", .type = ASSAY_TYPE_BOOL, .max = 1,
     .offset = offsetof(assay_options, compression)},
    {.name = "body_size_max", .type = ASSAY_TYPE_U64, .min = 4096ULL, .max = 4294967295ULL,
     .offset = offsetof(assay_options, body_size_max)},
    {.name = "answer_size_max", .type = ASSAY_TYPE_U64, .min = 4096ULL, .max = 9007199254740991ULL,
     .offset = offsetof(assay_options, answer_size_max)},
    {.name = "connections", .type = ASSAY_TYPE_U64, .min = 1ULL, .max = 1024ULL,
     .offset = offsetof(assay_options, connections)},
    {.name = "connect_milliseconds", .type = ASSAY_TYPE_U64, .min = 1ULL, .max = 4294967295ULL,
     .offset = offsetof(assay_options, connect_milliseconds)},
    {.name = "answer_milliseconds", .type = ASSAY_TYPE_U64, .max = 4294967295ULL,
     .offset = offsetof(assay_options, answer_milliseconds)},
    {.name = "grace_milliseconds", .type = ASSAY_TYPE_U64, .max = 4294967295ULL,
     .offset = offsetof(assay_options, grace_milliseconds)},
    {.name = "attempts", .type = ASSAY_TYPE_U64, .min = 1ULL, .max = 4294967295ULL,
     .offset = offsetof(assay_options, attempts)},
    {.name = "backoff_milliseconds", .type = ASSAY_TYPE_U64, .max = 4294967295ULL,
     .offset = offsetof(assay_options, backoff_milliseconds)},
    {.name = "backoff_max_milliseconds", .type = ASSAY_TYPE_U64, .max = 4294967295ULL,
     .offset = offsetof(assay_options, backoff_max_milliseconds)},
    {.name = "wait_milliseconds", .type = ASSAY_TYPE_U64, .max = 4294967295ULL,
     .offset = offsetof(assay_options, wait_milliseconds)},
};
const size_t assay_option_count = 13;

const char *assay_code_name(assay_code code) {
    size_t index = (size_t)code;
    return index < sizeof assay_codes / sizeof *assay_codes ? assay_codes[index].name : "unknown";
}

/* Row of a status number. An unknown number gives the row of UNKNOWN. */
static size_t assay_status_row(uint32_t status) {
    for (size_t i = 0; i < sizeof assay_statuses / sizeof *assay_statuses; i++) {
        if (assay_statuses[i].number == status) {
            return i;
        }
    }
    return assay_status_row(ASSAY_STATUS_UNKNOWN);
}

const char *assay_status_name(uint32_t status) {
    return assay_statuses[assay_status_row(status)].name;
}

/* The served kind with the number, or NULL. */
static const assay_kind_info *assay_kind_of(uint8_t number) {
    for (size_t i = 0; i < assay_kind_count; i++) {
        if (assay_kinds[i].number == number) {
            return &assay_kinds[i];
        }
    }
    return NULL;
}

/* The field of a message with the name, or NULL. */
static const assay_field_info *assay_field_named(unsigned message, const char *name) {
    for (size_t i = 0; i < assay_messages[message].field_count; i++) {
        if (strcmp(assay_messages[message].fields[i].name, name) == 0) {
            return &assay_messages[message].fields[i];
        }
    }
    return NULL;
}

assay_code assay_ping(
    assay_client *client, const assay_ping_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_PING, request, call, reply, error);
}

assay_code assay_health(
    assay_client *client, const assay_health_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_HEALTH, request, call, reply, error);
}

assay_code assay_models(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_MODELS, &(assay_models_request){0}, call, reply, error);
}

assay_code assay_load(
    assay_client *client, const assay_load_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_LOAD, request, call, reply, error);
}

assay_code assay_swap(
    assay_client *client, const assay_swap_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_SWAP, request, call, reply, error);
}

assay_code assay_unload(
    assay_client *client, const assay_unload_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_UNLOAD, request, call, reply, error);
}

assay_code assay_tokenize(
    assay_client *client, const assay_tokenize_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_TOKENIZE, request, call, reply, error);
}

assay_code assay_detokenize(
    assay_client *client, const assay_detokenize_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_DETOKENIZE, request, call, reply, error);
}

assay_code assay_generate(
    assay_client *client, const assay_generate_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_GENERATE, request, call, reply, error);
}

assay_code assay_score(
    assay_client *client, const assay_score_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_SCORE, request, call, reply, error);
}

assay_code assay_logits(
    assay_client *client, const assay_logits_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_LOGITS, request, call, reply, error);
}

assay_code assay_embed(
    assay_client *client, const assay_embed_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_EMBED, request, call, reply, error);
}

assay_code assay_stats(
    assay_client *client, const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_STATS, &(assay_stats_request){0}, call, reply, error);
}

assay_code assay_render(
    assay_client *client, const assay_render_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_RENDER, request, call, reply, error);
}

assay_code assay_rollback(
    assay_client *client, const assay_rollback_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_ROLLBACK, request, call, reply, error);
}

assay_code assay_pin(
    assay_client *client, const assay_pin_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_PIN, request, call, reply, error);
}

assay_code assay_alias(
    assay_client *client, const assay_alias_request *request,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    return assay_call(client, ASSAY_KIND_ALIAS, request, call, reply, error);
}

static assay_text assay_text_at(const char *string) {
    return (assay_text){string, string == NULL ? 0 : strlen(string)};
}

assay_chat_message assay_turn(const char *role, const char *content) {
    return (assay_chat_message){.role = assay_text_at(role), .content = assay_text_at(content)};
}

static assay_code assay_generate_at_most(
    assay_client *client, assay_generate_request request, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    request.max_tokens = (assay_opt_u64){max_tokens, max_tokens > 0};
    return assay_generate(client, &request, call, reply, error);
}

assay_code assay_generate_text(
    assay_client *client, const char *prompt, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    assay_generate_request request = {.prompt = assay_text_at(prompt)};
    return assay_generate_at_most(client, request, max_tokens, call, reply, error);
}

assay_code assay_chat(
    assay_client *client, const assay_chat_message *turns, size_t count, uint64_t max_tokens,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    assay_generate_request request = {.messages = {turns, count}};
    return assay_generate_at_most(client, request, max_tokens, call, reply, error);
}

assay_code assay_embed_texts(
    assay_client *client, const char *const *texts, size_t count,
    const assay_call_options *call, assay_reply *reply, assay_error *error) {
    assay_input inputs[ASSAY_LIMIT_INPUT_COUNT_MAX + 1]; /* one too many is refused by the table */
    size_t taken = count < sizeof inputs / sizeof *inputs ? count : sizeof inputs / sizeof *inputs;
    for (size_t i = 0; i < taken; i++) {
        inputs[i] = (assay_input){.text = assay_text_at(texts[i])};
    }
    assay_embed_request request = {.inputs = {inputs, taken}};
    return assay_embed(client, &request, call, reply, error);
}

const float *assay_vector(const assay_reply *reply, size_t index) {
    if (reply->kind != ASSAY_KIND_EMBED || reply->embed == NULL || index >= reply->embed->count) {
        return NULL;
    }
    return reply->embed->embeddings.items + index * (size_t)reply->embed->dimensions;
}

int assay_errno(const assay_error *error) {
    switch (error->code) {
    case ASSAY_OK:
        return 0;
    case ASSAY_ADDRESS_INVALID:
        return EINVAL;
    case ASSAY_UNREACHABLE:
        return ECONNREFUSED;
    case ASSAY_CONNECTION_CLOSED:
        return ECONNRESET;
    case ASSAY_TIMED_OUT:
        return ETIMEDOUT;
    case ASSAY_PROTOCOL_ERROR:
        return EPROTO;
    case ASSAY_MOCK_REFUSED:
        return EPERM;
    case ASSAY_GIVEN_UP:
        return ECANCELED;
    case ASSAY_REQUEST_INVALID:
        return EINVAL;
    case ASSAY_REVISION_TOO_LOW:
        return EOPNOTSUPP;
    case ASSAY_OUT_OF_MEMORY:
        return ENOMEM;
    default:
        break;
    }
    switch (error->status) {
    case ASSAY_STATUS_CANCELLED:
        return ECANCELED;
    case ASSAY_STATUS_INVALID_ARGUMENT:
        return EINVAL;
    case ASSAY_STATUS_DEADLINE_EXCEEDED:
        return ETIMEDOUT;
    case ASSAY_STATUS_NOT_FOUND:
        return ENOENT;
    case ASSAY_STATUS_ALREADY_EXISTS:
        return EEXIST;
    case ASSAY_STATUS_PERMISSION_DENIED:
        return EACCES;
    case ASSAY_STATUS_UNAUTHENTICATED:
        return EACCES;
    case ASSAY_STATUS_OUT_OF_RANGE:
        return ERANGE;
    case ASSAY_STATUS_RESOURCE_EXHAUSTED:
        return EAGAIN;
    case ASSAY_STATUS_UNAVAILABLE:
        return EAGAIN;
    case ASSAY_STATUS_ABORTED:
        return EAGAIN;
    case ASSAY_STATUS_UNIMPLEMENTED:
        return EOPNOTSUPP;
    default:
        return EIO;
    }
}

#endif /* ASSAY_PROTOCOL_TABLES */

#endif /* ASSAY_PROTOCOL_H */
