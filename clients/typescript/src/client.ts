// The client: a method for each kind of request, with the names of the protocol.
//
// Guarantees: answers of mocks are refused unless `allowMock` is set. Requests ask the server for a
// real model, and the provenance of every frame is checked. Every failure is an AssayError. Many
// calls may be in flight at once and share the connections of the pool.

import { Exchange } from "./exchange.js";
import { CallOptions, settingsFrom } from "./options.js";
import { Pool } from "./pool.js";
import {
  Calls, ChatMessage, GenerateRequest, generateRequestOf, GenerateWords, Kind, kinds, Options,
} from "./protocol.js";
import { parseAddress } from "./socket.js";
import { GenerateStream } from "./stream.js";

/** A pool of connections to a server. */
export class Client extends Calls {
  private readonly pool: Pool;

  /**
   * Makes a client of the server at tcp://HOST:PORT or unix:///PATH. Touches no network: the first
   * call connects. Throws address_invalid, and request_invalid for options out of range and for a
   * token file without a token.
   */
  constructor(address: string, options: Options = {}) {
    super();
    const settings = settingsFrom(options);
    this.pool = new Pool(parseAddress(address), settings);
  }

  /**
   * Closes all connections. The server cancels the requests in flight. They fail with
   * connection_closed, like every later call. Open connections keep a program running.
   */
  close(): void {
    this.pool.close();
  }

  protected override async call<Reply>(
    kind: Kind, request: object, options: CallOptions, onChunk?: (chunk: object) => void
  ): Promise<Reply> {
    const exchange = new Exchange(this.pool, kind, request, options, onChunk !== undefined);
    try {
      for (;;) {
        const chunk = await exchange.next();
        if (chunk === undefined) return exchange.whole as unknown as Reply;
        onChunk?.(chunk);
      }
    } finally {
      exchange.stop();
    }
  }

  /**
   * Continues a prompt or a conversation, and returns chunks as they arrive. The request is sent at
   * once. Throws request_invalid. The iteration and `result` throw all later failures.
   */
  generateStream(
    given: string | readonly ChatMessage[] | GenerateRequest, words: GenerateWords = {}
  ): GenerateStream {
    const { request, options } = generateRequestOf(given, words);
    return new GenerateStream(new Exchange(this.pool, kinds.Generate, request, options, true));
  }
}
