// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.

import { CallOptions } from "./options.js";

/** Types of values, with the numbers of SPEC.md, section 2. */
export const enum FieldType {
  U64 = 1,
  F64 = 2,
  Bytes = 3,
  Text = 4,
  U32s = 5,
  F32s = 6,
  Record = 7,
  Bool = 8,
}

/** One row of a message's table. */
export interface Field {
  readonly id: number;
  /** Name in SPEC.md. */
  readonly name: string;
  /** Name of the member. */
  readonly key: string;
  readonly type: FieldType;
  readonly presence: "required" | "optional" | "repeated";
  /** Least and most bytes of a text or bytes, elements of an array, or value. Absent for any. */
  readonly low?: number;
  readonly high?: number;
  /** The value `low` itself is excluded. */
  readonly above?: boolean;
  readonly timesMin?: number;
  readonly timesMax?: number;
  readonly choices?: readonly string[];
  /** Lowest revision with a choice, for choices later than the field. */
  readonly wordsSince?: Readonly<Record<string, number>>;
  readonly pattern?: RegExp;
  readonly record?: Message;
  /** Lowest revision with the field. */
  readonly since?: number;
  /** Value of an absent field in an answer or the options ("" also means no elements). */
  readonly absent?: string | number | boolean;
}

/** A message's table. */
export interface Message {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Names of fields, exactly one of which must be given. */
  readonly exactlyOne?: readonly string[];
  /** Pairs of names of fields that exclude each other. */
  readonly excludes?: readonly (readonly [string, string])[];
}

/** A kind of request. */
export interface Kind {
  readonly name: string;
  readonly number: number;
  readonly since: number;
  /** A repeated request has no further effect. */
  readonly retrySafe: boolean;
  readonly request: Message;
  /** All frames of an answer but the last, absent for answers of a single frame. */
  readonly chunk?: Message;
  readonly response: Message;
}

/** Version of this client. */
export const version = "0.1.0";

/** Version of the header and of the encoding of fields. */
export const protocolVersion = 1;
/** Highest revision of this client. */
export const protocolRevision = 4;
/** Set in the kind of a response. */
export const responseBit = 0x80;
/** Bytes with header, so that a stranger cannot claim memory. */
export const frameSizeMaxBeforeHello = 4096;
/** Bytes before compression (each side may announce a different limit in Hello). */
export const bodySizeMax = 4194304;
/** Bytes, room for every Error. */
export const bodySizeMin = 4096;
/** Bytes (below, the header costs more than compression saves). */
export const compressionSizeMin = 1024;
/** Requests per connection, as the Hello response says. */
export const requestsInFlightMax = 256;
/** Bytes, so that further fields fit into the body. */
export const textSizeMax = 4000000;
/** Elements of 4 bytes. */
export const tokenCountMax = 1000000;
/** Elements. */
export const listCountMax = 1024;
/** Records. */
export const messageCountMax = 1024;
/** Records. */
export const toolCallCountMax = 128;
/** Records. */
export const templateVariableCountMax = 64;
/** Levels of arrays and objects. */
export const jsonDepthMax = 64;
/** Records. */
export const continuationCountMax = 256;
/** Records. */
export const inputCountMax = 256;
/** Tokens (Logits gives all tokens). */
export const topLogprobsMax = 64;
/** Elements. */
export const embeddingDimensionsMax = 131072;
/** Bytes. */
export const pingPayloadSizeMax = 65536;
/** Milliseconds (1 hour). */
export const retryAfterMillisecondsMax = 3600000;
/** Bytes of a frame header, length word included. */
export const headerSize = 32;
/** Bytes of the header counted by the length word. */
export const headerSizeCounted = 28;
/** Bytes of a field header. */
export const fieldHeaderSize = 8;
/** Percent of a body that may remain when the body is sent compressed. */
export const compressionPercentMax = 90;
/** Bytes of the smallest body judged by a sample first. */
export const compressionSampledSizeMin = 16384;
/** Bytes of the sample, from the middle of the body. */
export const compressionSampleSize = 4096;
/** The body is an LZ4 block (section 5). */
export const flagCompressed = 1;
/** More frames of the response follow (only with status 0). */
export const flagMore = 2;
/** The answer lists degradations (only with status 0). */
export const flagDegraded = 4;

/** Provenance, generation and quality of an answer. */
export interface Origin {
  /** "mock" only when the options allow mocks. */
  provenance: "real" | "mock";
  /** Generation of the model that answered, 1 for the first load, 0 for none. */
  generation: number;
  /** True when the answer lists degradations. */
  degraded: boolean;
}

/** Names of the provenance byte's values. */
export const provenances: Readonly<Record<number, Origin["provenance"]>> =
  { 1: "real", 2: "mock" };

/** The protocol's statuses, by name. */
export const statuses = {
  /** The answer follows. */
  OK: 0,
  /** A Cancel, or the connection's end, came before the work began. */
  CANCELLED: 1,
  /** An unclassified failure, or a number unknown to the client. */
  UNKNOWN: 2,
  /** A field is unknown, malformed, out of range or missing (the error body names the field). */
  INVALID_ARGUMENT: 3,
  /** The request's deadline passed before the work began. */
  DEADLINE_EXCEEDED: 4,
  /** No model of the requested name is served. */
  NOT_FOUND: 5,
  /** The name, or the request id, is taken. */
  ALREADY_EXISTS: 6,
  /** The client is not allowed to make the request. */
  PERMISSION_DENIED: 7,
  /** A queue or a budget is full (refused at once instead of waiting without bound). */
  RESOURCE_EXHAUSTED: 8,
  /**
   * The state forbids the request: no Hello yet (hello_required), a second Hello, a model not
   * ready.
   */
  FAILED_PRECONDITION: 9,
  /** Overtaken by a concurrent change, for example a model being replaced. */
  ABORTED: 10,
  /**
   * Valid, but too much for the model: a prompt longer than the context, a token id outside the
   * vocabulary.
   */
  OUT_OF_RANGE: 11,
  /** The kind is unknown or reserved (the connection lives on). */
  UNIMPLEMENTED: 12,
  /** A fault of the server. */
  INTERNAL: 13,
  /** The server is draining, or the model is still loading (model_loading). */
  UNAVAILABLE: 14,
  /** A served model drifted from its seal, or gives non-finite logits. */
  DATA_LOSS: 15,
  /** The server demands that the client identifies itself. */
  UNAUTHENTICATED: 16,
  /** The bytes break the framing (sent in a GoAway before the connection closes). */
  PROTOCOL_ERROR: 32,
  /** A model file failed the assay (the error body names the layer). */
  MODEL_REJECTED: 33,
  /** A requirement of the request does not hold, and nothing was computed. */
  REQUIREMENT_NOT_MET: 34,
  /** Made by a client that receives a mock answer and does not allow mocks. */
  MOCK_REFUSED: 35,
} as const;

/** Name of a status. */
export type Status = keyof typeof statuses;

/** Reason of a failed call. Later versions may add reasons. */
export type Code =
  /** The address is not a URL of a known form. */
  | "address_invalid"
  /** Nobody answers at the address. */
  | "unreachable"
  /** The connection ended, or the client was closed, before the answer was complete. */
  | "connection_closed"
  /** The answer did not come in time. */
  | "timed_out"
  /** The server's bytes break the protocol, and the connection is closed. */
  | "protocol_error"
  /** The answer comes from a mock and mocks are not allowed, so the answer is withheld. */
  | "mock_refused"
  /** The server answered with a status. */
  | "server_refused"
  /** The caller gave up the answer, or the answer is larger than answer_size_max. */
  | "given_up"
  /** The request breaks the tables or exceeds a limit, and nothing was sent. */
  | "request_invalid"
  /** The server speaks an older revision without the request, and nothing was sent. */
  | "revision_too_low";

/** The status of each of the client's own failures. */
export const statusOfCode: Partial<Record<Code, Status>> = {
  address_invalid: "INVALID_ARGUMENT",
  unreachable: "UNAVAILABLE",
  connection_closed: "UNAVAILABLE",
  timed_out: "DEADLINE_EXCEEDED",
  protocol_error: "PROTOCOL_ERROR",
  mock_refused: "MOCK_REFUSED",
  given_up: "CANCELLED",
  request_invalid: "INVALID_ARGUMENT",
  revision_too_low: "UNIMPLEMENTED",
};

/** First bytes of other protocols, with their names. None begins a frame before Hello. */
const strangers: readonly (readonly [string, string])[] = [
  ["HTTP", "HTTP"],
  ["GET ", "HTTP"],
  ["HEAD", "HTTP"],
  ["POST", "HTTP"],
  ["PUT ", "HTTP"],
  ["DELE", "HTTP"],
  ["OPTI", "HTTP"],
  ["PATC", "HTTP"],
  ["CONN", "HTTP"],
  ["TRAC", "HTTP"],
  ["PRI ", "HTTP"],
  ["\x15\x03\x01", "TLS"],
  ["\x15\x03\x02", "TLS"],
  ["\x15\x03\x03", "TLS"],
  ["\x16\x03\x01", "TLS"],
  ["\x16\x03\x02", "TLS"],
  ["\x16\x03\x03", "TLS"],
  ["SSH-", "SSH"],
];

/**
 * What the first bytes of the peer at `address` say. Undefined when they may begin a frame.
 */
export function stranger(address: string, first: Uint8Array = new Uint8Array()): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0, version = protocolVersion] = first;
  const length = a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
  const fits = length >= 28 && length <= 4092 && version === protocolVersion;
  if (first.length < 4 || fits) return undefined;
  const text = String.fromCharCode(...first.subarray(0, 16));
  const known = strangers.find(([start]) => text.startsWith(start));
  const shown = text.replace(/[^ -~]/g, (one) =>
    "\\x" + one.charCodeAt(0).toString(16).padStart(2, "0"));
  const words = known !== undefined ? `speaks ${known[1]}, not Assay's protocol`
    : `does not speak Assay's protocol, its first bytes are "${shown}"`;
  return `the peer at ${address} ${words}`;
}

/** The record "Requirements" of SPEC.md. */
export interface Requirements {
  /** The model must be real, default false. */
  real?: boolean;
  /** SHA-256 of the file that must answer (32 to 32 bytes). */
  fingerprint?: Uint8Array;
  /** Device that must compute the answer (1 to 64 bytes). */
  device?: string;
}

/** The record "Request context" of SPEC.md. */
export interface RequestContext {
  /** W3C `traceparent` of version 00, the place in the caller's trace (55 to 55 bytes). */
  traceContext?: string;
  /** Number of the attempt within the call, default 1 (1 to 4294967295). */
  attempt?: number;
  /** Priority among the waiting requests of the connection, highest first, default 4 (0 to 9). */
  priority?: number;
}

/** The record "Answer" of SPEC.md. */
export interface Answer {
  /** Name of the model that answered (1 to 128 bytes). */
  model: string;
  /**
   * SHA-256 of the bytes that serve: of the model's file, or of the list of the files' SHA-256,
   * absent for a mock (32 to 32 bytes).
   */
  fingerprint?: Uint8Array;
  /** Device that computed the answer (1 to 64 bytes). */
  device: string;
  /** Time budget of the answer, a `Timing`. */
  timing: Timing;
  /**
   * Reasons for an answer worse than possible, not empty exactly when flag bit 2 is set (1 to 2048
   * bytes).
   */
  degradations: string[];
  /** Load of the server at the time of the answer. */
  serverLoad?: ServerLoad;
  /**
   * Time that the chat template was given, only for a conversation, seconds since 1970 (0 to
   * 253402300799).
   */
  templateTime?: number;
}

