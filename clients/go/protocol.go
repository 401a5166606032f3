// Code generated from Protocol/protocol.json by Protocol/generate.py. DO NOT EDIT.

package assay

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"strings"
)

const (
	protocolVersion  = 1    // version of the header and of the encoding of fields
	protocolRevision = 4    // highest revision of this client
	responseBit      = 0x80 // set in the kind of a response
)

const (
	frameSizeMaxBeforeHello   = 4096    // bytes with header, so that a stranger cannot claim memory
	bodySizeMax               = 4194304 // bytes before compression (each side may announce a different limit in Hello)
	bodySizeMin               = 4096    // bytes, room for every Error
	compressionSizeMin        = 1024    // bytes (below, the header costs more than compression saves)
	requestsInFlightMax       = 256     // requests per connection, as the Hello response says
	textSizeMax               = 4000000 // bytes, so that further fields fit into the body
	tokenCountMax             = 1000000 // elements of 4 bytes
	listCountMax              = 1024    // elements
	messageCountMax           = 1024    // records
	toolCallCountMax          = 128     // records
	templateVariableCountMax  = 64      // records
	jsonDepthMax              = 64      // levels of arrays and objects
	continuationCountMax      = 256     // records
	inputCountMax             = 256     // records
	topLogprobsMax            = 64      // tokens (Logits gives all tokens)
	embeddingDimensionsMax    = 131072  // elements
	pingPayloadSizeMax        = 65536   // bytes
	retryAfterMillisecondsMax = 3600000 // milliseconds (1 hour)
	headerSize                = 32      // bytes of a frame header, length word included
	headerSizeCounted         = 28      // bytes of the header counted by the length word
	fieldHeaderSize           = 8       // bytes of a field header
	compressionPercentMax     = 90      // percent of a body that may remain when the body is sent compressed
	compressionSampledSizeMin = 16384   // bytes of the smallest body judged by a sample first
	compressionSampleSize     = 4096    // bytes of the sample, from the middle of the body
)

// header is the header of a frame.
type header struct {
	length     uint32     // bytes after the length word: 28 + body bytes on the wire
	version    byte       // 1
	kind       byte       // the request's kind with bit 7 set
	flags      byte       // bits 0, 1, 2
	provenance Provenance // 1 real, 2 mock
	requestID  uint64     // id of the request, 0 in GoAway only
	status     uint32     // status code, 0 is OK
	rawSize    uint32     // body bytes before compression
	generation uint32     // generation of the model that answered, 0 for none
	reserved   uint32     // 0
}

func (h *header) read(bytes []byte) {
	h.length = binary.LittleEndian.Uint32(bytes[0:])
	h.version = bytes[4]
	h.kind = bytes[5]
	h.flags = bytes[6]
	h.provenance = Provenance(bytes[7])
	h.requestID = binary.LittleEndian.Uint64(bytes[8:])
	h.status = binary.LittleEndian.Uint32(bytes[16:])
	h.rawSize = binary.LittleEndian.Uint32(bytes[20:])
	h.generation = binary.LittleEndian.Uint32(bytes[24:])
	h.reserved = binary.LittleEndian.Uint32(bytes[28:])
}

func (h *header) write(bytes []byte) {
	binary.LittleEndian.PutUint32(bytes[0:], h.length)
	bytes[4] = h.version
	bytes[5] = h.kind
	bytes[6] = h.flags
	bytes[7] = byte(h.provenance)
	binary.LittleEndian.PutUint64(bytes[8:], h.requestID)
	binary.LittleEndian.PutUint32(bytes[16:], h.status)
	binary.LittleEndian.PutUint32(bytes[20:], h.rawSize)
	binary.LittleEndian.PutUint32(bytes[24:], h.generation)
	binary.LittleEndian.PutUint32(bytes[28:], h.reserved)
}

const (
	flagCompressed = 1 // the body is an LZ4 block (section 5)
	flagMore       = 2 // more frames of the response follow (only with status 0)
	flagDegraded   = 4 // the answer lists degradations (only with status 0)
)

const (
	typeU64    byte = 1 // unsigned integer
	typeF64    byte = 2 // number (NaN is out of every range)
	typeBytes  byte = 3 // raw bytes
	typeText   byte = 4 // UTF-8, well-formed (no overlong forms, no surrogates)
	typeU32s   byte = 5 // array of unsigned integers
	typeF32s   byte = 6 // array of numbers
	typeRecord byte = 7 // nested fields, with ids of the record's own table
	typeBool   byte = 8 // 0 or 1
)

// typeSizes has the bytes of an element by type. A type in typeIsOne has one element.
// units has the unit of a range.
var (
	typeSizes = [...]uint64{typeU64: 8, typeF64: 8, typeBytes: 1, typeText: 1, typeU32s: 4, typeF32s: 4, typeRecord: 1, typeBool: 1}
	typeIsOne = [...]bool{typeU64: true, typeF64: true, typeBytes: false, typeText: false, typeU32s: false, typeF32s: false, typeRecord: false, typeBool: true}
	units     = [...]string{typeU64: "", typeF64: "", typeBytes: " bytes", typeText: " bytes", typeU32s: " elements", typeF32s: " elements", typeRecord: "", typeBool: ""}
)

const (
	kindHello      byte = 0x01 // first request of a connection, with an agreement on revision, compression and limits
	kindPing       byte = 0x02 // returns the payload unchanged
	kindHealth     byte = 0x03 // reports if a model, or the server, accepts work
	kindModels     byte = 0x04 // lists the models
	kindLoad       byte = 0x05 // assays a model file and serves the model (streamed)
	kindSwap       byte = 0x06 // assays a model file beside the served one, and switches to it (streamed)
	kindUnload     byte = 0x07 // stops serving a model
	kindTokenize   byte = 0x08 // turns text into token ids
	kindDetokenize byte = 0x09 // turns token ids into text
	kindGenerate   byte = 0x0a // continues a prompt (streamed)
	kindScore      byte = 0x0b // computes log-probabilities of given continuations
	kindLogits     byte = 0x0c // computes raw scores of the vocabulary (streamed)
	kindEmbed      byte = 0x0d // turns inputs into vectors (streamed)
	kindCancel     byte = 0x0e // stops a request in flight
	kindStats      byte = 0x0f // returns counters, split by provenance
	kindRender     byte = 0x10 // renders a conversation by the model's chat template
	kindRollback   byte = 0x12 // returns to the generation before the last swap
	kindPin        byte = 0x13 // keeps a model in memory, or lets it go
	kindAlias      byte = 0x14 // gives a generation of a model a label, with a share of the requests
	kindGoAway     byte = 0x70 // sent by the server only, with byte 5 `0xf0` and request id 0 (as a request a protocol error, `kind_reserved`)
)

// kindRule has the name of a kind of request, and whether a request may be repeated.
type kindRule struct {
	name      string
	retrySafe bool
}

var kinds = map[byte]kindRule{
	kindHello:      {"Hello", true},
	kindPing:       {"Ping", true},
	kindHealth:     {"Health", true},
	kindModels:     {"Models", true},
	kindLoad:       {"Load", false},
	kindSwap:       {"Swap", false},
	kindUnload:     {"Unload", false},
	kindTokenize:   {"Tokenize", true},
	kindDetokenize: {"Detokenize", true},
	kindGenerate:   {"Generate", true},
	kindScore:      {"Score", true},
	kindLogits:     {"Logits", true},
	kindEmbed:      {"Embed", true},
	kindCancel:     {"Cancel", false},
	kindStats:      {"Stats", true},
	kindRender:     {"Render", true},
	kindRollback:   {"Rollback", false},
	kindPin:        {"Pin", true},
	kindAlias:      {"Alias", true},
}

// Provenance is the source of an answer, a real model or a mock. Zero: no answer.
type Provenance uint8

// The values of Provenance.
const (
	Real Provenance = 1 // no mock took part
	Mock Provenance = 2 // a mock model produced a part of the answer, or is the model addressed
)

var provenanceNames = map[Provenance]string{
	Real: "real",
	Mock: "mock",
}

// String is the name in SPEC.md, or none for an unknown number.
func (p Provenance) String() string {
	if name, ok := provenanceNames[p]; ok {
		return name
	}
	return "none"
}

// MarshalText is String, for JSON and logs.
func (p Provenance) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Status is a status of the protocol, from the server or from the client.
type Status uint32

// The values of Status.
const (
	StatusOK                 Status = 0  // the answer follows
	StatusCancelled          Status = 1  // a Cancel, or the connection's end, came before the work began
	StatusUnknown            Status = 2  // an unclassified failure, or a number unknown to the client
	StatusInvalidArgument    Status = 3  // a field is unknown, malformed, out of range or missing (the error body names the field)
	StatusDeadlineExceeded   Status = 4  // the request's deadline passed before the work began
	StatusNotFound           Status = 5  // no model of the requested name is served
	StatusAlreadyExists      Status = 6  // the name, or the request id, is taken
	StatusPermissionDenied   Status = 7  // the client is not allowed to make the request
	StatusResourceExhausted  Status = 8  // a queue or a budget is full (refused at once instead of waiting without bound)
	StatusFailedPrecondition Status = 9  // the state forbids the request: no Hello yet (hello_required), a second Hello, a model not ready
	StatusAborted            Status = 10 // overtaken by a concurrent change, for example a model being replaced
	StatusOutOfRange         Status = 11 // valid, but too much for the model: a prompt longer than the context, a token id outside the vocabulary
	StatusUnimplemented      Status = 12 // the kind is unknown or reserved (the connection lives on)
	StatusInternal           Status = 13 // a fault of the server
	StatusUnavailable        Status = 14 // the server is draining, or the model is still loading (model_loading)
	StatusDataLoss           Status = 15 // a served model drifted from its seal, or gives non-finite logits
	StatusUnauthenticated    Status = 16 // the server demands that the client identifies itself
	StatusProtocolError      Status = 32 // the bytes break the framing (sent in a GoAway before the connection closes)
	StatusModelRejected      Status = 33 // a model file failed the assay (the error body names the layer)
	StatusRequirementNotMet  Status = 34 // a requirement of the request does not hold, and nothing was computed
	StatusMockRefused        Status = 35 // made by a client that receives a mock answer and does not allow mocks
)

var statusNames = map[Status]string{
	StatusOK:                 "OK",
	StatusCancelled:          "CANCELLED",
	StatusUnknown:            "UNKNOWN",
	StatusInvalidArgument:    "INVALID_ARGUMENT",
	StatusDeadlineExceeded:   "DEADLINE_EXCEEDED",
	StatusNotFound:           "NOT_FOUND",
	StatusAlreadyExists:      "ALREADY_EXISTS",
	StatusPermissionDenied:   "PERMISSION_DENIED",
	StatusResourceExhausted:  "RESOURCE_EXHAUSTED",
	StatusFailedPrecondition: "FAILED_PRECONDITION",
	StatusAborted:            "ABORTED",
	StatusOutOfRange:         "OUT_OF_RANGE",
	StatusUnimplemented:      "UNIMPLEMENTED",
	StatusInternal:           "INTERNAL",
	StatusUnavailable:        "UNAVAILABLE",
	StatusDataLoss:           "DATA_LOSS",
	StatusUnauthenticated:    "UNAUTHENTICATED",
	StatusProtocolError:      "PROTOCOL_ERROR",
	StatusModelRejected:      "MODEL_REJECTED",
	StatusRequirementNotMet:  "REQUIREMENT_NOT_MET",
	StatusMockRefused:        "MOCK_REFUSED",
}

// String is the name in SPEC.md, or UNKNOWN for an unknown number.
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return statusNames[StatusUnknown]
}

// Code is the stable reason of an Error. Later versions may add codes.
type Code string

// The values of Code.
const (
	CodeAddressInvalid   Code = "address_invalid"   // the address is not a URL of a known form
	CodeUnreachable      Code = "unreachable"       // nobody answers at the address
	CodeConnectionClosed Code = "connection_closed" // the connection ended, or the client was closed, before the answer was complete
	CodeTimedOut         Code = "timed_out"         // the answer did not come in time
	CodeProtocolError    Code = "protocol_error"    // the server's bytes break the protocol, and the connection is closed
	CodeMockRefused      Code = "mock_refused"      // the answer comes from a mock and mocks are not allowed, so the answer is withheld
	CodeServerRefused    Code = "server_refused"    // the server answered with a status
	CodeGivenUp          Code = "given_up"          // the caller gave up the answer, or the answer is larger than answer_size_max
	CodeRequestInvalid   Code = "request_invalid"   // the request breaks the tables or exceeds a limit, and nothing was sent
	CodeRevisionTooLow   Code = "revision_too_low"  // the server speaks an older revision without the request, and nothing was sent
)

