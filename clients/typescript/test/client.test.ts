// The client against a scripted server: requests, repetitions and refusals.

import assert from "node:assert/strict";
import test from "node:test";

import { AssayError, Client } from "assay-client";
import { decode } from "../src/codec.js";
import * as tables from "../src/protocol.js";
import { Peer, Script, staged } from "./peer.js";
import { seeded } from "./random.js";
import { drain, echo, failing, scripted, using } from "./scripted.js";

scripted("many calls share one connection", [echo], async (client, stage) => {
  await Promise.all(Array.from({ length: 64 }, async (_, caller) => {
    for (let round = 0; round < 20; round++) {
      const payload = Uint8Array.of(caller, round);
      const answer = await client.ping(payload);
      assert.deepEqual(answer.payload, payload);
      assert.equal(answer.provenance, "real");
    }
  }));
  assert.equal(stage.connections, 1);
});

for (const allowMock of [false, true]) {
  scripted(`requests demand a real model; mocks allowed: ${allowMock}`, [async (peer) => {
    const asked = await peer.asked();
    const request = decode(tables.generateRequestTable, asked.body);
    const requirements = request["requirements"] as tables.Requirements | undefined;
    assert.equal(requirements?.real, allowMock ? undefined : true);
    peer.end(asked, "x");
  }], async (client) => {
    assert.equal((await client.generate({ prompt: "x" })).text, "x");
  }, { options: { allowMock } });
}

scripted("a mock is refused, and the connection lives on", [async (peer) => {
  const asked = await peer.asked();
  peer.write(asked, 0, 2, 0, asked.body);
  await peer.echo();
}], async (client, stage) => {
  assert.equal((await failing(client.ping(), "mock_refused")).provenance, "mock");
  await client.ping();
  assert.equal(stage.connections, 1);
});

scripted("a refusal is repeated as the server asks", [async (peer) => {
  peer.refuse(await peer.asked(), "UNAVAILABLE");
  peer.refuse(await peer.asked(), "ABORTED");
  await peer.echo();
}], async (client) => {
  await client.ping();
});

let count = 0;
scripted("attempts are bounded", [async (peer) => {
  await peer.each((asked) => {
    count += 1;
    peer.refuse(asked, "RESOURCE_EXHAUSTED");
  });
}], async (client) => {
  const failure = await failing(client.unload("m"), "server_refused");
  assert.equal(failure.status, "RESOURCE_EXHAUSTED");
  assert.equal(failure.serverCode, "busy");
  assert.equal(failure.retryAfterMilliseconds, 0);
  assert.equal(count, 3);
});

const lose: Script = async (peer) => {
  await peer.asked();
};
scripted("what is safe is sent again after a lost connection", [lose, lose, echo],
  async (client, stage) => {
    await client.ping();
    assert.equal(stage.connections, 3);
  });

scripted("a Load is never sent twice", [lose], async (client, stage) => {
  await failing(client.load({ name: "m", path: "/m" }), "connection_closed");
  assert.equal(stage.connections, 1);
});

scripted("nothing is sent again once a chunk was seen", [async (peer) => {
  peer.chunk(await peer.asked(), "one");
}], async (client, stage) => {
  const stream = client.generateStream({ prompt: "x" });
  assert.equal((await stream.next()).value?.text, "one");
  await failing(stream.next(), "connection_closed");
  await failing(stream.result(), "connection_closed");
  assert.equal(stage.connections, 1);
});

const cancelled: Script = async (peer) => {
  const asked = await peer.asked();
  peer.chunk(asked, "one");
  const cancel = await peer.asked();
  assert.equal(cancel.kind, tables.kinds.Cancel.number);
  assert.equal(decode(tables.kinds.Cancel.request, cancel.body)["target"], asked.id);
  peer.chunk(asked, "late");
  peer.say(cancel, 0, tables.cancelResponseTable, { found: true });
  peer.end(asked, "late");
  await peer.echo();
};
scripted("leaving a loop cancels, and the connection lives on", [cancelled],
  async (client, stage) => {
    const stream = client.generateStream({ prompt: "x" });
    for await (const chunk of stream) {
      assert.equal(chunk.text, "one");
      break;
    }
    await failing(stream.result(), "given_up");
    await client.ping();
    assert.equal(stage.connections, 1);
  });

