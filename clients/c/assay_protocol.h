/*
 * Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
 *
 * Numbers and messages of the wire protocol (Protocol/SPEC.md). Included by assay.h, which defines
 * the types of the values. A field with the type of an optional value, a text or bytes without
 * data, an array without items and a record that is NULL are absent.
 */
#ifndef ASSAY_PROTOCOL_H
#define ASSAY_PROTOCOL_H

#define ASSAY_PROTOCOL_VERSION 1
#define ASSAY_PROTOCOL_REVISION 3
#define ASSAY_DEFAULT_PORT 7411
#define ASSAY_RESPONSE_BIT 128

/* Flags. */
/* the body is one LZ4 block (section 5) */
#define ASSAY_FLAG_COMPRESSED 1
/* more frames of this response follow; never with a status other than 0 */
#define ASSAY_FLAG_MORE 2
/* the answer lists degradations; never with a status other than 0 */
#define ASSAY_FLAG_DEGRADED 4

/* Provenance. */
#define ASSAY_REAL 1
#define ASSAY_MOCK 2

/* Limits; the unit stands behind each. */
#define ASSAY_LIMIT_FRAME_SIZE_MAX_BEFORE_HELLO 4096ULL /* bytes */
#define ASSAY_LIMIT_BODY_SIZE_MAX 4194304ULL /* bytes */
#define ASSAY_LIMIT_BODY_SIZE_MIN 4096ULL /* bytes */
#define ASSAY_LIMIT_COMPRESSION_SIZE_MIN 1024ULL /* bytes */
#define ASSAY_LIMIT_REQUESTS_IN_FLIGHT_MAX 256ULL /* requests */
#define ASSAY_LIMIT_TEXT_SIZE_MAX 4000000ULL /* bytes */
#define ASSAY_LIMIT_TOKEN_COUNT_MAX 1000000ULL /* elements */
#define ASSAY_LIMIT_LIST_COUNT_MAX 1024ULL /* elements */
#define ASSAY_LIMIT_MESSAGE_COUNT_MAX 1024ULL /* records */
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

/* Status numbers; see assay_status_name. */
enum {
    /* the answer follows */
    ASSAY_STATUS_OK = 0,
    /* a Cancel, or the connection's end, came before the work began */
    ASSAY_STATUS_CANCELLED = 1,
    /* a failure nobody classified; also how a client reads a number it does not know */
    ASSAY_STATUS_UNKNOWN = 2,
    /* a field is unknown, malformed, out of range or missing; the error body names it */
    ASSAY_STATUS_INVALID_ARGUMENT = 3,
    /* the request's deadline passed before the work began */
    ASSAY_STATUS_DEADLINE_EXCEEDED = 4,
    /* no model of that name is served */
    ASSAY_STATUS_NOT_FOUND = 5,
    /* the name, or the request id, is taken */
    ASSAY_STATUS_ALREADY_EXISTS = 6,
    /* this client may not do that */
    ASSAY_STATUS_PERMISSION_DENIED = 7,
    /* a queue or a budget is full; refused at once instead of waiting without bound */
    ASSAY_STATUS_RESOURCE_EXHAUSTED = 8,
    /* not in this state: no Hello yet (hello_required), a second Hello, a model that is not
     * ready */
    ASSAY_STATUS_FAILED_PRECONDITION = 9,
    /* overtaken by something concurrent, such as a model being replaced */
    ASSAY_STATUS_ABORTED = 10,
    /* right in itself but too much for this model: a prompt longer than the context, a token id
     * outside the vocabulary */
    ASSAY_STATUS_OUT_OF_RANGE = 11,
    /* the kind is unknown or reserved; the connection lives on */
    ASSAY_STATUS_UNIMPLEMENTED = 12,
    /* a fault of the server */
    ASSAY_STATUS_INTERNAL = 13,
    /* not now: draining, or a model still loading (model_loading) */
    ASSAY_STATUS_UNAVAILABLE = 14,
    /* a served model drifted from its seal, or gives logits that are not finite */
    ASSAY_STATUS_DATA_LOSS = 15,
    /* the server wants to know who is asking */
    ASSAY_STATUS_UNAUTHENTICATED = 16,
    /* the bytes break the framing; sent in a GoAway, then the connection closes */
    ASSAY_STATUS_PROTOCOL_ERROR = 32,
    /* a model file failed the assay; the error body names the layer */
    ASSAY_STATUS_MODEL_REJECTED = 33,
    /* a requirement stated in the request does not hold; nothing was computed */
    ASSAY_STATUS_REQUIREMENT_NOT_MET = 34,
    /* made by a client that got a mock answer without having allowed mocks */
    ASSAY_STATUS_MOCK_REFUSED = 35,
};

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

/* Messages: indices of assay_messages. */
enum {
    ASSAY_MESSAGE_REQUIREMENTS,
    ASSAY_MESSAGE_REQUEST_CONTEXT,
    ASSAY_MESSAGE_ANSWER,
    ASSAY_MESSAGE_SERVER_LOAD,
    ASSAY_MESSAGE_TIMING,
    ASSAY_MESSAGE_CHAT_MESSAGE,
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
    ASSAY_MESSAGE_CANCEL_REQUEST,
    ASSAY_MESSAGE_CANCEL_RESPONSE,
    ASSAY_MESSAGE_STATS_REQUEST,
    ASSAY_MESSAGE_STATS_RESPONSE,
    ASSAY_MESSAGE_COUNTER,
    ASSAY_MESSAGE_GO_AWAY,
    ASSAY_MESSAGE_COUNT
};

typedef struct assay_requirements assay_requirements;
typedef struct assay_request_context assay_request_context;
typedef struct assay_timing assay_timing;
typedef struct assay_server_load assay_server_load;
typedef struct assay_answer assay_answer;
typedef struct assay_chat_message assay_chat_message;
typedef struct assay_chat_message_list assay_chat_message_list;
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
typedef struct assay_cancel_request assay_cancel_request;
typedef struct assay_cancel_response assay_cancel_response;
typedef struct assay_stats_request assay_stats_request;
typedef struct assay_counter assay_counter;
typedef struct assay_counter_list assay_counter_list;
typedef struct assay_stats_response assay_stats_response;
typedef struct assay_go_away assay_go_away;

struct assay_requirements {
    /* the model must be real; default false (optional) */
    assay_opt_bool real;
    /* SHA-256 of the file that must answer (optional, 32..32 bytes) */
    assay_bytes fingerprint;
    /* device that must compute (optional, 1..64 bytes) */
    assay_text device;
};