// Error is the error of every failed call of a Client. errors.As finds it. errors.Is finds
// context.Canceled or context.DeadlineExceeded in every error of a call whose context had
// ended, or whose deadline the server found passed, and the system's error. It also
// finds net.ErrClosed after Close, and errors of io/fs for statuses.
type Error struct {
	// Code: the stable reason.
	Code Code

	// Status: the server's status, or the status of the code.
	Status Status

	// Provenance: provenance of the failed frame, 0 for no frame.
	Provenance Provenance

	// ServerCode: stable reason in snake_case, zero when the server gave none.
	ServerCode string

	// Message: sentence with the attempt, the finding, the allowed values and the place.
	Message string

	// Field: path of the refused field (`requirements.device`), or `#9` for an unknown id, zero
	// when the server gave none.
	Field string

	// RetryAfterMilliseconds: pause before another attempt, milliseconds, zero when the server
	// gave none.
	RetryAfterMilliseconds *uint64

	// Layer: layer that refused the model, with MODEL_REJECTED, zero when the server gave none.
	Layer string

	// ServerLoad: load of the server at the time of the refusal, zero when the server gave none.
	ServerLoad *ServerLoad

	causes
}

// codeStatus has the status of each code except CodeServerRefused.
var codeStatus = map[Code]Status{
	CodeAddressInvalid:   StatusInvalidArgument,
	CodeUnreachable:      StatusUnavailable,
	CodeConnectionClosed: StatusUnavailable,
	CodeTimedOut:         StatusDeadlineExceeded,
	CodeProtocolError:    StatusProtocolError,
	CodeMockRefused:      StatusMockRefused,
	CodeGivenUp:          StatusCancelled,
	CodeRequestInvalid:   StatusInvalidArgument,
	CodeRevisionTooLow:   StatusUnimplemented,
}

// strangers has the first bytes of other protocols. None begins a frame before Hello.
var strangers = []struct{ start, name string }{
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
	{"\x15\x03\x01", "TLS"},
	{"\x15\x03\x02", "TLS"},
	{"\x15\x03\x03", "TLS"},
	{"\x16\x03\x01", "TLS"},
	{"\x16\x03\x02", "TLS"},
	{"\x16\x03\x03", "TLS"},
	{"SSH-", "SSH"},
}

// strangerWords says what a peer with these first bytes speaks, which are no frame.
func strangerWords(peer net.Addr, first []byte) string {
	words := fmt.Sprintf("the peer at %s://%s ", peer.Network(), peer)
	for _, each := range strangers {
		if strings.HasPrefix(string(first), each.start) {
			return words + "speaks " + each.name + ", not Assay's protocol"
		}
	}
	first = first[:min(len(first), 16)]
	return words + fmt.Sprintf("does not speak Assay's protocol, its first bytes are %+q", first)
}

// field is one row of a table. low and high bound the value of a u64, the bytes of a text or bytes
// and the elements of an array; least and most bound an f64 (above: least is excluded).
type field struct {
	id       int
	name     string
	typ      byte
	since    uint32
	low      uint64
	high     uint64
	least    float64
	most     float64
	above    bool
	timesMin int
	timesMax int
	choices  []string
	format   string
	// lowest revision with each choice, where a choice is later than the field
	wordsSince map[string]uint32
}

// Origin has the provenance, generation and quality of an answer.
type Origin struct {
	// Provenance: 1 real, 2 mock, with mock only when the options allow mocks.
	Provenance Provenance `json:"provenance"`

	// Generation: generation of the model that answered, 0 for none.
	Generation uint32 `json:"generation"`

	// Degraded: the answer lists degradations.
	Degraded bool `json:"degraded"`
}

// termed is a request to a model, with a context and with requirements.
type termed interface {
	terms() (**RequestContext, **Requirements)
}

// message is the body of a frame of an answer.
type message interface {
	body
	facts() (origin *Origin, degradations int, number *uint64, values *[]float32)
}

// Requirements is the record "Requirements" of Protocol/SPEC.md.
type Requirements struct {
	// Real: the model must be real, default false.
	Real bool `json:"real,omitempty"`

	// Fingerprint: SHA-256 of the file that must answer (32 to 32 bytes).
	Fingerprint []byte `json:"fingerprint,omitempty"`

	// Device: device that must compute the answer (1 to 64 bytes).
	Device string `json:"device,omitempty"`
}

func (m *Requirements) fields(c *coder) {
	c.optional(field{id: 1, name: "real", typ: typeBool}, &m.Real, m.Real)
	c.optional(field{id: 2, name: "fingerprint", typ: typeBytes, low: 32, high: 32}, &m.Fingerprint, m.Fingerprint != nil)
	c.optional(field{id: 3, name: "device", typ: typeText, low: 1, high: 64}, &m.Device, m.Device != "")
}

// RequestContext is the record "Request context" of Protocol/SPEC.md.
type RequestContext struct {
	// TraceContext: W3C `traceparent` of version 00, the place in the caller's trace (55 to 55
	// bytes).
	TraceContext string `json:"trace_context,omitempty"`

	// Attempt: number of the attempt within the call, default 1 (1 to 4294967295).
	Attempt uint64 `json:"attempt,omitempty"`

	// Priority: priority among the waiting requests of the connection, highest first, default 4 (0
	// to 9).
	Priority *uint64 `json:"priority,omitempty"`
}

func (m *RequestContext) fields(c *coder) {
	c.optional(field{id: 1, name: "trace_context", typ: typeText, low: 55, high: 55, format: "traceparent"}, &m.TraceContext, m.TraceContext != "")
	c.optional(field{id: 2, name: "attempt", typ: typeU64, low: 1, high: 4294967295}, &m.Attempt, m.Attempt != 0)
	pointer(c, field{id: 3, name: "priority", typ: typeU64, high: 9}, &m.Priority)
}

// Answer is the record "Answer" of Protocol/SPEC.md.
type Answer struct {
	// Model: name of the model that answered (1 to 128 bytes).
	Model string `json:"model"`

	// Fingerprint: SHA-256 of the bytes that serve: of the model's file, or of the list of the
	// files' SHA-256, absent for a mock (32 to 32 bytes).
	Fingerprint []byte `json:"fingerprint,omitempty"`

	// Device: device that computed the answer (1 to 64 bytes).
	Device string `json:"device"`

	// Timing: time budget of the answer, a `Timing`.
	Timing Timing `json:"timing"`

	// Degradations: reasons for an answer worse than possible, not empty exactly when flag bit 2
	// is set (1 to 2048 bytes).
	Degradations []string `json:"degradations,omitempty"`

	// ServerLoad: load of the server at the time of the answer.
	ServerLoad *ServerLoad `json:"server_load,omitempty"`

	// TemplateTime: time that the chat template was given, only for a conversation, seconds since
	// 1970 (0 to 253402300799).
	TemplateTime *uint64 `json:"template_time,omitempty"`
}

func (m *Answer) fields(c *coder) {
	c.required(field{id: 1, name: "model", typ: typeText, low: 1, high: 128}, &m.Model)
	c.optional(field{id: 2, name: "fingerprint", typ: typeBytes, low: 32, high: 32}, &m.Fingerprint, m.Fingerprint != nil)
	c.required(field{id: 3, name: "device", typ: typeText, low: 1, high: 64}, &m.Device)
	c.required(field{id: 4, name: "timing", typ: typeRecord}, &m.Timing)
	repeated(c, field{id: 5, name: "degradations", typ: typeText, timesMax: 1024, low: 1, high: 2048}, &m.Degradations)
	pointer(c, field{id: 6, name: "server_load", typ: typeRecord, since: 3}, &m.ServerLoad)
	pointer(c, field{id: 7, name: "template_time", typ: typeU64, high: 253402300799, since: 3}, &m.TemplateTime)
}

// ServerLoad is the record "Server load" of Protocol/SPEC.md.
type ServerLoad struct {
	// Queued: requests waiting for the engine.
	Queued uint64 `json:"queued"`

	// Running: requests running on the engine.
	Running uint64 `json:"running"`

	// WaitMicroseconds: estimated wait of a new request, microseconds.
	WaitMicroseconds uint64 `json:"wait_microseconds"`

	// CachePagesUsed: pages of the key-value cache in use.
	CachePagesUsed uint64 `json:"cache_pages_used"`

	// CachePages: pages of the key-value cache in all.
	CachePages uint64 `json:"cache_pages"`
}

func (m *ServerLoad) fields(c *coder) {
	c.required(field{id: 1, name: "queued", typ: typeU64, high: math.MaxUint64}, &m.Queued)
	c.required(field{id: 2, name: "running", typ: typeU64, high: math.MaxUint64}, &m.Running)
	c.required(field{id: 3, name: "wait_microseconds", typ: typeU64, high: math.MaxUint64}, &m.WaitMicroseconds)
	c.required(field{id: 4, name: "cache_pages_used", typ: typeU64, high: math.MaxUint64}, &m.CachePagesUsed)
	c.required(field{id: 5, name: "cache_pages", typ: typeU64, high: math.MaxUint64}, &m.CachePages)
}

// Timing is the record "Timing" of Protocol/SPEC.md.
type Timing struct {
	// Accept: from last byte read to request admitted, microseconds.
	Accept uint64 `json:"accept"`

	// Queue: waiting for the engine, microseconds.
	Queue uint64 `json:"queue"`

	// Tokenize: turning text into tokens, microseconds.
	Tokenize uint64 `json:"tokenize"`

	// Prefill: reading the prompt, microseconds.
	Prefill uint64 `json:"prefill"`

	// Decode: making tokens, microseconds.
	Decode uint64 `json:"decode"`

	// Write: writing frames to the socket, microseconds.
	Write uint64 `json:"write"`

	// Total: from receipt to last frame, microseconds.
	Total uint64 `json:"total"`
}

func (m *Timing) fields(c *coder) {
	c.required(field{id: 1, name: "accept", typ: typeU64, high: math.MaxUint64}, &m.Accept)
	c.required(field{id: 2, name: "queue", typ: typeU64, high: math.MaxUint64}, &m.Queue)
	c.required(field{id: 3, name: "tokenize", typ: typeU64, high: math.MaxUint64}, &m.Tokenize)
	c.required(field{id: 4, name: "prefill", typ: typeU64, high: math.MaxUint64}, &m.Prefill)
	c.required(field{id: 5, name: "decode", typ: typeU64, high: math.MaxUint64}, &m.Decode)
	c.required(field{id: 6, name: "write", typ: typeU64, high: math.MaxUint64}, &m.Write)
	c.required(field{id: 7, name: "total", typ: typeU64, high: math.MaxUint64}, &m.Total)
}

