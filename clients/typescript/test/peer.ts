// A scripted server for the tests. Each test defines its requests and answers.

import { mkdtempSync, rmSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { decode, encode, Values } from "../src/codec.js";
import * as tables from "../src/protocol.js";
import { Message } from "../src/protocol.js";

/** A received request. */
export interface Asked {
  kind: number;
  id: number;
  deadline: number;
  body: Uint8Array;
}

/** The server's side of a connection after Hello. */
export class Peer {
  private bytes = new Uint8Array(0);
  private isEnded = false;
  private wake = (): void => {};

  constructor(readonly socket: net.Socket) {
    socket.on("data", (bytes) => {
      const joined = new Uint8Array(this.bytes.length + bytes.length);
      joined.set(this.bytes);
      joined.set(bytes, this.bytes.length);
      this.bytes = joined;
      this.wake();
    });
    socket.on("close", () => {
      this.isEnded = true;
      this.wake();
    });
    socket.on("error", () => {});
  }

  /** Waits for a request. Undefined at the end of the connection. */
  async read(): Promise<Asked | undefined> {
    for (;;) {
      const head = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
      const size = this.bytes.length < 4 ? Infinity : 4 + head.getUint32(0, true);
      if (this.bytes.length >= size) {
        const body = this.bytes.slice(tables.headerSize, size);
        this.bytes = this.bytes.slice(size);
        return {
          kind: head.getUint8(5), id: head.getUint32(8, true), deadline: head.getUint32(16, true),
          body,
        };
      }
      if (this.isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Reads a request, and fails at the end of the connection. */
  async asked(): Promise<Asked> {
    const asked = await this.read();
    if (asked === undefined) throw new Error("the client closed");
    return asked;
  }

  write(
    kind: number, id: number, flags: number, provenance: number, status: number, body: Uint8Array
  ): void {
    const bytes = new Uint8Array(tables.headerSize + body.length);
    const head = new DataView(bytes.buffer);
    head.setUint32(0, tables.headerSizeCounted + body.length, true);
    bytes.set([tables.protocolVersion, kind | tables.responseBit, flags, provenance], 4);
    head.setUint32(8, id, true);
    head.setUint32(16, status, true);
    head.setUint32(20, body.length, true);
    if (kind !== tables.kinds.Hello.number && id !== 0) head.setUint32(24, 1, true);
    bytes.set(body, tables.headerSize);
    this.socket.write(bytes);
  }

  /** Answers with a real frame of generation 1. */
  say(asked: Asked, flags: number, table: Message, values: Values): void {
    this.write(asked.kind, asked.id, flags, 1, 0, encode(table, values).body);
  }

  refuse(
    asked: Asked, status: tables.Status, code = "busy", retryAfterMilliseconds = 0
  ): void {
    const { body } = encode(tables.errorBodyTable, { code, message: code, retryAfterMilliseconds });
    this.write(asked.kind, asked.id, 0, 1, tables.statuses[status], body);
  }

  /** The frames of a Generate. */
  chunk(asked: Asked, text: string): void {
    this.say(asked, tables.flagMore, tables.generateChunkTable, { text });
  }

  end(asked: Asked, text: string): void {
    const timing = { accept: 0, queue: 0, tokenize: 0, prefill: 0, decode: 0, write: 0, total: 0 };
    this.say(asked, 0, tables.generateResponseTable, {
      text, finishReason: "stop", promptTokens: 0, completionTokens: 0,
      answer: { model: "m", device: "cpu", timing },
    });
  }

  /** Plays the server's side of a Cancel of `asked` to the end. */
  finishCancelled(asked: Asked, cancel: Asked): void {
    const target = decode(tables.kinds.Cancel.request, cancel.body)["target"];
    if (cancel.kind !== tables.kinds.Cancel.number || target !== asked.id) {
      throw new Error(`found kind ${cancel.kind}, expected a Cancel of ${asked.id}`);
    }
    this.say(cancel, 0, tables.cancelResponseTable, { found: true });
    this.refuse(asked, "CANCELLED");
  }

  /** Answers every request with its own body until the client closes. */
  async echo(): Promise<void> {
    for (let asked = await this.read(); asked !== undefined; asked = await this.read()) {
      this.write(asked.kind, asked.id, 0, 1, 0, asked.body);
    }
  }

  /** Reads until the client closes. */
  async drain(): Promise<void> {
    while ((await this.read()) !== undefined);
  }
}

export type Script = (peer: Peer) => Promise<void>;

/**
 * A server that plays a script per connection, in turn. The last script serves all later
 * connections.
 */
export class Stage {
  address = "";
  connections = 0;
  readonly path: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "assay-"));
  private readonly server: net.Server;
  private failure: unknown;

  private readonly hello: Values;

  constructor(private readonly scripts: Script[], hello: Values = {}) {
    this.hello = {
      server: "peer", revision: 2, compression: false, bodySizeMax: tables.bodySizeMax,
      requestsInFlightMax: 4, ...hello,
    };
    this.path = join(this.folder, "s");
    this.address = `unix://${this.path}`;
    this.server = net.createServer((socket) => {
      this.play(new Peer(socket)).catch((error) => {
        this.failure = error;
      }).finally(() => socket.end());
    });
  }

  private async play(peer: Peer): Promise<void> {
    const script = this.scripts[Math.min(this.connections, this.scripts.length - 1)] as Script;
    this.connections += 1;
    peer.say(await peer.asked(), 0, tables.helloResponseTable, this.hello);
    await script(peer);
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.server.listen(this.path, resolve));
  }

  /** Listens at a TCP port instead. 0 for a free port. */
  openPort(port: number): Promise<void> {
    return new Promise((resolve) => this.server.listen(port, "127.0.0.1", () => {
      this.address = `tcp://127.0.0.1:${this.server.address().port}`;
      resolve();
    }));
  }

  close(): void {
    this.server.close();
    rmSync(this.folder, { recursive: true });
    if (this.failure !== undefined) throw this.failure;
  }
}

/** Runs a test against scripts. An error in a script fails the test. */
export async function staged(
  scripts: Script[], body: (stage: Stage) => Promise<void>, hello: Values = {}
): Promise<void> {
  const stage = new Stage(scripts, hello);
  await stage.open();
  try {
    await body(stage);
  } finally {
    stage.close();
  }
}