struct assay_request_context {
    /* a W3C traceparent of version 00: where the caller's trace stands (optional, 55..55 bytes) */
    assay_text trace_context;
    /* which attempt of its call this is; default 1 (optional, 1..4294967295) */
    assay_opt_u64 attempt;
    /* orders the requests of one connection that wait, the highest first; default 4 (optional,
     * 0..9) */
    assay_opt_u64 priority;
};

struct assay_timing {
    /* last byte read to request admitted (required) */
    uint64_t accept;
    /* waiting for the engine (required) */
    uint64_t queue;
    /* text to tokens (required) */
    uint64_t tokenize;
    /* reading the prompt (required) */
    uint64_t prefill;
    /* making tokens (required) */
    uint64_t decode;
    /* frames to the socket (required) */
    uint64_t write;
    /* receipt to last frame (required) */
    uint64_t total;
};

struct assay_server_load {
    /* requests that wait for the engine (required) */
    uint64_t queued;
    /* requests that the engine works on (required) */
    uint64_t running;
    /* how long a request that comes now may wait, microseconds, estimated (required) */
    uint64_t wait_microseconds;
    /* pages of the key-value cache in use (required) */
    uint64_t cache_pages_used;
    /* pages of the key-value cache in all (required) */
    uint64_t cache_pages;
};

struct assay_answer {
    /* name of the model that answered (required, 1..128 bytes) */
    assay_text model;
    /* SHA-256 of the bytes that serve: of its file, or of the list of its files'; absent for a
     * mock (optional, 32..32 bytes) */
    assay_bytes fingerprint;
    /* device that computed (required, 1..64 bytes) */
    assay_text device;
    /* a Timing (required) */
    const struct assay_timing *timing;
    /* what makes this answer worse than it could be; not empty exactly when flag bit 2 is set
     * (0..1024 times, 1..2048 bytes) */
    assay_texts degradations;
    /* how busy the server was when it answered (optional) */
    const struct assay_server_load *server_load;
};

struct assay_chat_message {
    /* who speaks (required, system | user | assistant) */
    assay_text role;
    /* what is said, may be empty (required, 0..4000000 bytes) */
    assay_text content;
};
struct assay_chat_message_list {
    const struct assay_chat_message *items;
    size_t count;
};

struct assay_input {
    /* tokenized by the server (optional, 0..4000000 bytes) */
    assay_text text;
    /* token ids, used as they are (optional, 1..1000000 elements) */
    assay_u32s tokens;
};
struct assay_input_list {
    const struct assay_input *items;
    size_t count;
};

struct assay_logprobs {
    /* the tokens, in order (required, 0..1000000 elements) */
    assay_u32s tokens;
    /* of each token; as many as tokens (required, 0..1000000 elements) */
    assay_f32s logprobs;
    /* alternatives per token; default 0 (optional, 0..64) */
    assay_opt_u64 top_count;
    /* the best tokens at each position: a row of top_count per token, best first (optional,
     * 0..1000000 elements) */
    assay_u32s top_tokens;
    /* of each of them; as many as top_tokens (optional, 0..1000000 elements) */
    assay_f32s top_logprobs;
};

struct assay_error_body {
    /* stable reason in snake_case (required, 1..128 bytes) */
    assay_text code;
    /* one sentence: tried, found, allowed, where (required, 0..2048 bytes) */
    assay_text message;
    /* path of the refused field, requirements.device; #9 for an unknown id (optional, 1..128
     * bytes) */
    assay_text field;
    /* pause before another attempt (optional, 0..3600000) */
    assay_opt_u64 retry_after_milliseconds;
    /* with MODEL_REJECTED: the layer that refused (optional, file | parse | compatibility |
     * placement | validation) */
    assay_text layer;
    /* how busy the server was when it refused (optional) */
    const struct assay_server_load *server_load;
};

struct assay_hello_request {
    /* name and version of the client program (required, 1..128 bytes) */
    assay_text client;
    /* highest revision of version 1 the client speaks (required, 1..4294967295) */
    uint64_t revision;
    /* the client reads compressed bodies and may send them; default false (optional) */
    assay_opt_bool compression;
    /* largest body before compression the client accepts; default 4194304 (optional,
     * 4096..4294967295) */
    assay_opt_u64 body_size_max;
};

struct assay_hello_response {
    /* name and version of the server program (required, 1..128 bytes) */
    assay_text server;
    /* the revision in force: the lower of the two (required, 1..4294967295) */
    uint64_t revision;
    /* bodies may be compressed from now on, in both directions (required) */
    bool compression;
    /* largest body before compression the server accepts (required, 4096..4294967295) */
    uint64_t body_size_max;
    /* requests this connection may have in flight (required, 1..4294967295) */
    uint64_t requests_in_flight_max;
};

struct assay_ping_request {
    /* sent back as it is (optional, 0..65536 bytes) */
    assay_bytes payload;
};

struct assay_ping_response {
    /* what was sent (optional, 0..65536 bytes) */
    assay_bytes payload;
};

struct assay_health_request {
    /* a model; absent: the server as a whole (optional, 1..128 bytes) */
    assay_text model;
    /* verify the model now; default false (optional) */
    assay_opt_bool verify;
    /* where the request stands among others (optional) */
    const struct assay_request_context *context;
    /* demands on that model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_health_response {
    /* work is accepted (required) */
    bool ready;
    /* where it stands (required, loading | ready | failed | draining) */
    assay_text state;
    /* why not, or what to know (optional, 1..2048 bytes) */
    assay_text reason;
    /* only after verify: what the comparison gave (optional, absent | matched | drifted) */
    assay_text seal;
    /* only with matched: how far a logit lay from the sealed one at most (optional, 0.0..10.0) */
    assay_opt_f64 largest_difference;
    /* of one real model: its files on disk beside those that were loaded (optional, unchanged |
     * changed | missing) */
    assay_text file;
};

struct assay_models_request {
    char nothing; /* an empty body */
};