// ChatMessage is the record "Chat message" of Protocol/SPEC.md.
type ChatMessage struct {
	// Role: speaker of the turn, `tool` from revision 3 on: system, user, assistant, tool.
	Role string `json:"role"`

	// Content: text of the turn, may be empty (0 to 4000000 bytes).
	Content string `json:"content"`

	// ContentJson: JSON text of a content that is no text (`null`, a list of parts), beside an
	// empty `content` (1 to 4000000 bytes).
	ContentJson string `json:"content_json,omitempty"`

	// ReasoningContent: reasoning of the turn, apart from `content` (1 to 4000000 bytes).
	ReasoningContent string `json:"reasoning_content,omitempty"`

	// Name: name of the speaker, or of the tool whose result the turn is (1 to 256 bytes).
	Name string `json:"name,omitempty"`

	// ToolCalls: calls of tools that the turn makes, a `Tool call` each.
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`

	// ToolCallId: id of the call whose result the turn is (1 to 256 bytes).
	ToolCallId string `json:"tool_call_id,omitempty"`
}

func (m *ChatMessage) fields(c *coder) {
	c.required(field{id: 1, name: "role", typ: typeText, choices: []string{"system", "user", "assistant", "tool"}, wordsSince: map[string]uint32{"system": 1, "user": 1, "assistant": 1, "tool": 3}}, &m.Role)
	c.required(field{id: 2, name: "content", typ: typeText, high: 4000000}, &m.Content)
	c.optional(field{id: 3, name: "content_json", typ: typeText, low: 1, high: 4000000, since: 3}, &m.ContentJson, m.ContentJson != "")
	c.optional(field{id: 4, name: "reasoning_content", typ: typeText, low: 1, high: 4000000, since: 3}, &m.ReasoningContent, m.ReasoningContent != "")
	c.optional(field{id: 5, name: "name", typ: typeText, low: 1, high: 256, since: 3}, &m.Name, m.Name != "")
	repeated(c, field{id: 6, name: "tool_calls", typ: typeRecord, timesMax: 128, since: 3}, &m.ToolCalls)
	c.optional(field{id: 7, name: "tool_call_id", typ: typeText, low: 1, high: 256, since: 3}, &m.ToolCallId, m.ToolCallId != "")
}

// ToolCall is the record "Tool call" of Protocol/SPEC.md.
type ToolCall struct {
	// Id: id of the call, for the result's `tool_call_id` (1 to 256 bytes).
	Id string `json:"id,omitempty"`

	// Name: name of the tool (1 to 256 bytes).
	Name string `json:"name"`

	// Arguments: JSON text of the arguments, an object as a rule (1 to 1000000 bytes).
	Arguments string `json:"arguments"`
}

func (m *ToolCall) fields(c *coder) {
	c.optional(field{id: 1, name: "id", typ: typeText, low: 1, high: 256}, &m.Id, m.Id != "")
	c.required(field{id: 2, name: "name", typ: typeText, low: 1, high: 256}, &m.Name)
	c.required(field{id: 3, name: "arguments", typ: typeText, low: 1, high: 1000000}, &m.Arguments)
}

// TemplateVariable is the record "Template variable" of Protocol/SPEC.md.
type TemplateVariable struct {
	// Name: name of the variable (`enable_thinking`, `reasoning_effort`) (1 to 128 bytes).
	Name string `json:"name"`

	// Value: JSON text of the value (1 to 65536 bytes).
	Value string `json:"value"`
}

func (m *TemplateVariable) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128}, &m.Name)
	c.required(field{id: 2, name: "value", typ: typeText, low: 1, high: 65536}, &m.Value)
}

// ChatTemplate is the record "Chat template" of Protocol/SPEC.md.
type ChatTemplate struct {
	// Source: place of the template in the model's files (`tokenizer.chat_template`,
	// `chat_template.jinja`) (1 to 512 bytes).
	Source string `json:"source"`

	// Fingerprint: SHA-256 of the template's text (32 to 32 bytes).
	Fingerprint []byte `json:"fingerprint"`

	// ReadsTools: the template writes `tools`.
	ReadsTools bool `json:"reads_tools"`

	// ToolArguments: form in which the template gets the arguments of past calls, absent when none
	// are written: object, text.
	ToolArguments string `json:"tool_arguments,omitempty"`

	// Thinking: reasoning before an answer: not foreseen, chosen by a variable, or always: none,
	// optional, always.
	Thinking string `json:"thinking"`

	// ReadsTime: the template writes the time.
	ReadsTime bool `json:"reads_time"`

	// Variables: names of variables that the template reads, in order of name (1 to 128 bytes).
	Variables []string `json:"variables,omitempty"`
}

func (m *ChatTemplate) fields(c *coder) {
	c.required(field{id: 1, name: "source", typ: typeText, low: 1, high: 512}, &m.Source)
	c.required(field{id: 2, name: "fingerprint", typ: typeBytes, low: 32, high: 32}, &m.Fingerprint)
	c.required(field{id: 3, name: "reads_tools", typ: typeBool}, &m.ReadsTools)
	c.optional(field{id: 4, name: "tool_arguments", typ: typeText, choices: []string{"object", "text"}}, &m.ToolArguments, m.ToolArguments != "")
	c.required(field{id: 5, name: "thinking", typ: typeText, choices: []string{"none", "optional", "always"}}, &m.Thinking)
	c.required(field{id: 6, name: "reads_time", typ: typeBool}, &m.ReadsTime)
	repeated(c, field{id: 7, name: "variables", typ: typeText, timesMax: 1024, low: 1, high: 128}, &m.Variables)
}

// Input is the record "Input" of Protocol/SPEC.md.
type Input struct {
	// Text: text, tokenized by the server (0 to 4000000 bytes).
	Text *string `json:"text,omitempty"`

	// Tokens: token ids, used unchanged (1 to 1000000 elements).
	Tokens []uint32 `json:"tokens,omitempty"`
}

func (m *Input) fields(c *coder) {
	pointer(c, field{id: 1, name: "text", typ: typeText, high: 4000000}, &m.Text)
	c.optional(field{id: 2, name: "tokens", typ: typeU32s, low: 1, high: 1000000}, &m.Tokens, m.Tokens != nil)
	c.exactlyOne([]string{"text", "tokens"}, m.Text != nil, m.Tokens != nil)
}

// Logprobs is the record "Logprobs" of Protocol/SPEC.md.
type Logprobs struct {
	// Tokens: the tokens, in order (0 to 1000000 elements).
	Tokens []uint32 `json:"tokens"`

	// Logprobs: log-probability of each token, as many as `tokens` (0 to 1000000 elements).
	Logprobs []float32 `json:"logprobs"`

	// TopCount: alternatives per token, default 0 (0 to 64).
	TopCount uint64 `json:"top_count,omitempty"`

	// TopTokens: the best tokens at each position: a row of `top_count` per token, best first (0
	// to 1000000 elements).
	TopTokens []uint32 `json:"top_tokens,omitempty"`

	// TopLogprobs: log-probability of each alternative, as many as `top_tokens` (0 to 1000000
	// elements).
	TopLogprobs []float32 `json:"top_logprobs,omitempty"`
}

func (m *Logprobs) fields(c *coder) {
	c.required(field{id: 1, name: "tokens", typ: typeU32s, high: 1000000}, &m.Tokens)
	c.required(field{id: 2, name: "logprobs", typ: typeF32s, high: 1000000}, &m.Logprobs)
	c.optional(field{id: 3, name: "top_count", typ: typeU64, high: 64}, &m.TopCount, m.TopCount != 0)
	c.optional(field{id: 4, name: "top_tokens", typ: typeU32s, high: 1000000}, &m.TopTokens, m.TopTokens != nil)
	c.optional(field{id: 5, name: "top_logprobs", typ: typeF32s, high: 1000000}, &m.TopLogprobs, m.TopLogprobs != nil)
}

// errorBody is the record "Error" of Protocol/SPEC.md.
type errorBody struct {
	// Code: stable reason in snake_case (1 to 128 bytes).
	Code string `json:"code"`

	// Message: sentence with the attempt, the finding, the allowed values and the place (0 to 2048
	// bytes).
	Message string `json:"message"`

	// Field: path of the refused field (`requirements.device`), or `#9` for an unknown id (1 to
	// 128 bytes).
	Field string `json:"field,omitempty"`

	// RetryAfterMilliseconds: pause before another attempt, milliseconds (0 to 3600000).
	RetryAfterMilliseconds *uint64 `json:"retry_after_milliseconds,omitempty"`

	// Layer: layer that refused the model, with MODEL_REJECTED: file, parse, compatibility,
	// placement, validation.
	Layer string `json:"layer,omitempty"`

	// ServerLoad: load of the server at the time of the refusal.
	ServerLoad *ServerLoad `json:"server_load,omitempty"`
}

func (m *errorBody) fields(c *coder) {
	c.required(field{id: 1, name: "code", typ: typeText, low: 1, high: 128}, &m.Code)
	c.required(field{id: 2, name: "message", typ: typeText, high: 2048}, &m.Message)
	c.optional(field{id: 3, name: "field", typ: typeText, low: 1, high: 128}, &m.Field, m.Field != "")
	pointer(c, field{id: 4, name: "retry_after_milliseconds", typ: typeU64, high: 3600000}, &m.RetryAfterMilliseconds)
	c.optional(field{id: 5, name: "layer", typ: typeText, choices: []string{"file", "parse", "compatibility", "placement", "validation"}}, &m.Layer, m.Layer != "")
	pointer(c, field{id: 6, name: "server_load", typ: typeRecord, since: 3}, &m.ServerLoad)
}

// helloRequest is the message "Hello request" of Protocol/SPEC.md.
type helloRequest struct {
	// Client: name and version of the client program (1 to 128 bytes).
	Client string `json:"client"`

	// Revision: highest revision of version 1 the client speaks (1 to 4294967295).
	Revision uint64 `json:"revision"`

	// Compression: the client reads, and may send, compressed bodies, default false.
	Compression bool `json:"compression,omitempty"`

	// BodySizeMax: largest body that the client accepts, bytes before compression, default 4194304
	// (4096 to 4294967295).
	BodySizeMax uint64 `json:"body_size_max,omitempty"`

	// Token: token that names the client, absent without one (1 to 256 bytes).
	Token string `json:"token,omitempty"`

	// Tenant: part of the client's own share of the server that the connection belongs to (1 to 64
	// bytes).
	Tenant string `json:"tenant,omitempty"`
}

func (m *helloRequest) fields(c *coder) {
	c.required(field{id: 1, name: "client", typ: typeText, low: 1, high: 128}, &m.Client)
	c.required(field{id: 2, name: "revision", typ: typeU64, low: 1, high: 4294967295}, &m.Revision)
	c.optional(field{id: 3, name: "compression", typ: typeBool}, &m.Compression, m.Compression)
	c.optional(field{id: 4, name: "body_size_max", typ: typeU64, low: 4096, high: 4294967295}, &m.BodySizeMax, m.BodySizeMax != 0)
	c.optional(field{id: 5, name: "token", typ: typeText, low: 1, high: 256}, &m.Token, m.Token != "")
	c.optional(field{id: 6, name: "tenant", typ: typeText, low: 1, high: 64}, &m.Tenant, m.Tenant != "")
}

// helloResponse is the record "Hello response" of Protocol/SPEC.md.
type helloResponse struct {
	// Server: name and version of the server program (1 to 128 bytes).
	Server string `json:"server"`

	// Revision: revision in force, the lower of the client's and the server's (1 to 4294967295).
	Revision uint64 `json:"revision"`

	// Compression: bodies may be compressed from now on, in both directions.
	Compression bool `json:"compression"`

	// BodySizeMax: largest body that the server accepts, bytes before compression (4096 to
	// 4294967295).
	BodySizeMax uint64 `json:"body_size_max"`

	// RequestsInFlightMax: requests that the connection may have in flight (1 to 4294967295).
	RequestsInFlightMax uint64 `json:"requests_in_flight_max"`
}

func (m *helloResponse) fields(c *coder) {
	c.required(field{id: 1, name: "server", typ: typeText, low: 1, high: 128}, &m.Server)
	c.required(field{id: 2, name: "revision", typ: typeU64, low: 1, high: 4294967295}, &m.Revision)
	c.required(field{id: 3, name: "compression", typ: typeBool}, &m.Compression)
	c.required(field{id: 4, name: "body_size_max", typ: typeU64, low: 4096, high: 4294967295}, &m.BodySizeMax)
	c.required(field{id: 5, name: "requests_in_flight_max", typ: typeU64, low: 1, high: 4294967295}, &m.RequestsInFlightMax)
}

// PingRequest is the message "Ping request" of Protocol/SPEC.md.
type PingRequest struct {
	// Payload: bytes to send back unchanged (0 to 65536 bytes).
	Payload []byte `json:"payload,omitempty"`
}

func (m *PingRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "payload", typ: typeBytes, high: 65536}, &m.Payload, m.Payload != nil)
}

// PingResponse is the message "Ping response" of Protocol/SPEC.md.
type PingResponse struct {
	// Payload: payload of the request (0 to 65536 bytes).
	Payload []byte `json:"payload,omitempty"`

	Origin
}

func (m *PingResponse) fields(c *coder) {
	c.optional(field{id: 1, name: "payload", typ: typeBytes, high: 65536}, &m.Payload, m.Payload != nil)
}

