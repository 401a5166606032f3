// A request and its answer, over all allowed attempts.
//
// Guarantees: the call ends at once when the caller aborts the signal or leaves the stream, and
// when the client is closed, whatever the call waits for, even without a waiting caller. The answer
// is given up, no part is handed out afterwards, and the connection stays open.
//
// While `waitMilliseconds` last, a request is sent again when no server answers at the address or
// the server refuses with model_loading. These tries do not count as attempts. Otherwise, within
// `attempts`, a request is sent again
//  1. when no byte of it was written, or the server found the connection idle and read nothing:
//     any kind (the first idle connection costs no attempt),
//  2. when the answer was UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED: any kind, after the pause
//     that the server asks for, else the backoff,
//  3. when the connection was lost: kinds with a harmless repetition (not Load, Swap, Rollback, Unload),
//
// and never after the deadline, after a chunk has reached the caller, after a breach of the
// protocol, for an oversized answer, or for a mock. From the second attempt on, a request that can
// have a context carries the number of the attempt.

import { Pieces } from "./answers.js";
import { decode, encode, Encoded, given, Values } from "./codec.js";
import { Call, Connection, refusalIn, timerMax } from "./connection.js";
import { AssayError, breachError } from "./errors.js";
import { Frame } from "./frames.js";
import { CallOptions } from "./options.js";
import { Pool } from "./pool.js";
import { Kind, kinds } from "./protocol.js";

const deadlineMax = 2 ** 32 - 1;
/**
 * Bounds of the pauses during a wait for the server. The lower bound prevents a busy loop, whatever
 * the backoff is.
 */
const waitPauseMin = 5;
const waitPauseMax = 200;

export class Exchange {
  /** The whole answer, after its last frame. */
  whole: object | undefined;

  private readonly encoded: Encoded;
  private readonly begun = performance.now();
  private readonly deadline: number; // on the clock of performance.now(), Infinity for none
  private attempt = 1; // number of the current attempt
  private waited = 0; // tries that do not count as attempts
  private hasMoved = false; // an idle connection has ended under the request
  private call: Call | undefined;
  private pieces: Pieces | undefined; // made anew with each attempt
  private hasReached = false; // a chunk has reached the caller
  private ended: AssayError | undefined; // reason for the end
  private giveUp: ((error: AssayError) => void) | undefined; // rejects the current wait
  private readonly heard = (): void => this.end();

