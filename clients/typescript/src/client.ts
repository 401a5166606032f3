// The client: one method per kind of request, in the words of the protocol.
//
// Guarantees: answers of mocks are refused unless `allowMock`: requests say so to the server, and
// the provenance of every frame is checked. Every failure is an AssayError. Many calls may be in
// flight at once; they share the connections of the pool.

import { Exchange } from "./exchange.js";
import { CallOptions, LoadOptions, Settings, settingsFrom } from "./options.js";
import { Pool } from "./pool.js";
import {
  Calls, GenerateRequest, Kind, kinds, LoadProgress, LoadRequest, LoadResponse, Options,
} from "./protocol.js";
import { parseAddress } from "./socket.js";
import { GenerateStream } from "./stream.js";

/** A pool of connections to one server. */
export class Client extends Calls {
  private readonly settings: Settings;
  private readonly pool: Pool;

  /**
   * A client of the server at tcp://HOST:PORT or unix:///PATH. Touches no network: the first call
   * connects. Throws address_invalid, and request_invalid for options out of range.
   */
  constructor(address: string, options: Options = {}) {
    super();
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

  protected override async call<Reply>(
    kind: Kind, request: object, options: CallOptions, onChunk?: (chunk: object) => void
  ): Promise<Reply> {
    const exchange = this.exchange(kind, request, options, onChunk !== undefined);
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

  private exchange(
    kind: Kind, request: object, options: CallOptions, handsOut: boolean
  ): Exchange {
    return new Exchange(this.pool, this.settings, kind, request, options, handsOut);
  }

  /** Has a file on the server's machine assayed and served. Sent again only if it never began. */
  load(request: LoadRequest, options: LoadOptions = {}): Promise<LoadResponse> {
    return this.call(kinds.Load, request, options, (chunk) => {
      options.onLayer?.((chunk as LoadProgress).layer);
    });
  }

  /**
   * Continues a prompt, and gives chunks as they come. It is sent at once. Throws request_invalid;
   * other failures are thrown by the iteration, or by `result`.
   */
  generateStream(request: GenerateRequest, options: CallOptions = {}): GenerateStream {
    return new GenerateStream(this.exchange(kinds.Generate, request, options, true));
  }
}
