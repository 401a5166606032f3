// The one error of the client: why a call gave no answer that may be used.
//
// Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
// again, and a sentence a person can act on. Prompts and answers never appear in it.

import { Code, Origin, ServerLoad, Status, statusOfCode } from "./protocol.js";

/** What an AssayError can say beside its code and sentence. */
export type ErrorDetails = Partial<Omit<AssayError, keyof Error | "code">> & { cause?: unknown };

/** What every call of a Client fails with. */
export class AssayError extends Error {
  override readonly name = "AssayError";
  /** The server's status, or the one that fits. */
  readonly status: Status;
  /** Pause the server asks for before another attempt. */
  readonly retryAfterMilliseconds: number | undefined;
  /** The stable reason in the server's own error. */
  readonly serverCode: string | undefined;
  /** Path of the refused field. */
  readonly field: string | undefined;
  /** With MODEL_REJECTED: the layer that refused. */
  readonly layer: string | undefined;
  /** How busy the server was when it refused. */
  readonly serverLoad: ServerLoad | undefined;
  /** Of the frame that failed, when there was one. */
  readonly provenance: Origin["provenance"] | undefined;
  /** The system's error, when there was one. */
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