func (m *PingResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// HealthRequest is the message "Health request" of Protocol/SPEC.md.
type HealthRequest struct {
	// Model: name of a model, absent for the server as a whole (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Verify: verify the model now, default false.
	Verify bool `json:"verify,omitempty"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *HealthRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128}, &m.Model, m.Model != "")
	c.optional(field{id: 2, name: "verify", typ: typeBool, since: 2}, &m.Verify, m.Verify)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord}, &m.Requirements)
}

func (m *HealthRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// HealthResponse is the message "Health response" of Protocol/SPEC.md.
type HealthResponse struct {
	// Ready: work is accepted.
	Ready bool `json:"ready"`

	// State: state of the model, or of the server: loading, ready, failed, draining.
	State string `json:"state"`

	// Reason: reason for not being ready, or a note (1 to 2048 bytes).
	Reason string `json:"reason,omitempty"`

	// Seal: result of the comparison with the seal, only after `verify`: absent, matched, drifted.
	Seal string `json:"seal,omitempty"`

	// LargestDifference: largest distance of a logit from the sealed logit, only with `matched`
	// (0.0 to 10.0).
	LargestDifference *float64 `json:"largest_difference,omitempty"`

	// File: files on disk compared with the loaded files, only for one real model: unchanged,
	// changed, missing.
	File string `json:"file,omitempty"`

	Origin
}

func (m *HealthResponse) fields(c *coder) {
	c.required(field{id: 1, name: "ready", typ: typeBool}, &m.Ready)
	c.required(field{id: 2, name: "state", typ: typeText, choices: []string{"loading", "ready", "failed", "draining"}}, &m.State)
	c.optional(field{id: 3, name: "reason", typ: typeText, low: 1, high: 2048}, &m.Reason, m.Reason != "")
	c.optional(field{id: 4, name: "seal", typ: typeText, choices: []string{"absent", "matched", "drifted"}, since: 2}, &m.Seal, m.Seal != "")
	pointer(c, field{id: 5, name: "largest_difference", typ: typeF64, least: 0.0, most: 10.0, since: 2}, &m.LargestDifference)
	c.optional(field{id: 6, name: "file", typ: typeText, choices: []string{"unchanged", "changed", "missing"}, since: 3}, &m.File, m.File != "")
}

func (m *HealthResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// ModelsRequest is the message "Models request" of Protocol/SPEC.md.
type ModelsRequest struct{}

func (m *ModelsRequest) fields(*coder) {}

// ModelsResponse is the message "Models response" of Protocol/SPEC.md.
type ModelsResponse struct {
	// Models: a `Model` for each model, in order of name.
	Models []Model `json:"models,omitempty"`

	Origin
}

func (m *ModelsResponse) fields(c *coder) {
	repeated(c, field{id: 1, name: "models", typ: typeRecord, timesMax: 1024}, &m.Models)
}

func (m *ModelsResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// Model is the record "Model" of Protocol/SPEC.md.
type Model struct {
	// Name: name under which the model is served (1 to 128 bytes).
	Name string `json:"name"`

	// State: state of the model: loading, ready, failed, draining.
	State string `json:"state"`

	// Provenance: 1 real, 2 mock (1 to 2).
	Provenance uint64 `json:"provenance"`

	// Architecture: architecture family (`llama`), empty while loading (0 to 128 bytes).
	Architecture string `json:"architecture"`

	// Parameters: number of weights.
	Parameters uint64 `json:"parameters"`

	// Vocabulary: size of the vocabulary, tokens.
	Vocabulary uint64 `json:"vocabulary"`

	// Context: size of the context, tokens.
	Context uint64 `json:"context"`

	// Fingerprint: SHA-256 of the bytes that serve, absent for a mock (32 to 32 bytes).
	Fingerprint []byte `json:"fingerprint,omitempty"`

	// Generation: 1 for the first load under the name, 1 more for each later load (0 to
	// 4294967295).
	Generation uint64 `json:"generation"`

	// Device: device of the model (`cpu`, `cuda:0`) (0 to 64 bytes).
	Device string `json:"device"`

	// DeviceReason: reason for a device different from the requested device (1 to 2048 bytes).
	DeviceReason string `json:"device_reason,omitempty"`

	// Bytes: memory taken, bytes.
	Bytes uint64 `json:"bytes"`

	// File: files on disk compared with the loaded files, absent for a mock: unchanged, changed,
	// missing.
	File string `json:"file,omitempty"`

	// Labels: a `Model label` for each label.
	Labels []ModelLabel `json:"labels,omitempty"`

	// Pinned: true for a model that stays in memory until it is unpinned.
	Pinned *bool `json:"pinned,omitempty"`

	// HeldGeneration: generation that Rollback returns to, absent for none (1 to 4294967295).
	HeldGeneration uint64 `json:"held_generation,omitempty"`

	// Evicted: true for a model that was put out of memory and is loaded for its next request.
	Evicted *bool `json:"evicted,omitempty"`

	// Breaker: state of the model's circuit breaker, absent for a server without: closed, open,
	// half_open.
	Breaker string `json:"breaker,omitempty"`

	// BreakerReason: failure that the breaker opened for (1 to 2048 bytes).
	BreakerReason string `json:"breaker_reason,omitempty"`

	// BreakerSeconds: time since the breaker changed its state, seconds (0.0 to 1000000000000.0).
	BreakerSeconds *float64 `json:"breaker_seconds,omitempty"`

	// SealAgeSeconds: time since the weights in memory were last compared with the seal, seconds
	// (0.0 to 1000000000000.0).
	SealAgeSeconds *float64 `json:"seal_age_seconds,omitempty"`

	// LoadFailure: reason of the last swap or reload that failed while the model went on (1 to
	// 2048 bytes).
	LoadFailure string `json:"load_failure,omitempty"`
}

func (m *Model) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128}, &m.Name)
	c.required(field{id: 2, name: "state", typ: typeText, choices: []string{"loading", "ready", "failed", "draining"}}, &m.State)
	c.required(field{id: 3, name: "provenance", typ: typeU64, low: 1, high: 2}, &m.Provenance)
	c.required(field{id: 4, name: "architecture", typ: typeText, high: 128}, &m.Architecture)
	c.required(field{id: 5, name: "parameters", typ: typeU64, high: math.MaxUint64}, &m.Parameters)
	c.required(field{id: 6, name: "vocabulary", typ: typeU64, high: math.MaxUint64}, &m.Vocabulary)
	c.required(field{id: 7, name: "context", typ: typeU64, high: math.MaxUint64}, &m.Context)
	c.optional(field{id: 8, name: "fingerprint", typ: typeBytes, low: 32, high: 32}, &m.Fingerprint, m.Fingerprint != nil)
	c.required(field{id: 9, name: "generation", typ: typeU64, high: 4294967295}, &m.Generation)
	c.required(field{id: 10, name: "device", typ: typeText, high: 64}, &m.Device)
	c.optional(field{id: 11, name: "device_reason", typ: typeText, low: 1, high: 2048}, &m.DeviceReason, m.DeviceReason != "")
	c.required(field{id: 12, name: "bytes", typ: typeU64, high: math.MaxUint64}, &m.Bytes)
	c.optional(field{id: 13, name: "file", typ: typeText, choices: []string{"unchanged", "changed", "missing"}, since: 3}, &m.File, m.File != "")
	repeated(c, field{id: 14, name: "labels", typ: typeRecord, timesMax: 64, since: 4}, &m.Labels)
	pointer(c, field{id: 15, name: "pinned", typ: typeBool, since: 4}, &m.Pinned)
	c.optional(field{id: 16, name: "held_generation", typ: typeU64, low: 1, high: 4294967295, since: 4}, &m.HeldGeneration, m.HeldGeneration != 0)
	pointer(c, field{id: 17, name: "evicted", typ: typeBool, since: 4}, &m.Evicted)
	c.optional(field{id: 18, name: "breaker", typ: typeText, choices: []string{"closed", "open", "half_open"}, since: 4}, &m.Breaker, m.Breaker != "")
	c.optional(field{id: 19, name: "breaker_reason", typ: typeText, low: 1, high: 2048, since: 4}, &m.BreakerReason, m.BreakerReason != "")
	pointer(c, field{id: 20, name: "breaker_seconds", typ: typeF64, least: 0.0, most: 1000000000000.0, since: 4}, &m.BreakerSeconds)
	pointer(c, field{id: 21, name: "seal_age_seconds", typ: typeF64, least: 0.0, most: 1000000000000.0, since: 4}, &m.SealAgeSeconds)
	c.optional(field{id: 22, name: "load_failure", typ: typeText, low: 1, high: 2048, since: 4}, &m.LoadFailure, m.LoadFailure != "")
}

// LoadRequest is the message "Load request" of Protocol/SPEC.md.
type LoadRequest struct {
	// Name: name under which the model will be served (1 to 128 bytes).
	Name string `json:"name"`

	// Path: path of the model on the server's machine (1 to 4096 bytes).
	Path string `json:"path"`

	// Strategy: loading strategy, absent for the server's setting: strict, graceful, development.
	Strategy string `json:"strategy,omitempty"`

	// Device: device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting (1 to 64
	// bytes).
	Device string `json:"device,omitempty"`

	// Progress: true asks for frames while a layer runs, with `bytes_read` in the `Layer`.
	Progress *bool `json:"progress,omitempty"`
}

func (m *LoadRequest) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128}, &m.Name)
	c.required(field{id: 2, name: "path", typ: typeText, low: 1, high: 4096}, &m.Path)
	c.optional(field{id: 3, name: "strategy", typ: typeText, choices: []string{"strict", "graceful", "development"}}, &m.Strategy, m.Strategy != "")
	c.optional(field{id: 4, name: "device", typ: typeText, low: 1, high: 64}, &m.Device, m.Device != "")
	pointer(c, field{id: 5, name: "progress", typ: typeBool}, &m.Progress)
}

// loadProgress is the message "Load progress" of Protocol/SPEC.md.
type loadProgress struct {
	// Layer: the `Layer` just completed, or the running one where it has `bytes_read`.
	Layer Layer `json:"layer"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	Origin
}

func (m *loadProgress) fields(c *coder) {
	c.required(field{id: 1, name: "layer", typ: typeRecord}, &m.Layer)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
}

func (m *loadProgress) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, m.Frame, nil
}

// LoadResponse is the message "Load response" of Protocol/SPEC.md.
type LoadResponse struct {
	// Accepted: always true, since a rejection is a status.
	Accepted bool `json:"accepted"`

	// Layers: a `Layer` for each layer, in order.
	Layers []Layer `json:"layers,omitempty"`

	// Model: the `Model` now served.
	Model *Model `json:"model,omitempty"`

	// Overrides: configuration overrides in effect, `key=value` (1 to 2048 bytes).
	Overrides []string `json:"overrides,omitempty"`

	// Attempts: a sentence for each earlier failed attempt (1 to 2048 bytes).
	Attempts []string `json:"attempts,omitempty"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	Origin
}

func (m *LoadResponse) fields(c *coder) {
	c.required(field{id: 1, name: "accepted", typ: typeBool}, &m.Accepted)
	repeated(c, field{id: 2, name: "layers", typ: typeRecord, timesMax: 1024}, &m.Layers)
	pointer(c, field{id: 3, name: "model", typ: typeRecord}, &m.Model)
	repeated(c, field{id: 4, name: "overrides", typ: typeText, timesMax: 1024, low: 1, high: 2048}, &m.Overrides)
	repeated(c, field{id: 5, name: "attempts", typ: typeText, timesMax: 1024, low: 1, high: 2048}, &m.Attempts)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
}

func (m *LoadResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, m.Frame, nil
}

// Layer is the record "Layer" of Protocol/SPEC.md.
type Layer struct {
	// Layer: layer of the assay: file, parse, compatibility, placement, validation.
	Layer string `json:"layer"`

	// Ok: verdict of the layer, true when passed, or when the layer still runs.
	Ok bool `json:"ok"`

	// Microseconds: time taken, microseconds, 0 while the layer runs.
	Microseconds uint64 `json:"microseconds"`

	// BytesRead: bytes of the files read so far, by a layer that still runs.
	BytesRead *uint64 `json:"bytes_read,omitempty"`

	// BytesTotal: bytes of the files as a whole, beside `bytes_read`.
	BytesTotal *uint64 `json:"bytes_total,omitempty"`
}

func (m *Layer) fields(c *coder) {
	c.required(field{id: 1, name: "layer", typ: typeText, choices: []string{"file", "parse", "compatibility", "placement", "validation"}}, &m.Layer)
	c.required(field{id: 2, name: "ok", typ: typeBool}, &m.Ok)
	c.required(field{id: 3, name: "microseconds", typ: typeU64, high: math.MaxUint64}, &m.Microseconds)
	pointer(c, field{id: 4, name: "bytes_read", typ: typeU64, high: math.MaxUint64}, &m.BytesRead)
	pointer(c, field{id: 5, name: "bytes_total", typ: typeU64, high: math.MaxUint64}, &m.BytesTotal)
}

// UnloadRequest is the message "Unload request" of Protocol/SPEC.md.
type UnloadRequest struct {
	// Name: name of the model to stop serving, once its requests are done (1 to 128 bytes).
	Name string `json:"name"`
}

func (m *UnloadRequest) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128}, &m.Name)
}

// UnloadResponse is the message "Unload response" of Protocol/SPEC.md.
type UnloadResponse struct {
	Origin
}

func (m *UnloadResponse) fields(*coder) {}

func (m *UnloadResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// ModelLabel is the record "Model label" of Protocol/SPEC.md.
type ModelLabel struct {
	// Label: label, named in requests as `NAME:LABEL` (1 to 64 bytes).
	Label string `json:"label"`

	// Generation: generation that the label stands for (1 to 4294967295).
	Generation uint64 `json:"generation"`

	// Share: share of the requests for the plain name that the generation answers, absent for none
	// (0.0 to 1.0).
	Share *float64 `json:"share,omitempty"`
}

func (m *ModelLabel) fields(c *coder) {
	c.required(field{id: 1, name: "label", typ: typeText, low: 1, high: 64}, &m.Label)
	c.required(field{id: 2, name: "generation", typ: typeU64, low: 1, high: 4294967295}, &m.Generation)
	pointer(c, field{id: 3, name: "share", typ: typeF64, least: 0.0, most: 1.0}, &m.Share)
}

// SwapRequest is the message "Swap request" of Protocol/SPEC.md.
type SwapRequest struct {
	// Name: name of the served model (1 to 128 bytes).
	Name string `json:"name"`

	// Path: path of the new model on the server's machine (1 to 4096 bytes).
	Path string `json:"path"`

	// Strategy: loading strategy, absent for the server's setting: strict, graceful, development.
	Strategy string `json:"strategy,omitempty"`

	// Device: device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting (1 to 64
	// bytes).
	Device string `json:"device,omitempty"`

	// Progress: true asks for frames while a layer runs, with `bytes_read` in the `Layer`.
	Progress *bool `json:"progress,omitempty"`

	// Shadow: live requests to compute by both generations and compare before the switch, default
	// 0 (0 to 4096).
	Shadow uint64 `json:"shadow,omitempty"`

	// RequireEqual: a difference found by the shadow ends the swap, default false.
	RequireEqual bool `json:"require_equal,omitempty"`
}

func (m *SwapRequest) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128, since: 4}, &m.Name)
	c.required(field{id: 2, name: "path", typ: typeText, low: 1, high: 4096, since: 4}, &m.Path)
	c.optional(field{id: 3, name: "strategy", typ: typeText, choices: []string{"strict", "graceful", "development"}, since: 4}, &m.Strategy, m.Strategy != "")
	c.optional(field{id: 4, name: "device", typ: typeText, low: 1, high: 64, since: 4}, &m.Device, m.Device != "")
	pointer(c, field{id: 5, name: "progress", typ: typeBool, since: 4}, &m.Progress)
	c.optional(field{id: 6, name: "shadow", typ: typeU64, high: 4096, since: 4}, &m.Shadow, m.Shadow != 0)
	c.optional(field{id: 7, name: "require_equal", typ: typeBool, since: 4}, &m.RequireEqual, m.RequireEqual)
}

// SwapProgress is the message "Swap progress" of Protocol/SPEC.md.
type SwapProgress struct {
	// Layer: the `Layer` just completed, or the running one where it has `bytes_read`.
	Layer *Layer `json:"layer,omitempty"`

	// Step: step behind the layers: warm_up, shadow.
	Step string `json:"step,omitempty"`

	// Done: requests of the step that were computed.
	Done *uint64 `json:"done,omitempty"`

	// Total: requests of the step in all.
	Total *uint64 `json:"total,omitempty"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	Origin
}

