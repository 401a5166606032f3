// A scripted server for the tests. Each test defines its requests and answers.

import { mkdtempSync, rmSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";

import { decode, encode, join, Values } from "../src/codec.js";
import * as tables from "../src/protocol.js";

/** A received request. */
export interface Asked {
  kind: number;
  id: number;
  deadline: number;
  body: Uint8Array;
}

const timing = { accept: 0, queue: 0, tokenize: 0, prefill: 0, decode: 0, write: 0, total: 0 };
export const answer = { model: "m", device: "cpu", timing };
export const whole = { finishReason: "stop", promptTokens: 0, completionTokens: 0, answer };

/** The server's side of a connection after Hello. */
export class Peer {
  private bytes = new Uint8Array(0);
  private isEnded = false;
  private wake = (): void => {};

  constructor(readonly socket: net.Socket) {
    socket.on("data", (bytes) => {
      this.bytes = join(Uint8Array, [this.bytes, bytes]);
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
    asked: Asked, flags: number, provenance: number, status: number, body: Uint8Array
  ): void {
    this.socket.write(response(asked, flags, provenance, status, body));
  }

  /** Answers with a real frame of generation 1. */
  say(asked: Asked, flags: number, table: tables.Message, values: Values): void {
    this.write(asked, flags, 1, 0, encode(table, values).body);
  }

  /** Answers with the bytes of the request. */
  repeat(asked: Asked): void {
    this.write(asked, 0, 1, 0, asked.body);
  }

  refuse(asked: Asked, status: tables.Status, code = "busy", details: Values = {}): void {
    const { body } = encode(
      tables.errorBodyTable, { code, message: code, retryAfterMilliseconds: 0, ...details });
    this.write(asked, 0, 1, tables.statuses[status], body);
  }

  /** The frames of a Generate. */
  chunk(asked: Asked, text: string): void {
    this.say(asked, tables.flagMore, tables.generateChunkTable, { text });
  }

  end(asked: Asked, text: string): void {
    this.say(asked, 0, tables.generateResponseTable, { ...whole, text });
  }

  /** Reads the Cancel of `asked` and plays the server's side. Later requests are answered. */
  async awaitCancel(asked: Asked, late = (): void => {}): Promise<void> {
    const cancel = await this.asked();
    late();
    this.finishCancelled(asked, cancel);
    await this.echo();
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

  /** Plays an answer to every request until the client closes. */
  async each(answer: (asked: Asked) => void | Promise<void>): Promise<void> {
    for (let asked = await this.read(); asked !== undefined; asked = await this.read()) {
      await answer(asked);
    }
  }

  /** Answers every request with its own body until the client closes. */
  echo(): Promise<void> {
    return this.each((asked) => this.repeat(asked));
  }

  /** Reads until the client closes. */
  drain(): Promise<void> {
    return this.each(() => {});
  }
}

/** The bytes of a frame that answers a request. */
export function response(
  { kind, id }: Asked, flags: number, provenance: number, status: number, body: Uint8Array
): Uint8Array {
  const bytes = new Uint8Array(tables.headerSize + body.length);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, tables.headerSizeCounted + body.length, true);
  bytes.set([tables.protocolVersion, kind | tables.responseBit, flags, provenance], 4);
  head.setUint32(8, id, true);
  head.setUint32(16, status, true);
  head.setUint32(20, body.length, true);
  if (kind !== tables.kinds.Hello.number && id !== 0) head.setUint32(24, 1, true);
  bytes.set(body, tables.headerSize);
  return bytes;
}

export type Script = (peer: Peer) => Promise<void>;

/**
 * A server that plays a script per connection, in turn. The last script serves all later
 * connections.
 */
export class Stage {
  address: string;
  connections = 0;
  private readonly folder = mkdtempSync(`${tmpdir()}/assay-`);
  private readonly server: net.Server;
  private failure: unknown;

  constructor(private readonly scripts: Script[], private readonly hello: Values = {}) {
    this.address = `unix://${this.folder}/s`;
    this.server = net.createServer((socket) => {
      this.play(new Peer(socket)).catch((error) => {
        this.failure = error;
      }).finally(() => socket.end());
    });
  }

  private async play(peer: Peer): Promise<void> {
    const script = this.scripts[Math.min(this.connections, this.scripts.length - 1)] as Script;
    this.connections += 1;
    peer.say(await peer.asked(), 0, tables.helloResponseTable, {
      server: "peer", revision: 2, compression: false, bodySizeMax: tables.bodySizeMax,
      requestsInFlightMax: 4, ...this.hello,
    });
    await script(peer);
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.server.listen(`${this.folder}/s`, resolve));
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
