// One request and its answer, over as many attempts as are allowed.
//
// Guarantees: when the caller stops, by an AbortSignal or by leaving a stream, and when the client
// is closed, the call ends at once, whatever it waits for, and so does one that nobody waits for at
// the moment. Its answer is given up, nothing of it is handed out afterwards, and the connection
// lives on.
//
// While `waitMilliseconds` last, a request is sent again as long as nobody answers at the address
// or the server refuses with model_loading; that does not count. Otherwise, within `attempts`, when
//  1. no byte of it was written: any kind;
//  2. it was answered UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED: any kind, after the pause that
//     the server asks for, else the backoff;
//  3. the connection was lost: kinds whose effects do not add up (all but Load and Unload);
//
// and never beyond the deadline, once a chunk has reached the caller, on a breach of the protocol,
// for an answer that is too large, or for a mock. From the second attempt on a request that can
// have a context says which one it is.

import { Pieces } from "./answers.js";
import { decode, encode, Encoded, given, Values } from "./codec.js";
import { Call, Connection, refusalIn, timerMax } from "./connection.js";
import { AssayError, breachError } from "./errors.js";
import { Frame } from "./frames.js";
import { CallOptions, Settings } from "./options.js";
import { Pool } from "./pool.js";
import { Kind, kinds } from "./protocol.js";

const deadlineMax = 2 ** 32 - 1;
/** Bounds of the pauses while a server is waited for: no busy loop, whatever the backoff is. */
const waitPauseMin = 5;
const waitPauseMax = 200;

export class Exchange {
  /** The whole answer, once it has ended. */
  whole: object | undefined;

  private readonly encoded: Encoded;
  private readonly begun = performance.now();
  private readonly deadline: number; // on the same clock; Infinity: none
  private attempt = 1; // the one under way, or about to be
  private waited = 0; // tries that do not count
  private call: Call | undefined;
  private pieces: Pieces | undefined; // anew with each attempt
  private hasReached = false; // a chunk has reached the caller
  private ended: AssayError | undefined; // why there is no more
  private giveUp: ((error: AssayError) => void) | undefined; // ends what is waited for
  private readonly heard = (): void => this.end();

  /**
   * Encodes a request. Throws request_invalid. `handsOut`: what `next` gives reaches the caller,
   * and is not asked for again.
   */
  constructor(
    private readonly pool: Pool, private readonly settings: Settings, private readonly kind: Kind,
    private readonly request: object, private readonly options: CallOptions,
    private readonly handsOut: boolean
  ) {
    const doing = `encoding ${kind.name}`;
    const { deadlineMilliseconds = 0, signal } = options;
    if (!(deadlineMilliseconds >= 0 && deadlineMilliseconds <= deadlineMax)) {
      throw new AssayError(
        "request_invalid", `${doing}: a deadline is 0 to ${deadlineMax} ms`,
        { field: "deadline_milliseconds" });
    }
    this.encoded = given(doing, () => encode(kind.request, this.demanding(request as Values)));
    this.deadline = deadlineMilliseconds > 0 ? this.begun + deadlineMilliseconds : Infinity;
    signal?.addEventListener("abort", this.heard);
    pool.exchanges.add(this);
  }

  /** Real models only, unless mocks are allowed. */
  private demanding(request: Values): Values {
    const isServerWide = this.kind === kinds.Health && request["model"] === undefined;
    if (this.settings.allowMock || !this.carries("requirements") || isServerWide) return request;
    return { ...request, requirements: { ...(request["requirements"] as Values), real: true } };
  }

  private carries(key: string): boolean {
    return this.kind.request.fields.some((field) => field.key === key);
  }

  // -------------------------------------------------------------- sending

  /** Sends the request, unless that is done. */
  async start(): Promise<void> {
    while (this.call === undefined) {
      try {
        this.checkWanted();
        const connection = await this.pool.pick(
          this.kind.retrySafe, (opening) => this.until(opening));
        await this.send(connection).catch((error) => {
          connection.users -= 1;
          throw error;
        });
      } catch (error) {
        await this.again(error, true);
      }
    }
  }

