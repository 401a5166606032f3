// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.

export type {
  AliasRequest, AliasResponse, Answer, ChatMessage, ChatTemplate, Code, ContinuationScore, Counter,
  DetokenizeRequest, DetokenizeResponse, EmbedChunk, EmbedRequest, EmbedResponse, EmbedWords,
  GenerateChunk, GenerateRequest, GenerateResponse, GenerateWords, HealthRequest, HealthResponse,
  Input, Layer, LoadProgress, LoadRequest, LoadResponse, LogitsChunk, LogitsRequest, LogitsResponse,
  Logprobs, Model, ModelLabel, ModelsRequest, ModelsResponse, Options, Origin, PinRequest,
  PinResponse, PingRequest, PingResponse, RenderRequest, RenderResponse, RequestContext,
  Requirements, RollbackRequest, RollbackResponse, ScoreRequest, ScoreResponse, ServerLoad,
  ShadowReport, StatsRequest, StatsResponse, Status, SwapProgress, SwapRequest, SwapResponse,
  TemplateVariable, Timing, TokenizeRequest, TokenizeResponse, ToolCall, UnloadRequest,
  UnloadResponse,
} from "./protocol.js";