struct assay_model {
    /* name it is served under (required, 1..128 bytes) */
    assay_text name;
    /* where it stands (required, loading | ready | failed | draining) */
    assay_text state;
    /* 1 real, 2 mock (required, 1..2) */
    uint64_t provenance;
    /* family, such as llama; empty while loading (required, 0..128 bytes) */
    assay_text architecture;
    /* weights, a count (required) */
    uint64_t parameters;
    /* tokens of the vocabulary (required) */
    uint64_t vocabulary;
    /* tokens of context (required) */
    uint64_t context;
    /* SHA-256 of the bytes that serve; absent for a mock (optional, 32..32 bytes) */
    assay_bytes fingerprint;
    /* 1 for the first load under this name, one more for each later one (required,
     * 0..4294967295) */
    uint64_t generation;
    /* cpu, cuda:0 (required, 0..64 bytes) */
    assay_text device;
    /* why this device and not the one asked for (optional, 1..2048 bytes) */
    assay_text device_reason;
    /* memory taken (required) */
    uint64_t bytes;
    /* its files on disk beside those that were loaded; absent for a mock (optional, unchanged |
     * changed | missing) */
    assay_text file;
};
struct assay_model_list {
    const struct assay_model *items;
    size_t count;
};

struct assay_models_response {
    /* one Model each, in order of name (0..1024 times) */
    struct assay_model_list models;
};

struct assay_load_request {
    /* name to serve it under (required, 1..128 bytes) */
    assay_text name;
    /* file on the server's machine (required, 1..4096 bytes) */
    assay_text path;
    /* how hard to try; default: the server's setting (optional, strict | graceful | development) */
    assay_text strategy;
    /* auto, cpu, cuda, cuda:N; default: the server's setting (optional, 1..64 bytes) */
    assay_text device;
};

struct assay_layer {
    /* which layer of the assay (required, file | parse | compatibility | placement | validation) */
    assay_text layer;
    /* its verdict (required) */
    bool ok;
    /* how long it took (required) */
    uint64_t microseconds;
};
struct assay_layer_list {
    const struct assay_layer *items;
    size_t count;
};

