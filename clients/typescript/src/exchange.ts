// One request and its answer, over as many attempts as are allowed.
//
// Guarantees: when the caller stops, by an AbortSignal or by leaving a stream, the call ends at
// once, whatever it waits for, and so does one that nobody waits for at the moment. Its answer is
// given up, nothing of it is handed out afterwards, and the connection lives on.
//
// While `waitMilliseconds` last, a request is sent again as long as nobody answers at the address
// or the server refuses with model_loading; that does not count. Otherwise, within `attempts`, when
//  1. no byte of it was written: any kind;
//  2. it was answered UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED: any kind, after the pause that
//     the server asks for, else the backoff;
//  3. the connection was lost: kinds whose effects do not add up (all but Load and Unload);
//
// and never beyond the deadline, once a chunk has reached the caller, on a breach of the protocol,
// or for a mock.

import { Pieces } from "./answers.js";
import { Breach, encode, Values } from "./codec.js";
import { Call, Connection, failureIn } from "./connection.js";
import { AssayError, breachError, closedError } from "./errors.js";
import { Frame } from "./frames.js";
import { CallOptions, Settings } from "./options.js";
import { Pool } from "./pool.js";
import { Kind, kinds } from "./protocol.js";

const deadlineMax = 2 ** 32 - 1;
const timerMax = 2 ** 31 - 1;
/** Bounds of the pauses while a server is waited for: no busy loop, whatever the backoff is. */
const waitPauseMin = 5;
const waitPauseMax = 200;

export class Exchange<Answer extends Pieces> {
  /** The answer in the making, anew with each attempt. */
  pieces: Answer | undefined;
  /** A chunk has reached the caller. */
  hasReached = false;

  private readonly body: Uint8Array;
  private readonly revision: number;
  private readonly deadline: number | undefined; // on the clock of performance.now
  private readonly options: CallOptions;
  private call: Call | undefined;
  private readonly begun = performance.now();
  private attempt = 0; // finished ones that count
  private waited = 0; // finished ones that do not
  private ended: AssayError | undefined; // why the caller wants no more
  private giveUp: ((error: AssayError) => void) | undefined;
  private readonly heard = (): void => this.end(this.givenUp());

  /** Encodes a request. Throws request_invalid. */
  constructor(
    private readonly pool: Pool, private readonly settings: Settings, readonly kind: Kind,
    request: Values, options: CallOptions, private readonly fresh: () => Answer
  ) {
    const doing = `encoding ${kind.name}`;
    const { deadlineMilliseconds = 0, signal } = options;
    if (!(deadlineMilliseconds >= 0 && deadlineMilliseconds <= deadlineMax)) {
      throw new AssayError("request_invalid", `${doing}: a deadline is 0 to ${deadlineMax} ms`);
    }
    try {
      const { body, revision } = encode(kind.request, this.demanding(request));
      this.body = body;
      this.revision = Math.max(revision, kind.since);
    } catch (error) {
      if (!(error instanceof Breach)) throw error;
      throw new AssayError("request_invalid", `${doing}: ${error.message}`, { field: error.path });
    }
    this.options = options;
    if (deadlineMilliseconds > 0) this.deadline = performance.now() + deadlineMilliseconds;
    signal?.addEventListener("abort", this.heard);
  }

  /** Real models only, unless mocks are allowed. */
  private demanding(request: Values): Values {
    const carries = this.kind.request.fields.some((field) => field.key === "requirements");
    const isServerWide = this.kind === kinds.Health && request["model"] === undefined;
    if (this.settings.allowMock || !carries || isServerWide) return request;
    return { ...request, requirements: { ...(request["requirements"] as Values), real: true } };
  }

  // -------------------------------------------------------------- attempts

  /** Sends the request. */
  async start(): Promise<void> {
    while (this.call === undefined) {
      try {
        const connection = await this.pool.pick(
          this.kind.retrySafe, (opening) => this.until(opening));
        try {
          await this.send(connection);
        } catch (error) {
          connection.users -= 1;
          throw error;
        }
      } catch (error) {
        await this.again(error, true);
      }
    }
    this.pieces = this.fresh();
  }

  /**
   * Takes a place, and looks and sends in one turn: whoever ends the exchange later finds the call.
   * Throws only when nothing was sent.
   */
  private async send(connection: Connection): Promise<void> {
    connection.check(this.kind, this.revision, this.body.length);
    if (!connection.takePlace()) {
      const { handed, leave } = connection.waitForPlace();
      await this.until(handed).catch((error) => {
        leave();
        throw error;
      });
    }
    if (connection.isDraining) throw closedError(`sending ${this.kind.name}`);
    try {
      this.check();
    } catch (error) {
      connection.releasePlace();
      throw error;
    }
    this.call = connection.send(this.kind, this.body, this.remaining());
  }

  /** Ends the exchange; an unfinished answer is given up. */
  stop(): void {
    this.options.signal?.removeEventListener("abort", this.heard);
    this.drop();
  }

