// Joins the frames of an answer, and checks them against the request.
//
// Guarantees:
// - Only values that the request asked for are kept, and no more than the request allows.
// - The first frame that contradicts its own fields, its flags, an earlier frame or the request is
//   named, and no frame is taken after it.
// - A numbered frame has the expected number, and the counts in the last frame match the received
//   values. An answer with a lost or doubled frame is never handed out.
// - Every error thrown here is a breach of the protocol.
//
// Not here: provenance and failures (exchange.ts).

import { decode, join, Values } from "./codec.js";
import { Frame } from "./frames.js";
import {
  Answer, EmbedChunk, embeddingDimensionsMax, EmbedRequest, EmbedResponse, FieldType, flagDegraded,
  GenerateChunk, GenerateRequest, GenerateResponse, Kind, KindName, Logprobs, LogitsRequest,
  LogitsResponse, PingRequest, PingResponse, ScoreRequest, ScoreResponse, tokenCountMax,
} from "./protocol.js";

/** Functions that join the shares of the frames, by type of field. */
const joins: { readonly [Type in FieldType]?: (parts: any[]) => unknown } = {
  [FieldType.Text]: (parts) => parts.join(""),
  [FieldType.U32s]: (parts) => join(Uint32Array, parts),
  [FieldType.F32s]: (parts) => join(Float32Array, parts),
};

/** Joins the frames of an answer. */
export class Pieces {
  private frames = 0;
  private readonly rule: Rule;
  private readonly shares: Array<{ key: string; type: FieldType; parts: unknown[] }>;

  constructor(private readonly kind: Kind, request: object) {
    this.rule = rules[kind.name as KindName]?.(request) ?? {};
    this.shares = (kind.chunk?.fields ?? []).filter(({ type, choices }) => joins[type] && !choices)
      .map(({ key, type }) => ({ key, type, parts: [] }));
  }

  /**
   * Takes the next frame and returns its content: the chunk alone, or the whole answer for the last
   * frame.
   */
  take(frame: Frame): object {
    const said = this.read(frame);
    this.frames += 1;
    this.rule.frame?.(said);
    for (const { key, type, parts } of this.shares) {
      if ((said[key] as ArrayLike<unknown>).length > 0) parts.push(said[key]);
      if (frame.isLast) said[key] = joins[type]?.(parts);
    }
    if (frame.isLast) this.rule.whole?.(said);
    return said;
  }

  /**
   * Decodes a frame. Compares the frame number with the place, and the degraded flag with the list
   * of degradations.
   */
  private read({ isLast, flags, provenance, generation, body }: Frame): Values {
    const table = isLast ? this.kind.response : this.kind.chunk;
    if (table === undefined) throw new Error("more frames than one");
    const said = decode(table, body);
    const listed = (said["answer"] as Answer | undefined)?.degradations.length ?? 0;
    const degraded = (flags & flagDegraded) !== 0;
    if (degraded !== listed > 0) {
      throw new Error(`its degraded flag and its ${listed} degradations disagree`);
    }
    const number = said["frame"] ?? this.frames; // a frame of revision 2 has no number
    if (number !== this.frames) {
      throw new Error(
        `found frame ${number} of the answer, allowed: frame ${this.frames}, the next one`);
    }
    return Object.assign(said, { provenance, generation, degraded });
  }
}

// ---------------------------------------------------------------- by kind

/**
 * Checks of an answer beyond its tables: of each frame, and of the whole answer. The arguments fit
 * their tables, so a rule may state their types.
 */
interface Rule {
  frame?: (frame: any) => void;
  whole?: (whole: any) => void;
}

