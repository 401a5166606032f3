// Options of a client and of each call.

import { decode, encode, given } from "./codec.js";
import { Layer, Options, optionsTable } from "./protocol.js";

/** Options with all defaults filled in. */
export type Settings = Readonly<Required<Options>>;

/** Options of a call. */
export interface CallOptions {
  /**
   * Deadline for the server. The server counts from receipt and ends the answer itself, and the
   * client waits graceMilliseconds longer. 0: none.
   */
  deadlineMilliseconds?: number;
  /** An AbortSignal. Aborting gives up the answer and tells the server. */
  signal?: Signal;
}

/** Options of a Load. */
export interface LoadOptions extends CallOptions {
  /** Receives the verdict of each layer. */
  onLayer?: (layer: Layer) => void;
}

/** The used part of an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", heard: () => void): void;
  removeEventListener(type: "abort", heard: () => void): void;
}

/** Reads options like a message. Throws request_invalid when they break the table. */
export function settingsFrom(options: Options): Settings {
  return given("reading the options", () =>
    decode(optionsTable, encode(optionsTable, { ...options }).body) as unknown as Settings);
}