/** The record "Server load" of SPEC.md. */
export interface ServerLoad {
  /** Requests waiting for the engine. */
  queued: number;
  /** Requests running on the engine. */
  running: number;
  /** Estimated wait of a new request, microseconds. */
  waitMicroseconds: number;
  /** Pages of the key-value cache in use. */
  cachePagesUsed: number;
  /** Pages of the key-value cache in all. */
  cachePages: number;
}

/** The record "Timing" of SPEC.md. */
export interface Timing {
  /** From last byte read to request admitted, microseconds. */
  accept: number;
  /** Waiting for the engine, microseconds. */
  queue: number;
  /** Turning text into tokens, microseconds. */
  tokenize: number;
  /** Reading the prompt, microseconds. */
  prefill: number;
  /** Making tokens, microseconds. */
  decode: number;
  /** Writing frames to the socket, microseconds. */
  write: number;
  /** From receipt to last frame, microseconds. */
  total: number;
}

/** The record "Chat message" of SPEC.md. */
export interface ChatMessage {
  /** Speaker of the turn, `tool` from revision 3 on. */
  role: "system" | "user" | "assistant" | "tool";
  /** Text of the turn, may be empty (0 to 4000000 bytes). */
  content: string;
  /**
   * JSON text of a content that is no text (`null`, a list of parts), beside an empty `content` (1
   * to 4000000 bytes).
   */
  contentJson?: string;
  /** Reasoning of the turn, apart from `content` (1 to 4000000 bytes). */
  reasoningContent?: string;
  /** Name of the speaker, or of the tool whose result the turn is (1 to 256 bytes). */
  name?: string;
  /** Calls of tools that the turn makes, a `Tool call` each. */
  toolCalls?: readonly ToolCall[];
  /** Id of the call whose result the turn is (1 to 256 bytes). */
  toolCallId?: string;
}

/** The record "Tool call" of SPEC.md. */
export interface ToolCall {
  /** Id of the call, for the result's `tool_call_id` (1 to 256 bytes). */
  id?: string;
  /** Name of the tool (1 to 256 bytes). */
  name: string;
  /** JSON text of the arguments, an object as a rule (1 to 1000000 bytes). */
  arguments: string;
}

/** The record "Template variable" of SPEC.md. */
export interface TemplateVariable {
  /** Name of the variable (`enable_thinking`, `reasoning_effort`) (1 to 128 bytes). */
  name: string;
  /** JSON text of the value (1 to 65536 bytes). */
  value: string;
}

/** The record "Chat template" of SPEC.md. */
export interface ChatTemplate {
  /**
   * Place of the template in the model's files (`tokenizer.chat_template`, `chat_template.jinja`)
   * (1 to 512 bytes).
   */
  source: string;
  /** SHA-256 of the template's text (32 to 32 bytes). */
  fingerprint: Uint8Array;
  /** The template writes `tools`. */
  readsTools: boolean;
  /** Form in which the template gets the arguments of past calls, absent when none are written. */
  toolArguments?: "object" | "text";
  /** Reasoning before an answer: not foreseen, chosen by a variable, or always. */
  thinking: "none" | "optional" | "always";
  /** The template writes the time. */
  readsTime: boolean;
  /** Names of variables that the template reads, in order of name (1 to 128 bytes). */
  variables: string[];
}

/** The record "Input" of SPEC.md. */
export interface Input {
  /** Text, tokenized by the server (0 to 4000000 bytes). */
  text?: string;
  /** Token ids, used unchanged (1 to 1000000 elements). */
  tokens?: Uint32Array | readonly number[];
}

/** The record "Logprobs" of SPEC.md. */
export interface Logprobs {
  /** The tokens, in order (0 to 1000000 elements). */
  tokens: Uint32Array;
  /** Log-probability of each token, as many as `tokens` (0 to 1000000 elements). */
  logprobs: Float32Array;
  /** Alternatives per token, default 0 (0 to 64). */
  topCount: number;
  /**
   * The best tokens at each position: a row of `top_count` per token, best first (0 to 1000000
   * elements).
   */
  topTokens: Uint32Array;
  /** Log-probability of each alternative, as many as `top_tokens` (0 to 1000000 elements). */
  topLogprobs: Float32Array;
}

/** The record "Error" of SPEC.md. */
export interface ErrorBody {
  /** Stable reason in snake_case (1 to 128 bytes). */
  code: string;
  /** Sentence with the attempt, the finding, the allowed values and the place (0 to 2048 bytes). */
  message: string;
  /**
   * Path of the refused field (`requirements.device`), or `#9` for an unknown id (1 to 128 bytes).
   */
  field?: string;
  /** Pause before another attempt, milliseconds (0 to 3600000). */
  retryAfterMilliseconds?: number;
  /** Layer that refused the model, with MODEL_REJECTED. */
  layer?: "file" | "parse" | "compatibility" | "placement" | "validation";
  /** Load of the server at the time of the refusal. */
  serverLoad?: ServerLoad;
}

/** The message "Hello request" of SPEC.md. */
export interface HelloRequest {
  /** Name and version of the client program (1 to 128 bytes). */
  client: string;
  /** Highest revision of version 1 the client speaks (1 to 4294967295). */
  revision: number;
  /** The client reads, and may send, compressed bodies, default false. */
  compression?: boolean;
  /**
   * Largest body that the client accepts, bytes before compression, default 4194304 (4096 to
   * 4294967295).
   */
  bodySizeMax?: number;
  /** Token that names the client, absent without one (1 to 256 bytes). */
  token?: string;
  /**
   * Part of the client's own share of the server that the connection belongs to (1 to 64 bytes).
   */
  tenant?: string;
}

/** The record "Hello response" of SPEC.md. */
export interface HelloResponse {
  /** Name and version of the server program (1 to 128 bytes). */
  server: string;
  /** Revision in force, the lower of the client's and the server's (1 to 4294967295). */
  revision: number;
  /** Bodies may be compressed from now on, in both directions. */
  compression: boolean;
  /** Largest body that the server accepts, bytes before compression (4096 to 4294967295). */
  bodySizeMax: number;
  /** Requests that the connection may have in flight (1 to 4294967295). */
  requestsInFlightMax: number;
}

/** The message "Ping request" of SPEC.md. */
export interface PingRequest {
  /** Bytes to send back unchanged (0 to 65536 bytes). */
  payload?: Uint8Array;
}

/** The message "Ping response" of SPEC.md. */
export interface PingResponse extends Origin {
  /** Payload of the request (0 to 65536 bytes). */
  payload: Uint8Array;
}

