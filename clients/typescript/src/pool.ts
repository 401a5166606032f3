// The connections of a Client: opened when a call needs one, replaced when they are lost.
//
// Guarantees: a call gets the connection with the fewest calls on it, an open one before a new one;
// what has arrived on it is looked at before it is used; however many calls wait, one connection is
// opened once. A connection that drains keeps its calls and gets no new ones.

import { Connection } from "./connection.js";
import { AssayError, closedError } from "./errors.js";
import { Settings } from "./options.js";
import { Address } from "./socket.js";

export class Pool {
  isClosed = false;
  /** All that have not ended; `close` ends them. */
  readonly exchanges = new Set<{ end(error: AssayError): void }>();
  /** All that may be alive, those that drain included. */
  private connections: Connection[] = [];

  constructor(private readonly address: Address, private readonly settings: Settings) {}

  /** Reserves a connection for one call; the caller lowers its `users` when done. */
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

  /** A new connection counts as half a call: it is better than one that is in use. */
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