func (m *SwapProgress) fields(c *coder) {
	pointer(c, field{id: 1, name: "layer", typ: typeRecord}, &m.Layer)
	c.optional(field{id: 2, name: "step", typ: typeText, choices: []string{"warm_up", "shadow"}}, &m.Step, m.Step != "")
	pointer(c, field{id: 3, name: "done", typ: typeU64, high: math.MaxUint64}, &m.Done)
	pointer(c, field{id: 4, name: "total", typ: typeU64, high: math.MaxUint64}, &m.Total)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64}, &m.Frame)
}

func (m *SwapProgress) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, m.Frame, nil
}

// SwapResponse is the message "Swap response" of Protocol/SPEC.md.
type SwapResponse struct {
	// Layers: a `Layer` for each layer, in order.
	Layers []Layer `json:"layers,omitempty"`

	// Model: the `Model` now served.
	Model Model `json:"model"`

	// PreviousGeneration: generation that answered until the switch (1 to 4294967295).
	PreviousGeneration uint64 `json:"previous_generation"`

	// Overrides: configuration overrides in effect, `key=value` (1 to 2048 bytes).
	Overrides []string `json:"overrides,omitempty"`

	// Attempts: a sentence for each earlier failed attempt (1 to 2048 bytes).
	Attempts []string `json:"attempts,omitempty"`

	// Warmed: requests that the new generation computed before the switch.
	Warmed uint64 `json:"warmed"`

	// Shadow: the `Shadow report`, when the request asked for a shadow.
	Shadow *ShadowReport `json:"shadow,omitempty"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	Origin
}

func (m *SwapResponse) fields(c *coder) {
	repeated(c, field{id: 1, name: "layers", typ: typeRecord, timesMax: 1024}, &m.Layers)
	c.required(field{id: 2, name: "model", typ: typeRecord}, &m.Model)
	c.required(field{id: 3, name: "previous_generation", typ: typeU64, low: 1, high: 4294967295}, &m.PreviousGeneration)
	repeated(c, field{id: 4, name: "overrides", typ: typeText, timesMax: 1024, low: 1, high: 2048}, &m.Overrides)
	repeated(c, field{id: 5, name: "attempts", typ: typeText, timesMax: 1024, low: 1, high: 2048}, &m.Attempts)
	c.required(field{id: 6, name: "warmed", typ: typeU64, high: math.MaxUint64}, &m.Warmed)
	pointer(c, field{id: 7, name: "shadow", typ: typeRecord}, &m.Shadow)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64}, &m.Frame)
}

func (m *SwapResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, m.Frame, nil
}

// ShadowReport is the record "Shadow report" of Protocol/SPEC.md.
type ShadowReport struct {
	// Compared: live requests that both generations computed.
	Compared uint64 `json:"compared"`

	// Equal: those with equal answers.
	Equal uint64 `json:"equal"`

	// DivergenceMax: largest divergence between the answers, 0 where all are equal (0.0 to
	// 1e+300).
	DivergenceMax float64 `json:"divergence_max"`

	// FirstDifference: sentence about the first request with different answers (1 to 2048 bytes).
	FirstDifference string `json:"first_difference,omitempty"`
}

func (m *ShadowReport) fields(c *coder) {
	c.required(field{id: 1, name: "compared", typ: typeU64, high: math.MaxUint64}, &m.Compared)
	c.required(field{id: 2, name: "equal", typ: typeU64, high: math.MaxUint64}, &m.Equal)
	c.required(field{id: 3, name: "divergence_max", typ: typeF64, least: 0.0, most: 1e+300}, &m.DivergenceMax)
	c.optional(field{id: 4, name: "first_difference", typ: typeText, low: 1, high: 2048}, &m.FirstDifference, m.FirstDifference != "")
}

// RollbackRequest is the message "Rollback request" of Protocol/SPEC.md.
type RollbackRequest struct {
	// Name: name of the model to return to its held generation (1 to 128 bytes).
	Name string `json:"name"`
}

func (m *RollbackRequest) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128, since: 4}, &m.Name)
}

// RollbackResponse is the message "Rollback response" of Protocol/SPEC.md.
type RollbackResponse struct {
	// Model: the `Model` now served.
	Model Model `json:"model"`

	Origin
}

func (m *RollbackResponse) fields(c *coder) {
	c.required(field{id: 1, name: "model", typ: typeRecord}, &m.Model)
}

func (m *RollbackResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// PinRequest is the message "Pin request" of Protocol/SPEC.md.
type PinRequest struct {
	// Name: name of the model (1 to 128 bytes).
	Name string `json:"name"`

	// Pinned: true keeps the model in memory, false lets it go, default true.
	Pinned *bool `json:"pinned,omitempty"`
}

func (m *PinRequest) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128, since: 4}, &m.Name)
	pointer(c, field{id: 2, name: "pinned", typ: typeBool, since: 4}, &m.Pinned)
}

// PinResponse is the message "Pin response" of Protocol/SPEC.md.
type PinResponse struct {
	// Model: the `Model`.
	Model Model `json:"model"`

	Origin
}

func (m *PinResponse) fields(c *coder) {
	c.required(field{id: 1, name: "model", typ: typeRecord}, &m.Model)
}

func (m *PinResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// AliasRequest is the message "Alias request" of Protocol/SPEC.md.
type AliasRequest struct {
	// Name: name of the model (1 to 128 bytes).
	Name string `json:"name"`

	// Label: label, without the name and the `:` (1 to 64 bytes).
	Label string `json:"label"`

	// Generation: generation that the label stands for, 0 to remove the label (0 to 4294967295).
	Generation uint64 `json:"generation"`

	// Share: share of the requests for the plain name that the generation answers, absent for none
	// (0.0 to 1.0).
	Share *float64 `json:"share,omitempty"`
}

func (m *AliasRequest) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128, since: 4}, &m.Name)
	c.required(field{id: 2, name: "label", typ: typeText, low: 1, high: 64, since: 4}, &m.Label)
	c.required(field{id: 3, name: "generation", typ: typeU64, high: 4294967295, since: 4}, &m.Generation)
	pointer(c, field{id: 4, name: "share", typ: typeF64, least: 0.0, most: 1.0, since: 4}, &m.Share)
}

// AliasResponse is the message "Alias response" of Protocol/SPEC.md.
type AliasResponse struct {
	// Model: the `Model`.
	Model Model `json:"model"`

	Origin
}

func (m *AliasResponse) fields(c *coder) {
	c.required(field{id: 1, name: "model", typ: typeRecord}, &m.Model)
}

func (m *AliasResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// TokenizeRequest is the message "Tokenize request" of Protocol/SPEC.md.
type TokenizeRequest struct {
	// Model: name of the model, absent for the server's only model (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Text: text as bytes, usually UTF-8, but any bytes are allowed (0 to 4000000 bytes).
	Text []byte `json:"text"`

	// ParseSpecial: names of special tokens in the text become special tokens, default false.
	ParseSpecial bool `json:"parse_special,omitempty"`

	// AddSpecial: add begin and end tokens as the model demands, default true.
	AddSpecial *bool `json:"add_special,omitempty"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *TokenizeRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128}, &m.Model, m.Model != "")
	c.required(field{id: 2, name: "text", typ: typeBytes, high: 4000000}, &m.Text)
	c.optional(field{id: 3, name: "parse_special", typ: typeBool}, &m.ParseSpecial, m.ParseSpecial)
	pointer(c, field{id: 4, name: "add_special", typ: typeBool}, &m.AddSpecial)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord}, &m.Requirements)
}