/** The message "Health request" of SPEC.md. */
export interface HealthRequest {
  /** Name of a model, absent for the server as a whole (1 to 128 bytes). */
  model?: string;
  /** Verify the model now, default false. */
  verify?: boolean;
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Health response" of SPEC.md. */
export interface HealthResponse extends Origin {
  /** Work is accepted. */
  ready: boolean;
  /** State of the model, or of the server. */
  state: "loading" | "ready" | "failed" | "draining";
  /** Reason for not being ready, or a note (1 to 2048 bytes). */
  reason?: string;
  /** Result of the comparison with the seal, only after `verify`. */
  seal?: "absent" | "matched" | "drifted";
  /** Largest distance of a logit from the sealed logit, only with `matched` (0.0 to 10.0). */
  largestDifference?: number;
  /** Files on disk compared with the loaded files, only for one real model. */
  file?: "unchanged" | "changed" | "missing";
}

/** The message "Models request" of SPEC.md: empty. */
export type ModelsRequest = Record<string, never>;

/** The message "Models response" of SPEC.md. */
export interface ModelsResponse extends Origin {
  /** A `Model` for each model, in order of name. */
  models: Model[];
}

/** The record "Model" of SPEC.md. */
export interface Model {
  /** Name under which the model is served (1 to 128 bytes). */
  name: string;
  /** State of the model. */
  state: "loading" | "ready" | "failed" | "draining";
  /** 1 real, 2 mock (1 to 2). */
  provenance: number;
  /** Architecture family (`llama`), empty while loading (0 to 128 bytes). */
  architecture: string;
  /** Number of weights. */
  parameters: number;
  /** Size of the vocabulary, tokens. */
  vocabulary: number;
  /** Size of the context, tokens. */
  context: number;
  /** SHA-256 of the bytes that serve, absent for a mock (32 to 32 bytes). */
  fingerprint?: Uint8Array;
  /** 1 for the first load under the name, 1 more for each later load (0 to 4294967295). */
  generation: number;
  /** Device of the model (`cpu`, `cuda:0`) (0 to 64 bytes). */
  device: string;
  /** Reason for a device different from the requested device (1 to 2048 bytes). */
  deviceReason?: string;
  /** Memory taken, bytes. */
  bytes: number;
  /** Files on disk compared with the loaded files, absent for a mock. */
  file?: "unchanged" | "changed" | "missing";
  /** A `Model label` for each label. */
  labels: ModelLabel[];
  /** True for a model that stays in memory until it is unpinned. */
  pinned?: boolean;
  /** Generation that Rollback returns to, absent for none (1 to 4294967295). */
  heldGeneration?: number;
  /** True for a model that was put out of memory and is loaded for its next request. */
  evicted?: boolean;
  /** State of the model's circuit breaker, absent for a server without. */
  breaker?: "closed" | "open" | "half_open";
  /** Failure that the breaker opened for (1 to 2048 bytes). */
  breakerReason?: string;
  /** Time since the breaker changed its state, seconds (0.0 to 1000000000000.0). */
  breakerSeconds?: number;
  /**
   * Time since the weights in memory were last compared with the seal, seconds (0.0 to
   * 1000000000000.0).
   */
  sealAgeSeconds?: number;
  /** Reason of the last swap or reload that failed while the model went on (1 to 2048 bytes). */
  loadFailure?: string;
}

/** The message "Load request" of SPEC.md. */
export interface LoadRequest {
  /** Name under which the model will be served (1 to 128 bytes). */
  name: string;
  /** Path of the model on the server's machine (1 to 4096 bytes). */
  path: string;
  /** Loading strategy, absent for the server's setting. */
  strategy?: "strict" | "graceful" | "development";
  /** Device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting (1 to 64 bytes). */
  device?: string;
  /** True asks for frames while a layer runs, with `bytes_read` in the `Layer`. */
  progress?: boolean;
}

/** The message "Load progress" of SPEC.md. */
export interface LoadProgress extends Origin {
  /** The `Layer` just completed, or the running one where it has `bytes_read`. */
  layer: Layer;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
}

/** The message "Load response" of SPEC.md. */
export interface LoadResponse extends Origin {
  /** Always true, since a rejection is a status. */
  accepted: boolean;
  /** A `Layer` for each layer, in order. */
  layers: Layer[];
  /** The `Model` now served. */
  model?: Model;
  /** Configuration overrides in effect, `key=value` (1 to 2048 bytes). */
  overrides: string[];
  /** A sentence for each earlier failed attempt (1 to 2048 bytes). */
  attempts: string[];
  /** Number of the frame in the answer, from 0. */
  frame?: number;
}

/** The record "Layer" of SPEC.md. */
export interface Layer {
  /** Layer of the assay. */
  layer: "file" | "parse" | "compatibility" | "placement" | "validation";
  /** Verdict of the layer, true when passed, or when the layer still runs. */
  ok: boolean;
  /** Time taken, microseconds, 0 while the layer runs. */
  microseconds: number;
  /** Bytes of the files read so far, by a layer that still runs. */
  bytesRead?: number;
  /** Bytes of the files as a whole, beside `bytes_read`. */
  bytesTotal?: number;
}

/** The message "Unload request" of SPEC.md. */
export interface UnloadRequest {
  /** Name of the model to stop serving, once its requests are done (1 to 128 bytes). */
  name: string;
}

/** The message "Unload response" of SPEC.md: empty. */
export interface UnloadResponse extends Origin {}

/** The record "Model label" of SPEC.md. */
export interface ModelLabel {
  /** Label, named in requests as `NAME:LABEL` (1 to 64 bytes). */
  label: string;
  /** Generation that the label stands for (1 to 4294967295). */
  generation: number;
  /**
   * Share of the requests for the plain name that the generation answers, absent for none (0.0 to
   * 1.0).
   */
  share?: number;
}

/** The message "Swap request" of SPEC.md. */
export interface SwapRequest {
  /** Name of the served model (1 to 128 bytes). */
  name: string;
  /** Path of the new model on the server's machine (1 to 4096 bytes). */
  path: string;
  /** Loading strategy, absent for the server's setting. */
  strategy?: "strict" | "graceful" | "development";
  /** Device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting (1 to 64 bytes). */
  device?: string;
  /** True asks for frames while a layer runs, with `bytes_read` in the `Layer`. */
  progress?: boolean;
  /**
   * Live requests to compute by both generations and compare before the switch, default 0 (0 to
   * 4096).
   */
  shadow?: number;
  /** A difference found by the shadow ends the swap, default false. */
  requireEqual?: boolean;
}

/** The message "Swap progress" of SPEC.md. */
export interface SwapProgress extends Origin {
  /** The `Layer` just completed, or the running one where it has `bytes_read`. */
  layer?: Layer;
  /** Step behind the layers. */
  step?: "warm_up" | "shadow";
  /** Requests of the step that were computed. */
  done?: number;
  /** Requests of the step in all. */
  total?: number;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
}

/** The message "Swap response" of SPEC.md. */
export interface SwapResponse extends Origin {
  /** A `Layer` for each layer, in order. */
  layers: Layer[];
  /** The `Model` now served. */
  model: Model;
  /** Generation that answered until the switch (1 to 4294967295). */
  previousGeneration: number;
  /** Configuration overrides in effect, `key=value` (1 to 2048 bytes). */
  overrides: string[];
  /** A sentence for each earlier failed attempt (1 to 2048 bytes). */
  attempts: string[];
  /** Requests that the new generation computed before the switch. */
  warmed: number;
  /** The `Shadow report`, when the request asked for a shadow. */
  shadow?: ShadowReport;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
}

/** The record "Shadow report" of SPEC.md. */
export interface ShadowReport {
  /** Live requests that both generations computed. */
  compared: number;
  /** Those with equal answers. */
  equal: number;
  /** Largest divergence between the answers, 0 where all are equal (0.0 to 1e+300). */
  divergenceMax: number;
  /** Sentence about the first request with different answers (1 to 2048 bytes). */
  firstDifference?: string;
}

/** The message "Rollback request" of SPEC.md. */
export interface RollbackRequest {
  /** Name of the model to return to its held generation (1 to 128 bytes). */
  name: string;
}

/** The message "Rollback response" of SPEC.md. */
export interface RollbackResponse extends Origin {
  /** The `Model` now served. */
  model: Model;
}

/** The message "Pin request" of SPEC.md. */
export interface PinRequest {
  /** Name of the model (1 to 128 bytes). */
  name: string;
  /** True keeps the model in memory, false lets it go, default true. */
  pinned?: boolean;
}

/** The message "Pin response" of SPEC.md. */
export interface PinResponse extends Origin {
  /** The `Model`. */
  model: Model;
}

/** The message "Alias request" of SPEC.md. */
export interface AliasRequest {
  /** Name of the model (1 to 128 bytes). */
  name: string;
  /** Label, without the name and the `:` (1 to 64 bytes). */
  label: string;
  /** Generation that the label stands for, 0 to remove the label (0 to 4294967295). */
  generation: number;
  /**
   * Share of the requests for the plain name that the generation answers, absent for none (0.0 to
   * 1.0).
   */
  share?: number;
}

/** The message "Alias response" of SPEC.md. */
export interface AliasResponse extends Origin {
  /** The `Model`. */
  model: Model;
}

/** The message "Tokenize request" of SPEC.md. */
export interface TokenizeRequest {
  /** Name of the model, absent for the server's only model (1 to 128 bytes). */
  model?: string;
  /** Text as bytes, usually UTF-8, but any bytes are allowed (0 to 4000000 bytes). */
  text: Uint8Array | string;
  /** Names of special tokens in the text become special tokens, default false. */
  parseSpecial?: boolean;
  /** Add begin and end tokens as the model demands, default true. */
  addSpecial?: boolean;
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Tokenize response" of SPEC.md. */
export interface TokenizeResponse extends Origin {
  /** Token ids (0 to 1000000 elements). */
  tokens: Uint32Array;
  /** Facts about the answer, an `Answer`. */
  answer: Answer;
}

/** The message "Detokenize request" of SPEC.md. */
export interface DetokenizeRequest {
  /** Name of the model, absent for the server's only model (1 to 128 bytes). */
  model?: string;
  /** Token ids (0 to 1000000 elements). */
  tokens: Uint32Array | readonly number[];
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Detokenize response" of SPEC.md. */
export interface DetokenizeResponse extends Origin {
  /** Text as bytes, since single tokens need not be whole characters (0 to 4000000 bytes). */
  text: Uint8Array;
  /** Facts about the answer, an `Answer`. */
  answer: Answer;
}

/** The message "Generate request" of SPEC.md. */
export interface GenerateRequest {
  /** Name of the model, absent for the server's only model (1 to 128 bytes). */
  model?: string;
  /** Text to continue, may be empty, instead of `tokens` or `messages` (0 to 4000000 bytes). */
  prompt?: string;
  /**
   * Token ids to continue, used unchanged, instead of `prompt` or `messages` (1 to 1000000
   * elements).
   */
  tokens?: Uint32Array | readonly number[];
  /** Names of special tokens in `prompt` become special tokens, default false. */
  parseSpecial?: boolean;
  /** Add begin tokens to `prompt` as the model demands, default true. */
  addSpecial?: boolean;
  /** Tokens to make at most, default 256 (1 to 1048576). */
  maxTokens?: number;
  /** Sampling temperature, where 0 always picks the best token, default 0 (0.0 to 100.0). */
  temperature?: number;
  /** Number of best tokens to keep, default 0, meaning all (0 to 16777216). */
  topK?: number;
  /**
   * Share of probability up to which the best tokens are kept, default 1, meaning all, above 0
   * unless the temperature is 0 (0.0 to 1.0).
   */
  topP?: number;
  /**
   * Least share of the best token's probability for a token to be kept, default 0, meaning all (0.0
   * to 1.0).
   */
  minP?: number;
  /** Seed of the sampler, default 0. */
  seed?: number | bigint;
  /** Stop string, before which the answer ends (1 to 256 bytes). */
  stop?: readonly string[];
  /**
   * Cut the beginning of an overlong prompt (`truncated_context`) instead of refusing, default
   * false.
   */
  truncatePrompt?: boolean;
  /**
   * Number of best alternatives to list beside each token's log-probability, absent for no
   * log-probabilities (0 to 64).
   */
  logprobs?: number;
  /**
   * Number of best alternatives to list beside each prompt token's log-probability, absent for none
   * (0 to 64).
   */
  promptLogprobs?: number;
  /** Conversation to continue, instead of `prompt` or `tokens`. */
  messages?: readonly ChatMessage[];
  /** An end token does not end the answer, default false. */
  ignoreEos?: boolean;
  /**
   * Tokens before which neither an end token is chosen nor a stop string looked for, default 0 (0
   * to 1048576).
   */
  minTokens?: number;
  /** JSON text of a list of tools, only with `messages` (1 to 1000000 bytes). */
  tools?: string;
  /** Further variables of the chat template, only with `messages`. */
  templateVariables?: readonly TemplateVariable[];
  /** End with the template's opening of an answer, default true, only with `messages`. */
  addGenerationPrompt?: boolean;
  /** Leave the last message open instead, to be continued, default false, only with `messages`. */
  continueFinalMessage?: boolean;
  /**
   * Time for the chat template, absent for the server's time, seconds since 1970, only with
   * `messages` (0 to 253402300799).
   */
  templateTime?: number;
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Generate chunk" of SPEC.md. */
export interface GenerateChunk extends Origin {
  /** Tokens made since the last frame (0 to 1000000 elements). */
  tokens: Uint32Array;
  /** Text of the tokens, whole characters, may lag behind (0 to 4000000 bytes). */
  text: string;
  /** Prompt tokens read so far. */
  promptDone?: number;
  /** Prompt tokens in all. */
  promptTotal?: number;
  /** Log-probabilities of exactly `tokens`, when requested. */
  logprobs?: Logprobs;
  /** Log-probabilities of the next prompt tokens, when requested. */
  promptLogprobs?: Logprobs;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
}

/** The message "Generate response" of SPEC.md. */
export interface GenerateResponse extends Origin {
  /** Tokens not sent in chunks (0 to 1000000 elements). */
  tokens: Uint32Array;
  /** Text not sent in chunks (0 to 4000000 bytes). */
  text: string;
  /** Cause of the end: end token or stop string, `max_tokens` or context, Cancel, deadline. */
  finishReason: "stop" | "length" | "cancelled" | "deadline";
  /** Stop string that ended the answer (1 to 256 bytes). */
  stopMatched?: string;
  /** Tokens of the prompt. */
  promptTokens: number;
  /** Tokens made in all. */
  completionTokens: number;
  /** Log-probabilities of exactly `tokens`, when requested. */
  logprobs?: Logprobs;
  /** Log-probabilities of the prompt tokens not sent in chunks. */
  promptLogprobs?: Logprobs;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
  /** Facts about the answer, an `Answer`. */
  answer: Answer;
}

/** The message "Score request" of SPEC.md. */
export interface ScoreRequest {
  /** Name of the model, absent for the server's only model (1 to 128 bytes). */
  model?: string;
  /** Text, instead of `tokens` or `messages` (0 to 4000000 bytes). */
  prompt?: string;
  /** Token ids, used unchanged, instead of `prompt` or `messages` (1 to 1000000 elements). */
  tokens?: Uint32Array | readonly number[];
  /** As in Generate. */
  parseSpecial?: boolean;
  /** As in Generate. */
  addSpecial?: boolean;
  /** Conversation, instead of `prompt` or `tokens`. */
  messages?: readonly ChatMessage[];
  /** Continuations to score, an `Input` each. */
  continuations: readonly Input[];
  /** Alternatives listed beside each token, default 0 (0 to 64). */
  topLogprobs?: number;
  /** JSON text of a list of tools, only with `messages` (1 to 1000000 bytes). */
  tools?: string;
  /** Further variables of the chat template, only with `messages`. */
  templateVariables?: readonly TemplateVariable[];
  /** End with the template's opening of an answer, default true, only with `messages`. */
  addGenerationPrompt?: boolean;
  /** Leave the last message open instead, to be continued, default false, only with `messages`. */
  continueFinalMessage?: boolean;
  /**
   * Time for the chat template, absent for the server's time, seconds since 1970, only with
   * `messages` (0 to 253402300799).
   */
  templateTime?: number;
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Score response" of SPEC.md. */
export interface ScoreResponse extends Origin {
  /** A `Continuation score` for each continuation, in order. */
  scores: ContinuationScore[];
  /** Tokens of the prompt alone. */
  promptTokens: number;
  /** Facts about the answer, an `Answer`. */
  answer: Answer;
}

/** The record "Continuation score" of SPEC.md. */
export interface ContinuationScore {
  /** Log-probabilities of the scored tokens. */
  logprobs: Logprobs;
  /** Sum of the log-probabilities, for the continuation as a whole. */
  logprob: number;
  /** Every token was the most probable token at its position. */
  greedy: boolean;
}

/** The message "Embed request" of SPEC.md. */
export interface EmbedRequest {
  /** Name of the model, absent for the server's only model (1 to 128 bytes). */
  model?: string;
  /** Inputs to embed, an `Input` each. */
  inputs: readonly Input[];
  /** Names of special tokens in a text become special tokens, default false. */
  parseSpecial?: boolean;
  /** Add begin and end tokens to a text as the model demands, default true. */
  addSpecial?: boolean;
  /**
   * Reduction of the positions to a single vector, absent for the model's own (mean under revision
   * 2).
   */
  pooling?: "mean" | "last" | "cls";
  /** Divide each vector by the Euclidean length, default true. */
  normalize?: boolean;
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Embed chunk" of SPEC.md. */
export interface EmbedChunk extends Origin {
  /** The next values (1 to 1000000 elements). */
  embeddings: Float32Array;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
}

/** The message "Embed response" of SPEC.md. */
export interface EmbedResponse extends Origin {
  /** The last values (0 to 1000000 elements). */
  embeddings: Float32Array;
  /** Values per input (1 to 131072). */
  dimensions: number;
  /** Number of inputs, equal to the request's (1 to 256). */
  count: number;
  /** Tokens of all inputs together. */
  promptTokens: number;
  /** Reduction that made the vectors. */
  pooling?: "mean" | "last" | "cls";
  /** Number of the frame in the answer, from 0. */
  frame?: number;
  /** Facts about the answer, an `Answer`. */
  answer: Answer;
  /** One vector for each input, sharing memory with `embeddings`. */
  vectors: Float32Array[];
}

/** The message "Logits request" of SPEC.md. */
export interface LogitsRequest {
  /** Name of the model, absent for the server's only model (1 to 128 bytes). */
  model?: string;
  /** Text, instead of `tokens` or `messages` (0 to 4000000 bytes). */
  prompt?: string;
  /** Token ids, used unchanged, instead of `prompt` or `messages` (1 to 1000000 elements). */
  tokens?: Uint32Array | readonly number[];
  /** As in Generate. */
  parseSpecial?: boolean;
  /** As in Generate. */
  addSpecial?: boolean;
  /** Logits after every token instead of the last alone, default false. */
  allPositions?: boolean;
  /** Conversation, instead of `prompt` or `tokens`. */
  messages?: readonly ChatMessage[];
  /** JSON text of a list of tools, only with `messages` (1 to 1000000 bytes). */
  tools?: string;
  /** Further variables of the chat template, only with `messages`. */
  templateVariables?: readonly TemplateVariable[];
  /** End with the template's opening of an answer, default true, only with `messages`. */
  addGenerationPrompt?: boolean;
  /** Leave the last message open instead, to be continued, default false, only with `messages`. */
  continueFinalMessage?: boolean;
  /**
   * Time for the chat template, absent for the server's time, seconds since 1970, only with
   * `messages` (0 to 253402300799).
   */
  templateTime?: number;
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Logits chunk" of SPEC.md. */
export interface LogitsChunk extends Origin {
  /** The next values (1 to 1000000 elements). */
  logits: Float32Array;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
}

/** The message "Logits response" of SPEC.md. */
export interface LogitsResponse extends Origin {
  /** The last values (0 to 1000000 elements). */
  logits: Float32Array;
  /** Values per position (1 to 4294967295). */
  vocabulary: number;
  /** Positions in all (1 to 4294967295). */
  positions: number;
  /** Number of the frame in the answer, from 0. */
  frame?: number;
  /** Facts about the answer, an `Answer`. */
  answer: Answer;
}

/** The message "Render request" of SPEC.md. */
export interface RenderRequest {
  /** Name of the model, absent for the server's only model (1 to 128 bytes). */
  model?: string;
  /** Conversation to render. */
  messages: readonly ChatMessage[];
  /** JSON text of a list of tools (1 to 1000000 bytes). */
  tools?: string;
  /** Further variables of the chat template. */
  templateVariables?: readonly TemplateVariable[];
  /** End with the template's opening of an answer, default true. */
  addGenerationPrompt?: boolean;
  /** Leave the last message open instead, to be continued, default false. */
  continueFinalMessage?: boolean;
  /**
   * Time for the chat template, absent for the server's time, seconds since 1970 (0 to
   * 253402300799).
   */
  templateTime?: number;
  /** Trace, attempt and priority of the request. */
  context?: RequestContext;
  /** Demands on the model. */
  requirements?: Requirements;
}

/** The message "Render response" of SPEC.md. */
export interface RenderResponse extends Origin {
  /** Conversation as the template writes it (0 to 4000000 bytes). */
  text: string;
  /** Token ids that a Generate of the conversation reads (0 to 1000000 elements). */
  tokens: Uint32Array;
  /** Facts about the template, a `Chat template`. */
  template: ChatTemplate;
  /** Facts about the answer, an `Answer`. */
  answer: Answer;
}

/** The message "Cancel request" of SPEC.md. */
export interface CancelRequest {
  /** Id of the request to stop, of the same connection (1 to 18446744073709551615). */
  target: number;
}

/** The record "Cancel response" of SPEC.md. */
export interface CancelResponse {
  /** The target was in flight and is being stopped. */
  found: boolean;
}

/** The message "Stats request" of SPEC.md: empty. */
export type StatsRequest = Record<string, never>;

/** The message "Stats response" of SPEC.md. */
export interface StatsResponse extends Origin {
  /** A `Counter` for each counter, in order of name. */
  counters: Counter[];
}

/** The record "Counter" of SPEC.md. */
export interface Counter {
  /** Name of the counter (1 to 128 bytes). */
  name: string;
  /** Count for real answers. */
  real: number;
  /** Count for mock answers. */
  mock: number;
}

/** The record "GoAway" of SPEC.md. */
export interface GoAway {
  /** Reason of the end: `shutting_down`, `idle`, or a word of a later server (1 to 128 bytes). */
  reason: string;
  /** Time until the server closes everything still open, milliseconds. */
  drainMilliseconds: number;
}

export const requirementsTable: Message = {
  name: "Requirements",
  fields: [
    { id: 1, name: "real", key: "real", type: FieldType.Bool, presence: "optional" },
    { id: 2, name: "fingerprint", key: "fingerprint", type: FieldType.Bytes, presence: "optional", low: 32, high: 32 },
    { id: 3, name: "device", key: "device", type: FieldType.Text, presence: "optional", low: 1, high: 64 },
  ],
};

export const requestContextTable: Message = {
  name: "Request context",
  fields: [
    { id: 1, name: "trace_context", key: "traceContext", type: FieldType.Text, presence: "optional", low: 55, high: 55, pattern: /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/ },
    { id: 2, name: "attempt", key: "attempt", type: FieldType.U64, presence: "optional", low: 1, high: 4294967295 },
    { id: 3, name: "priority", key: "priority", type: FieldType.U64, presence: "optional", low: 0, high: 9 },
  ],
};

export const timingTable: Message = {
  name: "Timing",
  fields: [
    { id: 1, name: "accept", key: "accept", type: FieldType.U64, presence: "required" },
    { id: 2, name: "queue", key: "queue", type: FieldType.U64, presence: "required" },
    { id: 3, name: "tokenize", key: "tokenize", type: FieldType.U64, presence: "required" },
    { id: 4, name: "prefill", key: "prefill", type: FieldType.U64, presence: "required" },
    { id: 5, name: "decode", key: "decode", type: FieldType.U64, presence: "required" },
    { id: 6, name: "write", key: "write", type: FieldType.U64, presence: "required" },
    { id: 7, name: "total", key: "total", type: FieldType.U64, presence: "required" },
  ],
};

export const serverLoadTable: Message = {
  name: "Server load",
  fields: [
    { id: 1, name: "queued", key: "queued", type: FieldType.U64, presence: "required" },
    { id: 2, name: "running", key: "running", type: FieldType.U64, presence: "required" },
    { id: 3, name: "wait_microseconds", key: "waitMicroseconds", type: FieldType.U64, presence: "required" },
    { id: 4, name: "cache_pages_used", key: "cachePagesUsed", type: FieldType.U64, presence: "required" },
    { id: 5, name: "cache_pages", key: "cachePages", type: FieldType.U64, presence: "required" },
  ],
};

export const answerTable: Message = {
  name: "Answer",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "fingerprint", key: "fingerprint", type: FieldType.Bytes, presence: "optional", low: 32, high: 32 },
    { id: 3, name: "device", key: "device", type: FieldType.Text, presence: "required", low: 1, high: 64 },
    { id: 4, name: "timing", key: "timing", type: FieldType.Record, presence: "required", record: timingTable },
    { id: 5, name: "degradations", key: "degradations", type: FieldType.Text, presence: "repeated", low: 1, high: 2048, timesMin: 0, timesMax: 1024 },
    { id: 6, name: "server_load", key: "serverLoad", type: FieldType.Record, presence: "optional", record: serverLoadTable, since: 3 },
    { id: 7, name: "template_time", key: "templateTime", type: FieldType.U64, presence: "optional", low: 0, high: 253402300799, since: 3 },
  ],
};

export const toolCallTable: Message = {
  name: "Tool call",
  fields: [
    { id: 1, name: "id", key: "id", type: FieldType.Text, presence: "optional", low: 1, high: 256 },
    { id: 2, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 256 },
    { id: 3, name: "arguments", key: "arguments", type: FieldType.Text, presence: "required", low: 1, high: 1000000 },
  ],
};

export const chatMessageTable: Message = {
  name: "Chat message",
  fields: [
    { id: 1, name: "role", key: "role", type: FieldType.Text, presence: "required", choices: ["system", "user", "assistant", "tool"], wordsSince: { tool: 3 } },
    { id: 2, name: "content", key: "content", type: FieldType.Text, presence: "required", low: 0, high: 4000000 },
    { id: 3, name: "content_json", key: "contentJson", type: FieldType.Text, presence: "optional", low: 1, high: 4000000, since: 3 },
    { id: 4, name: "reasoning_content", key: "reasoningContent", type: FieldType.Text, presence: "optional", low: 1, high: 4000000, since: 3 },
    { id: 5, name: "name", key: "name", type: FieldType.Text, presence: "optional", low: 1, high: 256, since: 3 },
    { id: 6, name: "tool_calls", key: "toolCalls", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 128, record: toolCallTable, since: 3 },
    { id: 7, name: "tool_call_id", key: "toolCallId", type: FieldType.Text, presence: "optional", low: 1, high: 256, since: 3 },
  ],
};

export const templateVariableTable: Message = {
  name: "Template variable",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "value", key: "value", type: FieldType.Text, presence: "required", low: 1, high: 65536 },
  ],
};

export const chatTemplateTable: Message = {
  name: "Chat template",
  fields: [
    { id: 1, name: "source", key: "source", type: FieldType.Text, presence: "required", low: 1, high: 512 },
    { id: 2, name: "fingerprint", key: "fingerprint", type: FieldType.Bytes, presence: "required", low: 32, high: 32 },
    { id: 3, name: "reads_tools", key: "readsTools", type: FieldType.Bool, presence: "required" },
    { id: 4, name: "tool_arguments", key: "toolArguments", type: FieldType.Text, presence: "optional", choices: ["object", "text"] },
    { id: 5, name: "thinking", key: "thinking", type: FieldType.Text, presence: "required", choices: ["none", "optional", "always"] },
    { id: 6, name: "reads_time", key: "readsTime", type: FieldType.Bool, presence: "required" },
    { id: 7, name: "variables", key: "variables", type: FieldType.Text, presence: "repeated", low: 1, high: 128, timesMin: 0, timesMax: 1024 },
  ],
};

export const inputTable: Message = {
  name: "Input",
  fields: [
    { id: 1, name: "text", key: "text", type: FieldType.Text, presence: "optional", low: 0, high: 4000000 },
    { id: 2, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "optional", low: 1, high: 1000000 },
  ],
  exactlyOne: ["text", "tokens"],
};

export const logprobsTable: Message = {
  name: "Logprobs",
  fields: [
    { id: 1, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "required", low: 0, high: 1000000 },
    { id: 2, name: "logprobs", key: "logprobs", type: FieldType.F32s, presence: "required", low: 0, high: 1000000 },
    { id: 3, name: "top_count", key: "topCount", type: FieldType.U64, presence: "optional", low: 0, high: 64, absent: 0 },
    { id: 4, name: "top_tokens", key: "topTokens", type: FieldType.U32s, presence: "optional", low: 0, high: 1000000, absent: "" },
    { id: 5, name: "top_logprobs", key: "topLogprobs", type: FieldType.F32s, presence: "optional", low: 0, high: 1000000, absent: "" },
  ],
};

export const errorBodyTable: Message = {
  name: "Error",
  fields: [
    { id: 1, name: "code", key: "code", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "message", key: "message", type: FieldType.Text, presence: "required", low: 0, high: 2048 },
    { id: 3, name: "field", key: "field", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 4, name: "retry_after_milliseconds", key: "retryAfterMilliseconds", type: FieldType.U64, presence: "optional", low: 0, high: 3600000 },
    { id: 5, name: "layer", key: "layer", type: FieldType.Text, presence: "optional", choices: ["file", "parse", "compatibility", "placement", "validation"] },
    { id: 6, name: "server_load", key: "serverLoad", type: FieldType.Record, presence: "optional", record: serverLoadTable, since: 3 },
  ],
};

export const helloRequestTable: Message = {
  name: "Hello request",
  fields: [
    { id: 1, name: "client", key: "client", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "revision", key: "revision", type: FieldType.U64, presence: "required", low: 1, high: 4294967295 },
    { id: 3, name: "compression", key: "compression", type: FieldType.Bool, presence: "optional" },
    { id: 4, name: "body_size_max", key: "bodySizeMax", type: FieldType.U64, presence: "optional", low: 4096, high: 4294967295 },
    { id: 5, name: "token", key: "token", type: FieldType.Text, presence: "optional", low: 1, high: 256 },
    { id: 6, name: "tenant", key: "tenant", type: FieldType.Text, presence: "optional", low: 1, high: 64 },
  ],
};

export const helloResponseTable: Message = {
  name: "Hello response",
  fields: [
    { id: 1, name: "server", key: "server", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "revision", key: "revision", type: FieldType.U64, presence: "required", low: 1, high: 4294967295 },
    { id: 3, name: "compression", key: "compression", type: FieldType.Bool, presence: "required" },
    { id: 4, name: "body_size_max", key: "bodySizeMax", type: FieldType.U64, presence: "required", low: 4096, high: 4294967295 },
    { id: 5, name: "requests_in_flight_max", key: "requestsInFlightMax", type: FieldType.U64, presence: "required", low: 1, high: 4294967295 },
  ],
};

export const pingRequestTable: Message = {
  name: "Ping request",
  fields: [
    { id: 1, name: "payload", key: "payload", type: FieldType.Bytes, presence: "optional", low: 0, high: 65536 },
  ],
};

export const pingResponseTable: Message = {
  name: "Ping response",
  fields: [
    { id: 1, name: "payload", key: "payload", type: FieldType.Bytes, presence: "optional", low: 0, high: 65536, absent: "" },
  ],
};

export const healthRequestTable: Message = {
  name: "Health request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "verify", key: "verify", type: FieldType.Bool, presence: "optional", since: 2 },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable, since: 3 },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
};

export const healthResponseTable: Message = {
  name: "Health response",
  fields: [
    { id: 1, name: "ready", key: "ready", type: FieldType.Bool, presence: "required" },
    { id: 2, name: "state", key: "state", type: FieldType.Text, presence: "required", choices: ["loading", "ready", "failed", "draining"] },
    { id: 3, name: "reason", key: "reason", type: FieldType.Text, presence: "optional", low: 1, high: 2048 },
    { id: 4, name: "seal", key: "seal", type: FieldType.Text, presence: "optional", choices: ["absent", "matched", "drifted"], since: 2 },
    { id: 5, name: "largest_difference", key: "largestDifference", type: FieldType.F64, presence: "optional", low: 0.0, high: 10.0, since: 2 },
    { id: 6, name: "file", key: "file", type: FieldType.Text, presence: "optional", choices: ["unchanged", "changed", "missing"], since: 3 },
  ],
};

export const modelsRequestTable: Message = {
  name: "Models request",
  fields: [],
};

export const modelLabelTable: Message = {
  name: "Model label",
  fields: [
    { id: 1, name: "label", key: "label", type: FieldType.Text, presence: "required", low: 1, high: 64 },
    { id: 2, name: "generation", key: "generation", type: FieldType.U64, presence: "required", low: 1, high: 4294967295 },
    { id: 3, name: "share", key: "share", type: FieldType.F64, presence: "optional", low: 0.0, high: 1.0 },
  ],
};

export const modelTable: Message = {
  name: "Model",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "state", key: "state", type: FieldType.Text, presence: "required", choices: ["loading", "ready", "failed", "draining"] },
    { id: 3, name: "provenance", key: "provenance", type: FieldType.U64, presence: "required", low: 1, high: 2 },
    { id: 4, name: "architecture", key: "architecture", type: FieldType.Text, presence: "required", low: 0, high: 128 },
    { id: 5, name: "parameters", key: "parameters", type: FieldType.U64, presence: "required" },
    { id: 6, name: "vocabulary", key: "vocabulary", type: FieldType.U64, presence: "required" },
    { id: 7, name: "context", key: "context", type: FieldType.U64, presence: "required" },
    { id: 8, name: "fingerprint", key: "fingerprint", type: FieldType.Bytes, presence: "optional", low: 32, high: 32 },
    { id: 9, name: "generation", key: "generation", type: FieldType.U64, presence: "required", low: 0, high: 4294967295 },
    { id: 10, name: "device", key: "device", type: FieldType.Text, presence: "required", low: 0, high: 64 },
    { id: 11, name: "device_reason", key: "deviceReason", type: FieldType.Text, presence: "optional", low: 1, high: 2048 },
    { id: 12, name: "bytes", key: "bytes", type: FieldType.U64, presence: "required" },
    { id: 13, name: "file", key: "file", type: FieldType.Text, presence: "optional", choices: ["unchanged", "changed", "missing"], since: 3 },
    { id: 14, name: "labels", key: "labels", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 64, record: modelLabelTable, since: 4 },
    { id: 15, name: "pinned", key: "pinned", type: FieldType.Bool, presence: "optional", since: 4 },
    { id: 16, name: "held_generation", key: "heldGeneration", type: FieldType.U64, presence: "optional", low: 1, high: 4294967295, since: 4 },
    { id: 17, name: "evicted", key: "evicted", type: FieldType.Bool, presence: "optional", since: 4 },
    { id: 18, name: "breaker", key: "breaker", type: FieldType.Text, presence: "optional", choices: ["closed", "open", "half_open"], since: 4 },
    { id: 19, name: "breaker_reason", key: "breakerReason", type: FieldType.Text, presence: "optional", low: 1, high: 2048, since: 4 },
    { id: 20, name: "breaker_seconds", key: "breakerSeconds", type: FieldType.F64, presence: "optional", low: 0.0, high: 1000000000000.0, since: 4 },
    { id: 21, name: "seal_age_seconds", key: "sealAgeSeconds", type: FieldType.F64, presence: "optional", low: 0.0, high: 1000000000000.0, since: 4 },
    { id: 22, name: "load_failure", key: "loadFailure", type: FieldType.Text, presence: "optional", low: 1, high: 2048, since: 4 },
  ],
};

export const modelsResponseTable: Message = {
  name: "Models response",
  fields: [
    { id: 1, name: "models", key: "models", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 1024, record: modelTable },
  ],
};

export const loadRequestTable: Message = {
  name: "Load request",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "path", key: "path", type: FieldType.Text, presence: "required", low: 1, high: 4096 },
    { id: 3, name: "strategy", key: "strategy", type: FieldType.Text, presence: "optional", choices: ["strict", "graceful", "development"] },
    { id: 4, name: "device", key: "device", type: FieldType.Text, presence: "optional", low: 1, high: 64 },
    { id: 5, name: "progress", key: "progress", type: FieldType.Bool, presence: "optional" },
  ],
};

