// A Generate whose chunks reach the caller on arrival.

import { Exchange } from "./exchange.js";
import { GenerateChunk, GenerateResponse } from "./protocol.js";

/** Ends the exchanges of streams without a holder. */
const dropped = new FinalizationRegistry<Exchange>((exchange) => exchange.end());

/**
 * The running answer to a Generate, for a single reader. Leaving the loop early gives up the rest
 * of the answer and tells the server, and the connection stays open. After an abort of the call's
 * signal no chunk is handed out, and the result is an error.
 *
 *     for await (const chunk of stream) process.stdout.write(chunk.text)
 *     const answer = await stream.result()
 */
export class GenerateStream implements AsyncIterableIterator<GenerateChunk> {
  private newest: Promise<unknown>; // the latest step

  /** Made by Client.generateStream. */
  constructor(private readonly exchange: Exchange) {
    this.newest = exchange.start().catch(() => {}); // thrown by `next`
    dropped.register(this, exchange);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Waits for the next chunk. Done after the last chunk. Overlapping calls take turns. */
  next(): Promise<IteratorResult<GenerateChunk, undefined>> {
    const step = this.newest.then(() => this.step());
    this.newest = step.catch(() => {});
    return step;
  }

  private async step(): Promise<IteratorResult<GenerateChunk, undefined>> {
    const value = (await this.exchange.next()) as GenerateChunk | undefined;
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  /** Called on an early exit from a loop: `close`. */
  async return(): Promise<IteratorResult<GenerateChunk, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /**
   * Reads the rest, and returns the whole answer: all tokens, text and log-probabilities. Fails
   * with given_up after an early `close`.
   */
  async result(): Promise<GenerateResponse> {
    while (!(await this.next()).done);
    return this.exchange.whole as GenerateResponse;
  }

  /** Gives up the rest of the answer. Safe to repeat, and without effect after the end. */
  close(): void {
    this.exchange.end();
  }
}