const rules: { readonly [Name in KindName]?: (request: any) => Rule } = {
  Ping: ({ payload: sent = new Uint8Array(0) }: PingRequest) => ({
    whole: ({ payload }: PingResponse) => {
      if (!isSame(payload, sent)) throw new Error("other bytes came back than were sent");
    },
  }),

  Generate: (request: GenerateRequest) => {
    const logprobs = new LogprobList("logprobs", request.logprobs);
    const promptLogprobs = new LogprobList("prompt_logprobs", request.promptLogprobs);
    let count = 0;
    return {
      frame: (said: GenerateChunk | GenerateResponse) => {
        promptLogprobs.add(said.promptLogprobs);
        logprobs.add(said.logprobs);
        if (said.logprobs !== undefined && !isSame(said.logprobs.tokens, said.tokens)) {
          throw new Error("\"logprobs\" are not those of the frame's tokens");
        }
        count += said.tokens.length;
        if (request.logprobs !== undefined && logprobs.count !== count) {
          throw new Error(`${count} tokens came with log-probabilities of ${logprobs.count}`);
        }
      },
      whole: (whole: GenerateResponse) => {
        if (whole.completionTokens !== count) {
          throw new Error(
            `found ${count} tokens, allowed: ${whole.completionTokens}, as ` +
            "\"completion_tokens\" says");
        }
        if (request.logprobs !== undefined) whole.logprobs = logprobs.whole();
        if (request.promptLogprobs !== undefined) {
          whole.promptLogprobs = promptLogprobs.whole();
          checkPrompt(whole, promptLogprobs.count);
        }
      },
    };
  },

  Score: ({ continuations, topLogprobs = 0 }: ScoreRequest) => ({
    whole: ({ scores }: ScoreResponse) => {
      if (scores.length !== continuations.length) {
        throw new Error(
          `found ${scores.length} scores, allowed: one for each of ${continuations.length}`);
      }
      scores.forEach(({ logprobs }, index) => {
        checkLogprobs(logprobs, "scores.logprobs");
        if (logprobs.topCount > topLogprobs) {
          throw new Error(
            `found ${logprobs.topCount} alternatives in score ${index}, allowed: ${topLogprobs}`);
        }
        if (logprobs.tokens.length === 0) throw new Error(`found no token in score ${index}`);
      });
    },
  }),

  Logits: ({ allPositions, tokens }: LogitsRequest) => ({
    whole: ({ logits, vocabulary, positions }: LogitsResponse) => {
      // The last position alone, unless the request asked for all. The client cannot count the
      // tokens of a text.
      const expected = allPositions ? tokens?.length : 1;
      if (expected !== undefined && positions !== expected) {
        throw new Error(`found ${positions} positions, allowed: ${expected}`);
      }
      checkCount(logits.length, vocabulary, positions);
    },
  }),

  Embed: ({ inputs }: EmbedRequest) => {
    let count = 0;
    return {
      frame: ({ embeddings }: EmbedChunk | EmbedResponse) => {
        count += embeddings.length;
        if (count > inputs.length * embeddingDimensionsMax) {
          throw new Error(`found ${count} values or more for ${inputs.length} inputs`);
        }
      },
      whole: (whole: EmbedResponse) => {
        if (whole.count !== inputs.length) {
          throw new Error(
            `found ${whole.count} vectors, allowed: one for each of ${inputs.length}`);
        }
        checkCount(count, whole.dimensions, whole.count);
      },
    };
  },
};

type Elements = Uint8Array | Uint32Array;
function isSame(one: Elements, other: Elements): boolean {
  let same = one.length === other.length;
  for (let index = 0; same && index < one.length; index++) same = one[index] === other[index];
  return same;
}

/** Both factors are below 2^32. An inexact product is larger than any answer. */
function checkCount(found: number, rows: number, columns: number): void {
  if (found !== rows * columns) {
    throw new Error(`found ${found} values, allowed: ${rows} times ${columns}`);
  }
}

/** All tokens of the prompt but the first. Fewer only when the answer was stopped. */
function checkPrompt({ promptTokens, finishReason }: GenerateResponse, found: number): void {
  const expected = Math.max(0, Number(promptTokens) - 1);
  const isStopped = finishReason === "cancelled" || finishReason === "deadline";
  if (found > expected || (found < expected && !isStopped)) {
    throw new Error(`found log-probabilities of ${found} prompt tokens, allowed: ${expected}`);
  }
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

/** A list of log-probabilities, joined from frames. */
class LogprobList {
  count = 0;
  private width: number | undefined;
  private readonly pieces: Logprobs[] = [];

  constructor(private readonly name: string, private readonly asked: number | undefined) {}

  add(piece: Logprobs | undefined): void {
    if (piece === undefined) return;
    const { asked, name } = this;
    if (asked === undefined) throw new Error(`found "${name}", which was not asked for`);
    checkLogprobs(piece, name);
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

  whole(): Logprobs {
    return {
      tokens: join(Uint32Array, this.pieces.map((piece) => piece.tokens)),
      logprobs: join(Float32Array, this.pieces.map((piece) => piece.logprobs)),
      topCount: this.width ?? (this.asked as number),
      topTokens: join(Uint32Array, this.pieces.map((piece) => piece.topTokens)),
      topLogprobs: join(Float32Array, this.pieces.map((piece) => piece.topLogprobs)),
    };
  }
}
