// One connection: Hello, requests in flight, and the sorting of what arrives.
//
// Guarantees: a frame is kept only when it answers a request in flight, with that request's kind
// and with the provenance and generation of its earlier frames (Load excepted, whose progress comes
// before its model); anything else ends the connection and everything in flight on it. No more of
// an answer is kept than `answerSizeMax`. Never more requests in flight than the server said in
// Hello; Cancel is not counted, as the server does not. Frames of a request the caller gave up are
// dropped until its last one.
// Not here: what the bodies say (answers.ts), other attempts (exchange.ts).

import * as net from "node:net";

import { decode, encode, Encoded } from "./codec.js";
import { AssayError, breachError, closedError } from "./errors.js";
import { Frame, FrameReader, requestFrame } from "./frames.js";
import { Settings } from "./options.js";
import {
  bodySizeMax, Code, ErrorBody, errorBodyTable, flagDegraded, frameSizeMaxBeforeHello, goAwayKind,
  goAwayTable, headerSize, HelloResponse, Kind, kinds, protocolRevision, responseBit, Status,
  statuses,
} from "./protocol.js";
import { Address, dial } from "./socket.js";

/** How long a connection may be silent before a time-out ends it, milliseconds. */
const silenceMax = 10_000;
/** What has been read so lately counts as all there is, milliseconds. */
const freshness = 0.1;
/** The longest time that a timer of Node takes, milliseconds. */
export const timerMax = 2 ** 31 - 1;

/** One request in flight. */
export class Call {
  first: Frame | undefined;
  isComplete = false;
  isAbandoned = false;

  private frames: Frame[] = [];
  private size = 0;
  private failure: AssayError | undefined;
  private wake: (() => void) | undefined;

  constructor(readonly connection: Connection, readonly id: number, readonly kind: Kind) {}

  /** The oldest frame, which it removes; without one, throws why there will be none. */
  take(): Frame | undefined {
    const frame = this.frames.shift();
    if (frame === undefined && this.failure !== undefined) throw this.failure;
    return frame;
  }

  /** The next frame to come; rejects when there will be none. */
  arrival(): Promise<Frame> {
    return new Promise((resolve, reject) => {
      this.wake = () => {
        this.wake = undefined;
        try {
          resolve(this.take() as Frame);
        } catch (error) {
          reject(error);
        }
      };
    });
  }

  /** Keeps a frame for `take`, unless nobody wants it. Of more than `sizeMax` bytes nobody does. */
  keep(frame: Frame, sizeMax: number): void {
    if (this.isAbandoned) return;
    this.size += frame.body.length;
    if (this.size <= sizeMax) {
      this.frames.push(frame);
      this.wake?.();
      return;
    }
    this.abandon();
    this.fail(new AssayError(
      "given_up", `reading the answer to ${this.kind.name}: found more than ${sizeMax} bytes, ` +
      "the most that \"answer_size_max\" allows"));
  }