struct assay_load_progress {
    /* a Layer: this one is done (required) */
    const struct assay_layer *layer;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_load_response {
    /* always true here; a rejection is a status (required) */
    bool accepted;
    /* one Layer each, in order (0..1024 times) */
    struct assay_layer_list layers;
    /* the Model now served (optional) */
    const struct assay_model *model;
    /* configuration overrides in effect, key=value (0..1024 times, 1..2048 bytes) */
    assay_texts overrides;
    /* one sentence per failed attempt before this one (0..1024 times, 1..2048 bytes) */
    assay_texts attempts;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_unload_request {
    /* model to stop serving, once its requests are done (required, 1..128 bytes) */
    assay_text name;
};

struct assay_unload_response {
    char nothing; /* an empty body */
};

struct assay_tokenize_request {
    /* absent: the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* bytes, usually UTF-8; others are allowed (required, 0..4000000 bytes) */
    assay_bytes text;
    /* names of special tokens in the text become those tokens; default false (optional) */
    assay_opt_bool parse_special;
    /* add begin and end tokens as the model asks for; default true (optional) */
    assay_opt_bool add_special;
    /* where the request stands among others (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_tokenize_response {
    /* token ids (required, 0..1000000 elements) */
    assay_u32s tokens;
    /* who answered (required) */
    const struct assay_answer *answer;
};

struct assay_detokenize_request {
    /* absent: the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* token ids (required, 0..1000000 elements) */
    assay_u32s tokens;
    /* where the request stands among others (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_detokenize_response {
    /* bytes; single tokens need not be whole characters (required, 0..4000000 bytes) */
    assay_bytes text;
    /* who answered (required) */
    const struct assay_answer *answer;
};

struct assay_generate_request {
    /* absent: the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* text to continue, may be empty; or one of the others (optional, 0..4000000 bytes) */
    assay_text prompt;
    /* token ids to continue, used as they are; or one of the others (optional, 1..1000000
     * elements) */
    assay_u32s tokens;
    /* names of special tokens in prompt become those tokens; default false (optional) */
    assay_opt_bool parse_special;
    /* add begin tokens to prompt as the model asks for; default true (optional) */
    assay_opt_bool add_special;
    /* tokens to make at most; default 256 (optional, 1..1048576) */
    assay_opt_u64 max_tokens;
    /* 0 picks the best token every time; default 0 (optional, 0.0..100.0) */
    assay_opt_f64 temperature;
    /* keep the k best tokens; default 0, all (optional, 0..16777216) */
    assay_opt_u64 top_k;
    /* keep the best tokens up to this share; default 1, all (optional, 0.0..1.0) */
    assay_opt_f64 top_p;
    /* keep tokens of at least this share of the best; default 0, all (optional, 0.0..1.0) */
    assay_opt_f64 min_p;
    /* seed of the sampler; default 0 (optional) */
    assay_opt_u64 seed;
    /* end before this text appears (0..16 times, 1..256 bytes) */
    assay_texts stop;
    /* an overlong prompt loses its beginning (truncated_context); default false: refused
     * (optional) */
    assay_opt_bool truncate_prompt;
    /* log-probability of each token made, and of so many of the best beside it; absent: none
     * (optional, 0..64) */
    assay_opt_u64 logprobs;
    /* the same for the tokens of the prompt; absent: none (optional, 0..64) */
    assay_opt_u64 prompt_logprobs;
    /* one Chat message each: a conversation to continue; or one of the others (0..1024 times) */
    struct assay_chat_message_list messages;
    /* an end token does not end the answer; default false (optional) */
    assay_opt_bool ignore_eos;
    /* tokens before which neither an end token is chosen nor a stop string looked for; default 0
     * (optional, 0..1048576) */
    assay_opt_u64 min_tokens;
    /* where the request stands among others (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_generate_chunk {
    /* tokens made since the last frame (optional, 0..1000000 elements) */
    assay_u32s tokens;
    /* their text, whole characters; may lag behind (optional, 0..4000000 bytes) */
    assay_text text;
    /* prompt tokens read so far (optional) */
    assay_opt_u64 prompt_done;
    /* prompt tokens in all (optional) */
    assay_opt_u64 prompt_total;
    /* a Logprobs of exactly tokens; when asked for (optional) */
    const struct assay_logprobs *logprobs;
    /* a Logprobs of the next prompt tokens; when asked for (optional) */
    const struct assay_logprobs *prompt_logprobs;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_generate_response {
    /* tokens not sent in chunks (optional, 0..1000000 elements) */
    assay_u32s tokens;
    /* text not sent in chunks (optional, 0..4000000 bytes) */
    assay_text text;
    /* end token or stop string; max_tokens or context; Cancel; deadline (required, stop | length
     * | cancelled | deadline) */
    assay_text finish_reason;
    /* the stop string that ended it (optional, 1..256 bytes) */
    assay_text stop_matched;
    /* tokens of the prompt (required) */
    uint64_t prompt_tokens;
    /* tokens made in all (required) */
    uint64_t completion_tokens;
    /* a Logprobs of exactly tokens; when asked for (optional) */
    const struct assay_logprobs *logprobs;
    /* a Logprobs of the prompt tokens not sent in chunks (optional) */
    const struct assay_logprobs *prompt_logprobs;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
    /* who answered (required) */
    const struct assay_answer *answer;
};

struct assay_score_request {
    /* absent: the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* text; or one of the others (optional, 0..4000000 bytes) */
    assay_text prompt;
    /* token ids, used as they are; or one of the others (optional, 1..1000000 elements) */
    assay_u32s tokens;
    /* as in Generate (optional) */
    assay_opt_bool parse_special;
    /* as in Generate (optional) */
    assay_opt_bool add_special;
    /* one Chat message each: a conversation; or one of the others (0..1024 times) */
    struct assay_chat_message_list messages;
    /* one Input each (1..256 times) */
    struct assay_input_list continuations;
    /* alternatives listed beside each token; default 0 (optional, 0..64) */
    assay_opt_u64 top_logprobs;
    /* where the request stands among others (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_continuation_score {
    /* a Logprobs of the tokens that were scored (required) */
    const struct assay_logprobs *logprobs;
    /* their sum: of the continuation as a whole (required) */
    double logprob;
    /* every token was the most probable one at its place (required) */
    bool greedy;
};
struct assay_continuation_score_list {
    const struct assay_continuation_score *items;
    size_t count;
};

struct assay_score_response {
    /* one Continuation score for each continuation, in order (1..256 times) */
    struct assay_continuation_score_list scores;
    /* tokens of the prompt alone (required) */
    uint64_t prompt_tokens;
    /* who answered (required) */
    const struct assay_answer *answer;
};

struct assay_embed_request {
    /* absent: the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* one Input each (1..256 times) */
    struct assay_input_list inputs;
    /* names of special tokens in a text become those tokens; default false (optional) */
    assay_opt_bool parse_special;
    /* add begin and end tokens to a text as the model asks for; default true (optional) */
    assay_opt_bool add_special;
    /* how positions become one vector; default mean (optional, mean | last | cls) */
    assay_text pooling;
    /* divide by the Euclidean length; default true (optional) */
    assay_opt_bool normalize;
    /* where the request stands among others (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_embed_chunk {
    /* the next values (required, 1..1000000 elements) */
    assay_f32s embeddings;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_embed_response {
    /* the last values (required, 0..1000000 elements) */
    assay_f32s embeddings;
    /* values per input (required, 1..131072) */
    uint64_t dimensions;
    /* inputs, as many as the request has (required, 1..256) */
    uint64_t count;
    /* tokens of all inputs together (required) */
    uint64_t prompt_tokens;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
    /* who answered (required) */
    const struct assay_answer *answer;
};

struct assay_logits_request {
    /* absent: the server's only model (optional, 1..128 bytes) */
    assay_text model;
    /* text; or one of the others (optional, 0..4000000 bytes) */
    assay_text prompt;
    /* token ids, used as they are; or one of the others (optional, 1..1000000 elements) */
    assay_u32s tokens;
    /* as in Generate (optional) */
    assay_opt_bool parse_special;
    /* as in Generate (optional) */
    assay_opt_bool add_special;
    /* after every token; default false: after the last (optional) */
    assay_opt_bool all_positions;
    /* one Chat message each: a conversation; or one of the others (0..1024 times) */
    struct assay_chat_message_list messages;
    /* where the request stands among others (optional) */
    const struct assay_request_context *context;
    /* demands on the model (optional) */
    const struct assay_requirements *requirements;
};

struct assay_logits_chunk {
    /* the next values (required, 1..1000000 elements) */
    assay_f32s logits;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
};

struct assay_logits_response {
    /* the last values (required, 0..1000000 elements) */
    assay_f32s logits;
    /* values per position (required, 1..4294967295) */
    uint64_t vocabulary;
    /* positions in all (required, 1..4294967295) */
    uint64_t positions;
    /* number of this frame in its answer, from 0 (optional) */
    assay_opt_u64 frame;
    /* who answered (required) */
    const struct assay_answer *answer;
};

struct assay_cancel_request {
    /* id of the request to stop, of the same connection (required, 1..18446744073709551615) */
    uint64_t target;
};

struct assay_cancel_response {
    /* it was in flight and is being stopped (required) */
    bool found;
};

struct assay_stats_request {
    char nothing; /* an empty body */
};

struct assay_counter {
    /* what is counted (required, 1..128 bytes) */
    assay_text name;
    /* counted for real answers (required) */
    uint64_t real;
    /* counted for mock answers (required) */
    uint64_t mock;
};
struct assay_counter_list {
    const struct assay_counter *items;
    size_t count;
};

struct assay_stats_response {
    /* one Counter each, in order of name (0..1024 times) */
    struct assay_counter_list counters;
};

struct assay_go_away {
    /* shutting_down, idle (required, 1..128 bytes) */
    assay_text reason;
    /* time until the server closes what is still open (required) */
    uint64_t drain_milliseconds;
};

/* The tables: for assay.c, which defines ASSAY_PROTOCOL_TABLES once. */
#ifdef ASSAY_PROTOCOL_TABLES

static const assay_field_info assay_fields_requirements[] = {
    {"real", 1, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_requirements, real)},
    {"fingerprint", 2, ASSAY_TYPE_BYTES, ASSAY_OPTIONAL, 1, 0, 0, 1,
     32ULL, 32ULL, 0, 0, false, NULL,
     offsetof(struct assay_requirements, fingerprint)},
    {"device", 3, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_requirements, device)},
};
static const assay_field_info assay_fields_request_context[] = {
    {"trace_context", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 3, 0, 0, 1,
     55ULL, 55ULL, 0, 0, false, NULL,
     offsetof(struct assay_request_context, trace_context)},
    {"attempt", 2, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     1ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_request_context, attempt)},
    {"priority", 3, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, 9ULL, 0, 0, false, NULL,
     offsetof(struct assay_request_context, priority)},
};
static const assay_field_info assay_fields_answer[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_answer, model)},
    {"fingerprint", 2, ASSAY_TYPE_BYTES, ASSAY_OPTIONAL, 1, 0, 0, 1,
     32ULL, 32ULL, 0, 0, false, NULL,
     offsetof(struct assay_answer, fingerprint)},
    {"device", 3, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_answer, device)},
    {"timing", 4, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 1, ASSAY_MESSAGE_TIMING, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_answer, timing)},
    {"degradations", 5, ASSAY_TYPE_TEXT, ASSAY_REPEATED, 1, 0, 0, 1024,
     1ULL, 2048ULL, 0, 0, false, NULL,
     offsetof(struct assay_answer, degradations)},
    {"server_load", 6, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_SERVER_LOAD, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_answer, server_load)},
};
static const assay_field_info assay_fields_server_load[] = {
    {"queued", 1, ASSAY_TYPE_U64, ASSAY_REQUIRED, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_server_load, queued)},
    {"running", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_server_load, running)},
    {"wait_microseconds", 3, ASSAY_TYPE_U64, ASSAY_REQUIRED, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_server_load, wait_microseconds)},
    {"cache_pages_used", 4, ASSAY_TYPE_U64, ASSAY_REQUIRED, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_server_load, cache_pages_used)},
    {"cache_pages", 5, ASSAY_TYPE_U64, ASSAY_REQUIRED, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_server_load, cache_pages)},
};
static const assay_field_info assay_fields_timing[] = {
    {"accept", 1, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_timing, accept)},
    {"queue", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_timing, queue)},
    {"tokenize", 3, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_timing, tokenize)},
    {"prefill", 4, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_timing, prefill)},
    {"decode", 5, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_timing, decode)},
    {"write", 6, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_timing, write)},
    {"total", 7, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_timing, total)},
};
static const char *const assay_choices_chat_message_role[] = {"system", "user", "assistant", NULL};
static const assay_field_info assay_fields_chat_message[] = {
    {"role", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_chat_message_role,
     offsetof(struct assay_chat_message, role)},
    {"content", 2, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_chat_message, content)},
};
static const assay_field_info assay_fields_input[] = {
    {"text", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_input, text)},
    {"tokens", 2, ASSAY_TYPE_U32S, ASSAY_OPTIONAL, 2, 0, 0, 1,
     1ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_input, tokens)},
};
static const assay_field_info assay_fields_logprobs[] = {
    {"tokens", 1, ASSAY_TYPE_U32S, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logprobs, tokens)},
    {"logprobs", 2, ASSAY_TYPE_F32S, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logprobs, logprobs)},
    {"top_count", 3, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_logprobs, top_count)},
    {"top_tokens", 4, ASSAY_TYPE_U32S, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logprobs, top_tokens)},
    {"top_logprobs", 5, ASSAY_TYPE_F32S, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logprobs, top_logprobs)},
};
static const char *const assay_choices_error_body_layer[] = {"file", "parse", "compatibility",
    "placement", "validation", NULL};