func (m *TokenizeRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// TokenizeResponse is the message "Tokenize response" of Protocol/SPEC.md.
type TokenizeResponse struct {
	// Tokens: token ids (0 to 1000000 elements).
	Tokens []uint32 `json:"tokens"`

	// Answer: facts about the answer, an `Answer`.
	Answer Answer `json:"answer"`

	Origin
}

func (m *TokenizeResponse) fields(c *coder) {
	c.required(field{id: 1, name: "tokens", typ: typeU32s, high: 1000000}, &m.Tokens)
	c.required(field{id: 31, name: "answer", typ: typeRecord}, &m.Answer)
}

func (m *TokenizeResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, len(m.Answer.Degradations), nil, nil
}

// DetokenizeRequest is the message "Detokenize request" of Protocol/SPEC.md.
type DetokenizeRequest struct {
	// Model: name of the model, absent for the server's only model (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Tokens: token ids (0 to 1000000 elements).
	Tokens []uint32 `json:"tokens"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *DetokenizeRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128}, &m.Model, m.Model != "")
	c.required(field{id: 2, name: "tokens", typ: typeU32s, high: 1000000}, &m.Tokens)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord}, &m.Requirements)
}

func (m *DetokenizeRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// DetokenizeResponse is the message "Detokenize response" of Protocol/SPEC.md.
type DetokenizeResponse struct {
	// Text: text as bytes, since single tokens need not be whole characters (0 to 4000000 bytes).
	Text []byte `json:"text"`

	// Answer: facts about the answer, an `Answer`.
	Answer Answer `json:"answer"`

	Origin
}

func (m *DetokenizeResponse) fields(c *coder) {
	c.required(field{id: 1, name: "text", typ: typeBytes, high: 4000000}, &m.Text)
	c.required(field{id: 31, name: "answer", typ: typeRecord}, &m.Answer)
}

func (m *DetokenizeResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, len(m.Answer.Degradations), nil, nil
}

// GenerateRequest is the message "Generate request" of Protocol/SPEC.md.
type GenerateRequest struct {
	// Model: name of the model, absent for the server's only model (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Prompt: text to continue, may be empty, instead of `tokens` or `messages` (0 to 4000000
	// bytes).
	Prompt *string `json:"prompt,omitempty"`

	// Tokens: token ids to continue, used unchanged, instead of `prompt` or `messages` (1 to
	// 1000000 elements).
	Tokens []uint32 `json:"tokens,omitempty"`

	// ParseSpecial: names of special tokens in `prompt` become special tokens, default false.
	ParseSpecial bool `json:"parse_special,omitempty"`

	// AddSpecial: add begin tokens to `prompt` as the model demands, default true.
	AddSpecial *bool `json:"add_special,omitempty"`

	// MaxTokens: tokens to make at most, default 256 (1 to 1048576).
	MaxTokens uint64 `json:"max_tokens,omitempty"`

	// Temperature: sampling temperature, where 0 always picks the best token, default 0 (0.0 to
	// 100.0).
	Temperature float64 `json:"temperature,omitempty"`

	// TopK: number of best tokens to keep, default 0, meaning all (0 to 16777216).
	TopK uint64 `json:"top_k,omitempty"`

	// TopP: share of probability up to which the best tokens are kept, default 1, meaning all,
	// above 0 unless the temperature is 0 (0.0 to 1.0).
	TopP *float64 `json:"top_p,omitempty"`

	// MinP: least share of the best token's probability for a token to be kept, default 0, meaning
	// all (0.0 to 1.0).
	MinP float64 `json:"min_p,omitempty"`

	// Seed: seed of the sampler, default 0.
	Seed uint64 `json:"seed,omitempty"`

	// Stop: stop string, before which the answer ends (1 to 256 bytes).
	Stop []string `json:"stop,omitempty"`

	// TruncatePrompt: cut the beginning of an overlong prompt (`truncated_context`) instead of
	// refusing, default false.
	TruncatePrompt bool `json:"truncate_prompt,omitempty"`

	// Logprobs: number of best alternatives to list beside each token's log-probability, absent
	// for no log-probabilities (0 to 64).
	Logprobs *uint64 `json:"logprobs,omitempty"`

	// PromptLogprobs: number of best alternatives to list beside each prompt token's
	// log-probability, absent for none (0 to 64).
	PromptLogprobs *uint64 `json:"prompt_logprobs,omitempty"`

	// Messages: conversation to continue, instead of `prompt` or `tokens`.
	Messages []ChatMessage `json:"messages,omitempty"`

	// IgnoreEos: an end token does not end the answer, default false.
	IgnoreEos bool `json:"ignore_eos,omitempty"`

	// MinTokens: tokens before which neither an end token is chosen nor a stop string looked for,
	// default 0 (0 to 1048576).
	MinTokens uint64 `json:"min_tokens,omitempty"`

	// Tools: JSON text of a list of tools, only with `messages` (1 to 1000000 bytes).
	Tools string `json:"tools,omitempty"`

	// TemplateVariables: further variables of the chat template, only with `messages`.
	TemplateVariables []TemplateVariable `json:"template_variables,omitempty"`

	// AddGenerationPrompt: end with the template's opening of an answer, default true, only with
	// `messages`.
	AddGenerationPrompt *bool `json:"add_generation_prompt,omitempty"`

	// ContinueFinalMessage: leave the last message open instead, to be continued, default false,
	// only with `messages`.
	ContinueFinalMessage bool `json:"continue_final_message,omitempty"`

	// TemplateTime: time for the chat template, absent for the server's time, seconds since 1970,
	// only with `messages` (0 to 253402300799).
	TemplateTime *uint64 `json:"template_time,omitempty"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *GenerateRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128}, &m.Model, m.Model != "")
	pointer(c, field{id: 2, name: "prompt", typ: typeText, high: 4000000}, &m.Prompt)
	c.optional(field{id: 3, name: "tokens", typ: typeU32s, low: 1, high: 1000000}, &m.Tokens, m.Tokens != nil)
	c.optional(field{id: 4, name: "parse_special", typ: typeBool}, &m.ParseSpecial, m.ParseSpecial)
	pointer(c, field{id: 5, name: "add_special", typ: typeBool}, &m.AddSpecial)
	c.optional(field{id: 6, name: "max_tokens", typ: typeU64, low: 1, high: 1048576}, &m.MaxTokens, m.MaxTokens != 0)
	c.optional(field{id: 7, name: "temperature", typ: typeF64, least: 0.0, most: 100.0}, &m.Temperature, m.Temperature != 0)
	c.optional(field{id: 8, name: "top_k", typ: typeU64, high: 16777216}, &m.TopK, m.TopK != 0)
	pointer(c, field{id: 9, name: "top_p", typ: typeF64, least: 0.0, most: 1.0}, &m.TopP)
	c.optional(field{id: 10, name: "min_p", typ: typeF64, least: 0.0, most: 1.0}, &m.MinP, m.MinP != 0)
	c.optional(field{id: 11, name: "seed", typ: typeU64, high: math.MaxUint64}, &m.Seed, m.Seed != 0)
	repeated(c, field{id: 12, name: "stop", typ: typeText, timesMax: 16, low: 1, high: 256}, &m.Stop)
	c.optional(field{id: 13, name: "truncate_prompt", typ: typeBool}, &m.TruncatePrompt, m.TruncatePrompt)
	pointer(c, field{id: 14, name: "logprobs", typ: typeU64, high: 64, since: 2}, &m.Logprobs)
	pointer(c, field{id: 15, name: "prompt_logprobs", typ: typeU64, high: 64, since: 2}, &m.PromptLogprobs)
	repeated(c, field{id: 16, name: "messages", typ: typeRecord, timesMax: 1024, since: 2}, &m.Messages)
	c.optional(field{id: 17, name: "ignore_eos", typ: typeBool, since: 3}, &m.IgnoreEos, m.IgnoreEos)
	c.optional(field{id: 18, name: "min_tokens", typ: typeU64, high: 1048576, since: 3}, &m.MinTokens, m.MinTokens != 0)
	c.optional(field{id: 19, name: "tools", typ: typeText, low: 1, high: 1000000, since: 3}, &m.Tools, m.Tools != "")
	repeated(c, field{id: 20, name: "template_variables", typ: typeRecord, timesMax: 64, since: 3}, &m.TemplateVariables)
	pointer(c, field{id: 21, name: "add_generation_prompt", typ: typeBool, since: 3}, &m.AddGenerationPrompt)
	c.optional(field{id: 22, name: "continue_final_message", typ: typeBool, since: 3}, &m.ContinueFinalMessage, m.ContinueFinalMessage)
	pointer(c, field{id: 23, name: "template_time", typ: typeU64, high: 253402300799, since: 3}, &m.TemplateTime)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord}, &m.Requirements)
	c.exactlyOne([]string{"prompt", "tokens", "messages"}, m.Prompt != nil, m.Tokens != nil, len(m.Messages) > 0)
	c.excludes("messages", "parse_special", len(m.Messages) > 0 && m.ParseSpecial)
	c.excludes("messages", "add_special", len(m.Messages) > 0 && m.AddSpecial != nil)
	c.excludes("prompt", "tools", m.Prompt != nil && m.Tools != "")
	c.excludes("prompt", "template_variables", m.Prompt != nil && len(m.TemplateVariables) > 0)
	c.excludes("prompt", "add_generation_prompt", m.Prompt != nil && m.AddGenerationPrompt != nil)
	c.excludes("prompt", "continue_final_message", m.Prompt != nil && m.ContinueFinalMessage)
	c.excludes("prompt", "template_time", m.Prompt != nil && m.TemplateTime != nil)
	c.excludes("tokens", "tools", m.Tokens != nil && m.Tools != "")
	c.excludes("tokens", "template_variables", m.Tokens != nil && len(m.TemplateVariables) > 0)
	c.excludes("tokens", "add_generation_prompt", m.Tokens != nil && m.AddGenerationPrompt != nil)
	c.excludes("tokens", "continue_final_message", m.Tokens != nil && m.ContinueFinalMessage)
	c.excludes("tokens", "template_time", m.Tokens != nil && m.TemplateTime != nil)
	c.excludes("add_generation_prompt", "continue_final_message", m.AddGenerationPrompt != nil && m.ContinueFinalMessage)
}

func (m *GenerateRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// GenerateChunk is the message "Generate chunk" of Protocol/SPEC.md.
type GenerateChunk struct {
	// Tokens: tokens made since the last frame (0 to 1000000 elements).
	Tokens []uint32 `json:"tokens,omitempty"`

	// Text: text of the tokens, whole characters, may lag behind (0 to 4000000 bytes).
	Text string `json:"text,omitempty"`

	// PromptDone: prompt tokens read so far.
	PromptDone *uint64 `json:"prompt_done,omitempty"`

	// PromptTotal: prompt tokens in all.
	PromptTotal *uint64 `json:"prompt_total,omitempty"`

	// Logprobs: log-probabilities of exactly `tokens`, when requested.
	Logprobs *Logprobs `json:"logprobs,omitempty"`

	// PromptLogprobs: log-probabilities of the next prompt tokens, when requested.
	PromptLogprobs *Logprobs `json:"prompt_logprobs,omitempty"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	Origin
}

func (m *GenerateChunk) fields(c *coder) {
	c.optional(field{id: 1, name: "tokens", typ: typeU32s, high: 1000000}, &m.Tokens, m.Tokens != nil)
	c.optional(field{id: 2, name: "text", typ: typeText, high: 4000000}, &m.Text, m.Text != "")
	pointer(c, field{id: 3, name: "prompt_done", typ: typeU64, high: math.MaxUint64}, &m.PromptDone)
	pointer(c, field{id: 4, name: "prompt_total", typ: typeU64, high: math.MaxUint64}, &m.PromptTotal)
	pointer(c, field{id: 5, name: "logprobs", typ: typeRecord, since: 2}, &m.Logprobs)
	pointer(c, field{id: 6, name: "prompt_logprobs", typ: typeRecord, since: 2}, &m.PromptLogprobs)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
}

func (m *GenerateChunk) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, m.Frame, nil
}

// GenerateResponse is the message "Generate response" of Protocol/SPEC.md.
type GenerateResponse struct {
	// Tokens: tokens not sent in chunks (0 to 1000000 elements).
	Tokens []uint32 `json:"tokens,omitempty"`

	// Text: text not sent in chunks (0 to 4000000 bytes).
	Text string `json:"text,omitempty"`

	// FinishReason: cause of the end: end token or stop string, `max_tokens` or context, Cancel,
	// deadline: stop, length, cancelled, deadline.
	FinishReason string `json:"finish_reason"`

	// StopMatched: stop string that ended the answer (1 to 256 bytes).
	StopMatched string `json:"stop_matched,omitempty"`

	// PromptTokens: tokens of the prompt.
	PromptTokens uint64 `json:"prompt_tokens"`

	// CompletionTokens: tokens made in all.
	CompletionTokens uint64 `json:"completion_tokens"`

	// Logprobs: log-probabilities of exactly `tokens`, when requested.
	Logprobs *Logprobs `json:"logprobs,omitempty"`

	// PromptLogprobs: log-probabilities of the prompt tokens not sent in chunks.
	PromptLogprobs *Logprobs `json:"prompt_logprobs,omitempty"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	// Answer: facts about the answer, an `Answer`.
	Answer Answer `json:"answer"`

	Origin
}

func (m *GenerateResponse) fields(c *coder) {
	c.optional(field{id: 1, name: "tokens", typ: typeU32s, high: 1000000}, &m.Tokens, m.Tokens != nil)
	c.optional(field{id: 2, name: "text", typ: typeText, high: 4000000}, &m.Text, m.Text != "")
	c.required(field{id: 5, name: "finish_reason", typ: typeText, choices: []string{"stop", "length", "cancelled", "deadline"}}, &m.FinishReason)
	c.optional(field{id: 6, name: "stop_matched", typ: typeText, low: 1, high: 256}, &m.StopMatched, m.StopMatched != "")
	c.required(field{id: 7, name: "prompt_tokens", typ: typeU64, high: math.MaxUint64}, &m.PromptTokens)
	c.required(field{id: 8, name: "completion_tokens", typ: typeU64, high: math.MaxUint64}, &m.CompletionTokens)
	pointer(c, field{id: 9, name: "logprobs", typ: typeRecord, since: 2}, &m.Logprobs)
	pointer(c, field{id: 10, name: "prompt_logprobs", typ: typeRecord, since: 2}, &m.PromptLogprobs)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
	c.required(field{id: 31, name: "answer", typ: typeRecord}, &m.Answer)
}

func (m *GenerateResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, len(m.Answer.Degradations), m.Frame, nil
}

// ScoreRequest is the message "Score request" of Protocol/SPEC.md.
type ScoreRequest struct {
	// Model: name of the model, absent for the server's only model (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Prompt: text, instead of `tokens` or `messages` (0 to 4000000 bytes).
	Prompt *string `json:"prompt,omitempty"`

	// Tokens: token ids, used unchanged, instead of `prompt` or `messages` (1 to 1000000
	// elements).
	Tokens []uint32 `json:"tokens,omitempty"`

	// ParseSpecial: as in Generate.
	ParseSpecial bool `json:"parse_special,omitempty"`

	// AddSpecial: as in Generate.
	AddSpecial *bool `json:"add_special,omitempty"`

	// Messages: conversation, instead of `prompt` or `tokens`.
	Messages []ChatMessage `json:"messages,omitempty"`

	// Continuations: continuations to score, an `Input` each.
	Continuations []Input `json:"continuations,omitempty"`

	// TopLogprobs: alternatives listed beside each token, default 0 (0 to 64).
	TopLogprobs uint64 `json:"top_logprobs,omitempty"`

	// Tools: JSON text of a list of tools, only with `messages` (1 to 1000000 bytes).
	Tools string `json:"tools,omitempty"`

	// TemplateVariables: further variables of the chat template, only with `messages`.
	TemplateVariables []TemplateVariable `json:"template_variables,omitempty"`

	// AddGenerationPrompt: end with the template's opening of an answer, default true, only with
	// `messages`.
	AddGenerationPrompt *bool `json:"add_generation_prompt,omitempty"`

	// ContinueFinalMessage: leave the last message open instead, to be continued, default false,
	// only with `messages`.
	ContinueFinalMessage bool `json:"continue_final_message,omitempty"`

	// TemplateTime: time for the chat template, absent for the server's time, seconds since 1970,
	// only with `messages` (0 to 253402300799).
	TemplateTime *uint64 `json:"template_time,omitempty"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *ScoreRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128, since: 2}, &m.Model, m.Model != "")
	pointer(c, field{id: 2, name: "prompt", typ: typeText, high: 4000000, since: 2}, &m.Prompt)
	c.optional(field{id: 3, name: "tokens", typ: typeU32s, low: 1, high: 1000000, since: 2}, &m.Tokens, m.Tokens != nil)
	c.optional(field{id: 4, name: "parse_special", typ: typeBool, since: 2}, &m.ParseSpecial, m.ParseSpecial)
	pointer(c, field{id: 5, name: "add_special", typ: typeBool, since: 2}, &m.AddSpecial)
	repeated(c, field{id: 6, name: "messages", typ: typeRecord, timesMax: 1024, since: 2}, &m.Messages)
	repeated(c, field{id: 7, name: "continuations", typ: typeRecord, timesMin: 1, timesMax: 256, since: 2}, &m.Continuations)
	c.optional(field{id: 8, name: "top_logprobs", typ: typeU64, high: 64, since: 2}, &m.TopLogprobs, m.TopLogprobs != 0)
	c.optional(field{id: 9, name: "tools", typ: typeText, low: 1, high: 1000000, since: 3}, &m.Tools, m.Tools != "")
	repeated(c, field{id: 10, name: "template_variables", typ: typeRecord, timesMax: 64, since: 3}, &m.TemplateVariables)
	pointer(c, field{id: 11, name: "add_generation_prompt", typ: typeBool, since: 3}, &m.AddGenerationPrompt)
	c.optional(field{id: 12, name: "continue_final_message", typ: typeBool, since: 3}, &m.ContinueFinalMessage, m.ContinueFinalMessage)
	pointer(c, field{id: 13, name: "template_time", typ: typeU64, high: 253402300799, since: 3}, &m.TemplateTime)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord, since: 2}, &m.Requirements)
	c.exactlyOne([]string{"prompt", "tokens", "messages"}, m.Prompt != nil, m.Tokens != nil, len(m.Messages) > 0)
	c.excludes("messages", "parse_special", len(m.Messages) > 0 && m.ParseSpecial)
	c.excludes("messages", "add_special", len(m.Messages) > 0 && m.AddSpecial != nil)
	c.excludes("prompt", "tools", m.Prompt != nil && m.Tools != "")
	c.excludes("prompt", "template_variables", m.Prompt != nil && len(m.TemplateVariables) > 0)
	c.excludes("prompt", "add_generation_prompt", m.Prompt != nil && m.AddGenerationPrompt != nil)
	c.excludes("prompt", "continue_final_message", m.Prompt != nil && m.ContinueFinalMessage)
	c.excludes("prompt", "template_time", m.Prompt != nil && m.TemplateTime != nil)
	c.excludes("tokens", "tools", m.Tokens != nil && m.Tools != "")
	c.excludes("tokens", "template_variables", m.Tokens != nil && len(m.TemplateVariables) > 0)
	c.excludes("tokens", "add_generation_prompt", m.Tokens != nil && m.AddGenerationPrompt != nil)
	c.excludes("tokens", "continue_final_message", m.Tokens != nil && m.ContinueFinalMessage)
	c.excludes("tokens", "template_time", m.Tokens != nil && m.TemplateTime != nil)
	c.excludes("add_generation_prompt", "continue_final_message", m.AddGenerationPrompt != nil && m.ContinueFinalMessage)
}

func (m *ScoreRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// ScoreResponse is the message "Score response" of Protocol/SPEC.md.
type ScoreResponse struct {
	// Scores: a `Continuation score` for each continuation, in order.
	Scores []ContinuationScore `json:"scores,omitempty"`

	// PromptTokens: tokens of the prompt alone.
	PromptTokens uint64 `json:"prompt_tokens"`

	// Answer: facts about the answer, an `Answer`.
	Answer Answer `json:"answer"`

	Origin
}

func (m *ScoreResponse) fields(c *coder) {
	repeated(c, field{id: 1, name: "scores", typ: typeRecord, timesMin: 1, timesMax: 256}, &m.Scores)
	c.required(field{id: 2, name: "prompt_tokens", typ: typeU64, high: math.MaxUint64}, &m.PromptTokens)
	c.required(field{id: 31, name: "answer", typ: typeRecord}, &m.Answer)
}

func (m *ScoreResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, len(m.Answer.Degradations), nil, nil
}

// ContinuationScore is the record "Continuation score" of Protocol/SPEC.md.
type ContinuationScore struct {
	// Logprobs: log-probabilities of the scored tokens.
	Logprobs Logprobs `json:"logprobs"`

	// Logprob: sum of the log-probabilities, for the continuation as a whole.
	Logprob float64 `json:"logprob"`

	// Greedy: every token was the most probable token at its position.
	Greedy bool `json:"greedy"`
}

func (m *ContinuationScore) fields(c *coder) {
	c.required(field{id: 1, name: "logprobs", typ: typeRecord}, &m.Logprobs)
	c.required(field{id: 2, name: "logprob", typ: typeF64, least: math.Inf(-1), most: math.Inf(1)}, &m.Logprob)
	c.required(field{id: 3, name: "greedy", typ: typeBool}, &m.Greedy)
}

// EmbedRequest is the message "Embed request" of Protocol/SPEC.md.
type EmbedRequest struct {
	// Model: name of the model, absent for the server's only model (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Inputs: inputs to embed, an `Input` each.
	Inputs []Input `json:"inputs,omitempty"`

	// ParseSpecial: names of special tokens in a text become special tokens, default false.
	ParseSpecial bool `json:"parse_special,omitempty"`

	// AddSpecial: add begin and end tokens to a text as the model demands, default true.
	AddSpecial *bool `json:"add_special,omitempty"`

	// Pooling: reduction of the positions to a single vector, absent for the model's own (mean
	// under revision 2): mean, last, cls.
	Pooling string `json:"pooling,omitempty"`

	// Normalize: divide each vector by the Euclidean length, default true.
	Normalize *bool `json:"normalize,omitempty"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *EmbedRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128, since: 2}, &m.Model, m.Model != "")
	repeated(c, field{id: 2, name: "inputs", typ: typeRecord, timesMin: 1, timesMax: 256, since: 2}, &m.Inputs)
	c.optional(field{id: 3, name: "parse_special", typ: typeBool, since: 2}, &m.ParseSpecial, m.ParseSpecial)
	pointer(c, field{id: 4, name: "add_special", typ: typeBool, since: 2}, &m.AddSpecial)
	c.optional(field{id: 5, name: "pooling", typ: typeText, choices: []string{"mean", "last", "cls"}, since: 2}, &m.Pooling, m.Pooling != "")
	pointer(c, field{id: 6, name: "normalize", typ: typeBool, since: 2}, &m.Normalize)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord, since: 2}, &m.Requirements)
}