  /** Ends the exchange because the caller wants no more, whatever it is waiting for. */
  end(error: AssayError): void {
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

  /** The next frame: of an answer, not of a failure, and no mock's unless allowed. */
  async next(): Promise<Frame> {
    for (;;) {
      if (this.call === undefined) await this.start();
      try {
        this.checkWanted();
        const call = this.call as unknown as Call;
        const frame = call.take() ?? (await this.wait(call));
        this.checkWanted();
        this.verify(frame, call);
        return frame;
      } catch (error) {
        this.drop();
        await this.again(error, false);
      }
    }
  }

  /** Refuses a mock first and a failure second: nobody should act on a mock's words unawares. */
  private verify(frame: Frame, call: Call): void {
    const doing = `reading the answer to ${this.kind.name}`;
    if (frame.provenance === "mock" && !this.settings.allowMock) {
      throw new AssayError(
        "mock_refused",
        `${doing}: it comes from a mock model, not from a real one, and was refused`,
        { provenance: "mock" });
    }
    if (frame.status === 0) return;
    const failure = failureIn(frame, "server_refused", doing);
    if (failure.code === "protocol_error") call.connection.fail(failure);
    throw failure;
  }

  /** Ends the exchange and its connection because of what an answer says. */
  damaged(error: unknown): AssayError {
    const failure = breachError(`reading the answer to ${this.kind.name}`, error);
    this.call?.connection.fail(failure);
    this.stop();
    return failure;
  }

  // -------------------------------------------------------------- waiting

  /** Milliseconds that are left, rounded up; 0: no deadline. */
  private remaining(): number {
    return this.deadline === undefined ? 0
      : Math.max(1, Math.ceil(this.deadline - performance.now()));
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
    if (this.pool.isClosed) throw closedError(`calling a closed client`);
    if (this.deadline !== undefined && performance.now() >= this.deadline) throw this.late();
  }

  /** Waits for a promise as long as the caller does. Rejects, never throws. */
  private until<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      this.check();
      const close = (): void => end(closedError("closing this client"));
      const settle = (): void => {
        clearTimeout(timer);
        if (this.giveUp === end) this.giveUp = undefined;
        this.pool.life.removeEventListener("abort", close);
      };
      const end = (error: AssayError): void => {
        settle();
        reject(error);
      };
      const timer = this.deadline === undefined ? undefined
        : setTimeout(() => end(this.late()), Math.min(this.remaining(), timerMax));
      this.giveUp = end;
      this.pool.life.addEventListener("abort", close);
      promise.then((value) => {
        settle();
        resolve(value);
      }, (error) => {
        settle();
        reject(error);
      });
    });
  }

  /**
   * Waits for one frame: until the caller gives up, until the deadline and the grace have passed,
   * or until the server has been silent for answerMilliseconds.
   */
  private wait(call: Call): Promise<Frame> {
    const { answerMilliseconds, graceMilliseconds } = this.settings;
    return new Promise((resolve, reject) => {
      const timers: Array<ReturnType<typeof setTimeout>> = [];
      const settle = (): void => {
        call.wake = this.giveUp = undefined;
        timers.forEach(clearTimeout);
      };
      const end = (error: AssayError): void => {
        settle();
        reject(error);
      };
      call.wake = () => {
        settle();
        try {
          resolve(call.take() as Frame);
        } catch (error) {
          reject(error);
        }
      };
      this.giveUp = end;
      const after = (milliseconds: number, error: () => AssayError): void => {
        timers.push(setTimeout(() => {
          call.connection.endIfSilent();
          end(error());
        }, Math.min(milliseconds, timerMax)));
      };
      if (answerMilliseconds > 0) {
        after(answerMilliseconds, () => new AssayError(
          "timed_out", `${this.kind.name}: nothing came within ${answerMilliseconds} ms`));
      }
      if (this.deadline !== undefined) {
        const left = Math.max(0, this.deadline - performance.now());
        after(left + graceMilliseconds, () => this.late());
      }
    });
  }

  // -------------------------------------------------------------- another attempt

  /** Pauses before another attempt; throws when there is to be none. */
  private async again(error: unknown, isUnwritten: boolean): Promise<void> {
    const mayRepeat = error instanceof AssayError && this.ended === undefined &&
      !this.hasReached && !this.pool.isClosed;
    const pause = mayRepeat ? this.waitPause(error) ?? this.retryPause(error, isUnwritten)
      : undefined;
    const isLate = pause !== undefined && this.deadline !== undefined &&
      this.deadline - performance.now() < pause;
    if (pause === undefined || isLate) {
      this.stop();
      throw error;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.until(new Promise<void>((resolve) => {
        timer = setTimeout(resolve, pause);
      }));
    } catch (ended) {
      clearTimeout(timer);
      this.stop();
      throw ended;
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
    if (left <= 0) return undefined;
    let pause: number;
    if (error.code === "unreachable") {
      pause = Math.max(waitPauseMin, Math.min(waitPauseMax, this.backoff(this.waited + 1)));
    } else if (error.code === "server_refused" && error.serverCode === "model_loading") {
      pause = error.retryAfterMilliseconds ?? waitPauseMax;
      // The server's own pause is not cut short.
      if (error.retryAfterMilliseconds !== undefined && pause > left) return undefined;
    } else {
      return undefined;
    }
    this.waited += 1;
    return Math.min(pause, left);
  }

  /** Milliseconds before an attempt that counts; undefined when it is not safe, or of no use. */
  private retryPause(error: AssayError, isUnwritten: boolean): number | undefined {
    this.attempt += 1;
    if (this.attempt >= this.settings.attempts) return undefined;
    const backoff = this.backoff(this.attempt);
    switch (error.code) {
      case "unreachable":
        return backoff;
      case "connection_closed":
        return isUnwritten || this.kind.retrySafe ? backoff : undefined;
      case "server_refused":
        return ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"].includes(error.status)
          ? error.retryAfterMilliseconds ?? backoff : undefined;
      default:
        return undefined;
    }
  }
}