static const assay_field_info assay_fields_error_body[] = {
    {"code", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_error_body, code)},
    {"message", 2, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 2048ULL, 0, 0, false, NULL,
     offsetof(struct assay_error_body, message)},
    {"field", 3, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_error_body, field)},
    {"retry_after_milliseconds", 4, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 3600000ULL, 0, 0, false, NULL,
     offsetof(struct assay_error_body, retry_after_milliseconds)},
    {"layer", 5, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_error_body_layer,
     offsetof(struct assay_error_body, layer)},
    {"server_load", 6, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_SERVER_LOAD, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_error_body, server_load)},
};
static const assay_field_info assay_fields_hello_request[] = {
    {"client", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_hello_request, client)},
    {"revision", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_hello_request, revision)},
    {"compression", 3, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_hello_request, compression)},
    {"body_size_max", 4, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     4096ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_hello_request, body_size_max)},
};
static const assay_field_info assay_fields_hello_response[] = {
    {"server", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_hello_response, server)},
    {"revision", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_hello_response, revision)},
    {"compression", 3, ASSAY_TYPE_BOOL, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_hello_response, compression)},
    {"body_size_max", 4, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     4096ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_hello_response, body_size_max)},
    {"requests_in_flight_max", 5, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_hello_response, requests_in_flight_max)},
};
static const assay_field_info assay_fields_ping_request[] = {
    {"payload", 1, ASSAY_TYPE_BYTES, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 65536ULL, 0, 0, false, NULL,
     offsetof(struct assay_ping_request, payload)},
};
static const assay_field_info assay_fields_ping_response[] = {
    {"payload", 1, ASSAY_TYPE_BYTES, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 65536ULL, 0, 0, false, NULL,
     offsetof(struct assay_ping_response, payload)},
};
static const assay_field_info assay_fields_health_request[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_health_request, model)},
    {"verify", 2, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_health_request, verify)},
    {"context", 29, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_REQUEST_CONTEXT, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_health_request, context)},
    {"requirements", 30, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 1, ASSAY_MESSAGE_REQUIREMENTS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_health_request, requirements)},
};
static const char *const assay_choices_health_response_state[] = {"loading", "ready", "failed",
    "draining", NULL};
static const char *const assay_choices_health_response_seal[] = {"absent", "matched", "drifted",
    NULL};
static const char *const assay_choices_health_response_file[] = {"unchanged", "changed", "missing",
    NULL};
static const assay_field_info assay_fields_health_response[] = {
    {"ready", 1, ASSAY_TYPE_BOOL, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_health_response, ready)},
    {"state", 2, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_health_response_state,
     offsetof(struct assay_health_response, state)},
    {"reason", 3, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 2048ULL, 0, 0, false, NULL,
     offsetof(struct assay_health_response, reason)},
    {"seal", 4, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_health_response_seal,
     offsetof(struct assay_health_response, seal)},
    {"largest_difference", 5, ASSAY_TYPE_F64, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0, 0, 0.0, 10.0, false, NULL,
     offsetof(struct assay_health_response, largest_difference)},
    {"file", 6, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_health_response_file,
     offsetof(struct assay_health_response, file)},
};
static const assay_field_info assay_fields_models_response[] = {
    {"models", 1, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 1, ASSAY_MESSAGE_MODEL, 0, 1024,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_models_response, models)},
};
static const char *const assay_choices_model_state[] = {"loading", "ready", "failed", "draining",
    NULL};