scripted("an AbortSignal gives up", [drain], async (client) => {
  const controller = new AbortController();
  const answer = client.ping(undefined, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await failing(answer, "given_up");
  await failing(client.ping(undefined, { signal: controller.signal }), "given_up");
});

let deadline = 0;
scripted("a deadline is sent and kept", [async (peer) => {
  deadline = (await peer.asked()).deadline;
  await peer.drain();
}], async (client) => {
  await failing(client.ping(undefined, { deadlineMilliseconds: 500 }), "timed_out");
  assert.ok(deadline >= 1 && deadline <= 500, `${deadline} ms`);
}, { options: { graceMilliseconds: 10 } });

scripted("places are the server's", [async (peer) => {
  const first = await peer.asked();
  const second = await peer.asked();
  peer.repeat(second);
  const third = await peer.asked(); // arrives only now
  peer.repeat(first);
  peer.repeat(third);
  await peer.drain();
}], async (client) => {
  await Promise.all([client.ping(), client.ping(), client.ping()]);
}, { hello: { requestsInFlightMax: 2 } });

scripted("a draining connection finishes, and is replaced", [async (peer) => {
  const asked = await peer.asked();
  peer.chunk(asked, "one");
  const goAway = { kind: tables.goAwayKind, id: 0, deadline: 0, body: new Uint8Array(0) };
  peer.say(goAway, 0, tables.goAwayTable, { reason: "shutting_down", drainMilliseconds: 0 });
  peer.end(asked, "two");
  await peer.drain();
}, echo], async (client, stage) => {
  assert.equal((await client.generate({ prompt: "x" })).text, "onetwo");
  await client.ping();
  assert.equal(stage.connections, 2);
});

const idle = (peer: Peer): void => peer.say(
  { kind: tables.goAwayKind, id: 0, deadline: 0, body: new Uint8Array(0) }, 0, tables.goAwayTable,
  { reason: "idle", drainMilliseconds: 0 });

/** Answers as a server that found the connection idle, and did not read the request. */
async function crosses(peer: Peer): Promise<void> {
  await peer.asked();
  idle(peer);
  await peer.drain();
}

async function unloads(peer: Peer): Promise<void> {
  peer.say(await peer.asked(), 0, tables.unloadResponseTable, {});
  await crosses(peer);
}

scripted("a request that crosses GoAway idle is sent again", [crosses, unloads, unloads, crosses],
  async (client) => {
    await client.unload("m");
    await client.unload("m"); // crosses on a connection that was in use
    await failing(client.unload("m"), "connection_closed");
  }, { options: { attempts: 1 } });

scripted("GoAway idle in the middle of an answer is damage", [async (peer) => {
  peer.chunk(await peer.asked(), "one");
  idle(peer);
  await peer.drain();
}], async (client) => {
  await failing(client.generate({ prompt: "x" }), "protocol_error");
});

scripted("an idle connection that died is replaced before anything is risked", [async (peer) => {
  peer.repeat(await peer.asked());
}, async (peer) => {
  peer.say(await peer.asked(), 0, tables.unloadResponseTable, {});
  await peer.drain();
}], async (client) => {
  await client.ping();
  await client.unload("m");
}, { options: { attempts: 1 } });

scripted("what an older server does not know is not sent", [echo], async (client) => {
  await failing(client.health({ model: "m", verify: true }), "revision_too_low");
  await failing(client.ping(new Uint8Array(5000)), "request_invalid");
  await client.ping(new Uint8Array(4000));
}, { hello: { revision: 1, bodySizeMax: 4096 } });

test("garbage ends every call on the connection", async (context) => {
  const below = seeded(context);
  for (let round = 0; round < 30; round++) {
    const garbage = Uint8Array.from({ length: 33 + below(200) }, () => below(256));
    garbage[4] = 2; // never a header
    const script = async (peer: Peer): Promise<void> => {
      await peer.asked();
      await peer.asked();
      peer.socket.write(garbage);
      await peer.drain();
    };
    await staged([script], (stage) => using(stage.address, {}, async (client) => {
      const calls = [client.ping(), client.ping()];
      await Promise.all(calls.map((call) => failing(call, "protocol_error")));
    }));
  }
});

test("addresses and options", async () => {
  for (const address of ["tcp://127.0.0.1:7411", "tcp://[::1]:1", "unix:///x", "a:1", "/x"]) {
    new Client(address);
  }
  for (const address of ["host", "x/y:1", "tcp://host", "tcp://host:0", "tcp://host:65536", "tcp://:1", "unix://x",
    "http://host:1", ""]) {
    const isExpected = (error: unknown): boolean =>
      error instanceof AssayError && error.code === "address_invalid";
    assert.throws(() => new Client(address), isExpected, address);
  }
  assert.throws(() => new Client("unix:///x", { attempts: 0 }),
    (error) => (error as AssayError).code === "request_invalid");
  await using("unix:///nowhere/at/all", {}, async (client) => {
    await failing(client.ping(), "unreachable");
    client.close();
    await failing(client.models(), "connection_closed");
  });
});
