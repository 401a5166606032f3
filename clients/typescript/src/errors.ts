// The one error of the client: why a call gave no answer that may be used.
//
// Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
// again, and a sentence a person can act on. Prompts and answers never appear in it.

import { Code, ErrorBody, Origin, Status, statuses, statusOfCode } from "./protocol.js";

/** What an AssayError can say beside its code and sentence. */
export interface ErrorDetails {
  status?: Status;
  retryAfterMilliseconds?: number;
  serverCode?: string;
  field?: string;
  layer?: string;
  provenance?: Origin["provenance"];
  cause?: unknown;
}

/** What every call of a Client fails with. */
export class AssayError extends Error {
  override readonly name = "AssayError";
  /** The stable reason. */
  readonly code: Code;
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
  /** Of the frame that failed, when there was one. */
  readonly provenance: Origin["provenance"] | undefined;
  /** The system's error, when there was one. */
  override readonly cause: unknown;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    this.status = details.status ?? statusOfCode[code] ?? "UNKNOWN";
    this.retryAfterMilliseconds = details.retryAfterMilliseconds;
    this.serverCode = details.serverCode;
    this.field = details.field;
    this.layer = details.layer;
    this.provenance = details.provenance;
    this.cause = details.cause;
  }
}

const statusNames = new Map<number, Status>(
  Object.entries(statuses).map(([name, number]) => [number, name as Status]));

/** What a server said instead of an answer. Numbers that are not known read as UNKNOWN. */
export function refusal(
  code: Code, number: number, body: ErrorBody, provenance: Origin["provenance"] | undefined
): AssayError {
  const status = statusNames.get(number) ?? "UNKNOWN";
  return new AssayError(code, `${status}: ${body.message}`, {
    ...body, status, serverCode: body.code, provenance,
  });
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