static const char *const assay_choices_model_file[] = {"unchanged", "changed", "missing", NULL};
static const assay_field_info assay_fields_model[] = {
    {"name", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_model, name)},
    {"state", 2, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_model_state,
     offsetof(struct assay_model, state)},
    {"provenance", 3, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 2ULL, 0, 0, false, NULL,
     offsetof(struct assay_model, provenance)},
    {"architecture", 4, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_model, architecture)},
    {"parameters", 5, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_model, parameters)},
    {"vocabulary", 6, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_model, vocabulary)},
    {"context", 7, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_model, context)},
    {"fingerprint", 8, ASSAY_TYPE_BYTES, ASSAY_OPTIONAL, 1, 0, 0, 1,
     32ULL, 32ULL, 0, 0, false, NULL,
     offsetof(struct assay_model, fingerprint)},
    {"generation", 9, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_model, generation)},
    {"device", 10, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_model, device)},
    {"device_reason", 11, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 2048ULL, 0, 0, false, NULL,
     offsetof(struct assay_model, device_reason)},
    {"bytes", 12, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_model, bytes)},
    {"file", 13, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_model_file,
     offsetof(struct assay_model, file)},
};
static const char *const assay_choices_load_request_strategy[] = {"strict", "graceful",
    "development", NULL};
static const assay_field_info assay_fields_load_request[] = {
    {"name", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_load_request, name)},
    {"path", 2, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 4096ULL, 0, 0, false, NULL,
     offsetof(struct assay_load_request, path)},
    {"strategy", 3, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_load_request_strategy,
     offsetof(struct assay_load_request, strategy)},
    {"device", 4, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_load_request, device)},
};
static const assay_field_info assay_fields_load_progress[] = {
    {"layer", 1, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 1, ASSAY_MESSAGE_LAYER, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_load_progress, layer)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_load_progress, frame)},
};
static const assay_field_info assay_fields_load_response[] = {
    {"accepted", 1, ASSAY_TYPE_BOOL, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_load_response, accepted)},
    {"layers", 2, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 1, ASSAY_MESSAGE_LAYER, 0, 1024,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_load_response, layers)},
    {"model", 3, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 1, ASSAY_MESSAGE_MODEL, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_load_response, model)},
    {"overrides", 4, ASSAY_TYPE_TEXT, ASSAY_REPEATED, 1, 0, 0, 1024,
     1ULL, 2048ULL, 0, 0, false, NULL,
     offsetof(struct assay_load_response, overrides)},
    {"attempts", 5, ASSAY_TYPE_TEXT, ASSAY_REPEATED, 1, 0, 0, 1024,
     1ULL, 2048ULL, 0, 0, false, NULL,
     offsetof(struct assay_load_response, attempts)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_load_response, frame)},
};
static const char *const assay_choices_layer_layer[] = {"file", "parse", "compatibility",
    "placement", "validation", NULL};
static const assay_field_info assay_fields_layer[] = {
    {"layer", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_layer_layer,
     offsetof(struct assay_layer, layer)},
    {"ok", 2, ASSAY_TYPE_BOOL, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_layer, ok)},
    {"microseconds", 3, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_layer, microseconds)},
};
static const assay_field_info assay_fields_unload_request[] = {
    {"name", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_unload_request, name)},
};
static const assay_field_info assay_fields_tokenize_request[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_request, model)},
    {"text", 2, ASSAY_TYPE_BYTES, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_request, text)},
    {"parse_special", 3, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_request, parse_special)},
    {"add_special", 4, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_request, add_special)},
    {"context", 29, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_REQUEST_CONTEXT, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_request, context)},
    {"requirements", 30, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 1, ASSAY_MESSAGE_REQUIREMENTS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_request, requirements)},
};
static const assay_field_info assay_fields_tokenize_response[] = {
    {"tokens", 1, ASSAY_TYPE_U32S, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_response, tokens)},
    {"answer", 31, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 1, ASSAY_MESSAGE_ANSWER, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_tokenize_response, answer)},
};
static const assay_field_info assay_fields_detokenize_request[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_detokenize_request, model)},
    {"tokens", 2, ASSAY_TYPE_U32S, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_detokenize_request, tokens)},
    {"context", 29, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_REQUEST_CONTEXT, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_detokenize_request, context)},
    {"requirements", 30, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 1, ASSAY_MESSAGE_REQUIREMENTS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_detokenize_request, requirements)},
};
static const assay_field_info assay_fields_detokenize_response[] = {
    {"text", 1, ASSAY_TYPE_BYTES, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_detokenize_response, text)},
    {"answer", 31, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 1, ASSAY_MESSAGE_ANSWER, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_detokenize_response, answer)},
};
static const assay_field_info assay_fields_generate_request[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, model)},
    {"prompt", 2, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, prompt)},
    {"tokens", 3, ASSAY_TYPE_U32S, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, tokens)},
    {"parse_special", 4, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, parse_special)},
    {"add_special", 5, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, add_special)},
    {"max_tokens", 6, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 1048576ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, max_tokens)},
    {"temperature", 7, ASSAY_TYPE_F64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0, 0, 0.0, 100.0, false, NULL,
     offsetof(struct assay_generate_request, temperature)},
    {"top_k", 8, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 16777216ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, top_k)},
    {"top_p", 9, ASSAY_TYPE_F64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0, 0, 0.0, 1.0, true, NULL,
     offsetof(struct assay_generate_request, top_p)},
    {"min_p", 10, ASSAY_TYPE_F64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0, 0, 0.0, 1.0, false, NULL,
     offsetof(struct assay_generate_request, min_p)},
    {"seed", 11, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, seed)},
    {"stop", 12, ASSAY_TYPE_TEXT, ASSAY_REPEATED, 1, 0, 0, 16,
     1ULL, 256ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, stop)},
    {"truncate_prompt", 13, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, truncate_prompt)},
    {"logprobs", 14, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, logprobs)},
    {"prompt_logprobs", 15, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, prompt_logprobs)},
    {"messages", 16, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 2, ASSAY_MESSAGE_CHAT_MESSAGE, 0, 1024,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, messages)},
    {"ignore_eos", 17, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, ignore_eos)},
    {"min_tokens", 18, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, 1048576ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, min_tokens)},
    {"context", 29, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_REQUEST_CONTEXT, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, context)},
    {"requirements", 30, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 1, ASSAY_MESSAGE_REQUIREMENTS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_request, requirements)},
};
static const assay_field_info assay_fields_generate_chunk[] = {
    {"tokens", 1, ASSAY_TYPE_U32S, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_chunk, tokens)},
    {"text", 2, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_chunk, text)},
    {"prompt_done", 3, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_chunk, prompt_done)},
    {"prompt_total", 4, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_chunk, prompt_total)},
    {"logprobs", 5, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 2, ASSAY_MESSAGE_LOGPROBS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_chunk, logprobs)},
    {"prompt_logprobs", 6, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 2, ASSAY_MESSAGE_LOGPROBS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_chunk, prompt_logprobs)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_chunk, frame)},
};
static const char *const assay_choices_generate_response_finish_reason[] = {"stop", "length",
    "cancelled", "deadline", NULL};