func (m *EmbedRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// embedChunk is the message "Embed chunk" of Protocol/SPEC.md.
type embedChunk struct {
	// Embeddings: the next values (1 to 1000000 elements).
	Embeddings []float32 `json:"embeddings"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	Origin
}

func (m *embedChunk) fields(c *coder) {
	c.required(field{id: 1, name: "embeddings", typ: typeF32s, low: 1, high: 1000000}, &m.Embeddings)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
}

func (m *embedChunk) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, m.Frame, &m.Embeddings
}

// EmbedResponse is the message "Embed response" of Protocol/SPEC.md.
type EmbedResponse struct {
	// Embeddings: the last values (0 to 1000000 elements).
	Embeddings []float32 `json:"embeddings"`

	// Dimensions: values per input (1 to 131072).
	Dimensions uint64 `json:"dimensions"`

	// Count: number of inputs, equal to the request's (1 to 256).
	Count uint64 `json:"count"`

	// PromptTokens: tokens of all inputs together.
	PromptTokens uint64 `json:"prompt_tokens"`

	// Pooling: reduction that made the vectors: mean, last, cls.
	Pooling string `json:"pooling,omitempty"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	// Answer: facts about the answer, an `Answer`.
	Answer Answer `json:"answer"`

	Origin
}

func (m *EmbedResponse) fields(c *coder) {
	c.required(field{id: 1, name: "embeddings", typ: typeF32s, high: 1000000}, &m.Embeddings)
	c.required(field{id: 2, name: "dimensions", typ: typeU64, low: 1, high: 131072}, &m.Dimensions)
	c.required(field{id: 3, name: "count", typ: typeU64, low: 1, high: 256}, &m.Count)
	c.required(field{id: 4, name: "prompt_tokens", typ: typeU64, high: math.MaxUint64}, &m.PromptTokens)
	c.optional(field{id: 5, name: "pooling", typ: typeText, choices: []string{"mean", "last", "cls"}, since: 3}, &m.Pooling, m.Pooling != "")
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
	c.required(field{id: 31, name: "answer", typ: typeRecord}, &m.Answer)
}

func (m *EmbedResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, len(m.Answer.Degradations), m.Frame, &m.Embeddings
}

// LogitsRequest is the message "Logits request" of Protocol/SPEC.md.
type LogitsRequest struct {
	// Model: name of the model, absent for the server's only model (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Prompt: text, instead of `tokens` or `messages` (0 to 4000000 bytes).
	Prompt *string `json:"prompt,omitempty"`

	// Tokens: token ids, used unchanged, instead of `prompt` or `messages` (1 to 1000000
	// elements).
	Tokens []uint32 `json:"tokens,omitempty"`

	// ParseSpecial: as in Generate.
	ParseSpecial bool `json:"parse_special,omitempty"`

	// AddSpecial: as in Generate.
	AddSpecial *bool `json:"add_special,omitempty"`

	// AllPositions: logits after every token instead of the last alone, default false.
	AllPositions bool `json:"all_positions,omitempty"`

	// Messages: conversation, instead of `prompt` or `tokens`.
	Messages []ChatMessage `json:"messages,omitempty"`

	// Tools: JSON text of a list of tools, only with `messages` (1 to 1000000 bytes).
	Tools string `json:"tools,omitempty"`

	// TemplateVariables: further variables of the chat template, only with `messages`.
	TemplateVariables []TemplateVariable `json:"template_variables,omitempty"`

	// AddGenerationPrompt: end with the template's opening of an answer, default true, only with
	// `messages`.
	AddGenerationPrompt *bool `json:"add_generation_prompt,omitempty"`

	// ContinueFinalMessage: leave the last message open instead, to be continued, default false,
	// only with `messages`.
	ContinueFinalMessage bool `json:"continue_final_message,omitempty"`

	// TemplateTime: time for the chat template, absent for the server's time, seconds since 1970,
	// only with `messages` (0 to 253402300799).
	TemplateTime *uint64 `json:"template_time,omitempty"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *LogitsRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128}, &m.Model, m.Model != "")
	pointer(c, field{id: 2, name: "prompt", typ: typeText, high: 4000000}, &m.Prompt)
	c.optional(field{id: 3, name: "tokens", typ: typeU32s, low: 1, high: 1000000}, &m.Tokens, m.Tokens != nil)
	c.optional(field{id: 4, name: "parse_special", typ: typeBool}, &m.ParseSpecial, m.ParseSpecial)
	pointer(c, field{id: 5, name: "add_special", typ: typeBool}, &m.AddSpecial)
	c.optional(field{id: 6, name: "all_positions", typ: typeBool}, &m.AllPositions, m.AllPositions)
	repeated(c, field{id: 7, name: "messages", typ: typeRecord, timesMax: 1024, since: 2}, &m.Messages)
	c.optional(field{id: 8, name: "tools", typ: typeText, low: 1, high: 1000000, since: 3}, &m.Tools, m.Tools != "")
	repeated(c, field{id: 9, name: "template_variables", typ: typeRecord, timesMax: 64, since: 3}, &m.TemplateVariables)
	pointer(c, field{id: 10, name: "add_generation_prompt", typ: typeBool, since: 3}, &m.AddGenerationPrompt)
	c.optional(field{id: 11, name: "continue_final_message", typ: typeBool, since: 3}, &m.ContinueFinalMessage, m.ContinueFinalMessage)
	pointer(c, field{id: 12, name: "template_time", typ: typeU64, high: 253402300799, since: 3}, &m.TemplateTime)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord}, &m.Requirements)
	c.exactlyOne([]string{"prompt", "tokens", "messages"}, m.Prompt != nil, m.Tokens != nil, len(m.Messages) > 0)
	c.excludes("messages", "parse_special", len(m.Messages) > 0 && m.ParseSpecial)
	c.excludes("messages", "add_special", len(m.Messages) > 0 && m.AddSpecial != nil)
	c.excludes("prompt", "tools", m.Prompt != nil && m.Tools != "")
	c.excludes("prompt", "template_variables", m.Prompt != nil && len(m.TemplateVariables) > 0)
	c.excludes("prompt", "add_generation_prompt", m.Prompt != nil && m.AddGenerationPrompt != nil)
	c.excludes("prompt", "continue_final_message", m.Prompt != nil && m.ContinueFinalMessage)
	c.excludes("prompt", "template_time", m.Prompt != nil && m.TemplateTime != nil)
	c.excludes("tokens", "tools", m.Tokens != nil && m.Tools != "")
	c.excludes("tokens", "template_variables", m.Tokens != nil && len(m.TemplateVariables) > 0)
	c.excludes("tokens", "add_generation_prompt", m.Tokens != nil && m.AddGenerationPrompt != nil)
	c.excludes("tokens", "continue_final_message", m.Tokens != nil && m.ContinueFinalMessage)
	c.excludes("tokens", "template_time", m.Tokens != nil && m.TemplateTime != nil)
	c.excludes("add_generation_prompt", "continue_final_message", m.AddGenerationPrompt != nil && m.ContinueFinalMessage)
}

func (m *LogitsRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// logitsChunk is the message "Logits chunk" of Protocol/SPEC.md.
type logitsChunk struct {
	// Logits: the next values (1 to 1000000 elements).
	Logits []float32 `json:"logits"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	Origin
}

func (m *logitsChunk) fields(c *coder) {
	c.required(field{id: 1, name: "logits", typ: typeF32s, low: 1, high: 1000000}, &m.Logits)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
}

func (m *logitsChunk) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, m.Frame, &m.Logits
}