export const layerTable: Message = {
  name: "Layer",
  fields: [
    { id: 1, name: "layer", key: "layer", type: FieldType.Text, presence: "required", choices: ["file", "parse", "compatibility", "placement", "validation"] },
    { id: 2, name: "ok", key: "ok", type: FieldType.Bool, presence: "required" },
    { id: 3, name: "microseconds", key: "microseconds", type: FieldType.U64, presence: "required" },
    { id: 4, name: "bytes_read", key: "bytesRead", type: FieldType.U64, presence: "optional" },
    { id: 5, name: "bytes_total", key: "bytesTotal", type: FieldType.U64, presence: "optional" },
  ],
};

export const loadProgressTable: Message = {
  name: "Load progress",
  fields: [
    { id: 1, name: "layer", key: "layer", type: FieldType.Record, presence: "required", record: layerTable },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
  ],
};

export const loadResponseTable: Message = {
  name: "Load response",
  fields: [
    { id: 1, name: "accepted", key: "accepted", type: FieldType.Bool, presence: "required" },
    { id: 2, name: "layers", key: "layers", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 1024, record: layerTable },
    { id: 3, name: "model", key: "model", type: FieldType.Record, presence: "optional", record: modelTable },
    { id: 4, name: "overrides", key: "overrides", type: FieldType.Text, presence: "repeated", low: 1, high: 2048, timesMin: 0, timesMax: 1024 },
    { id: 5, name: "attempts", key: "attempts", type: FieldType.Text, presence: "repeated", low: 1, high: 2048, timesMin: 0, timesMax: 1024 },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
  ],
};