static const assay_field_info assay_fields_generate_response[] = {
    {"tokens", 1, ASSAY_TYPE_U32S, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, tokens)},
    {"text", 2, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, text)},
    {"finish_reason", 5, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_generate_response_finish_reason,
     offsetof(struct assay_generate_response, finish_reason)},
    {"stop_matched", 6, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 256ULL, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, stop_matched)},
    {"prompt_tokens", 7, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, prompt_tokens)},
    {"completion_tokens", 8, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, completion_tokens)},
    {"logprobs", 9, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 2, ASSAY_MESSAGE_LOGPROBS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, logprobs)},
    {"prompt_logprobs", 10, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 2, ASSAY_MESSAGE_LOGPROBS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, prompt_logprobs)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, frame)},
    {"answer", 31, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 1, ASSAY_MESSAGE_ANSWER, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_generate_response, answer)},
};
static const assay_field_info assay_fields_score_request[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 2, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_score_request, model)},
    {"prompt", 2, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_score_request, prompt)},
    {"tokens", 3, ASSAY_TYPE_U32S, ASSAY_OPTIONAL, 2, 0, 0, 1,
     1ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_score_request, tokens)},
    {"parse_special", 4, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_request, parse_special)},
    {"add_special", 5, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_request, add_special)},
    {"messages", 6, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 2, ASSAY_MESSAGE_CHAT_MESSAGE, 0, 1024,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_request, messages)},
    {"continuations", 7, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 2, ASSAY_MESSAGE_INPUT, 1, 256,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_request, continuations)},
    {"top_logprobs", 8, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, 64ULL, 0, 0, false, NULL,
     offsetof(struct assay_score_request, top_logprobs)},
    {"context", 29, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_REQUEST_CONTEXT, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_request, context)},
    {"requirements", 30, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 2, ASSAY_MESSAGE_REQUIREMENTS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_request, requirements)},
};
static const assay_field_info assay_fields_score_response[] = {
    {"scores", 1, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 2, ASSAY_MESSAGE_CONTINUATION_SCORE, 1, 256,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_response, scores)},
    {"prompt_tokens", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_response, prompt_tokens)},
    {"answer", 31, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 2, ASSAY_MESSAGE_ANSWER, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_score_response, answer)},
};
static const assay_field_info assay_fields_continuation_score[] = {
    {"logprobs", 1, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 2, ASSAY_MESSAGE_LOGPROBS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_continuation_score, logprobs)},
    {"logprob", 2, ASSAY_TYPE_F64, ASSAY_REQUIRED, 2, 0, 0, 1,
     0, 0, -INFINITY, INFINITY, false, NULL,
     offsetof(struct assay_continuation_score, logprob)},
    {"greedy", 3, ASSAY_TYPE_BOOL, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_continuation_score, greedy)},
};
static const char *const assay_choices_embed_request_pooling[] = {"mean", "last", "cls", NULL};
static const assay_field_info assay_fields_embed_request[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 2, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_embed_request, model)},
    {"inputs", 2, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 2, ASSAY_MESSAGE_INPUT, 1, 256,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_request, inputs)},
    {"parse_special", 3, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_request, parse_special)},
    {"add_special", 4, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_request, add_special)},
    {"pooling", 5, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, assay_choices_embed_request_pooling,
     offsetof(struct assay_embed_request, pooling)},
    {"normalize", 6, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 2, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_request, normalize)},
    {"context", 29, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_REQUEST_CONTEXT, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_request, context)},
    {"requirements", 30, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 2, ASSAY_MESSAGE_REQUIREMENTS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_request, requirements)},
};
static const assay_field_info assay_fields_embed_chunk[] = {
    {"embeddings", 1, ASSAY_TYPE_F32S, ASSAY_REQUIRED, 2, 0, 0, 1,
     1ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_embed_chunk, embeddings)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_chunk, frame)},
};
static const assay_field_info assay_fields_embed_response[] = {
    {"embeddings", 1, ASSAY_TYPE_F32S, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_embed_response, embeddings)},
    {"dimensions", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 2, 0, 0, 1,
     1ULL, 131072ULL, 0, 0, false, NULL,
     offsetof(struct assay_embed_response, dimensions)},
    {"count", 3, ASSAY_TYPE_U64, ASSAY_REQUIRED, 2, 0, 0, 1,
     1ULL, 256ULL, 0, 0, false, NULL,
     offsetof(struct assay_embed_response, count)},
    {"prompt_tokens", 4, ASSAY_TYPE_U64, ASSAY_REQUIRED, 2, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_response, prompt_tokens)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_response, frame)},
    {"answer", 31, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 2, ASSAY_MESSAGE_ANSWER, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_embed_response, answer)},
};
static const assay_field_info assay_fields_logits_request[] = {
    {"model", 1, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, model)},
    {"prompt", 2, ASSAY_TYPE_TEXT, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, 4000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, prompt)},
    {"tokens", 3, ASSAY_TYPE_U32S, ASSAY_OPTIONAL, 1, 0, 0, 1,
     1ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, tokens)},
    {"parse_special", 4, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, parse_special)},
    {"add_special", 5, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, add_special)},
    {"all_positions", 6, ASSAY_TYPE_BOOL, ASSAY_OPTIONAL, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, all_positions)},
    {"messages", 7, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 2, ASSAY_MESSAGE_CHAT_MESSAGE, 0, 1024,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, messages)},
    {"context", 29, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 3, ASSAY_MESSAGE_REQUEST_CONTEXT, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, context)},
    {"requirements", 30, ASSAY_TYPE_RECORD, ASSAY_OPTIONAL, 1, ASSAY_MESSAGE_REQUIREMENTS, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_request, requirements)},
};
static const assay_field_info assay_fields_logits_chunk[] = {
    {"logits", 1, ASSAY_TYPE_F32S, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logits_chunk, logits)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_chunk, frame)},
};
static const assay_field_info assay_fields_logits_response[] = {
    {"logits", 1, ASSAY_TYPE_F32S, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, 1000000ULL, 0, 0, false, NULL,
     offsetof(struct assay_logits_response, logits)},
    {"vocabulary", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_logits_response, vocabulary)},
    {"positions", 3, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 4294967295ULL, 0, 0, false, NULL,
     offsetof(struct assay_logits_response, positions)},
    {"frame", 28, ASSAY_TYPE_U64, ASSAY_OPTIONAL, 3, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_response, frame)},
    {"answer", 31, ASSAY_TYPE_RECORD, ASSAY_REQUIRED, 1, ASSAY_MESSAGE_ANSWER, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_logits_response, answer)},
};
static const assay_field_info assay_fields_cancel_request[] = {
    {"target", 1, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_cancel_request, target)},
};
static const assay_field_info assay_fields_cancel_response[] = {
    {"found", 1, ASSAY_TYPE_BOOL, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_cancel_response, found)},
};
static const assay_field_info assay_fields_stats_response[] = {
    {"counters", 1, ASSAY_TYPE_RECORD, ASSAY_REPEATED, 1, ASSAY_MESSAGE_COUNTER, 0, 1024,
     0ULL, UINT32_MAX, 0, 0, false, NULL,
     offsetof(struct assay_stats_response, counters)},
};
static const assay_field_info assay_fields_counter[] = {
    {"name", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_counter, name)},
    {"real", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_counter, real)},
    {"mock", 3, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_counter, mock)},
};
static const assay_field_info assay_fields_go_away[] = {
    {"reason", 1, ASSAY_TYPE_TEXT, ASSAY_REQUIRED, 1, 0, 0, 1,
     1ULL, 128ULL, 0, 0, false, NULL,
     offsetof(struct assay_go_away, reason)},
    {"drain_milliseconds", 2, ASSAY_TYPE_U64, ASSAY_REQUIRED, 1, 0, 0, 1,
     0ULL, UINT64_MAX, 0, 0, false, NULL,
     offsetof(struct assay_go_away, drain_milliseconds)},
};

