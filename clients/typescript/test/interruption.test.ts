// A call ended at any point rejects and frees its place in flight. Parallel calls on the connection
// go on.

import assert from "node:assert/strict";
import test from "node:test";

import { Client, GenerateStream } from "assay-client";
import { encode } from "../src/codec.js";
import * as tables from "../src/protocol.js";
import { Asked, Peer, response, Script } from "./peer.js";
import { drain, failing, pause, scripted } from "./scripted.js";

const onePlace = { hello: { requestsInFlightMax: 1, revision: 3 } };
const soon = (): Promise<void> => pause(30);

/** Makes a call that needs the place of the previous call on the connection. */
async function next(client: Client): Promise<void> {
  await client.ping(Uint8Array.of(7), { deadlineMilliseconds: 8000 });
}

/** Frames before the caller stops, and frames after the server has heard of the stop. */
const points: Record<string, (peer: Peer, asked: Asked) => () => void> = {
  "before the first frame": () => () => {},
  "between two chunks": (peer, asked) => {
    peer.chunk(asked, "one");
    return () => peer.chunk(asked, "late");
  },
  "in the middle of a frame": (peer, asked) => {
    const { body } = encode(tables.generateChunkTable, { text: "one" });
    const bytes = response(asked, tables.flagMore, 1, 0, body);
    peer.socket.write(bytes.subarray(0, 40));
    return () => {
      peer.socket.write(bytes.subarray(40));
    };
  },
};

/** Options with a signal that is aborted at `time`. */
function aborted(time: Promise<void>): { signal: AbortSignal } {
  const controller = new AbortController();
  time.then(() => controller.abort());
  return { signal: controller.signal };
}

/** Ways to stop. Each function starts a call, stops the call at `time`, and returns the outcome. */
const stops: Record<string, (client: Client, time: Promise<void>) => Promise<unknown>> = {
  "an aborted signal": (client, time) => client.generate({ prompt: "x" }, aborted(time)),
  "an aborted signal, streamed": (client, time) =>
    client.generateStream({ prompt: "x" }, aborted(time)).result(),
  "an aborted signal, unread": async (client, time) => {
    const stream = client.generateStream({ prompt: "x" }, aborted(time));
    await time;
    await next(client);
    return stream.result();
  },
  "close beside a next that waits": async (client, time) => {
    const stream = client.generateStream({ prompt: "x" });
    time.then(() => stream.close());
    return stream.result();
  },
};

for (const [point, before] of Object.entries(points)) {
  for (const [how, stop] of Object.entries(stops)) {
    let reached = (): void => {};
    const time = new Promise<void>((resolve) => {
      reached = resolve;
    }).then(soon);
    const script: Script = async (peer) => {
      const asked = await peer.asked();
      const after = before(peer, asked);
      reached();
      await peer.awaitCancel(asked, after);
    };
    scripted(`${point}: ${how}`, [script], async (client, stage) => {
      await failing(stop(client, time), "given_up");
      await next(client);
      assert.equal(stage.connections, 1);
    }, onePlace);
  }
}

scripted("chunks that were queued are not handed out once the signal is aborted", [async (peer) => {
  const asked = await peer.asked();
  peer.chunk(asked, "one");
  peer.chunk(asked, "two");
  peer.end(asked, "three");
  await peer.echo();
}], async (client) => {
  const controller = new AbortController();
  const stream = client.generateStream({ prompt: "x" }, { signal: controller.signal });
  assert.equal((await stream.next()).value?.text, "one");
  await soon();
  controller.abort();
  await failing(stream.next(), "given_up");
  await failing(stream.result(), "given_up");
  await next(client);
}, onePlace);

const pingsOnly: Script = (peer) => peer.each((asked) => {
  assert.equal(asked.kind, tables.kinds.Ping.number);
  peer.repeat(asked);
});
scripted("a stream that is closed while connecting is never sent", [pingsOnly], async (client) => {
  const stream = client.generateStream({ prompt: "x" });
  stream.close();
  await failing(stream.result(), "given_up");
  await next(client);
}, onePlace);

