// The connections of a Client, opened on demand and replaced when lost.
//
// Guarantees: a call gets the connection with the fewest calls, and an open connection comes before
// a new one. Arrived bytes are read before the connection is used. However many calls wait, each
// connection is opened once. A draining connection keeps its calls and gets no new calls.

import { Connection } from "./connection.js";
import { AssayError, closedError } from "./errors.js";
import { Settings } from "./options.js";
import { Address } from "./socket.js";

export class Pool {
  isClosed = false;
  /** All unfinished exchanges. `close` ends them. */
  readonly exchanges = new Set<{ end(error: AssayError): void }>();
  /** All connections that may be alive, with draining connections. */
  private connections: Connection[] = [];

  constructor(private readonly address: Address, readonly settings: Settings) {}

  /** Reserves a connection for a call. The caller lowers `users` when done. */
  async pick(
    retrySafe: boolean, until: (opening: Promise<void>) => Promise<void>
  ): Promise<Connection> {
    for (;;) {
      if (this.isClosed) throw closedError("calling a closed client");
      const connection = this.choose();
      connection.users += 1;
      try {
        if (!connection.isOpen) await until(connection.opening);
        if (await connection.isUsable(retrySafe)) return connection;
      } catch (error) {
        connection.users -= 1;
        throw error;
      }
      connection.users -= 1;
    }
  }

  /** A new connection counts as half a call, and comes before a connection in use. */
  private choose(): Connection {
    const usable = this.connections.filter((each) => !each.isDraining);
    let best = usable[0];
    for (const each of usable) if (best === undefined || each.load < best.load) best = each;
    const isFull = usable.length >= this.settings.connections;
    if (best !== undefined && (isFull || best.load < 0.5)) return best;
    const opened = new Connection(this.address, this.settings);
    this.connections = this.connections.filter((each) => each.failure === undefined);
    this.connections.push(opened);
    return opened;
  }

  close(): void {
    this.isClosed = true;
    const error = closedError("closing this client");
    for (const each of this.connections.splice(0)) each.fail(error);
    for (const each of [...this.exchanges]) each.end(error);
  }
}
