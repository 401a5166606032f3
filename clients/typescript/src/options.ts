// What can be said of a client and of each call.

import { decode, encode, given } from "./codec.js";
import { Layer, Options, optionsTable } from "./protocol.js";

/** Options with nothing left out. */
export type Settings = Readonly<Required<Options>>;

/** What can be said of each call. */
export interface CallOptions {
  /**
   * Goes to the server, which counts from receipt and ends the answer itself; the client waits
   * graceMilliseconds longer. 0: none.
   */
  deadlineMilliseconds?: number;
  /** Gives the answer up, and tells the server so. An AbortSignal. */
  signal?: Signal;
}

/** What can be said of a Load. */
export interface LoadOptions extends CallOptions {
  /** Sees each layer's verdict as it comes. */
  onLayer?: (layer: Layer) => void;
}

/** What is needed of an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", heard: () => void): void;
  removeEventListener(type: "abort", heard: () => void): void;
}

/** Options are read like a message. Throws request_invalid where they break its table. */
export function settingsFrom(options: Options): Settings {
  return given("reading the options", () =>
    decode(optionsTable, encode(optionsTable, { ...options }).body) as unknown as Settings);
}