export const unloadRequestTable: Message = {
  name: "Unload request",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
  ],
};

export const unloadResponseTable: Message = {
  name: "Unload response",
  fields: [],
};

export const swapRequestTable: Message = {
  name: "Swap request",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "path", key: "path", type: FieldType.Text, presence: "required", low: 1, high: 4096 },
    { id: 3, name: "strategy", key: "strategy", type: FieldType.Text, presence: "optional", choices: ["strict", "graceful", "development"] },
    { id: 4, name: "device", key: "device", type: FieldType.Text, presence: "optional", low: 1, high: 64 },
    { id: 5, name: "progress", key: "progress", type: FieldType.Bool, presence: "optional" },
    { id: 6, name: "shadow", key: "shadow", type: FieldType.U64, presence: "optional", low: 0, high: 4096 },
    { id: 7, name: "require_equal", key: "requireEqual", type: FieldType.Bool, presence: "optional" },
  ],
};

export const swapProgressTable: Message = {
  name: "Swap progress",
  fields: [
    { id: 1, name: "layer", key: "layer", type: FieldType.Record, presence: "optional", record: layerTable },
    { id: 2, name: "step", key: "step", type: FieldType.Text, presence: "optional", choices: ["warm_up", "shadow"] },
    { id: 3, name: "done", key: "done", type: FieldType.U64, presence: "optional" },
    { id: 4, name: "total", key: "total", type: FieldType.U64, presence: "optional" },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional" },
  ],
};

