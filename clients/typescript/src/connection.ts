// One connection: Hello, requests in flight, and the sorting of what arrives.
//
// Guarantees: a frame is kept only when it answers a request in flight, with that request's kind
// and with the provenance and generation of its earlier frames (Load excepted, whose progress comes
// before its model); anything else ends the connection and everything in flight on it. Never more
// requests in flight than the server said in Hello; Cancel is not counted, as the server does not.
// Frames of a request the caller gave up are dropped until its last one.
// Not here: what the bodies say (answers.ts), other attempts (exchange.ts).

import * as net from "node:net";

import { Address } from "./address.js";
import { decode, encode, Values } from "./codec.js";
import { AssayError, breachError, closedError, refusal } from "./errors.js";
import { Frame, FrameReader, pack, Packed, requestFrame } from "./frames.js";
import { Settings, Signal } from "./options.js";
import {
  bodySizeMax, Code, ErrorBody, errorBodyTable, flagDegraded, frameSizeMaxBeforeHello, goAwayKind,
  goAwayTable, headerSize, HelloResponse, helloResponseTable, Kind, kinds, protocolRevision,
  responseBit,
} from "./protocol.js";

/** How long a connection may be silent before a time-out ends it, milliseconds. */
const silenceMax = 10_000;
/** What has been read so lately counts as all there is, milliseconds. */
const freshness = 0.1;
/** How long a TCP connection may be silent before the system probes it, milliseconds. */
const keepAliveIdle = 30_000;

/** One request in flight. */
export class Call {
  frames: Frame[] = [];
  first: Frame | undefined;
  isComplete = false;
  isAbandoned = false;
  failure: AssayError | undefined;
  /** Told of every frame that is kept and of a failure. */
  wake: (() => void) | undefined;

  constructor(readonly connection: Connection, readonly id: number, readonly kind: Kind) {}

  /** The oldest frame, which it removes; without one, throws why there will be none. */
  take(): Frame | undefined {
    const frame = this.frames.shift();
    if (frame === undefined && this.failure !== undefined) throw this.failure;
    return frame;
  }

  /**
   * Drops what has come and what is still to come, and asks the server to stop. The place in flight
   * is free when the last frame has come.
   */
  abandon(): void {
    const asks = !this.isComplete && !this.isAbandoned && this.failure === undefined;
    this.isAbandoned = true;
    this.frames = [];
    if (asks) this.connection.cancel(this.id);
  }
}

/** The error that a frame with a status carries. */
export function failureIn(frame: Frame, code: Code, doing: string): AssayError {
  let body: ErrorBody;
  try {
    body = decode(errorBodyTable, frame.body) as unknown as ErrorBody;
  } catch (error) {
    return breachError(doing, error);
  }
  return refusal(code, frame.status, body, frame.provenance);
}

export class Connection {
  /** Calls that have been given this connection. */
  users = 0;
  /** Why it is closed. */
  failure: AssayError | undefined;
  /** Takes no new requests. */
  isDraining = false;

  private hello: HelloResponse | undefined;
  private readonly reader = new FrameReader(frameSizeMaxBeforeHello - headerSize);
  private readonly calls = new Map<number, Call>();
  private readonly waiting: Array<() => void> = [];
  private placesTaken = 0;
  private lastId = 0;
  private lastRead = performance.now();

