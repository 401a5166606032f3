// Shared by tests with a scripted server: a client, and the check of failures.

import assert from "node:assert/strict";
import test from "node:test";

import { AssayError, Client, Options } from "assay-client";
import * as tables from "../src/protocol.js";
import { Script, Stage, staged } from "./peer.js";

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
export const echo: Script = (peer) => peer.echo();
export const drain: Script = (peer) => peer.drain();

export async function using(
  address: string, options: Options, body: (client: Client) => Promise<unknown>
): Promise<void> {
  const client = new Client(address, { backoffMilliseconds: 1, ...options });
  try {
    await body(client);
  } finally {
    client.close();
  }
}

/** A test with a client of a scripted server. */
export function scripted(
  name: string, scripts: Script[], body: (client: Client, stage: Stage) => Promise<void>,
  { options = {}, hello = {} }: { options?: Options; hello?: Record<string, unknown> } = {}
): void {
  test(name, () => staged(
    scripts, (stage) => using(stage.address, options, (client) => body(client, stage)), hello));
}

/** Checks the code of a failure, and returns the failure. */
export async function failing(promise: Promise<unknown>, code: tables.Code): Promise<AssayError> {
  let failure: unknown;
  await assert.rejects(promise, (error) => {
    failure = error;
    return error instanceof AssayError && error.code === code;
  }, `expected ${code}`);
  return failure as AssayError;
}