export const shadowReportTable: Message = {
  name: "Shadow report",
  fields: [
    { id: 1, name: "compared", key: "compared", type: FieldType.U64, presence: "required" },
    { id: 2, name: "equal", key: "equal", type: FieldType.U64, presence: "required" },
    { id: 3, name: "divergence_max", key: "divergenceMax", type: FieldType.F64, presence: "required", low: 0.0, high: 1e+300 },
    { id: 4, name: "first_difference", key: "firstDifference", type: FieldType.Text, presence: "optional", low: 1, high: 2048 },
  ],
};

export const swapResponseTable: Message = {
  name: "Swap response",
  fields: [
    { id: 1, name: "layers", key: "layers", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 1024, record: layerTable },
    { id: 2, name: "model", key: "model", type: FieldType.Record, presence: "required", record: modelTable },
    { id: 3, name: "previous_generation", key: "previousGeneration", type: FieldType.U64, presence: "required", low: 1, high: 4294967295 },
    { id: 4, name: "overrides", key: "overrides", type: FieldType.Text, presence: "repeated", low: 1, high: 2048, timesMin: 0, timesMax: 1024 },
    { id: 5, name: "attempts", key: "attempts", type: FieldType.Text, presence: "repeated", low: 1, high: 2048, timesMin: 0, timesMax: 1024 },
    { id: 6, name: "warmed", key: "warmed", type: FieldType.U64, presence: "required" },
    { id: 7, name: "shadow", key: "shadow", type: FieldType.Record, presence: "optional", record: shadowReportTable },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional" },
  ],
};

export const rollbackRequestTable: Message = {
  name: "Rollback request",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
  ],
};

export const rollbackResponseTable: Message = {
  name: "Rollback response",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Record, presence: "required", record: modelTable },
  ],
};

export const pinRequestTable: Message = {
  name: "Pin request",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "pinned", key: "pinned", type: FieldType.Bool, presence: "optional" },
  ],
};

export const pinResponseTable: Message = {
  name: "Pin response",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Record, presence: "required", record: modelTable },
  ],
};

export const aliasRequestTable: Message = {
  name: "Alias request",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "label", key: "label", type: FieldType.Text, presence: "required", low: 1, high: 64 },
    { id: 3, name: "generation", key: "generation", type: FieldType.U64, presence: "required", low: 0, high: 4294967295 },
    { id: 4, name: "share", key: "share", type: FieldType.F64, presence: "optional", low: 0.0, high: 1.0 },
  ],
};

export const aliasResponseTable: Message = {
  name: "Alias response",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Record, presence: "required", record: modelTable },
  ],
};

export const tokenizeRequestTable: Message = {
  name: "Tokenize request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "text", key: "text", type: FieldType.Bytes, presence: "required", low: 0, high: 4000000 },
    { id: 3, name: "parse_special", key: "parseSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 4, name: "add_special", key: "addSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable, since: 3 },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
};

export const tokenizeResponseTable: Message = {
  name: "Tokenize response",
  fields: [
    { id: 1, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "required", low: 0, high: 1000000 },
    { id: 31, name: "answer", key: "answer", type: FieldType.Record, presence: "required", record: answerTable },
  ],
};

export const detokenizeRequestTable: Message = {
  name: "Detokenize request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "required", low: 0, high: 1000000 },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable, since: 3 },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
};

export const detokenizeResponseTable: Message = {
  name: "Detokenize response",
  fields: [
    { id: 1, name: "text", key: "text", type: FieldType.Bytes, presence: "required", low: 0, high: 4000000 },
    { id: 31, name: "answer", key: "answer", type: FieldType.Record, presence: "required", record: answerTable },
  ],
};

export const generateRequestTable: Message = {
  name: "Generate request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "prompt", key: "prompt", type: FieldType.Text, presence: "optional", low: 0, high: 4000000 },
    { id: 3, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "optional", low: 1, high: 1000000 },
    { id: 4, name: "parse_special", key: "parseSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 5, name: "add_special", key: "addSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 6, name: "max_tokens", key: "maxTokens", type: FieldType.U64, presence: "optional", low: 1, high: 1048576 },
    { id: 7, name: "temperature", key: "temperature", type: FieldType.F64, presence: "optional", low: 0.0, high: 100.0 },
    { id: 8, name: "top_k", key: "topK", type: FieldType.U64, presence: "optional", low: 0, high: 16777216 },
    { id: 9, name: "top_p", key: "topP", type: FieldType.F64, presence: "optional", low: 0.0, high: 1.0 },
    { id: 10, name: "min_p", key: "minP", type: FieldType.F64, presence: "optional", low: 0.0, high: 1.0 },
    { id: 11, name: "seed", key: "seed", type: FieldType.U64, presence: "optional" },
    { id: 12, name: "stop", key: "stop", type: FieldType.Text, presence: "repeated", low: 1, high: 256, timesMin: 0, timesMax: 16 },
    { id: 13, name: "truncate_prompt", key: "truncatePrompt", type: FieldType.Bool, presence: "optional" },
    { id: 14, name: "logprobs", key: "logprobs", type: FieldType.U64, presence: "optional", low: 0, high: 64, since: 2 },
    { id: 15, name: "prompt_logprobs", key: "promptLogprobs", type: FieldType.U64, presence: "optional", low: 0, high: 64, since: 2 },
    { id: 16, name: "messages", key: "messages", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 1024, record: chatMessageTable, since: 2 },
    { id: 17, name: "ignore_eos", key: "ignoreEos", type: FieldType.Bool, presence: "optional", since: 3 },
    { id: 18, name: "min_tokens", key: "minTokens", type: FieldType.U64, presence: "optional", low: 0, high: 1048576, since: 3 },
    { id: 19, name: "tools", key: "tools", type: FieldType.Text, presence: "optional", low: 1, high: 1000000, since: 3 },
    { id: 20, name: "template_variables", key: "templateVariables", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 64, record: templateVariableTable, since: 3 },
    { id: 21, name: "add_generation_prompt", key: "addGenerationPrompt", type: FieldType.Bool, presence: "optional", since: 3 },
    { id: 22, name: "continue_final_message", key: "continueFinalMessage", type: FieldType.Bool, presence: "optional", since: 3 },
    { id: 23, name: "template_time", key: "templateTime", type: FieldType.U64, presence: "optional", low: 0, high: 253402300799, since: 3 },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable, since: 3 },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
  exactlyOne: ["prompt", "tokens", "messages"],
  excludes: [["messages", "parse_special"], ["messages", "add_special"], ["prompt", "tools"], ["prompt", "template_variables"], ["prompt", "add_generation_prompt"], ["prompt", "continue_final_message"], ["prompt", "template_time"], ["tokens", "tools"], ["tokens", "template_variables"], ["tokens", "add_generation_prompt"], ["tokens", "continue_final_message"], ["tokens", "template_time"], ["add_generation_prompt", "continue_final_message"]],
};

export const generateChunkTable: Message = {
  name: "Generate chunk",
  fields: [
    { id: 1, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "optional", low: 0, high: 1000000, absent: "" },
    { id: 2, name: "text", key: "text", type: FieldType.Text, presence: "optional", low: 0, high: 4000000, absent: "" },
    { id: 3, name: "prompt_done", key: "promptDone", type: FieldType.U64, presence: "optional" },
    { id: 4, name: "prompt_total", key: "promptTotal", type: FieldType.U64, presence: "optional" },
    { id: 5, name: "logprobs", key: "logprobs", type: FieldType.Record, presence: "optional", record: logprobsTable, since: 2 },
    { id: 6, name: "prompt_logprobs", key: "promptLogprobs", type: FieldType.Record, presence: "optional", record: logprobsTable, since: 2 },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
  ],
};

export const generateResponseTable: Message = {
  name: "Generate response",
  fields: [
    { id: 1, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "optional", low: 0, high: 1000000, absent: "" },
    { id: 2, name: "text", key: "text", type: FieldType.Text, presence: "optional", low: 0, high: 4000000, absent: "" },
    { id: 5, name: "finish_reason", key: "finishReason", type: FieldType.Text, presence: "required", choices: ["stop", "length", "cancelled", "deadline"] },
    { id: 6, name: "stop_matched", key: "stopMatched", type: FieldType.Text, presence: "optional", low: 1, high: 256 },
    { id: 7, name: "prompt_tokens", key: "promptTokens", type: FieldType.U64, presence: "required" },
    { id: 8, name: "completion_tokens", key: "completionTokens", type: FieldType.U64, presence: "required" },
    { id: 9, name: "logprobs", key: "logprobs", type: FieldType.Record, presence: "optional", record: logprobsTable, since: 2 },
    { id: 10, name: "prompt_logprobs", key: "promptLogprobs", type: FieldType.Record, presence: "optional", record: logprobsTable, since: 2 },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
    { id: 31, name: "answer", key: "answer", type: FieldType.Record, presence: "required", record: answerTable },
  ],
};

export const scoreRequestTable: Message = {
  name: "Score request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "prompt", key: "prompt", type: FieldType.Text, presence: "optional", low: 0, high: 4000000 },
    { id: 3, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "optional", low: 1, high: 1000000 },
    { id: 4, name: "parse_special", key: "parseSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 5, name: "add_special", key: "addSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 6, name: "messages", key: "messages", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 1024, record: chatMessageTable },
    { id: 7, name: "continuations", key: "continuations", type: FieldType.Record, presence: "repeated", timesMin: 1, timesMax: 256, record: inputTable },
    { id: 8, name: "top_logprobs", key: "topLogprobs", type: FieldType.U64, presence: "optional", low: 0, high: 64 },
    { id: 9, name: "tools", key: "tools", type: FieldType.Text, presence: "optional", low: 1, high: 1000000, since: 3 },
    { id: 10, name: "template_variables", key: "templateVariables", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 64, record: templateVariableTable, since: 3 },
    { id: 11, name: "add_generation_prompt", key: "addGenerationPrompt", type: FieldType.Bool, presence: "optional", since: 3 },
    { id: 12, name: "continue_final_message", key: "continueFinalMessage", type: FieldType.Bool, presence: "optional", since: 3 },
    { id: 13, name: "template_time", key: "templateTime", type: FieldType.U64, presence: "optional", low: 0, high: 253402300799, since: 3 },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable, since: 3 },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
  exactlyOne: ["prompt", "tokens", "messages"],
  excludes: [["messages", "parse_special"], ["messages", "add_special"], ["prompt", "tools"], ["prompt", "template_variables"], ["prompt", "add_generation_prompt"], ["prompt", "continue_final_message"], ["prompt", "template_time"], ["tokens", "tools"], ["tokens", "template_variables"], ["tokens", "add_generation_prompt"], ["tokens", "continue_final_message"], ["tokens", "template_time"], ["add_generation_prompt", "continue_final_message"]],
};

