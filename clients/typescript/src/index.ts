// assay-client: a client of the Assay wire protocol (Protocol/SPEC.md) for Node.

export { Client, LoadOptions } from "./client.js";
export { AssayError } from "./errors.js";
export { CallOptions, Options, Signal } from "./options.js";
export { GenerateStream } from "./stream.js";
export type {
  Answer, ChatMessage, Code, ContinuationScore, Counter, DetokenizeRequest, DetokenizeResponse,
  EmbedRequest, EmbedResponse, GenerateChunk, GenerateRequest, GenerateResponse, HealthRequest,
  HealthResponse, Input, Layer, LoadRequest, LoadResponse, LogitsRequest, LogitsResponse, Logprobs,
  Model, ModelsResponse, Origin, PingResponse, Requirements, ScoreRequest, ScoreResponse,
  StatsResponse, Status, Timing, TokenizeRequest, TokenizeResponse, UnloadResponse,
} from "./protocol.js";
