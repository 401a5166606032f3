// What the frames of an answer say, put together and checked against the request.
//
// Guarantees: nothing is kept that the request did not ask for, and no more values than it can
// have; the first frame that contradicts its own fields, its flags, an earlier frame or the request
// is named, and nothing is taken after it. A frame that says its number is the one expected, and
// what the last frame counts is what came: an answer that lost a frame on the way, or has one
// twice, is never handed out. Every error thrown here is a breach of the protocol.
// Not here: provenance and failures (exchange.ts).

import { decode, Values } from "./codec.js";
import { Frame } from "./frames.js";
import {
  Answer, EmbedChunk, embedChunkTable, embeddingDimensionsMax, EmbedResponse, embedResponseTable,
  flagDegraded, GenerateChunk, generateChunkTable, GenerateRequest, GenerateResponse,
  generateResponseTable, Layer, LoadProgress, loadProgressTable, LoadResponse, loadResponseTable,
  Logprobs, LogitsChunk, logitsChunkTable, LogitsRequest, LogitsResponse, logitsResponseTable,
  Message, Origin,
  ScoreRequest, ScoreResponse, tokenCountMax,
} from "./protocol.js";

/** Puts one answer together. */
export interface Pieces {
  chunk(frame: Frame): void;
  last(frame: Frame): void;
}

/** Decodes one frame, and compares its degraded flag with its list. */
function read<Whole extends Origin>(table: Message, frame: Frame): Whole {
  const values = decode(table, frame.body);
  const listed = (values["answer"] as Answer | undefined)?.degradations.length ?? 0;
  const degraded = (frame.flags & flagDegraded) !== 0;
  if (degraded !== listed > 0) {
    throw new Error(`its degraded flag and its ${listed} degradations disagree`);
  }
  const origin: Origin = { provenance: frame.provenance, generation: frame.generation, degraded };
  return Object.assign(values as Values & Whole, origin);
}

/** Reads the frames of one streamed answer, and counts them. */
class FrameCounter {
  private frames = 0;

  /** A frame that says no number is one of revision 2. */
  read<Whole extends Origin & { frame?: number }>(table: Message, frame: Frame): Whole {
    const whole = read<Whole>(table, frame);
    if (whole.frame !== undefined && whole.frame !== this.frames) {
      throw new Error(
        `found frame ${whole.frame} of the answer, allowed: frame ${this.frames}, the next one`);
    }
    this.frames += 1;
    return whole;
  }
}

/** An answer of one frame. */
export class Single<Whole extends Origin> implements Pieces {
  whole: Whole | undefined;

  constructor(
    private readonly table: Message, private readonly check: (whole: Whole) => void = () => {}
  ) {}

  chunk(): void {
    throw new Error("more frames than one");
  }

  last(frame: Frame): void {
    this.whole = read<Whole>(this.table, frame);
    this.check(this.whole);
  }
}

export function checkScore(request: ScoreRequest, answer: ScoreResponse): void {
  const { continuations, topLogprobs = 0 } = request;
  if (answer.scores.length !== continuations.length) {
    throw new Error(
      `found ${answer.scores.length} scores, allowed: one for each of ${continuations.length}`);
  }
  answer.scores.forEach(({ logprobs }, index) => {
    checkLogprobs(logprobs, "scores.logprobs");
    if (logprobs.topCount > topLogprobs) {
      throw new Error(
        `found ${logprobs.topCount} alternatives in score ${index}, allowed: ${topLogprobs}`);
    }
    if (logprobs.tokens.length === 0) throw new Error(`found no token in score ${index}`);
  });
}

// ---------------------------------------------------------------- log-probabilities

function checkLogprobs(logprobs: Logprobs, name: string): void {
  const count = logprobs.tokens.length;
  const alternatives = count * logprobs.topCount;
  for (const [member, found, expected] of [
    ["logprobs", logprobs.logprobs.length, count],
    ["top_tokens", logprobs.topTokens.length, alternatives],
    ["top_logprobs", logprobs.topLogprobs.length, alternatives],
  ] as const) {
    if (found !== expected) {
      throw new Error(`found ${found} elements of "${name}.${member}", allowed: ${expected}`);
    }
  }
}

