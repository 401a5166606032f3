// Measures the cost of the client: round trips of Ping through the client, beside a bare socket.
//
//    bench --server URL --echo URL [--rounds 5] [--requests 2000]
//
// Per round, in turn: N Pings of 64 bytes on one connection, and N frames of the same length to an
// echo server. Prints a line of JSON: medians over the medians of the rounds.

import * as net from "node:net";

import { Client } from "assay-client";
import { parseAddress } from "../src/socket.js";

const payloadSize = 64;
const frameSize = 32 + 8 + payloadSize; // header, field header, payload

const argument = (name: string, otherwise: string): string => {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : process.argv[index + 1] ?? otherwise;
};

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

/** Median of the round trips of a round, microseconds. */
async function measure(count: number, roundTrip: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const begin = performance.now();
    await roundTrip();
    times.push((performance.now() - begin) * 1000);
  }
  return median(times);
}

/** Makes a round trip of bare bytes. */
function bare(socket: net.Socket): () => Promise<void> {
  const frame = new Uint8Array(frameSize);
  let missing = 0;
  let arrived = (): void => {};
  socket.setNoDelay(true);
  socket.on("data", (bytes) => {
    missing -= bytes.length;
    if (missing === 0) arrived();
  });
  return () => new Promise<void>((resolve) => {
    missing = frameSize;
    arrived = resolve;
    socket.write(frame);
  });
}

const rounds = Number(argument("rounds", "5"));
const requests = Number(argument("requests", "2000"));
const client = new Client(argument("server", ""));
const socket = net.connect(parseAddress(argument("echo", "")).where);
const echo = bare(socket);
const payload = new Uint8Array(payloadSize);
const ofClient: number[] = [];
const ofBare: number[] = [];
for (let round = 0; round < rounds; round++) {
  ofClient.push(await measure(requests, () => client.ping(payload)));
  ofBare.push(await measure(requests, echo));
}
const p50 = median(ofClient);
const bareP50 = median(ofBare);
console.log(JSON.stringify({
  language: "typescript", client_p50_us: p50, bare_p50_us: bareP50, ratio: p50 / bareP50, requests,
  rounds,
}));
client.close();
socket.destroy();