  /** Throws only when nothing was sent. */
  private async send(connection: Connection): Promise<void> {
    const refusal = connection.refusal(this.kind, this.encoded);
    if (refusal !== undefined) throw refusal;
    const body = this.bodyFor(connection);
    if (!connection.takePlace()) await connection.waitForPlace((handed) => this.until(handed));
    // Looks and sends in one turn: whoever ends the exchange later finds the call.
    try {
      this.check();
      const deadline = this.deadline === Infinity ? 0 : Math.max(1, Math.ceil(this.left()));
      this.call = connection.send(this.kind, body, deadline);
    } catch (error) {
      connection.releasePlace();
      throw error;
    }
    this.pieces = new Pieces(this.kind, this.request);
  }

  /** From the second attempt on a request with a context says so, where the server may know it. */
  private bodyFor(connection: Connection): Uint8Array {
    const { body } = this.encoded;
    if (this.attempt === 1 || !this.carries("context")) return body;
    const values = decode(this.kind.request, body);
    values["context"] = { ...(values["context"] as Values), attempt: this.attempt };
    const marked = encode(this.kind.request, values);
    return connection.refusal(this.kind, marked) === undefined ? marked.body : body;
  }

  /** Ends the exchange; an unfinished answer is given up. */
  stop(): void {
    this.options.signal?.removeEventListener("abort", this.heard);
    this.pool.exchanges.delete(this);
    this.drop();
  }

  /** Ends the exchange because the caller wants no more, whatever it is waiting for. */
  end(error = this.givenUp()): void {
    if (this.whole !== undefined) return;
    this.ended ??= error;
    this.stop();
    this.giveUp?.(this.ended);
  }

  private drop(): void {
    if (this.call === undefined) return;
    this.call.abandon();
    this.call.connection.users -= 1;
    this.call = undefined;
  }

  // -------------------------------------------------------------- reading

  /** The next chunk; undefined when the answer is whole. No mock's unless allowed. */
  async next(): Promise<object | undefined> {
    while (this.whole === undefined) {
      if (this.call === undefined) await this.start();
      try {
        this.checkWanted();
        const call = this.call as unknown as Call;
        const frame = call.take() ?? (await this.until(call.arrival(), true));
        this.checkWanted();
        const said = this.read(frame, call.connection);
        if (!frame.isLast) return said;
        this.whole = said;
        this.stop();
      } catch (error) {
        this.drop();
        await this.again(error, false);
      }
    }
    return undefined;
  }

  /** Refuses a mock first and a failure second: nobody should act on a mock's words unawares. */
  private read(frame: Frame, connection: Connection): object {
    const doing = `reading the answer to ${this.kind.name}`;
    if (frame.provenance === "mock" && !this.settings.allowMock) {
      throw new AssayError(
        "mock_refused",
        `${doing}: it comes from a mock model, not from a real one, and was refused`,
        { provenance: "mock" });
    }
    try {
      if (frame.status !== 0) throw refusalIn(frame, "server_refused");
      const said = (this.pieces as Pieces).take(frame);
      this.hasReached = this.handsOut;
      return said;
    } catch (error) {
      if (error instanceof AssayError) throw error;
      const failure = breachError(doing, error);
      connection.fail(failure);
      throw failure;
    }
  }

  // -------------------------------------------------------------- waiting

  /** Milliseconds until the deadline. */
  private left(): number {
    return this.deadline - performance.now();
  }

  private givenUp(): AssayError {
    return new AssayError("given_up", `${this.kind.name}: the caller gave the answer up`);
  }

  private late(): AssayError {
    return new AssayError(
      "timed_out", `${this.kind.name}: the answer did not come within the deadline`);
  }

  /** Throws when the caller wants no more. */
  private checkWanted(): void {
    if (this.ended !== undefined) throw this.ended;
    if (this.options.signal?.aborted) throw this.givenUp();
  }