export const continuationScoreTable: Message = {
  name: "Continuation score",
  fields: [
    { id: 1, name: "logprobs", key: "logprobs", type: FieldType.Record, presence: "required", record: logprobsTable },
    { id: 2, name: "logprob", key: "logprob", type: FieldType.F64, presence: "required" },
    { id: 3, name: "greedy", key: "greedy", type: FieldType.Bool, presence: "required" },
  ],
};

export const scoreResponseTable: Message = {
  name: "Score response",
  fields: [
    { id: 1, name: "scores", key: "scores", type: FieldType.Record, presence: "repeated", timesMin: 1, timesMax: 256, record: continuationScoreTable },
    { id: 2, name: "prompt_tokens", key: "promptTokens", type: FieldType.U64, presence: "required" },
    { id: 31, name: "answer", key: "answer", type: FieldType.Record, presence: "required", record: answerTable },
  ],
};

export const embedRequestTable: Message = {
  name: "Embed request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "inputs", key: "inputs", type: FieldType.Record, presence: "repeated", timesMin: 1, timesMax: 256, record: inputTable },
    { id: 3, name: "parse_special", key: "parseSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 4, name: "add_special", key: "addSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 5, name: "pooling", key: "pooling", type: FieldType.Text, presence: "optional", choices: ["mean", "last", "cls"] },
    { id: 6, name: "normalize", key: "normalize", type: FieldType.Bool, presence: "optional" },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable, since: 3 },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
};

export const embedChunkTable: Message = {
  name: "Embed chunk",
  fields: [
    { id: 1, name: "embeddings", key: "embeddings", type: FieldType.F32s, presence: "required", low: 1, high: 1000000 },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
  ],
};

export const embedResponseTable: Message = {
  name: "Embed response",
  fields: [
    { id: 1, name: "embeddings", key: "embeddings", type: FieldType.F32s, presence: "required", low: 0, high: 1000000 },
    { id: 2, name: "dimensions", key: "dimensions", type: FieldType.U64, presence: "required", low: 1, high: 131072 },
    { id: 3, name: "count", key: "count", type: FieldType.U64, presence: "required", low: 1, high: 256 },
    { id: 4, name: "prompt_tokens", key: "promptTokens", type: FieldType.U64, presence: "required" },
    { id: 5, name: "pooling", key: "pooling", type: FieldType.Text, presence: "optional", choices: ["mean", "last", "cls"], since: 3 },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
    { id: 31, name: "answer", key: "answer", type: FieldType.Record, presence: "required", record: answerTable },
  ],
};

export const logitsRequestTable: Message = {
  name: "Logits request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "prompt", key: "prompt", type: FieldType.Text, presence: "optional", low: 0, high: 4000000 },
    { id: 3, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "optional", low: 1, high: 1000000 },
    { id: 4, name: "parse_special", key: "parseSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 5, name: "add_special", key: "addSpecial", type: FieldType.Bool, presence: "optional" },
    { id: 6, name: "all_positions", key: "allPositions", type: FieldType.Bool, presence: "optional" },
    { id: 7, name: "messages", key: "messages", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 1024, record: chatMessageTable, since: 2 },
    { id: 8, name: "tools", key: "tools", type: FieldType.Text, presence: "optional", low: 1, high: 1000000, since: 3 },
    { id: 9, name: "template_variables", key: "templateVariables", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 64, record: templateVariableTable, since: 3 },
    { id: 10, name: "add_generation_prompt", key: "addGenerationPrompt", type: FieldType.Bool, presence: "optional", since: 3 },
    { id: 11, name: "continue_final_message", key: "continueFinalMessage", type: FieldType.Bool, presence: "optional", since: 3 },
    { id: 12, name: "template_time", key: "templateTime", type: FieldType.U64, presence: "optional", low: 0, high: 253402300799, since: 3 },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable, since: 3 },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
  exactlyOne: ["prompt", "tokens", "messages"],
  excludes: [["messages", "parse_special"], ["messages", "add_special"], ["prompt", "tools"], ["prompt", "template_variables"], ["prompt", "add_generation_prompt"], ["prompt", "continue_final_message"], ["prompt", "template_time"], ["tokens", "tools"], ["tokens", "template_variables"], ["tokens", "add_generation_prompt"], ["tokens", "continue_final_message"], ["tokens", "template_time"], ["add_generation_prompt", "continue_final_message"]],
};

export const logitsChunkTable: Message = {
  name: "Logits chunk",
  fields: [
    { id: 1, name: "logits", key: "logits", type: FieldType.F32s, presence: "required", low: 1, high: 1000000 },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
  ],
};

export const logitsResponseTable: Message = {
  name: "Logits response",
  fields: [
    { id: 1, name: "logits", key: "logits", type: FieldType.F32s, presence: "required", low: 0, high: 1000000 },
    { id: 2, name: "vocabulary", key: "vocabulary", type: FieldType.U64, presence: "required", low: 1, high: 4294967295 },
    { id: 3, name: "positions", key: "positions", type: FieldType.U64, presence: "required", low: 1, high: 4294967295 },
    { id: 28, name: "frame", key: "frame", type: FieldType.U64, presence: "optional", since: 3 },
    { id: 31, name: "answer", key: "answer", type: FieldType.Record, presence: "required", record: answerTable },
  ],
};

export const renderRequestTable: Message = {
  name: "Render request",
  fields: [
    { id: 1, name: "model", key: "model", type: FieldType.Text, presence: "optional", low: 1, high: 128 },
    { id: 2, name: "messages", key: "messages", type: FieldType.Record, presence: "repeated", timesMin: 1, timesMax: 1024, record: chatMessageTable },
    { id: 3, name: "tools", key: "tools", type: FieldType.Text, presence: "optional", low: 1, high: 1000000 },
    { id: 4, name: "template_variables", key: "templateVariables", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 64, record: templateVariableTable },
    { id: 5, name: "add_generation_prompt", key: "addGenerationPrompt", type: FieldType.Bool, presence: "optional" },
    { id: 6, name: "continue_final_message", key: "continueFinalMessage", type: FieldType.Bool, presence: "optional" },
    { id: 7, name: "template_time", key: "templateTime", type: FieldType.U64, presence: "optional", low: 0, high: 253402300799 },
    { id: 29, name: "context", key: "context", type: FieldType.Record, presence: "optional", record: requestContextTable },
    { id: 30, name: "requirements", key: "requirements", type: FieldType.Record, presence: "optional", record: requirementsTable },
  ],
  excludes: [["add_generation_prompt", "continue_final_message"]],
};

export const renderResponseTable: Message = {
  name: "Render response",
  fields: [
    { id: 1, name: "text", key: "text", type: FieldType.Text, presence: "required", low: 0, high: 4000000 },
    { id: 2, name: "tokens", key: "tokens", type: FieldType.U32s, presence: "required", low: 0, high: 1000000 },
    { id: 3, name: "template", key: "template", type: FieldType.Record, presence: "required", record: chatTemplateTable },
    { id: 31, name: "answer", key: "answer", type: FieldType.Record, presence: "required", record: answerTable },
  ],
};

export const cancelRequestTable: Message = {
  name: "Cancel request",
  fields: [
    { id: 1, name: "target", key: "target", type: FieldType.U64, presence: "required", low: 1 },
  ],
};

export const cancelResponseTable: Message = {
  name: "Cancel response",
  fields: [
    { id: 1, name: "found", key: "found", type: FieldType.Bool, presence: "required" },
  ],
};

export const statsRequestTable: Message = {
  name: "Stats request",
  fields: [],
};

export const counterTable: Message = {
  name: "Counter",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "real", key: "real", type: FieldType.U64, presence: "required" },
    { id: 3, name: "mock", key: "mock", type: FieldType.U64, presence: "required" },
  ],
};

export const statsResponseTable: Message = {
  name: "Stats response",
  fields: [
    { id: 1, name: "counters", key: "counters", type: FieldType.Record, presence: "repeated", timesMin: 0, timesMax: 1024, record: counterTable },
  ],
};

export const goAwayTable: Message = {
  name: "GoAway",
  fields: [
    { id: 1, name: "reason", key: "reason", type: FieldType.Text, presence: "required", low: 1, high: 128 },
    { id: 2, name: "drain_milliseconds", key: "drainMilliseconds", type: FieldType.U64, presence: "required" },
  ],
};

/** Byte 5 of a GoAway, without the response bit. */
export const goAwayKind = 0x70;

/** Every kind of request. */
export const kinds: Readonly<Record<KindName, Kind>> = {
  Hello: {
    name: "Hello", number: 0x01, since: 1, retrySafe: true,
    request: helloRequestTable, response: helloResponseTable,
  },
  Ping: {
    name: "Ping", number: 0x02, since: 1, retrySafe: true,
    request: pingRequestTable, response: pingResponseTable,
  },
  Health: {
    name: "Health", number: 0x03, since: 1, retrySafe: true,
    request: healthRequestTable, response: healthResponseTable,
  },
  Models: {
    name: "Models", number: 0x04, since: 1, retrySafe: true,
    request: modelsRequestTable, response: modelsResponseTable,
  },
  Load: {
    name: "Load", number: 0x05, since: 1, retrySafe: false,
    request: loadRequestTable, chunk: loadProgressTable, response: loadResponseTable,
  },
  Swap: {
    name: "Swap", number: 0x06, since: 4, retrySafe: false,
    request: swapRequestTable, chunk: swapProgressTable, response: swapResponseTable,
  },
  Unload: {
    name: "Unload", number: 0x07, since: 1, retrySafe: false,
    request: unloadRequestTable, response: unloadResponseTable,
  },
  Tokenize: {
    name: "Tokenize", number: 0x08, since: 1, retrySafe: true,
    request: tokenizeRequestTable, response: tokenizeResponseTable,
  },
  Detokenize: {
    name: "Detokenize", number: 0x09, since: 1, retrySafe: true,
    request: detokenizeRequestTable, response: detokenizeResponseTable,
  },
  Generate: {
    name: "Generate", number: 0x0a, since: 1, retrySafe: true,
    request: generateRequestTable, chunk: generateChunkTable, response: generateResponseTable,
  },
  Score: {
    name: "Score", number: 0x0b, since: 2, retrySafe: true,
    request: scoreRequestTable, response: scoreResponseTable,
  },
  Logits: {
    name: "Logits", number: 0x0c, since: 1, retrySafe: true,
    request: logitsRequestTable, chunk: logitsChunkTable, response: logitsResponseTable,
  },
  Embed: {
    name: "Embed", number: 0x0d, since: 2, retrySafe: true,
    request: embedRequestTable, chunk: embedChunkTable, response: embedResponseTable,
  },
  Cancel: {
    name: "Cancel", number: 0x0e, since: 1, retrySafe: false,
    request: cancelRequestTable, response: cancelResponseTable,
  },
  Stats: {
    name: "Stats", number: 0x0f, since: 1, retrySafe: true,
    request: statsRequestTable, response: statsResponseTable,
  },
  Render: {
    name: "Render", number: 0x10, since: 3, retrySafe: true,
    request: renderRequestTable, response: renderResponseTable,
  },
  Rollback: {
    name: "Rollback", number: 0x12, since: 4, retrySafe: false,
    request: rollbackRequestTable, response: rollbackResponseTable,
  },
  Pin: {
    name: "Pin", number: 0x13, since: 4, retrySafe: true,
    request: pinRequestTable, response: pinResponseTable,
  },
  Alias: {
    name: "Alias", number: 0x14, since: 4, retrySafe: true,
    request: aliasRequestTable, response: aliasResponseTable,
  },
};

