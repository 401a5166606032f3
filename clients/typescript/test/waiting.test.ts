// A server that is not there yet, a model that is still loading, and a host that vanishes.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";

import { Client } from "assay-client";
import { Asked, Peer, Stage } from "./peer.js";
import { echo, failing, pause, scripted, using } from "./scripted.js";

const waiting = { attempts: 1, backoffMilliseconds: 1, waitMilliseconds: 60_000 };

/** The URL of a port without a listener. */
async function freePort(): Promise<string> {
  const stage = new Stage([echo]);
  await stage.openPort(0);
  stage.close();
  return stage.address;
}

for (const network of ["unix", "tcp"]) {
  test(`a server that comes later is waited for: ${network}`, async () => {
    const address = network === "tcp" ? await freePort() : undefined;
    const stage = new Stage([echo]);
    const client = new Client(address ?? stage.address, waiting);
    const answer = client.ping();
    await pause(300);
    await (address === undefined ? stage.open() : stage.openPort(Number(address.split(":")[2])));
    assert.equal((await answer).provenance, "real");
    client.close();
    stage.close();
  });

  test(`nobody comes: ${network}`, async () => {
    const address = network === "tcp" ? await freePort() : "unix:///nowhere/at/all";
    for (const waitMilliseconds of [0, 100]) {
      await using(address, { ...waiting, waitMilliseconds },
        (client) => failing(client.ping(), "unreachable"));
    }
  });
}

const refuse = (peer: Peer, asked: Asked): void =>
  peer.refuse(asked, "UNAVAILABLE", "model_loading", { retryAfterMilliseconds: 10 });
scripted("a model that loads is waited for", [async (peer) => {
  for (let count = 0; count < 5; count++) refuse(peer, await peer.asked());
  await peer.echo();
}], async (client) => {
  await client.ping();
}, { options: waiting });

scripted("a model that is not loaded in time: the server's refusal", [
  (peer) => peer.each((asked) => refuse(peer, asked)),
], async (client) => {
  assert.equal((await failing(client.ping(), "server_refused")).serverCode, "model_loading");
}, { options: { ...waiting, waitMilliseconds: 100 } });

scripted("no other refusal is waited for", [async (peer) => {
  peer.refuse(await peer.asked(), "UNAVAILABLE");
  await peer.drain();
}], async (client) => {
  assert.equal((await failing(client.ping(), "server_refused")).serverCode, "busy");
}, { options: waiting });

test("a wait ends with the deadline, the signal and the client", async () => {
  const client = new Client("unix:///nowhere/at/all", waiting);
  const late = client.ping(undefined, { deadlineMilliseconds: 50 });
  await assert.rejects(late, (error) =>
    ["unreachable", "timed_out"].includes((error as { code: string }).code));
  const controller = new AbortController();
  const aborted = failing(client.ping(undefined, { signal: controller.signal }), "given_up");
  const closed = failing(client.ping(), "connection_closed");
  await pause(30);
  controller.abort();
  await aborted;
  client.close();
  await closed;
});

test("the system probes a TCP connection that is silent", async (context) => {
  if (!existsSync("/proc/net/tcp")) {
    context.diagnostic("timers are read as Linux shows them");
    return;
  }
  const stage = new Stage([echo]);
  await stage.openPort(0);
  const client = new Client(stage.address);
  await client.ping();
  const port = Number(stage.address.split(":")[2]).toString(16).toUpperCase().padStart(4, "0");
  let kind: string | undefined, ticks: string | undefined;
  // A pending acknowledgement has a timer, too. A line may be missing while the table changes.
  for (let turn = 0; turn < 50 && kind !== "02"; turn += 1) {
    await pause(100);
    const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
    const ours = lines.map((line) => line.trim().split(/ +/)) // the line whose peer is the server
      .find((words) => words[2]?.endsWith(`:${port}`) && words[3] === "01");
    [kind, ticks] = (ours?.[5] ?? "").split(":");
  }
  assert.equal(kind, "02", "the timer of keepalive");
  assert.ok(parseInt(ticks ?? "", 16) <= 3100, `${ticks} hundredths of a second`);
  client.close();
  stage.close();
});
