// The client: one method per kind of request, in the words of the protocol.
//
// Guarantees: answers of mocks are refused unless `allowMock`: requests say so to the server, and
// the provenance of every frame is checked. Every failure is an AssayError. Many calls may be in
// flight at once; they share the connections of the pool.

import { parseAddress } from "./address.js";
import {
  checkScore, Embedding, Generation, Loading, Pieces, Scoring, Single,
} from "./answers.js";
import { Values } from "./codec.js";
import { Exchange } from "./exchange.js";
import { CallOptions, Options, Settings, settingsFrom } from "./options.js";
import { Pool } from "./pool.js";
import {
  DetokenizeRequest, DetokenizeResponse, detokenizeResponseTable, EmbedRequest, EmbedResponse,
  GenerateRequest, GenerateResponse, HealthRequest, HealthResponse, healthResponseTable, KindName,
  kinds, Layer, LoadRequest, LoadResponse, LogitsRequest, LogitsResponse, Message, ModelsResponse,
  modelsResponseTable, Origin, PingResponse, pingResponseTable, ScoreRequest, ScoreResponse,
  scoreResponseTable, StatsResponse, statsResponseTable, TokenizeRequest, TokenizeResponse,
  tokenizeResponseTable, UnloadResponse, unloadResponseTable,
} from "./protocol.js";
import { GenerateStream } from "./stream.js";

/** What can be said of a Load. */
export interface LoadOptions extends CallOptions {
  /** Sees each layer's verdict as it comes. */
  onLayer?: (layer: Layer) => void;
}

/** A pool of connections to one server. */
export class Client {
  private readonly settings: Settings;
  private readonly pool: Pool;

  /**
   * A client of the server at tcp://HOST:PORT or unix:///PATH. Touches no network: the first call
   * connects. Throws address_invalid, and request_invalid for options out of range.
   */
  constructor(address: string, options: Options = {}) {
    this.settings = settingsFrom(options);
    this.pool = new Pool(parseAddress(address), this.settings);
  }

  /**
   * Closes all connections; the server cancels what is in flight, which fails with
   * connection_closed, like every later call. Open connections keep a program running.
   */
  close(): void {
    this.pool.close();
  }

  private exchange<Answer extends Pieces>(
    kind: KindName, request: object, options: CallOptions, fresh: () => Answer
  ): Exchange<Answer> {
    return new Exchange(
      this.pool, this.settings, kinds[kind], request as Values, options, fresh);
  }

  /** Sends a request and waits for its whole answer. */
  private async whole<Answer extends Pieces & { whole: unknown }>(
    exchange: Exchange<Answer>, onChunk?: (pieces: Answer) => void
  ): Promise<NonNullable<Answer["whole"]>> {
    try {
      for (;;) {
        const frame = await exchange.next();
        const pieces = exchange.pieces as Answer;
        try {
          if (frame.isLast) pieces.last(frame);
          else pieces.chunk(frame);
        } catch (error) {
          throw exchange.damaged(error);
        }
        if (frame.isLast) return pieces.whole as NonNullable<Answer["whole"]>;
        if (onChunk !== undefined) {
          exchange.hasReached = true;
          onChunk(pieces);
        }
      }
    } finally {
      exchange.stop();
    }
  }

  private single<Whole extends Origin>(
    kind: KindName, request: object, options: CallOptions, table: Message,
    check?: (whole: Whole) => void
  ): Promise<Whole> {
    return this.whole(
      this.exchange(kind, request, options, () => new Single<Whole>(table, check)));
  }

  /** Sends `payload`, of 0 to 65536 bytes, and checks that exactly it comes back. */
  async ping(payload?: Uint8Array, options: CallOptions = {}): Promise<PingResponse> {
    return this.single<PingResponse>("Ping", { payload }, options, pingResponseTable, (answer) => {
      const sent = payload ?? [];
      const isSame = answer.payload.length === sent.length &&
        answer.payload.every((byte, index) => byte === sent[index]);
      if (!isSame) throw new Error("other bytes came back than were sent");
    });
  }

  /**
   * Asks whether a model, or the server, may be sent work. With `verify` the server first compares
   * the model with its seal, which takes as long as reading its file.
   */
  async health(request: HealthRequest = {}, options: CallOptions = {}): Promise<HealthResponse> {
    return this.single("Health", request, options, healthResponseTable);
  }

  /** Lists what is being served. The list is real even when a model on it is not. */
  async models(options: CallOptions = {}): Promise<ModelsResponse> {
    return this.single("Models", {}, options, modelsResponseTable);
  }

  /** The server's counters, split by provenance. Mock when any answer counted was one. */
  async stats(options: CallOptions = {}): Promise<StatsResponse> {
    return this.single("Stats", {}, options, statsResponseTable);
  }

  /** Has a file on the server's machine assayed and served. Sent again only if it never began. */
  async load(request: LoadRequest, options: LoadOptions = {}): Promise<LoadResponse> {
    return this.whole(this.exchange("Load", request, options, () => new Loading()), (pieces) => {
      options.onLayer?.(pieces.newest as Layer);
    });
  }

  /** Stops serving a model once its requests are done. Sent again only if it never began. */
  async unload(name: string, options: CallOptions = {}): Promise<UnloadResponse> {
    return this.single("Unload", { name }, options, unloadResponseTable);
  }

  /** Turns text, or bytes, into token ids. */
  async tokenize(request: TokenizeRequest, options: CallOptions = {}): Promise<TokenizeResponse> {
    return this.single("Tokenize", request, options, tokenizeResponseTable);
  }

  /** Turns token ids into bytes of text; single tokens need not be whole characters. */
  async detokenize(
    request: DetokenizeRequest, options: CallOptions = {}
  ): Promise<DetokenizeResponse> {
    return this.single("Detokenize", request, options, detokenizeResponseTable);
  }

  /** Continues a prompt, and gives the whole answer. */
  async generate(request: GenerateRequest, options: CallOptions = {}): Promise<GenerateResponse> {
    return this.whole(
      this.exchange("Generate", request, options, () => new Generation(request)));
  }

  /**
   * Continues a prompt, and gives chunks as they come. It is sent at once. Throws request_invalid;
   * other failures are thrown by the iteration, or by `result`.
   */
  generateStream(request: GenerateRequest, options: CallOptions = {}): GenerateStream {
    return new GenerateStream(
      this.exchange("Generate", request, options, () => new Generation(request)));
  }

  /** Log-probabilities of continuations of one prompt: a score for each, in order. */
  async score(request: ScoreRequest, options: CallOptions = {}): Promise<ScoreResponse> {
    return this.single<ScoreResponse>("Score", request, options, scoreResponseTable, (answer) => {
      checkScore(request, answer);
    });
  }

  /** Raw scores, positions by vocabulary; their number is verified. */
  async logits(request: LogitsRequest, options: CallOptions = {}): Promise<LogitsResponse> {
    return this.whole(this.exchange("Logits", request, options, () => new Scoring(request)));
  }

  /** One vector for each input, inputs by dimensions; their number is verified. */
  async embed(request: EmbedRequest, options: CallOptions = {}): Promise<EmbedResponse> {
    return this.whole(this.exchange(
      "Embed", request, options, () => new Embedding(request.inputs.length)));
  }
}
