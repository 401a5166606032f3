// What the user of a Client may choose, and the defaults.

import { AssayError } from "./errors.js";
import { bodySizeMax, bodySizeMin } from "./protocol.js";

/** Options of a Client. */
export interface Options {
  /** Name of the program, for the server's log. Default "assay-typescript/1". */
  name?: string;
  /** Lets answers of mock models through. Default false. */
  allowMock?: boolean;
  /** Offers LZ4 to the server. Default true. */
  compression?: boolean;
  /** Largest body accepted, bytes before compression. 4096 or more; default 4194304. */
  bodySizeMax?: number;
  /** Connections at most. Default 1. */
  connections?: number;
  /** Time for connecting, and again for Hello; 0: no limit. Default 5000. */
  connectMilliseconds?: number;
  /** Longest silence on an answer; 0: no limit. Default 0. */
  answerMilliseconds?: number;
  /** What is waited beyond a request's deadline for the server's own word on it. Default 2000. */
  graceMilliseconds?: number;
  /** How often a request is sent at most, in all. Default 3. */
  attempts?: number;
  /**
   * Pause before the second attempt; it doubles up to backoffMaxMilliseconds, and each pause is
   * between half of that and the whole. Default 50.
   */
  backoffMilliseconds?: number;
  /** Default 2000. */
  backoffMaxMilliseconds?: number;
  /**
   * How long, from a call's start and within its deadline, a server is waited for that is not there
   * yet (unreachable) or still loads the model (model_loading). What is tried meanwhile does not
   * count as an attempt. Default 0: such a call fails like any other.
   */
  waitMilliseconds?: number;
}

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

/** What is needed of an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", heard: () => void): void;
  removeEventListener(type: "abort", heard: () => void): void;
}

const isCount = (value: unknown, least: number, most: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;

/** Fills in the defaults. Throws request_invalid for options out of range. */
export function settingsFrom(options: Options): Settings {
  const settings: Settings = {
    name: "assay-typescript/1", allowMock: false, compression: true, bodySizeMax, connections: 1,
    connectMilliseconds: 5000, answerMilliseconds: 0, graceMilliseconds: 2000, attempts: 3,
    backoffMilliseconds: 50, backoffMaxMilliseconds: 2000, waitMilliseconds: 0,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
  const refuse = (field: string, allowed: string): never => {
    throw new AssayError(
      "request_invalid", `reading the options: "${field}" allows ${allowed}`, { field });
  };
  const size = new TextEncoder().encode(settings.name).length;
  if (size < 1 || size > 128) refuse("name", "1 to 128 bytes");
  if (!isCount(settings.bodySizeMax, bodySizeMin, 2 ** 32 - 1)) {
    refuse("bodySizeMax", `${bodySizeMin} to 4294967295`);
  }
  if (!isCount(settings.connections, 1, 1024)) refuse("connections", "1 to 1024");
  if (!isCount(settings.attempts, 1, 2 ** 31)) refuse("attempts", "1 or more");
  for (const key of Object.keys(settings).filter((each) => each.endsWith("Milliseconds"))) {
    const value = (settings as unknown as Record<string, unknown>)[key];
    if (!isCount(value, 0, 2 ** 31 - 1)) refuse(key, "0 to 2147483647");
  }
  return settings;
}
