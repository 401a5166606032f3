// The connections of a Client: opened when a call needs one, replaced when they are lost.
//
// Guarantees: a call gets the connection with the fewest calls on it, an open one before a new one;
// what has arrived on it is looked at before it is used; however many calls wait, one connection is
// opened once. A connection that drains keeps its calls and gets no new ones.

import { Address } from "./address.js";
import { Connection } from "./connection.js";
import { closedError } from "./errors.js";
import { Settings } from "./options.js";

/** A place of the pool: a connection, or one that is being opened, or nothing. */
interface Slot {
  connection: Connection | undefined;
  opening: Promise<void> | undefined;
  waiting: number;
}

/** Calls, a new connection's being a little more than an open one's. */
function load(slot: Slot): number {
  if (slot.connection !== undefined) return slot.connection.users;
  return slot.opening !== undefined ? slot.waiting + 0.25 : 0.5;
}

export class Pool {
  isClosed = false;
  private readonly slots: Slot[];
  /** All that may be alive, those that drain included. */
  private opened: Connection[] = [];

  constructor(private readonly address: Address, private readonly settings: Settings) {
    this.slots = Array.from({ length: settings.connections }, () => ({
      connection: undefined, opening: undefined, waiting: 0,
    }));
  }

  /** Reserves a connection for one call; the caller lowers its `users` when done. */
  async pick(
    retrySafe: boolean, until: (opening: Promise<void>) => Promise<void>
  ): Promise<Connection> {
    for (;;) {
      if (this.isClosed) throw closedError("calling a closed client");
      const slot = this.choose();
      const connection = slot.connection;
      if (connection !== undefined) {
        connection.users += 1;
        if (await connection.isUsable(retrySafe)) return connection;
        connection.users -= 1;
        continue;
      }
      slot.opening ??= this.open(slot);
      slot.waiting += 1;
      try {
        await until(slot.opening);
      } finally {
        slot.waiting -= 1;
      }
    }
  }

  private choose(): Slot {
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.connection?.isDraining) slot.connection = undefined;
      if (best === undefined || load(slot) < load(best)) best = slot;
    }
    return best as Slot;
  }

  private async open(slot: Slot): Promise<void> {
    try {
      const connection = await Connection.open(this.address, this.settings);
      if (this.isClosed) connection.fail(closedError("opening a connection for a closed client"));
      this.opened = this.opened.filter((each) => each.failure === undefined);
      this.opened.push(connection);
      slot.connection = connection;
    } finally {
      slot.opening = undefined;
    }
  }

  close(): void {
    this.isClosed = true;
    for (const each of this.opened.splice(0)) each.fail(closedError("closing this client"));
  }
}