  /**
   * Encodes a request. Throws request_invalid. With `handsOut`, chunks from `next` reach the
   * caller, and the request is not repeated afterwards.
   */
  constructor(
    private readonly pool: Pool, private readonly kind: Kind, private readonly request: object,
    private readonly options: CallOptions, private readonly handsOut: boolean
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

  /** Demands a real model, unless mocks are allowed. */
  private demanding(request: Values): Values {
    const isServerWide = this.kind === kinds.Health && request["model"] === undefined;
    const { allowMock } = this.pool.settings;
    if (allowMock || !this.carries("requirements") || isServerWide) return request;
    return { ...request, requirements: { ...(request["requirements"] as Values), real: true } };
  }

  private carries(key: string): boolean {
    return this.kind.request.fields.some((field) => field.key === key);
  }

  // -------------------------------------------------------------- sending

  /** Sends the request, if not sent yet. */
  async start(): Promise<void> {
    while (this.call === undefined) {
      let connection: Connection | undefined;
      try {
        this.checkWanted();
        connection = await this.pool.pick(
          this.kind.retrySafe, (opening) => this.until(opening));
        await this.send(connection);
      } catch (error) {
        if (connection !== undefined) connection.users -= 1;
        await this.again(error, true, connection);
      }
    }
  }

  /** Sends an attempt. Throws only when nothing was sent. */
  private async send(connection: Connection): Promise<void> {
    const refusal = connection.refusal(this.kind, this.encoded);
    if (refusal !== undefined) throw refusal;
    const body = this.bodyFor(connection);
    if (!connection.takePlace()) await connection.waitForPlace((handed) => this.until(handed));
    // Checks and sends in the same turn, so that a later `end` finds the call.
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

  /**
   * The body of an attempt. From the second attempt on, the context carries the number of the
   * attempt, if the server knows contexts.
   */
  private bodyFor(connection: Connection): Uint8Array {
    const { body } = this.encoded;
    if (this.attempt === 1 || !this.carries("context")) return body;
    const values = decode(this.kind.request, body);
    values["context"] = { ...(values["context"] as Values), attempt: this.attempt };
    const marked = encode(this.kind.request, values);
    return connection.refusal(this.kind, marked) === undefined ? marked.body : body;
  }

  /** Ends the exchange. An unfinished answer is given up. */
  stop(): void {
    this.options.signal?.removeEventListener("abort", this.heard);
    this.pool.exchanges.delete(this);
    this.drop();
  }

  /** Ends the exchange for the caller, during any wait. */
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

  /** The next chunk, or undefined when the answer is whole. Mocks are refused unless allowed. */
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
        const connection = this.call?.connection;
        this.drop();
        await this.again(error, false, connection);
      }
    }
    return undefined;
  }

  /**
   * Refuses a mock before looking at a failure: a caller must not act on a mock's error unawares.
   */
  private read(frame: Frame, connection: Connection): object {
    const doing = `reading the answer to ${this.kind.name}`;
    if (frame.provenance === "mock" && !this.pool.settings.allowMock) {
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
    const text = `${this.kind.name}: the caller gave the answer up`;
    return new AssayError("given_up", text, { cause: this.options.signal?.reason });
  }

  private late(): AssayError {
    return new AssayError(
      "timed_out", `${this.kind.name}: the answer did not come within the deadline`);
  }

  /** Throws when the exchange has ended or the caller has aborted. */
  private checkWanted(): void {
    if (this.ended !== undefined) throw this.ended;
    if (this.options.signal?.aborted) throw this.givenUp();
  }

  private check(): void {
    this.checkWanted();
    if (this.left() <= 0) throw this.late();
  }

  /**
   * Waits for a promise until the exchange ends or the deadline passes. For an answer, the wait
   * includes the grace after the deadline, and ends after answerMilliseconds of silence.
   */
  private until<Value>(promise: Promise<Value>, isAnswer = false): Promise<Value> {
    const { answerMilliseconds, graceMilliseconds } = this.pool.settings;
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

  /** Pauses before another attempt. When no attempt is left, ends the exchange and throws. */
  private async again(
    error: unknown, isUnwritten: boolean, connection?: Connection
  ): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const mayRepeat = error instanceof AssayError && this.ended === undefined &&
        !this.hasReached && !this.pool.isClosed;
      const isUnread = connection?.isForsaken === true && connection.failure === error;
      const pause = !mayRepeat ? undefined
        : isUnread && !this.hasMoved ? 0
        : this.waitPause(error) ?? this.retryPause(error, isUnwritten || isUnread);
      this.hasMoved ||= isUnread;
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
    const { backoffMilliseconds, backoffMaxMilliseconds } = this.pool.settings;
    const doubled = backoffMilliseconds * 2 ** Math.min(attempt - 1, 31);
    return Math.min(doubled, backoffMaxMilliseconds) * (0.5 + 0.5 * Math.random());
  }

  /**
   * Milliseconds before a try that does not count. Undefined when the call does not wait for the
   * server.
   */
  private waitPause(error: AssayError): number | undefined {
    const left = this.pool.settings.waitMilliseconds - (performance.now() - this.begun);
    const isLoading = error.code === "server_refused" && error.serverCode === "model_loading";
    if (left <= 0 || !(isLoading || error.code === "unreachable")) return undefined;
    const pause = isLoading ? error.retryAfterMilliseconds ?? waitPauseMax
      : Math.max(waitPauseMin, Math.min(waitPauseMax, this.backoff(this.waited + 1)));
    // A pause that the server asked for is not cut short.
    if (error.retryAfterMilliseconds !== undefined && pause > left) return undefined;
    this.waited += 1;
    return Math.min(pause, left);
  }

  /** Milliseconds before an attempt that counts. Undefined when an attempt is unsafe or useless. */
  private retryPause(error: AssayError, isUnwritten: boolean): number | undefined {
    const finished = this.attempt;
    if (finished >= this.pool.settings.attempts) return undefined;
    this.attempt += 1;
    const backoff = this.backoff(finished);
    switch (error.code) {
      case "unreachable":
        return backoff;
      case "connection_closed":
        return isUnwritten || this.kind.retrySafe ? backoff : undefined;
      case "timed_out": // of connecting, or of Hello. The deadline leaves no room
        return isUnwritten ? backoff : undefined;
      case "server_refused":
        return ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"].includes(error.status)
          ? error.retryAfterMilliseconds ?? backoff : undefined;
      default:
        return undefined;
    }
  }
}
