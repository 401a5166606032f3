// Options of a client and of each call.

import { decode, encode, given } from "./codec.js";
import { AssayError } from "./errors.js";
import { Layer, Options, optionsTable, SwapProgress, tokenOf } from "./protocol.js";

/** Options with all defaults filled in, and with the token of a token file. */
export type Settings =
  Readonly<Options & Required<Omit<Options, "token" | "tenant" | "tokenFile">>>;

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

/** Options of a Swap. */
export interface SwapOptions extends CallOptions {
  /** Receives each layer and each later step. */
  onProgress?: (progress: SwapProgress) => void;
}

/** The used part of an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", heard: () => void): void;
  removeEventListener(type: "abort", heard: () => void): void;
}

/**
 * Reads options like a message, and the token file. Throws request_invalid when they break the
 * table, or the file has no token. A printed Client does not show the token.
 */
export function settingsFrom(options: Options): Settings {
  const settings = given("reading the options", () =>
    decode(optionsTable, encode(optionsTable, { ...options }).body) as unknown as Settings);
  const value = tokenOf(settings, (words) => {
    throw new AssayError("request_invalid", words, { field: "token_file" });
  });
  return Object.defineProperty(settings, "token", { value, enumerable: false });
}
