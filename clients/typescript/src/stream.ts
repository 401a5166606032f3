// A Generate whose chunks reach the caller as they come.

import { Exchange } from "./exchange.js";
import { GenerateChunk, GenerateResponse } from "./protocol.js";

/** Gives up what is left of streams that nobody holds any more. */
const dropped = new FinalizationRegistry<Exchange>((exchange) => exchange.end());

/**
 * The answer to a Generate in the making, for one reader. Leaving the loop early gives up what is
 * left and tells the server so; the connection lives on. Once the signal of the call is aborted,
 * nothing more is handed out, and the answer is an error.
 *
 *     for await (const chunk of stream) process.stdout.write(chunk.text);
 *     const answer = await stream.result();
 */
export class GenerateStream implements AsyncIterableIterator<GenerateChunk> {
  private newest: Promise<unknown>; // the last thing that was asked for

  /** Made by Client.generateStream. */
  constructor(private readonly exchange: Exchange) {
    this.newest = exchange.start().catch(() => {}); // thrown by `next`
    dropped.register(this, exchange);
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
    const value = (await this.exchange.next()) as GenerateChunk | undefined;
    return value === undefined ? { done: true, value } : { done: false, value };
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
    return this.exchange.whole as GenerateResponse;
  }

  /** Gives up what is left. Safe to repeat, and after the end without effect. */
  close(): void {
    this.exchange.end();
  }
}
