// assay-client: a client of the Assay wire protocol (Protocol/SPEC.md) for Node.

export { Client } from "./client.js";
export { AssayError } from "./errors.js";
export { CallOptions, LoadOptions, Signal } from "./options.js";
export { GenerateStream } from "./stream.js";
export { sourceOf, statuses, version } from "./protocol.js";
export type {
  Answer, ChatMessage, Code, ContinuationScore, Counter, DetokenizeRequest, DetokenizeResponse,
  EmbedRequest, EmbedResponse, EmbedWords, GenerateChunk, GenerateRequest, GenerateResponse,
  GenerateWords, HealthRequest, HealthResponse, Input, Layer, LoadRequest, LoadResponse,
  LogitsRequest, LogitsResponse, Logprobs, Model, ModelsRequest, ModelsResponse, Options, Origin,
  PingRequest, PingResponse, RequestContext, Requirements, ScoreRequest, ScoreResponse,
  ServerLoad, StatsRequest, StatsResponse, Status, Timing, TokenizeRequest, TokenizeResponse,
  UnloadRequest, UnloadResponse,
} from "./protocol.js";
