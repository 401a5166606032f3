// The error type of the client: the reason for a call without a usable answer.
//
// Guarantees: a stable code, a status (the server's, or the nearest match), advice on trying again,
// and a sentence to act on. Prompts and answers never appear in an error.

import { Code, Origin, ServerLoad, Status, statusOfCode } from "./protocol.js";

/** Details of an AssayError beside its code and sentence. */
export type ErrorDetails = Partial<Omit<AssayError, keyof Error | "code">> & { cause?: unknown };

/** The error of every failed call of a Client. */
export class AssayError extends Error {
  override readonly name = "AssayError";
  /** The server's status, or the nearest match. */
  readonly status: Status;
  /** Pause in milliseconds that the server asks for before another attempt. */
  readonly retryAfterMilliseconds: number | undefined;
  /** The stable reason in the server's own error. */
  readonly serverCode: string | undefined;
  /** Path of the refused field. */
  readonly field: string | undefined;
  /** With MODEL_REJECTED: the layer that refused the model. */
  readonly layer: string | undefined;
  /** Load of the server at the time of the refusal. */
  readonly serverLoad: ServerLoad | undefined;
  /** Provenance of the failed frame, if there was a frame. */
  readonly provenance: Origin["provenance"] | undefined;
  /** The system's error, if any. */
  override readonly cause: unknown;

  /** `code` is the stable reason. */
  constructor(readonly code: Code, message: string, details: ErrorDetails = {}) {
    super(message);
    this.status = statusOfCode[code] ?? "UNKNOWN";
    Object.assign(this, details);
  }
}

/** A breach of the protocol by the server. */
export function breachError(doing: string, error: unknown): AssayError {
  return new AssayError(
    "protocol_error", `${doing}: ${error instanceof Error ? error.message : String(error)}`);
}

/** The end of a connection. */
export function closedError(doing: string, cause?: Error): AssayError {
  const why = cause === undefined ? "" : ` (${cause.message})`;
  return new AssayError(
    "connection_closed", `${doing}: the connection was closed${why}`, { cause });
}