export type KindName =
  | "Hello"
  | "Ping"
  | "Health"
  | "Models"
  | "Load"
  | "Swap"
  | "Unload"
  | "Tokenize"
  | "Detokenize"
  | "Generate"
  | "Score"
  | "Logits"
  | "Embed"
  | "Cancel"
  | "Stats"
  | "Render"
  | "Rollback"
  | "Pin"
  | "Alias";

/** Options of a Client. */
export interface Options {
  /**
   * Name and version of the program, for the server's log, by default the library's (1 to 128
   * bytes).
   */
  name?: string;
  /** Answers of mocks are handed out, with provenance mock. Default false. */
  allowMock?: boolean;
  /** LZ4 compression is offered in Hello. Default true. */
  compression?: boolean;
  /** Largest body accepted, bytes (4096 to 4294967295). Default 4194304. */
  bodySizeMax?: number;
  /**
   * Largest whole answer accepted before the answer is given up, bytes of all bodies (4096 to
   * 9007199254740991). Default 1073741824.
   */
  answerSizeMax?: number;
  /**
   * Size of the pool, where a call takes the connection with the fewest requests in flight (1 to
   * 1024). Default 1.
   */
  connections?: number;
  /** Time to connect, and again for Hello, milliseconds (1 to 4294967295). Default 5000. */
  connectMilliseconds?: number;
  /** Longest silence on an answer, 0 for no bound, milliseconds (0 to 4294967295). Default 0. */
  answerMilliseconds?: number;
  /**
   * Time after a request's deadline before the client gives up the answer, milliseconds (0 to
   * 4294967295). Default 2000.
   */
  graceMilliseconds?: number;
  /** Attempts of a call in all (1 to 4294967295). Default 3. */
  attempts?: number;
  /**
   * First pause between attempts, doubled for each later pause, with jitter from half to whole,
   * milliseconds (0 to 4294967295). Default 50.
   */
  backoffMilliseconds?: number;
  /** Longest pause between attempts, milliseconds (0 to 4294967295). Default 2000. */
  backoffMaxMilliseconds?: number;
  /**
   * Time from a call's start to wait for a server that is absent or loads its model, milliseconds
   * (0 to 4294967295). Default 0.
   */
  waitMilliseconds?: number;
}

export const optionsTable: Message = {
  name: "Options",
  fields: [
    { id: 1, name: "name", key: "name", type: FieldType.Text, presence: "optional", low: 1, high: 128, absent: "assay-typescript/0.1.0" },
    { id: 2, name: "allow_mock", key: "allowMock", type: FieldType.Bool, presence: "optional", absent: false },
    { id: 3, name: "compression", key: "compression", type: FieldType.Bool, presence: "optional", absent: true },
    { id: 4, name: "body_size_max", key: "bodySizeMax", type: FieldType.U64, presence: "optional", low: 4096, high: 4294967295, absent: 4194304 },
    { id: 5, name: "answer_size_max", key: "answerSizeMax", type: FieldType.U64, presence: "optional", low: 4096, high: 9007199254740991, absent: 1073741824 },
    { id: 6, name: "connections", key: "connections", type: FieldType.U64, presence: "optional", low: 1, high: 1024, absent: 1 },
    { id: 7, name: "connect_milliseconds", key: "connectMilliseconds", type: FieldType.U64, presence: "optional", low: 1, high: 4294967295, absent: 5000 },
    { id: 8, name: "answer_milliseconds", key: "answerMilliseconds", type: FieldType.U64, presence: "optional", low: 0, high: 4294967295, absent: 0 },
    { id: 9, name: "grace_milliseconds", key: "graceMilliseconds", type: FieldType.U64, presence: "optional", low: 0, high: 4294967295, absent: 2000 },
    { id: 10, name: "attempts", key: "attempts", type: FieldType.U64, presence: "optional", low: 1, high: 4294967295, absent: 3 },
    { id: 11, name: "backoff_milliseconds", key: "backoffMilliseconds", type: FieldType.U64, presence: "optional", low: 0, high: 4294967295, absent: 50 },
    { id: 12, name: "backoff_max_milliseconds", key: "backoffMaxMilliseconds", type: FieldType.U64, presence: "optional", low: 0, high: 4294967295, absent: 2000 },
    { id: 13, name: "wait_milliseconds", key: "waitMilliseconds", type: FieldType.U64, presence: "optional", low: 0, high: 4294967295, absent: 0 },
  ],
};

const callOptions = ["deadlineMilliseconds", "signal", "onLayer"];

/** A request of fields and the options of its call, from one object with both. */
function split(words: object): { fields: object; options: CallOptions } {
  const isOption = ([name]: [string, unknown]): boolean => callOptions.includes(name);
  const entries = Object.entries(words);
  return {
    fields: Object.fromEntries(entries.filter((each) => !isOption(each))),
    options: Object.fromEntries(entries.filter(isOption)),
  };
}

/** The request and the options of a Generate, from a text, a conversation or a request. */
export function generateRequestOf(
  given: string | readonly ChatMessage[] | GenerateRequest, words: GenerateWords
): { request: GenerateRequest; options: CallOptions } {
  if (typeof given === "object" && !Array.isArray(given)) {
    return { request: given as GenerateRequest, options: words };
  }
  const { fields, options } = split(words);
  const lead = typeof given === "string" ? { prompt: given } : { messages: given };
  return { request: { ...fields, ...lead } as GenerateRequest, options };
}

function inputsOf(given: readonly (string | Input)[]): Input[] {
  return Array.from(given, (each) => typeof each === "string" ? { text: each } : each);
}

/** One vector for each input, in the order of the inputs. The vectors share memory. */
function vectorsOf(answer: EmbedResponse): Float32Array[] {
  const { embeddings, dimensions } = answer;
  return Array.from({ length: answer.count }, (_, index) =>
    embeddings.subarray(index * dimensions, (index + 1) * dimensions));
}

/** The provenance of a model's answers, as a word. */
export function sourceOf(model: Model): Origin["provenance"] {
  return provenances[model.provenance] ?? "mock";
}

/** Further fields of a Generate, and the options of the call. */
export type GenerateWords = Partial<GenerateRequest> & CallOptions;

/** Further fields of a Embed, and the options of the call. */
export type EmbedWords = Partial<EmbedRequest> & CallOptions;

/** A method for each kind of request. */
export abstract class Calls {
  /** Sends a request and gives the whole answer. */
  protected abstract call<Reply>(kind: Kind, request: object, options: CallOptions): Promise<Reply>;

  /** Returns the payload unchanged. */
  ping(request: PingRequest | Uint8Array = {}, options: CallOptions = {}): Promise<PingResponse> {
    const given = request instanceof Uint8Array ? { payload: request } : request;
    return this.call(kinds.Ping, given, options);
  }

  /** Reports if a model, or the server, accepts work. */
  health(request: HealthRequest = {}, options: CallOptions = {}): Promise<HealthResponse> {
    return this.call(kinds.Health, request, options);
  }

  /** Lists the models. */
  models(request: ModelsRequest = {}, options: CallOptions = {}): Promise<ModelsResponse> {
    return this.call(kinds.Models, request, options);
  }

  /**
   * Assays a model file beside the served one, and switches to it, sent again only if the work
   * never began.
   */
  swap(request: SwapRequest, options: CallOptions = {}): Promise<SwapResponse> {
    return this.call(kinds.Swap, request, options);
  }

  /** Stops serving a model, sent again only if the work never began. */
  unload(request: UnloadRequest | string, options: CallOptions = {}): Promise<UnloadResponse> {
    const given = typeof request === "string" ? { name: request } : request;
    return this.call(kinds.Unload, given, options);
  }

  /** Turns text into token ids. */
  tokenize(request: TokenizeRequest, options: CallOptions = {}): Promise<TokenizeResponse> {
    return this.call(kinds.Tokenize, request, options);
  }

  /** Turns token ids into text. */
  detokenize(request: DetokenizeRequest, options: CallOptions = {}): Promise<DetokenizeResponse> {
    return this.call(kinds.Detokenize, request, options);
  }

  /** Computes log-probabilities of given continuations. */
  score(request: ScoreRequest, options: CallOptions = {}): Promise<ScoreResponse> {
    return this.call(kinds.Score, request, options);
  }

  /** Computes raw scores of the vocabulary. */
  logits(request: LogitsRequest, options: CallOptions = {}): Promise<LogitsResponse> {
    return this.call(kinds.Logits, request, options);
  }

  /** Returns counters, split by provenance. */
  stats(request: StatsRequest = {}, options: CallOptions = {}): Promise<StatsResponse> {
    return this.call(kinds.Stats, request, options);
  }

  /** Renders a conversation by the model's chat template. */
  render(request: RenderRequest, options: CallOptions = {}): Promise<RenderResponse> {
    return this.call(kinds.Render, request, options);
  }

  /** Returns to the generation before the last swap, sent again only if the work never began. */
  rollback(
    request: RollbackRequest | string, options: CallOptions = {}
  ): Promise<RollbackResponse> {
    const given = typeof request === "string" ? { name: request } : request;
    return this.call(kinds.Rollback, given, options);
  }

  /** Keeps a model in memory, or lets it go. */
  pin(request: PinRequest, options: CallOptions = {}): Promise<PinResponse> {
    return this.call(kinds.Pin, request, options);
  }

  /** Gives a generation of a model a label, with a share of the requests. */
  alias(request: AliasRequest, options: CallOptions = {}): Promise<AliasResponse> {
    return this.call(kinds.Alias, request, options);
  }

  /** Continues a text: `generate("text", { maxTokens: 8 })`. */
  generate(prompt: string, words?: GenerateWords): Promise<GenerateResponse>;
  /** Continues a prompt or a conversation. */
  generate(request: GenerateRequest, options?: CallOptions): Promise<GenerateResponse>;
  generate(
    given: string | GenerateRequest, words: GenerateWords = {}
  ): Promise<GenerateResponse> {
    const { request, options } = generateRequestOf(given, words);
    return this.call(kinds.Generate, request, options);
  }

  /** Continues a conversation: `chat([{ role: "user", content: "..." }], { maxTokens: 8 })`. */
  chat(messages: readonly ChatMessage[], words: GenerateWords = {}): Promise<GenerateResponse> {
    const { fields, options } = split(words);
    return this.call(kinds.Generate, { ...fields, messages }, options);
  }

  /** Turns each text into a vector: `(await embed(["a", "b"])).vectors`. */
  embed(inputs: readonly (string | Input)[], words?: EmbedWords): Promise<EmbedResponse>;
  /** Turns inputs into vectors. */
  embed(request: EmbedRequest, options?: CallOptions): Promise<EmbedResponse>;
  async embed(
    given: readonly (string | Input)[] | EmbedRequest, words: EmbedWords = {}
  ): Promise<EmbedResponse> {
    const isList = Array.isArray(given);
    const { fields, options } = isList ? split(words) : { fields: given, options: words };
    const request = isList ? { ...fields, inputs: inputsOf(given) } : fields;
    const answer = await this.call<EmbedResponse>(kinds.Embed, request, options);
    return Object.assign(answer, { vectors: vectorsOf(answer) });
  }
}