/** Log-probabilities that travel with tokens are those of exactly these tokens. */
function checkBeside({ tokens, logprobs, promptLogprobs }: GenerateChunk | GenerateResponse): void {
  if (promptLogprobs !== undefined) checkLogprobs(promptLogprobs, "prompt_logprobs");
  if (logprobs === undefined) return;
  checkLogprobs(logprobs, "logprobs");
  const isSame = logprobs.tokens.length === tokens.length &&
    logprobs.tokens.every((token, index) => token === tokens[index]);
  if (!isSame) throw new Error("\"logprobs\" are not those of the frame's tokens");
}

/** A list of log-probabilities in the making. */
class LogprobList {
  count = 0;
  private width: number | undefined;
  private readonly pieces: Logprobs[] = [];

  constructor(private readonly name: string, private readonly asked: number | undefined) {}

  add(piece: Logprobs | undefined): void {
    if (piece === undefined) return;
    const { asked, name } = this;
    if (asked === undefined) throw new Error(`found "${name}", which was not asked for`);
    if (piece.tokens.length === 0) return;
    this.width ??= piece.topCount;
    if (piece.topCount !== this.width || this.width > asked) {
      throw new Error(
        `found ${piece.topCount} alternatives per token in "${name}", allowed: ` +
        `${Math.min(this.width, asked)} in every frame`);
    }
    this.count += piece.tokens.length;
    if (this.count > tokenCountMax) {
      throw new Error(`found more than ${tokenCountMax} tokens in "${name}"`);
    }
    this.pieces.push(piece);
  }

  /** All of them; undefined when none were asked for. */
  whole(): Logprobs | undefined {
    if (this.asked === undefined) return undefined;
    return {
      tokens: joinTokens(this.pieces.map((piece) => piece.tokens)),
      logprobs: joinNumbers(this.pieces.map((piece) => piece.logprobs)),
      topCount: this.width ?? this.asked,
      topTokens: joinTokens(this.pieces.map((piece) => piece.topTokens)),
      topLogprobs: joinNumbers(this.pieces.map((piece) => piece.topLogprobs)),
    };
  }
}

const total = (pieces: ReadonlyArray<{ length: number }>): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0);

function joinTokens(pieces: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(total(pieces));
  pieces.reduce((place, piece) => (whole.set(piece, place), place + piece.length), 0);
  return whole;
}

function joinNumbers(pieces: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(total(pieces));
  pieces.reduce((place, piece) => (whole.set(piece, place), place + piece.length), 0);
  return whole;
}

// ---------------------------------------------------------------- streamed answers

/** The answer to a Generate in the making. */
export class Generation implements Pieces {
  newest: GenerateChunk | undefined;
  whole: GenerateResponse | undefined;

  private readonly tokens: Uint32Array[] = [];
  private readonly texts: string[] = [];
  private tokenCount = 0;
  private readonly frames = new FrameCounter();
  private readonly logprobs: LogprobList;
  private readonly promptLogprobs: LogprobList;

  constructor(private readonly request: GenerateRequest) {
    this.logprobs = new LogprobList("logprobs", request.logprobs);
    this.promptLogprobs = new LogprobList("prompt_logprobs", request.promptLogprobs);
  }

  chunk(frame: Frame): void {
    this.newest = this.frames.read<GenerateChunk>(generateChunkTable, frame);
    this.add(this.newest);
  }

  private add(piece: GenerateChunk | GenerateResponse): void {
    checkBeside(piece);
    this.tokens.push(piece.tokens);
    this.texts.push(piece.text);
    this.tokenCount += piece.tokens.length;
    this.logprobs.add(piece.logprobs);
    this.promptLogprobs.add(piece.promptLogprobs);
    if (this.request.logprobs !== undefined && this.logprobs.count !== this.tokenCount) {
      throw new Error(
        `${this.tokenCount} tokens came with log-probabilities of ${this.logprobs.count}`);
    }
  }