  private check(): void {
    this.checkWanted();
    if (this.left() <= 0) throw this.late();
  }

  /**
   * Waits for a promise until the exchange is ended or the deadline has passed. An answer has the
   * grace beyond it, and is waited for until the server was silent for answerMilliseconds.
   */
  private until<Value>(promise: Promise<Value>, isAnswer = false): Promise<Value> {
    const { answerMilliseconds, graceMilliseconds } = this.settings;
    const timers: Array<ReturnType<typeof setTimeout>> = [];
    const settled = new Promise<Value>((resolve, reject) => {
      const after = (milliseconds: number, error: () => AssayError): void => {
        timers.push(setTimeout(() => {
          this.call?.connection.endIfSilent();
          reject(error());
        }, Math.min(milliseconds, timerMax)));
      };
      if (!isAnswer) this.check();
      this.giveUp = reject;
      if (this.deadline < Infinity) {
        after(this.left() + (isAnswer ? graceMilliseconds : 0), () => this.late());
      }
      if (isAnswer && answerMilliseconds > 0) {
        after(answerMilliseconds, () => new AssayError(
          "timed_out", `${this.kind.name}: nothing came within ${answerMilliseconds} ms`));
      }
      promise.then(resolve, reject);
    });
    return timers.length === 0 ? settled : settled.finally(() => timers.forEach(clearTimeout));
  }

  // -------------------------------------------------------------- another attempt

  /** Pauses before another attempt; ends the exchange and throws when there is to be none. */
  private async again(error: unknown, isUnwritten: boolean): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const mayRepeat = error instanceof AssayError && this.ended === undefined &&
        !this.hasReached && !this.pool.isClosed;
      const pause = mayRepeat ? this.waitPause(error) ?? this.retryPause(error, isUnwritten)
        : undefined;
      if (pause === undefined || pause > this.left()) throw error;
      await this.until(new Promise<void>((resolve) => {
        timer = setTimeout(resolve, pause);
      }));
    } catch (failure) {
      clearTimeout(timer);
      this.ended ??= failure as AssayError;
      this.stop();
      throw this.ended;
    }
  }

  private backoff(attempt: number): number {
    const { backoffMilliseconds, backoffMaxMilliseconds } = this.settings;
    const doubled = backoffMilliseconds * 2 ** Math.min(attempt - 1, 31);
    return Math.min(doubled, backoffMaxMilliseconds) * (0.5 + 0.5 * Math.random());
  }

  /** Milliseconds before a try that does not count; undefined: the server is not waited for. */
  private waitPause(error: AssayError): number | undefined {
    const left = this.settings.waitMilliseconds - (performance.now() - this.begun);
    const isLoading = error.code === "server_refused" && error.serverCode === "model_loading";
    if (left <= 0 || !(isLoading || error.code === "unreachable")) return undefined;
    const pause = isLoading ? error.retryAfterMilliseconds ?? waitPauseMax
      : Math.max(waitPauseMin, Math.min(waitPauseMax, this.backoff(this.waited + 1)));
    // The server's own pause is not cut short.
    if (error.retryAfterMilliseconds !== undefined && pause > left) return undefined;
    this.waited += 1;
    return Math.min(pause, left);
  }

  /** Milliseconds before an attempt that counts; undefined when it is not safe, or of no use. */
  private retryPause(error: AssayError, isUnwritten: boolean): number | undefined {
    const finished = this.attempt;
    if (finished >= this.settings.attempts) return undefined;
    this.attempt += 1;
    const backoff = this.backoff(finished);
    switch (error.code) {
      case "unreachable":
        return backoff;
      case "connection_closed":
        return isUnwritten || this.kind.retrySafe ? backoff : undefined;
      case "timed_out": // of connecting, or of Hello; the deadline itself leaves no room
        return isUnwritten ? backoff : undefined;
      case "server_refused":
        return ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"].includes(error.status)
          ? error.retryAfterMilliseconds ?? backoff : undefined;
      default:
        return undefined;
    }
  }
}