/** A signal that runs `act` `turns` turns after the client has looked `looks` times. */
function watched(looks: number, turns: number, act: () => void): AbortSignal {
  const signal = {
    get aborted(): boolean {
      looks -= 1;
      if (looks === 0) {
        let then = Promise.resolve();
        for (let turn = 0; turn < turns; turn += 1) then = then.then(() => {});
        void then.then(act);
      }
      return false;
    },
    addEventListener: (): void => {},
    removeEventListener: (): void => {},
  };
  return signal as unknown as AbortSignal;
}

scripted("a stream that is closed at any turn on its way to the socket leaves no gap",
  [(peer) => peer.each(async (asked) => {
    if (asked.kind !== tables.kinds.Generate.number) peer.repeat(asked);
    else peer.finishCancelled(asked, await peer.asked());
  })], async (client, stage) => {
    await next(client);
    for (let point = 0; point < 18; point += 1) {
      let stream: GenerateStream | undefined;
      const signal = watched(1 + Math.floor(point / 6), point % 6, () => stream?.close());
      stream = client.generateStream({ prompt: "x" }, { signal });
      await soon();
      stream.close(); // for clients with fewer looks
      await next(client); // before the caller asks the stream for more
      await failing(stream.result(), "given_up");
    }
    assert.equal(stage.connections, 1);
  }, onePlace);

let reached = (): void => {};
const isReached = new Promise<void>((resolve) => {
  reached = resolve;
});
scripted("a call that stops while it waits for a place leaves no gap", [async (peer) => {
  const asked = await peer.asked();
  reached();
  await soon();
  await soon();
  peer.end(asked, "first");
  await pingsOnly(peer);
}], async (client) => {
  const first = client.generate({ prompt: "x" });
  await isReached;
  const ways = [
    "an aborted signal", "an aborted signal, streamed", "close beside a next that waits",
  ];
  const stopped = ways.map((how) => failing(stops[how]!(client, soon()), "given_up"));
  const late = failing(client.ping(undefined, { deadlineMilliseconds: 20 }), "timed_out");
  await Promise.all([...stopped, late]);
  assert.equal((await first).text, "first");
  await next(client);
}, onePlace);

scripted("calls of next that overlap take turns", [async (peer) => {
  const asked = await peer.asked();
  await soon();
  peer.chunk(asked, "one");
  await soon();
  peer.chunk(asked, "two");
  peer.end(asked, "");
  await drain(peer);
}], async (client) => {
  const stream: GenerateStream = client.generateStream({ prompt: "x" });
  const all = await Promise.all([stream.next(), stream.next(), stream.next()]);
  assert.deepEqual(all.map(({ value }) => value?.text), ["one", "two", undefined]);
});

scripted("a callback that throws gives the answer up, and its error is the caller's",
  [async (peer) => {
    const asked = await peer.asked();
    const layer = { layer: "file", ok: true, microseconds: 1 };
    peer.say(asked, tables.flagMore, tables.loadProgressTable, { layer });
    await peer.awaitCancel(asked);
  }], async (client) => {
    const mine = new Error("mine");
    const onLayer = (): void => {
      throw mine;
    };
    await assert.rejects(
      client.load({ name: "m", path: "/m" }, { onLayer }), (error) => error === mine);
    await next(client);
  }, onePlace);

test("a dial that nobody waits for any more fails in silence", async () => {
  const client = new Client("unix:///nowhere/at/all");
  const controller = new AbortController();
  controller.abort();
  await failing(client.ping(undefined, { signal: controller.signal }), "given_up");
  await soon(); // an unhandled rejection would end the program
  client.close();
});

scripted("closing the client ends calls that wait for a place, and those in flight", [drain],
  async (client) => {
    const calls = [client.ping(), client.ping(), client.generate({ prompt: "x" })];
    const failures = calls.map((call) => failing(call, "connection_closed"));
    await soon();
    client.close();
    await Promise.all(failures);
  }, onePlace);

scripted("a call after close fails at once, without a pause", [drain], async (client) => {
  client.close();
  await failing(client.ping(), "connection_closed");
  await failing(client.generateStream({ prompt: "x" }).next(), "connection_closed");
}, { options: { backoffMilliseconds: 60_000, backoffMaxMilliseconds: 60_000 } });