  /** There will be no more frames. */
  fail(failure: AssayError): void {
    this.failure ??= failure;
    this.wake?.();
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

const statusNames = new Map<number, Status>(
  Object.entries(statuses).map(([name, number]) => [number, name as Status]));

/** What a server said instead of an answer. Numbers that are not known read as UNKNOWN. */
export function refusalIn({ body, status: number, provenance }: Frame, code: Code): AssayError {
  const { code: serverCode, message, ...details } =
    decode(errorBodyTable, body) as unknown as ErrorBody;
  const status = statusNames.get(number) ?? "UNKNOWN";
  return new AssayError(
    code, `${status}: ${message}`, { ...details, status, serverCode, provenance });
}

export class Connection {
  /** Calls that have been given this connection. */
  users = 0;
  /** Why it is closed. */
  failure: AssayError | undefined;
  /** Takes no new requests. */
  isDraining = false;
  /** Until Hello is done; rejects with why it was not. */
  readonly opening: Promise<void>;

  private readonly socket: net.Socket;
  private isConnected = false;
  private hello: HelloResponse | undefined;
  private readonly reader = new FrameReader(frameSizeMaxBeforeHello - headerSize);
  private readonly calls = new Map<number, Call>();
  private readonly waiting = new Set<() => void>();
  private placesTaken = 0;
  private lastId = 0;
  private lastRead = 0;

  /** Connects and says Hello; each of the two has `connectMilliseconds`. */
  constructor(private readonly address: Address, private readonly settings: Settings) {
    this.socket = dial(address);
    this.socket.on("data", (bytes) => this.receive(bytes));
    this.socket.on("end", () => this.fail(closedError("reading the server's answers")));
    this.socket.on("close", () => this.fail(closedError("reading the server's answers")));
    this.socket.on("error", (error) => this.fail(
      this.isConnected ? closedError("using the connection", error)
        : this.unreachable(error.message, error)));
    this.opening = this.open();
    this.opening.catch(() => {}); // thrown to those who wait, who may all have gone
  }

  get isOpen(): boolean {
    return this.hello !== undefined;
  }

  /** Calls, where one that is being opened is a little worse than an open one. */
  get load(): number {
    return this.users + (this.isOpen ? 0 : 0.25);
  }

  // -------------------------------------------------------------- Hello

  private async open(): Promise<void> {
    const { connectMilliseconds: milliseconds } = this.settings;
    const limit = (error: () => AssayError): ReturnType<typeof setTimeout> =>
      setTimeout(() => this.fail(error()), Math.min(milliseconds, timerMax));
    let timer = limit(() => this.unreachable(`no connection within ${milliseconds} ms`));
    this.socket.on("connect", () => {
      this.isConnected = true;
      clearTimeout(timer);
      timer = limit(() => new AssayError(
        "timed_out", `saying Hello: nothing came within ${milliseconds} ms`));
    });
    try {
      this.greeted(await this.sayHello().arrival());
    } catch (error) {
      const failure = error instanceof AssayError ? error : breachError("saying Hello", error);
      this.fail(failure);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  private unreachable(why: string, cause?: Error): AssayError {
    return new AssayError("unreachable", `connecting to ${this.address.text}: ${why}`, { cause });
  }

  private sayHello(): Call {
    const { name, compression, bodySizeMax: limit } = this.settings;
    const { body } = encode(kinds.Hello.request, {
      client: name, revision: protocolRevision, compression: compression ? true : undefined,
      bodySizeMax: limit === bodySizeMax ? undefined : limit,
    });
    return this.write(kinds.Hello, body);
  }

  private greeted(frame: Frame): void {
    checkMarks(frame, "Hello");
    if (frame.status !== 0) throw refusalIn(frame, "server_refused");
    const hello = decode(kinds.Hello.response, frame.body) as unknown as HelloResponse;
    const { compression, bodySizeMax: limit } = this.settings;
    if (hello.revision > protocolRevision || (hello.compression && !compression)) {
      throw new Error("the server agrees to what was not offered");
    }
    this.hello = hello;
    this.reader.bodyLimit = limit;
    this.reader.decompresses = hello.compression;
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
    if (frame.isLast) this.complete(call);
    call.keep(frame, this.settings.answerSizeMax);
  }

  private complete(call: Call): void {
    call.isComplete = true;
    this.calls.delete(call.id);
    if (call.kind !== kinds.Cancel && call.kind !== kinds.Hello) this.releasePlace();
    if (this.isDraining && this.calls.size === 0) this.socket.end();
  }

  /** Takes a GoAway: one with a status is the end. */
  private leave(frame: Frame): void {
    checkMarks(frame, "GoAway");
    if (frame.status !== 0) throw refusalIn(frame, "protocol_error");
    decode(goAwayTable, frame.body);
    if (!this.isOpen) throw closedError("reading the server's GoAway");
    this.drain();
    if (this.calls.size === 0) this.socket.end();
  }

  private drain(): void {
    this.isDraining = true;
    for (const hand of this.waiting) hand();
    this.waiting.clear();
  }

  /** Ends the connection and everything in flight on it. Only the first reason counts. */
  fail(failure: AssayError): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    this.socket.destroy();
    const calls = [...this.calls.values()];
    this.calls.clear();
    this.drain();
    for (const call of calls) call.fail(failure);
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

  /** Why this server cannot be sent a request: nothing is sent then. */
  refusal({ name, since }: Kind, { body, revision }: Encoded): AssayError | undefined {
    const needed = Math.max(since, revision);
    const { revision: spoken, bodySizeMax: limit } = this.hello as HelloResponse;
    if (needed > spoken) {
      return new AssayError(
        "revision_too_low", `sending ${name}: it needs revision ${needed} of the ` +
        `protocol, the server speaks revision ${spoken}`);
    }
    return body.length <= limit ? undefined : new AssayError(
      "request_invalid",
      `sending ${name}: its body has ${body.length} bytes, the server accepts ${limit}`);
  }

  /** Takes a place among the requests in flight; false when there is none. */
  takePlace(): boolean {
    if (this.placesTaken >= (this.hello as HelloResponse).requestsInFlightMax) return false;
    this.placesTaken += 1;
    return true;
  }

  /** Waits until a place is handed over, or until there will be none. */
  async waitForPlace(until: (handed: Promise<void>) => Promise<void>): Promise<void> {
    let hand = (): void => {};
    const handed = new Promise<void>((resolve) => {
      hand = resolve;
    });
    this.waiting.add(hand);
    try {
      await until(handed);
    } catch (error) {
      if (!this.waiting.delete(hand)) this.releasePlace(); // it was handed over in this turn
      throw error;
    }
  }

  /** Hands a place to the one who has waited longest. */
  releasePlace(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.placesTaken -= 1;
    } else {
      this.waiting.delete(next);
      next();
    }
  }

  /** Writes a request for which a place has been taken. Throws when it takes no more. */
  send(kind: Kind, body: Uint8Array, deadlineMilliseconds: number): Call {
    if (this.isDraining) throw closedError(`sending ${kind.name}`);
    const call = this.write(kind, body, deadlineMilliseconds);
    // The system refused it at once: not a byte was taken.
    if (this.socket.errored) {
      this.fail(closedError(`sending ${kind.name}`, this.socket.errored));
      throw this.failure;
    }
    return call;
  }

  /** Sends a Cancel whose own answer nobody waits for. */
  cancel(target: number): void {
    const { body } = encode(kinds.Cancel.request, { target });
    this.write(kinds.Cancel, body).isAbandoned = true;
  }

  private write(kind: Kind, body: Uint8Array, deadlineMilliseconds = 0): Call {
    this.lastId += 1;
    const call = new Call(this, this.lastId, kind);
    this.calls.set(call.id, call);
    const compresses = this.hello?.compression === true;
    const bytes = requestFrame(kind.number, call.id, deadlineMilliseconds, body, compresses);
    if (this.failure === undefined) this.socket.write(bytes);
    return call;
  }
}

/** Hello's answer and GoAway are about the connection: one frame, and no model's. */
function checkMarks(frame: Frame, name: string): void {
  if (!frame.isLast || (frame.flags & flagDegraded) !== 0 || frame.provenance !== "real") {
    throw new Error(`found flags or a provenance that ${name} cannot have`);
  }
}

/** One turn of the event loop: what has arrived by now has been read after it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => resolve()));