// LogitsResponse is the message "Logits response" of Protocol/SPEC.md.
type LogitsResponse struct {
	// Logits: the last values (0 to 1000000 elements).
	Logits []float32 `json:"logits"`

	// Vocabulary: values per position (1 to 4294967295).
	Vocabulary uint64 `json:"vocabulary"`

	// Positions: positions in all (1 to 4294967295).
	Positions uint64 `json:"positions"`

	// Frame: number of the frame in the answer, from 0.
	Frame *uint64 `json:"frame,omitempty"`

	// Answer: facts about the answer, an `Answer`.
	Answer Answer `json:"answer"`

	Origin
}

func (m *LogitsResponse) fields(c *coder) {
	c.required(field{id: 1, name: "logits", typ: typeF32s, high: 1000000}, &m.Logits)
	c.required(field{id: 2, name: "vocabulary", typ: typeU64, low: 1, high: 4294967295}, &m.Vocabulary)
	c.required(field{id: 3, name: "positions", typ: typeU64, low: 1, high: 4294967295}, &m.Positions)
	pointer(c, field{id: 28, name: "frame", typ: typeU64, high: math.MaxUint64, since: 3}, &m.Frame)
	c.required(field{id: 31, name: "answer", typ: typeRecord}, &m.Answer)
}

func (m *LogitsResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, len(m.Answer.Degradations), m.Frame, &m.Logits
}

// RenderRequest is the message "Render request" of Protocol/SPEC.md.
type RenderRequest struct {
	// Model: name of the model, absent for the server's only model (1 to 128 bytes).
	Model string `json:"model,omitempty"`

	// Messages: conversation to render.
	Messages []ChatMessage `json:"messages,omitempty"`

	// Tools: JSON text of a list of tools (1 to 1000000 bytes).
	Tools string `json:"tools,omitempty"`

	// TemplateVariables: further variables of the chat template.
	TemplateVariables []TemplateVariable `json:"template_variables,omitempty"`

	// AddGenerationPrompt: end with the template's opening of an answer, default true.
	AddGenerationPrompt *bool `json:"add_generation_prompt,omitempty"`

	// ContinueFinalMessage: leave the last message open instead, to be continued, default false.
	ContinueFinalMessage bool `json:"continue_final_message,omitempty"`

	// TemplateTime: time for the chat template, absent for the server's time, seconds since 1970
	// (0 to 253402300799).
	TemplateTime *uint64 `json:"template_time,omitempty"`

	// Context: trace, attempt and priority of the request.
	Context *RequestContext `json:"context,omitempty"`

	// Requirements: demands on the model.
	Requirements *Requirements `json:"requirements,omitempty"`
}

func (m *RenderRequest) fields(c *coder) {
	c.optional(field{id: 1, name: "model", typ: typeText, low: 1, high: 128, since: 3}, &m.Model, m.Model != "")
	repeated(c, field{id: 2, name: "messages", typ: typeRecord, timesMin: 1, timesMax: 1024, since: 3}, &m.Messages)
	c.optional(field{id: 3, name: "tools", typ: typeText, low: 1, high: 1000000, since: 3}, &m.Tools, m.Tools != "")
	repeated(c, field{id: 4, name: "template_variables", typ: typeRecord, timesMax: 64, since: 3}, &m.TemplateVariables)
	pointer(c, field{id: 5, name: "add_generation_prompt", typ: typeBool, since: 3}, &m.AddGenerationPrompt)
	c.optional(field{id: 6, name: "continue_final_message", typ: typeBool, since: 3}, &m.ContinueFinalMessage, m.ContinueFinalMessage)
	pointer(c, field{id: 7, name: "template_time", typ: typeU64, high: 253402300799, since: 3}, &m.TemplateTime)
	pointer(c, field{id: 29, name: "context", typ: typeRecord, since: 3}, &m.Context)
	pointer(c, field{id: 30, name: "requirements", typ: typeRecord, since: 3}, &m.Requirements)
	c.excludes("add_generation_prompt", "continue_final_message", m.AddGenerationPrompt != nil && m.ContinueFinalMessage)
}

func (m *RenderRequest) terms() (**RequestContext, **Requirements) {
	return &m.Context, &m.Requirements
}

// RenderResponse is the message "Render response" of Protocol/SPEC.md.
type RenderResponse struct {
	// Text: conversation as the template writes it (0 to 4000000 bytes).
	Text string `json:"text"`

	// Tokens: token ids that a Generate of the conversation reads (0 to 1000000 elements).
	Tokens []uint32 `json:"tokens"`

	// Template: facts about the template, a `Chat template`.
	Template ChatTemplate `json:"template"`

	// Answer: facts about the answer, an `Answer`.
	Answer Answer `json:"answer"`

	Origin
}

func (m *RenderResponse) fields(c *coder) {
	c.required(field{id: 1, name: "text", typ: typeText, high: 4000000}, &m.Text)
	c.required(field{id: 2, name: "tokens", typ: typeU32s, high: 1000000}, &m.Tokens)
	c.required(field{id: 3, name: "template", typ: typeRecord}, &m.Template)
	c.required(field{id: 31, name: "answer", typ: typeRecord}, &m.Answer)
}

func (m *RenderResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, len(m.Answer.Degradations), nil, nil
}

// cancelRequest is the message "Cancel request" of Protocol/SPEC.md.
type cancelRequest struct {
	// Target: id of the request to stop, of the same connection (1 to 18446744073709551615).
	Target uint64 `json:"target"`
}

func (m *cancelRequest) fields(c *coder) {
	c.required(field{id: 1, name: "target", typ: typeU64, low: 1, high: 18446744073709551615}, &m.Target)
}

// cancelResponse is the record "Cancel response" of Protocol/SPEC.md.
type cancelResponse struct {
	// Found: the target was in flight and is being stopped.
	Found bool `json:"found"`
}

func (m *cancelResponse) fields(c *coder) {
	c.required(field{id: 1, name: "found", typ: typeBool}, &m.Found)
}

// StatsRequest is the message "Stats request" of Protocol/SPEC.md.
type StatsRequest struct{}

func (m *StatsRequest) fields(*coder) {}

// StatsResponse is the message "Stats response" of Protocol/SPEC.md.
type StatsResponse struct {
	// Counters: a `Counter` for each counter, in order of name.
	Counters []Counter `json:"counters,omitempty"`

	Origin
}

func (m *StatsResponse) fields(c *coder) {
	repeated(c, field{id: 1, name: "counters", typ: typeRecord, timesMax: 1024}, &m.Counters)
}

func (m *StatsResponse) facts() (*Origin, int, *uint64, *[]float32) {
	return &m.Origin, 0, nil, nil
}

// Counter is the record "Counter" of Protocol/SPEC.md.
type Counter struct {
	// Name: name of the counter (1 to 128 bytes).
	Name string `json:"name"`

	// Real: count for real answers.
	Real uint64 `json:"real"`

	// Mock: count for mock answers.
	Mock uint64 `json:"mock"`
}

func (m *Counter) fields(c *coder) {
	c.required(field{id: 1, name: "name", typ: typeText, low: 1, high: 128}, &m.Name)
	c.required(field{id: 2, name: "real", typ: typeU64, high: math.MaxUint64}, &m.Real)
	c.required(field{id: 3, name: "mock", typ: typeU64, high: math.MaxUint64}, &m.Mock)
}

// goAway is the record "GoAway" of Protocol/SPEC.md.
type goAway struct {
	// Reason: reason of the end: `shutting_down`, `idle`, or a word of a later server (1 to 128
	// bytes).
	Reason string `json:"reason"`

	// DrainMilliseconds: time until the server closes everything still open, milliseconds.
	DrainMilliseconds uint64 `json:"drain_milliseconds"`
}

func (m *goAway) fields(c *coder) {
	c.required(field{id: 1, name: "reason", typ: typeText, low: 1, high: 128}, &m.Reason)
	c.required(field{id: 2, name: "drain_milliseconds", typ: typeU64, high: math.MaxUint64}, &m.DrainMilliseconds)
}

// Ping: returns the payload unchanged.
func (c *Client) Ping(ctx context.Context, request PingRequest) (*PingResponse, error) {
	return ask(c.exchange(ctx, kindPing, &request), request.answer, nil)
}

// Health: reports if a model, or the server, accepts work.
func (c *Client) Health(ctx context.Context, request HealthRequest) (*HealthResponse, error) {
	return ask(c.exchange(ctx, kindHealth, &request), plain[struct{}, HealthResponse], nil)
}

// Models: lists the models.
func (c *Client) Models(ctx context.Context, request ModelsRequest) (*ModelsResponse, error) {
	return ask(c.exchange(ctx, kindModels, &request), plain[struct{}, ModelsResponse], nil)
}

// Load: assays a model file and serves the model. Never sent again once the work may have
// begun. The function onLayer, unless nil, gets each layer on the calling goroutine.
func (c *Client) Load(
	ctx context.Context, request LoadRequest, onLayer func(Layer),
) (*LoadResponse, error) {
	return ask(c.exchange(ctx, kindLoad, &request), plain[loadProgress, LoadResponse], func(chunk *loadProgress) {
		if onLayer != nil {
			onLayer(chunk.Layer)
		}
	})
}

// Swap: assays a model file beside the served one, and switches to it. Never sent again once
// the work may have begun. The function onLayer, unless nil, gets each layer on the calling
// goroutine.
func (c *Client) Swap(
	ctx context.Context, request SwapRequest, onLayer func(Layer),
) (*SwapResponse, error) {
	return ask(c.exchange(ctx, kindSwap, &request), plain[SwapProgress, SwapResponse], func(chunk *SwapProgress) {
		if onLayer != nil {
			onLayer(chunk.Layer)
		}
	})
}

// Unload: stops serving a model. Never sent again once the work may have begun.
func (c *Client) Unload(ctx context.Context, request UnloadRequest) (*UnloadResponse, error) {
	return ask(c.exchange(ctx, kindUnload, &request), plain[struct{}, UnloadResponse], nil)
}

// Tokenize: turns text into token ids.
func (c *Client) Tokenize(
	ctx context.Context, request TokenizeRequest,
) (*TokenizeResponse, error) {
	return ask(c.exchange(ctx, kindTokenize, &request), plain[struct{}, TokenizeResponse], nil)
}

// Detokenize: turns token ids into text.
func (c *Client) Detokenize(
	ctx context.Context, request DetokenizeRequest,
) (*DetokenizeResponse, error) {
	return ask(c.exchange(ctx, kindDetokenize, &request), plain[struct{}, DetokenizeResponse], nil)
}

// Generate: continues a prompt.
func (c *Client) Generate(
	ctx context.Context, request GenerateRequest,
) (*GenerateResponse, error) {
	return ask(c.exchange(ctx, kindGenerate, &request), request.answer, nil)
}

// Score: computes log-probabilities of given continuations.
func (c *Client) Score(ctx context.Context, request ScoreRequest) (*ScoreResponse, error) {
	return ask(c.exchange(ctx, kindScore, &request), request.answer, nil)
}

// Logits: computes raw scores of the vocabulary.
func (c *Client) Logits(ctx context.Context, request LogitsRequest) (*LogitsResponse, error) {
	return ask(c.exchange(ctx, kindLogits, &request), request.answer, nil)
}

// Embed: turns inputs into vectors.
func (c *Client) Embed(ctx context.Context, request EmbedRequest) (*EmbedResponse, error) {
	return ask(c.exchange(ctx, kindEmbed, &request), request.answer, nil)
}

// Stats: returns counters, split by provenance.
func (c *Client) Stats(ctx context.Context, request StatsRequest) (*StatsResponse, error) {
	return ask(c.exchange(ctx, kindStats, &request), plain[struct{}, StatsResponse], nil)
}

// Render: renders a conversation by the model's chat template.
func (c *Client) Render(ctx context.Context, request RenderRequest) (*RenderResponse, error) {
	return ask(c.exchange(ctx, kindRender, &request), plain[struct{}, RenderResponse], nil)
}

// Rollback: returns to the generation before the last swap. Never sent again once the work may
// have begun.
func (c *Client) Rollback(
	ctx context.Context, request RollbackRequest,
) (*RollbackResponse, error) {
	return ask(c.exchange(ctx, kindRollback, &request), plain[struct{}, RollbackResponse], nil)
}

// Pin: keeps a model in memory, or lets it go.
func (c *Client) Pin(ctx context.Context, request PinRequest) (*PinResponse, error) {
	return ask(c.exchange(ctx, kindPin, &request), plain[struct{}, PinResponse], nil)
}

// Alias: gives a generation of a model a label, with a share of the requests.
func (c *Client) Alias(ctx context.Context, request AliasRequest) (*AliasResponse, error) {
	return ask(c.exchange(ctx, kindAlias, &request), plain[struct{}, AliasResponse], nil)
}
