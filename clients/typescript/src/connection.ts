// A connection: Hello, requests in flight, and the distribution of received frames.
//
// Guarantees:
// - A frame is kept only when it answers a request in flight, has the kind of the request, and has
//   the provenance and generation of the earlier frames, except for progress of Load and Swap, which
//   comes before the model. A wrong frame ends the connection and all its calls.
// - At most `answerSizeMax` bytes of an answer are kept.
// - The number of requests in flight, without Cancel, never exceeds the server's limit in Hello.
// - Frames of an abandoned request are dropped until its last frame.
//
// Not here: contents of bodies (answers.ts), further attempts (exchange.ts).

import * as net from "node:net";

import { decode, encode, Encoded } from "./codec.js";
import { AssayError, breachError, closedError } from "./errors.js";
import { Frame, FrameReader, requestFrame } from "./frames.js";
import { Settings } from "./options.js";
import {
  bodySizeMax, Code, ErrorBody, errorBodyTable, flagDegraded, frameSizeMaxBeforeHello, goAwayKind,
  goAwayTable, headerSize, HelloResponse, Kind, kinds, protocolRevision, responseBit, Status,
  statuses, stranger,
} from "./protocol.js";
import { Address, dial } from "./socket.js";

/** Milliseconds of silence after which a time-out ends the connection. */
const silenceMax = 10_000;
/** Milliseconds for which a read counts as having taken all arrived bytes. */
const freshness = 0.1;
/** Longest time for a timer of Node, milliseconds. */
export const timerMax = 2 ** 31 - 1;

/** A request in flight. */
export class Call {
  first: Frame | undefined;
  isComplete = false;
  isAbandoned = false;

  private frames: Frame[] = [];
  private size = 0;
  private failure: AssayError | undefined;
  private wake: (() => void) | undefined;

  constructor(readonly connection: Connection, readonly id: number, readonly kind: Kind) {}

  /**
   * Removes and returns the oldest frame. Without a frame, throws the failure of the call, if any.
   */
  take(): Frame | undefined {
    const frame = this.frames.shift();
    if (frame === undefined && this.failure !== undefined) throw this.failure;
    return frame;
  }

  /** Waits for the next frame. Rejects when the call fails. */
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

  /**
   * Keeps a frame for `take`. Frames of abandoned calls and bytes beyond `sizeMax` are not kept.
   */
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

  /** Ends the call: no more frames will arrive. */
  fail(failure: AssayError): void {
    this.failure ??= failure;
    this.wake?.();
  }

  /**
   * Drops the kept frames and all later frames, and asks the server to stop. The place in flight
   * becomes free with the last frame.
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

/** The error in a frame with a status. Unknown numbers read as UNKNOWN. */
export function refusalIn({ body, status: number, provenance }: Frame, code: Code): AssayError {
  const { code: serverCode, message, ...details } =
    decode(errorBodyTable, body) as unknown as ErrorBody;
  const status = statusNames.get(number) ?? "UNKNOWN";
  return new AssayError(
    code, `${status}: ${message}`, { ...details, status, serverCode, provenance });
}

export class Connection {
  /** Number of calls with this connection. */
  users = 0;
  /** Reason for the end of the connection. */
  failure: AssayError | undefined;
  /** True when the connection takes no new requests. */
  isDraining = false;
  /** True when the server found the connection idle, and read none of the requests in flight. */
  isForsaken = false;
  /** Resolves after Hello. Rejects with the reason when Hello fails. */
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

  /** Connects and sends Hello. Each of the two steps has `connectMilliseconds`. */
  constructor(private readonly address: Address, private readonly settings: Settings) {
    this.socket = dial(address);
    this.socket.on("data", (bytes) => this.receive(bytes));
    this.socket.on("end", () => this.fail(closedError("reading the server's answers")));
    this.socket.on("close", () => this.fail(closedError("reading the server's answers")));
    this.socket.on("error", (error) => this.fail(
      this.isConnected ? closedError("using the connection", error)
        : this.unreachable(error.message, error)));
    this.opening = this.open();
    this.opening.catch(() => {}); // thrown to the waiting callers, if any are left
  }

  get isOpen(): boolean {
    return this.hello !== undefined;
  }

