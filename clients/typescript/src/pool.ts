// The connections of a Client: opened when a call needs one, replaced when they are lost.
//
// Guarantees: a call gets the connection with the fewest calls on it, an open one before a new one;
// what has arrived on it is looked at before it is used; however many calls wait, one connection is
// opened once. A connection that drains keeps its calls and gets no new ones.

import { Address } from "./address.js";
import { Connection } from "./connection.js";
import { closedError } from "./errors.js";
import { Settings, Signal } from "./options.js";

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

/** The time until `close`, for any number of those who want to hear of it. */
class Life implements Signal {
  aborted = false;
  private readonly heard = new Set<() => void>();

  addEventListener(_: "abort", heard: () => void): void {
    this.heard.add(heard);
  }

  removeEventListener(_: "abort", heard: () => void): void {
    this.heard.delete(heard);
  }

  end(): void {
    this.aborted = true;
    for (const each of [...this.heard]) each();
    this.heard.clear();
  }
}

export class Pool {
  /** Ends with `close`. */
  readonly life = new Life();
  private readonly slots: Slot[];
  /** All that may be alive, those that drain included. */
  private opened: Connection[] = [];

  constructor(private readonly address: Address, private readonly settings: Settings) {
    this.slots = Array.from({ length: settings.connections }, () => ({
      connection: undefined, opening: undefined, waiting: 0,
    }));
  }

  get isClosed(): boolean {
    return this.life.aborted;
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
      if (slot.opening === undefined) {
        slot.opening = this.open(slot);
        slot.opening.catch(() => {}); // thrown to those who wait, who may all have gone
      }
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
      const connection = await Connection.open(this.address, this.settings, this.life);
      if (this.isClosed) connection.fail(closedError("opening a connection for a closed client"));
      this.opened = this.opened.filter((each) => each.failure === undefined);
      this.opened.push(connection);
      slot.connection = connection;
    } finally {
      slot.opening = undefined;
    }
  }

  close(): void {
    this.life.end();
    for (const each of this.opened.splice(0)) each.fail(closedError("closing this client"));
  }
}
