// A Generate whose chunks reach the caller as they come.

import { Generation } from "./answers.js";
import { AssayError } from "./errors.js";
import { Exchange } from "./exchange.js";
import { GenerateChunk, GenerateResponse } from "./protocol.js";

/**
 * The answer to a Generate in the making, for one reader. Leaving the loop early gives up what is
 * left and tells the server so; the connection lives on. Once the signal of the call is aborted,
 * nothing more is handed out, and the answer is an error.
 *
 *     for await (const chunk of stream) process.stdout.write(chunk.text);
 *     const answer = await stream.result();
 */
export class GenerateStream implements AsyncIterableIterator<GenerateChunk> {
  private readonly begun: Promise<void>;
  private whole: GenerateResponse | undefined;
  private failure: unknown;
  private newest: Promise<unknown> = Promise.resolve(); // the last `next` that was asked for

  /** Made by Client.generateStream. */
  constructor(private readonly exchange: Exchange<Generation>) {
    this.begun = exchange.start();
    this.begun.catch(() => {}); // thrown by `next`
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Waits for the next chunk; done after the last one. Calls that overlap take turns. */
  next(): Promise<IteratorResult<GenerateChunk, undefined>> {
    const step = this.newest.then(() => this.step());
    this.newest = step.catch(() => {});
    return step;
  }

  private async step(): Promise<IteratorResult<GenerateChunk, undefined>> {
    const done = { done: true, value: undefined } as const;
    if (this.whole !== undefined) return done;
    if (this.failure !== undefined) throw this.failure;
    try {
      await this.begun;
      const frame = await this.exchange.next();
      const pieces = this.exchange.pieces as Generation;
      this.take(() => (frame.isLast ? pieces.last(frame) : pieces.chunk(frame)));
      if (frame.isLast) {
        this.whole = pieces.whole;
        this.exchange.stop();
        return done;
      }
      this.exchange.hasReached = true;
      return { done: false, value: pieces.newest as GenerateChunk };
    } catch (error) {
      this.failure ??= error;
      throw this.failure;
    }
  }

  private take(body: () => void): void {
    try {
      body();
    } catch (error) {
      throw this.exchange.damaged(error);
    }
  }

  /** What leaving a loop early calls: `close`. */
  async return(): Promise<IteratorResult<GenerateChunk, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /**
   * Reads what is left, and gives the whole answer: all tokens, text and log-probabilities. After
   * `close` in the middle it fails with given_up.
   */
  async result(): Promise<GenerateResponse> {
    while (!(await this.next()).done);
    return this.whole as GenerateResponse;
  }

  /** Gives up what is left. Safe to repeat, and after the end without effect. */
  close(): void {
    if (this.whole !== undefined || this.failure !== undefined) return;
    this.failure = new AssayError("given_up", "Generate: the caller gave the answer up");
    this.exchange.end(this.failure as AssayError);
  }
}