  /** Number of calls. An opening connection counts slightly more than an open connection. */
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
    const { name, compression, bodySizeMax: limit, token, tenant } = this.settings;
    const { body } = encode(kinds.Hello.request, {
      token, tenant, client: name, revision: protocolRevision, compression: compression ? true : undefined,
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
      const strange = this.isOpen ? undefined : stranger(this.address.text, this.reader.chunks[0]);
      this.fail(
        error instanceof AssayError ? error : breachError("reading frames", strange ?? error));
    }
  }

  /** Hands a frame to its call. Throws when no call expects the frame. */
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
    if (!isSame && call.kind !== kinds.Load && call.kind !== kinds.Swap) {
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

  /** Takes a GoAway. A GoAway with a status, or with the reason idle, ends the connection. */
  private leave(frame: Frame): void {
    checkMarks(frame, "GoAway");
    const isUnnamed = frame.status === statuses.UNAUTHENTICATED;
    if (frame.status !== 0) throw refusalIn(frame, isUnnamed ? "server_refused" : "protocol_error");
    const { reason } = decode(goAwayTable, frame.body);
    if (reason === "idle") { // the server has read none of the requests in flight
      const isAnswered = [...this.calls.values()].some((call) => call.first !== undefined);
      if (isAnswered) throw new Error("found GoAway idle in the middle of an answer");
      this.isForsaken = true;
      throw closedError("using a connection that the server found idle");
    }
    if (!this.isOpen) throw closedError("reading the server's GoAway");
    this.drain();
    if (this.calls.size === 0) this.socket.end();
  }

  private drain(): void {
    this.isDraining = true;
    for (const hand of this.waiting) hand();
    this.waiting.clear();
  }

  /** Ends the connection and all its calls. Only the first reason counts. */
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
   * True when a request may be written. Arrived bytes are read first, for a turn of the event loop,
   * because they may hold a GoAway or damage.
   */
  async isUsable(retrySafe: boolean): Promise<boolean> {
    const isFresh = retrySafe && performance.now() - this.lastRead < freshness;
    if (!isFresh && !this.isDraining) {
      await turn();
      if (!retrySafe) await turn();
    }
    return !this.isDraining;
  }

  /** Closes a connection on which no byte arrived for `silenceMax` before a time-out. */
  endIfSilent(): void {
    if (performance.now() - this.lastRead > silenceMax) {
      this.fail(closedError("waiting for an answer on a silent connection"));
    }
  }

  // -------------------------------------------------------------- writing

  /** The reason not to send a request to this server, if any. */
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

  /** Takes a place among the requests in flight. False when no place is free. */
  takePlace(): boolean {
    if (this.placesTaken >= (this.hello as HelloResponse).requestsInFlightMax) return false;
    this.placesTaken += 1;
    return true;
  }

  /** Waits until a place is handed over, or until no place can become free. */
  async waitForPlace(until: (handed: Promise<void>) => Promise<void>): Promise<void> {
    let hand = (): void => {};
    const handed = new Promise<void>((resolve) => {
      hand = resolve;
    });
    this.waiting.add(hand);
    try {
      await until(handed);
    } catch (error) {
      if (!this.waiting.delete(hand)) this.releasePlace(); // the place was handed over in this turn
      throw error;
    }
  }

  /** Hands a place to the call with the longest wait. */
  releasePlace(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.placesTaken -= 1;
    } else {
      this.waiting.delete(next);
      next();
    }
  }

  /** Writes a request after `takePlace`. Throws when the connection takes no more requests. */
  send(kind: Kind, body: Uint8Array, deadlineMilliseconds: number): Call {
    if (this.isForsaken && this.failure !== undefined) throw this.failure;
    if (this.isDraining) throw closedError(`sending ${kind.name}`);
    const call = this.write(kind, body, deadlineMilliseconds);
    // The system refused the write at once, and took no byte.
    if (this.socket.errored) {
      this.fail(closedError(`sending ${kind.name}`, this.socket.errored));
      throw this.failure;
    }
    return call;
  }

  /** Sends a Cancel. No caller waits for the answer to Cancel. */
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

/**
 * Hello's answer and GoAway concern the connection. They have a single frame and come from no
 * model.
 */
function checkMarks(frame: Frame, name: string): void {
  if (!frame.isLast || (frame.flags & flagDegraded) !== 0 || frame.provenance !== "real") {
    throw new Error(`found flags or a provenance that ${name} cannot have`);
  }
}

/** A turn of the event loop. Bytes that have arrived are read by the end of the turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => resolve()));