  private constructor(private readonly socket: net.Socket) {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveIdle); // without effect on a Unix socket
    socket.on("data", (bytes) => this.receive(bytes));
    socket.on("end", () => this.fail(closedError("reading the server's answers")));
    socket.on("error", (error) => this.fail(closedError("using the connection", error)));
    socket.on("close", () => this.fail(closedError("reading the server's answers")));
  }

  /** Connects and says Hello; each of the two has `connectMilliseconds`. `life` ends both. */
  static async open(address: Address, settings: Settings, life: Signal): Promise<Connection> {
    const connection = new Connection(await dial(address, settings.connectMilliseconds, life));
    const end = (): void => connection.fail(closedError("closing this client"));
    life.addEventListener("abort", end);
    try {
      if (life.aborted) end();
      await connection.sayHello(settings);
    } catch (error) {
      connection.fail(closedError("saying Hello"));
      throw error;
    } finally {
      life.removeEventListener("abort", end);
    }
    return connection;
  }

  private async sayHello(settings: Settings): Promise<void> {
    const doing = "saying Hello";
    const { body } = encode(kinds.Hello.request, {
      client: settings.name, revision: protocolRevision,
      compression: settings.compression ? true : undefined,
      bodySizeMax: settings.bodySizeMax === bodySizeMax ? undefined : settings.bodySizeMax,
    });
    const call = this.register(kinds.Hello);
    this.write(requestFrame(kinds.Hello.number, call.id, 0, pack(body, false)));
    const frame = await this.answerToHello(call, settings.connectMilliseconds);
    if (frame.provenance !== "real") {
      throw new AssayError(
        "mock_refused", `${doing}: the answer is marked as a mock's`, { provenance: "mock" });
    }
    if (frame.status !== 0) throw failureIn(frame, "server_refused", doing);
    try {
      if (!frame.isLast || (frame.flags & flagDegraded) !== 0) {
        throw new Error("found flags that Hello cannot have");
      }
      const hello = decode(helloResponseTable, frame.body) as unknown as HelloResponse;
      if (hello.revision > protocolRevision || (hello.compression && !settings.compression)) {
        throw new Error("the server agrees to what was not offered");
      }
      this.hello = hello;
      this.reader.bodyLimit = settings.bodySizeMax;
      this.reader.decompresses = hello.compression;
    } catch (error) {
      throw breachError(doing, error);
    }
  }

  private answerToHello(call: Call, milliseconds: number): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const timer = milliseconds === 0 ? undefined : setTimeout(() => {
        reject(new AssayError(
          "timed_out", `saying Hello: nothing came within ${milliseconds} ms`));
      }, milliseconds);
      call.wake = () => {
        clearTimeout(timer);
        try {
          const frame = call.take();
          if (frame !== undefined) resolve(frame);
        } catch (error) {
          reject(error);
        }
      };
    });
  }

  // -------------------------------------------------------------- reading

  private receive(bytes: Uint8Array): void {
    if (this.failure !== undefined) return;
    this.lastRead = performance.now();
    this.reader.push(bytes);
    try {
      for (let frame = this.reader.next(); frame !== undefined; frame = this.reader.next()) {
        this.file(frame);
        if (this.failure !== undefined) return;
      }
    } catch (error) {
      this.fail(error instanceof AssayError ? error : breachError("reading frames", error));
    }
  }

  /** Hands a frame to the call it is for. Throws for what is no answer to any. */
  private file(frame: Frame): void {
    if (frame.kind === (goAwayKind | responseBit)) return this.leave(frame);
    const call = this.calls.get(frame.requestId);
    if (call === undefined) {
      throw new Error(
        `found request id ${frame.requestId}, allowed: one of the ${this.calls.size} in flight`);
    }
    if (frame.kind !== (call.kind.number | responseBit)) {
      throw new Error(`found kind ${frame.kind} in the answer to ${call.kind.name}`);
    }
    call.first ??= frame;
    const isSame =
      frame.provenance === call.first.provenance && frame.generation === call.first.generation;
    if (!isSame && call.kind !== kinds.Load) {
      throw new Error("provenance or generation changed within an answer");
    }
    if (!call.isAbandoned) call.frames.push(frame);
    if (frame.isLast) this.complete(call);
    if (!call.isAbandoned) call.wake?.();
  }

  private complete(call: Call): void {
    call.isComplete = true;
    this.calls.delete(call.id);
    if (takesPlace(call.kind)) this.releasePlace();
    if (this.isDraining && this.calls.size === 0) this.socket.end();
  }

  /** Takes a GoAway: one with a status is the end. */
  private leave(frame: Frame): void {
    const doing = "reading the server's GoAway";
    if (!frame.isLast || (frame.flags & flagDegraded) !== 0 || frame.provenance !== "real") {
      throw new Error("found flags or a provenance that GoAway cannot have");
    }
    if (frame.status !== 0) throw failureIn(frame, "protocol_error", doing);
    decode(goAwayTable, frame.body);
    if (this.hello === undefined) throw closedError(doing);
    this.drain();
    if (this.calls.size === 0) this.socket.end();
  }

  private drain(): void {
    this.isDraining = true;
    for (const waiter of this.waiting.splice(0)) waiter();
  }

  /** Ends the connection and everything in flight on it. Only the first reason counts. */
  fail(failure: AssayError): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    this.socket.destroy();
    const calls = [...this.calls.values()];
    this.calls.clear();
    this.drain();
    for (const call of calls) {
      call.failure = failure;
      call.wake?.();
    }
  }

  /**
   * Whether a request may be written. What has arrived is read first, which takes a turn of the
   * event loop: it may be a farewell, or damage.
   */
  async isUsable(retrySafe: boolean): Promise<boolean> {
    const isFresh = retrySafe && performance.now() - this.lastRead < freshness;
    if (!isFresh && !this.isDraining) {
      await turn();
      if (!retrySafe) await turn();
    }
    return !this.isDraining;
  }

  /** Closes a connection on which a time-out was not the first sign of death. */
  endIfSilent(): void {
    if (performance.now() - this.lastRead > silenceMax) {
      this.fail(closedError("waiting for an answer on a silent connection"));
    }
  }

  // -------------------------------------------------------------- writing

  /** Refuses what this server cannot be sent; nothing is sent then. */
  check(kind: Kind, revision: number, size: number): void {
    const { revision: spoken, bodySizeMax: limit } = this.hello as HelloResponse;
    if (revision > spoken) {
      throw new AssayError(
        "revision_too_low", `sending ${kind.name}: it needs revision ${revision} of the ` +
        `protocol, the server speaks revision ${spoken}`);
    }
    if (size > limit) {
      throw new AssayError(
        "request_invalid",
        `sending ${kind.name}: its body has ${size} bytes, the server accepts ${limit}`);
    }
  }

  /** Takes a place among the requests in flight; false when there is none yet. */
  takePlace(): boolean {
    if (this.placesTaken >= (this.hello as HelloResponse).requestsInFlightMax) return false;
    this.placesTaken += 1;
    return true;
  }

  /** Waits until a place is handed over, or until there will be none: see `isDraining`. */
  waitForPlace(): { handed: Promise<void>; leave: () => void } {
    let waiter = (): void => {};
    let isHanded = false;
    const handed = new Promise<void>((resolve) => {
      waiter = () => {
        isHanded = true;
        resolve();
      };
    });
    this.waiting.push(waiter);
    const leave = (): void => {
      const index = this.waiting.indexOf(waiter);
      if (index >= 0) this.waiting.splice(index, 1);
      else if (isHanded && !this.isDraining) this.releasePlace();
    };
    return { handed, leave };
  }

  /** Hands a place to the one who has waited longest. */
  releasePlace(): void {
    const next = this.isDraining ? undefined : this.waiting.shift();
    if (next !== undefined) next(); // the place is handed over
    else this.placesTaken -= 1;
  }

  /** Writes a request for which a place has been taken. */
  send(kind: Kind, body: Uint8Array, deadlineMilliseconds: number): Call {
    const packed: Packed = pack(body, (this.hello as HelloResponse).compression);
    const call = this.register(kind);
    this.write(requestFrame(kind.number, call.id, deadlineMilliseconds, packed));
    return call;
  }

  /** Sends a Cancel whose own answer nobody waits for. */
  cancel(target: number): void {
    const { body } = encode(kinds.Cancel.request, { target } as Values);
    const call = this.register(kinds.Cancel);
    call.isAbandoned = true;
    this.write(requestFrame(kinds.Cancel.number, call.id, 0, pack(body, false)));
  }

  private register(kind: Kind): Call {
    this.lastId += 1;
    const call = new Call(this, this.lastId, kind);
    this.calls.set(call.id, call);
    return call;
  }

  private write(bytes: Uint8Array): void {
    if (this.failure === undefined) this.socket.write(bytes);
  }
}

const takesPlace = (kind: Kind): boolean => kind !== kinds.Cancel && kind !== kinds.Hello;

/** One turn of the event loop: what has arrived by now has been read after it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => resolve()));

function dial(address: Address, milliseconds: number, life: Signal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(address.where);
    const settle = (): void => {
      clearTimeout(timer);
      life.removeEventListener("abort", end);
    };
    const unreachable = (why: string, cause?: Error): void => {
      settle();
      socket.destroy();
      reject(new AssayError("unreachable", `connecting to ${address.text}: ${why}`, { cause }));
    };
    const end = (): void => unreachable("this client was closed");
    const timer = milliseconds === 0 ? undefined
      : setTimeout(() => unreachable(`no connection within ${milliseconds} ms`), milliseconds);
    life.addEventListener("abort", end);
    socket.on("connect", () => {
      settle();
      resolve(socket);
    });
    socket.on("error", (error) => unreachable(error.message, error));
  });
}