const assay_message_info assay_messages[ASSAY_MESSAGE_COUNT] = {
    {"Requirements", sizeof(struct assay_requirements),
     assay_fields_requirements, 3},
    {"Request context", sizeof(struct assay_request_context),
     assay_fields_request_context, 3},
    {"Answer", sizeof(struct assay_answer),
     assay_fields_answer, 6},
    {"Server load", sizeof(struct assay_server_load),
     assay_fields_server_load, 5},
    {"Timing", sizeof(struct assay_timing),
     assay_fields_timing, 7},
    {"Chat message", sizeof(struct assay_chat_message),
     assay_fields_chat_message, 2},
    {"Input", sizeof(struct assay_input),
     assay_fields_input, 2},
    {"Logprobs", sizeof(struct assay_logprobs),
     assay_fields_logprobs, 5},
    {"Error", sizeof(struct assay_error_body),
     assay_fields_error_body, 6},
    {"Hello request", sizeof(struct assay_hello_request),
     assay_fields_hello_request, 4},
    {"Hello response", sizeof(struct assay_hello_response),
     assay_fields_hello_response, 5},
    {"Ping request", sizeof(struct assay_ping_request),
     assay_fields_ping_request, 1},
    {"Ping response", sizeof(struct assay_ping_response),
     assay_fields_ping_response, 1},
    {"Health request", sizeof(struct assay_health_request),
     assay_fields_health_request, 4},
    {"Health response", sizeof(struct assay_health_response),
     assay_fields_health_response, 6},
    {"Models request", sizeof(struct assay_models_request),
     NULL, 0},
    {"Models response", sizeof(struct assay_models_response),
     assay_fields_models_response, 1},
    {"Model", sizeof(struct assay_model),
     assay_fields_model, 13},
    {"Load request", sizeof(struct assay_load_request),
     assay_fields_load_request, 4},
    {"Load progress", sizeof(struct assay_load_progress),
     assay_fields_load_progress, 2},
    {"Load response", sizeof(struct assay_load_response),
     assay_fields_load_response, 6},
    {"Layer", sizeof(struct assay_layer),
     assay_fields_layer, 3},
    {"Unload request", sizeof(struct assay_unload_request),
     assay_fields_unload_request, 1},
    {"Unload response", sizeof(struct assay_unload_response),
     NULL, 0},
    {"Tokenize request", sizeof(struct assay_tokenize_request),
     assay_fields_tokenize_request, 6},
    {"Tokenize response", sizeof(struct assay_tokenize_response),
     assay_fields_tokenize_response, 2},
    {"Detokenize request", sizeof(struct assay_detokenize_request),
     assay_fields_detokenize_request, 4},
    {"Detokenize response", sizeof(struct assay_detokenize_response),
     assay_fields_detokenize_response, 2},
    {"Generate request", sizeof(struct assay_generate_request),
     assay_fields_generate_request, 20},
    {"Generate chunk", sizeof(struct assay_generate_chunk),
     assay_fields_generate_chunk, 7},
    {"Generate response", sizeof(struct assay_generate_response),
     assay_fields_generate_response, 10},
    {"Score request", sizeof(struct assay_score_request),
     assay_fields_score_request, 10},
    {"Score response", sizeof(struct assay_score_response),
     assay_fields_score_response, 3},
    {"Continuation score", sizeof(struct assay_continuation_score),
     assay_fields_continuation_score, 3},
    {"Embed request", sizeof(struct assay_embed_request),
     assay_fields_embed_request, 8},
    {"Embed chunk", sizeof(struct assay_embed_chunk),
     assay_fields_embed_chunk, 2},
    {"Embed response", sizeof(struct assay_embed_response),
     assay_fields_embed_response, 6},
    {"Logits request", sizeof(struct assay_logits_request),
     assay_fields_logits_request, 9},
    {"Logits chunk", sizeof(struct assay_logits_chunk),
     assay_fields_logits_chunk, 2},
    {"Logits response", sizeof(struct assay_logits_response),
     assay_fields_logits_response, 5},
    {"Cancel request", sizeof(struct assay_cancel_request),
     assay_fields_cancel_request, 1},
    {"Cancel response", sizeof(struct assay_cancel_response),
     assay_fields_cancel_response, 1},
    {"Stats request", sizeof(struct assay_stats_request),
     NULL, 0},
    {"Stats response", sizeof(struct assay_stats_response),
     assay_fields_stats_response, 1},
    {"Counter", sizeof(struct assay_counter),
     assay_fields_counter, 3},
    {"GoAway", sizeof(struct assay_go_away),
     assay_fields_go_away, 2},
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
};
const size_t assay_kind_count = 14;

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

#endif /* ASSAY_PROTOCOL_TABLES */

#endif /* ASSAY_PROTOCOL_H */