  last(frame: Frame): void {
    const whole = this.frames.read<GenerateResponse>(generateResponseTable, frame);
    this.add(whole);
    if (whole.completionTokens !== this.tokenCount) {
      throw new Error(
        `found ${this.tokenCount} tokens, allowed: ${whole.completionTokens}, as ` +
        "\"completion_tokens\" says");
    }
    whole.tokens = joinTokens(this.tokens);
    whole.text = this.texts.join("");
    const logprobs = this.logprobs.whole();
    if (logprobs !== undefined) whole.logprobs = logprobs;
    const promptLogprobs = this.promptLogprobs.whole();
    if (promptLogprobs !== undefined) {
      whole.promptLogprobs = promptLogprobs;
      this.checkPrompt(whole);
    }
    this.whole = whole;
  }

  /** All tokens of the prompt but the first; fewer only when the answer was stopped. */
  private checkPrompt({ promptTokens, finishReason }: GenerateResponse): void {
    const expected = Math.max(0, Number(promptTokens) - 1);
    const found = this.promptLogprobs.count;
    const isStopped = finishReason === "cancelled" || finishReason === "deadline";
    if (found > expected || (found < expected && !isStopped)) {
      throw new Error(`found log-probabilities of ${found} prompt tokens, allowed: ${expected}`);
    }
  }
}

/** The answer to a Load in the making. */
export class Loading implements Pieces {
  newest: Layer | undefined;
  whole: LoadResponse | undefined;
  private readonly frames = new FrameCounter();

  chunk(frame: Frame): void {
    this.newest = this.frames.read<LoadProgress>(loadProgressTable, frame).layer;
  }

  last(frame: Frame): void {
    this.whole = this.frames.read<LoadResponse>(loadResponseTable, frame);
  }
}

/** The answer to a Logits in the making. */
export class Scoring implements Pieces {
  whole: LogitsResponse | undefined;
  private readonly values: Float32Array[] = [];
  private readonly frames = new FrameCounter();

  constructor(private readonly request: LogitsRequest) {}

  chunk(frame: Frame): void {
    this.values.push(this.frames.read<LogitsChunk>(logitsChunkTable, frame).logits);
  }

  /** The last position alone unless all were asked for; of a text nobody here knows how many. */
  private checkPositions(found: number): void {
    const { allPositions, tokens } = this.request;
    const expected = allPositions ? tokens?.length : 1;
    if (expected !== undefined && found !== expected) {
      throw new Error(`found ${found} positions, allowed: ${expected}`);
    }
  }

  last(frame: Frame): void {
    const whole = this.frames.read<LogitsResponse>(logitsResponseTable, frame);
    this.values.push(whole.logits);
    this.checkPositions(whole.positions);
    checkCount(total(this.values), whole.vocabulary, whole.positions);
    whole.logits = joinNumbers(this.values);
    this.whole = whole;
  }
}

/** The answer to an Embed in the making. */
export class Embedding implements Pieces {
  whole: EmbedResponse | undefined;
  private readonly values: Float32Array[] = [];
  private count = 0;
  private readonly frames = new FrameCounter();

  constructor(private readonly inputs: number) {}

  chunk(frame: Frame): void {
    const { embeddings } = this.frames.read<EmbedChunk>(embedChunkTable, frame);
    this.values.push(embeddings);
    this.count += embeddings.length;
    if (this.count > this.inputs * embeddingDimensionsMax) {
      throw new Error(`found ${this.count} values or more for ${this.inputs} inputs`);
    }
  }

  last(frame: Frame): void {
    const whole = this.frames.read<EmbedResponse>(embedResponseTable, frame);
    if (whole.count !== this.inputs) {
      throw new Error(`found ${whole.count} vectors, allowed: one for each of ${this.inputs}`);
    }
    this.values.push(whole.embeddings);
    checkCount(total(this.values), whole.dimensions, whole.count);
    whole.embeddings = joinNumbers(this.values);
    this.whole = whole;
  }
}

/** Both factors are below 2^32: a product that is not exact is larger than any answer. */
function checkCount(found: number, rows: number, columns: number): void {
  if (found !== rows * columns) {
    throw new Error(`found ${found} values, allowed: ${rows} times ${columns}`);
  }
}
