// Promises of every client (Protocol/protocol.json, client): options, refused requests, attempts,
// sizes, and the server's load.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { AssayError, Client, GenerateRequest, Options } from "assay-client";
import { camel } from "../driver/values.js";
import { decode, encode, Values } from "../src/codec.js";
import { settingsFrom } from "../src/options.js";
import * as tables from "../src/protocol.js";
import { Peer, Script } from "./peer.js";
import { echo, failing, pause, scripted } from "./scripted.js";

const read = (path: string): any =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url).pathname, "utf8"));
const contract = read("../../Protocol/protocol.json").client;

// ---------------------------------------------------------------- options

test("options have the names and the defaults of the contract", () => {
  const settings = settingsFrom({}) as unknown as Record<string, unknown>;
  for (const option of contract.options) {
    const otherwise = option.optional ? undefined
      : `assay-typescript/${read("package.json").version}`;
    assert.equal(settings[camel(option.name)], option.default ?? otherwise, option.name);
  }
  const names = contract.options.map(({ name }: { name: string }) => camel(name));
  assert.deepEqual(Object.keys(settings).filter((name) => !names.includes(name)), []);
  assert.equal(settingsFrom({ attempts: undefined } as unknown as Options).attempts, 3);
});

test("an option out of its range is refused by name, one at its end is taken", () => {
  const wrong: Array<[string, unknown]> = [["unknown", 1]];
  for (const { name, type, min, max } of contract.options) {
    const good = type === "text" ? ["x", "x".repeat(max)] : type === "bool" ? [true, false]
      : [min, max];
    for (const value of name === "token_file" ? [] : good) settingsFrom({ [camel(name)]: value });
    const bad = type === "text" ? ["", "x".repeat(max + 1), "\u00e9".repeat(max), 1]
      : type === "bool" ? [0, "yes"] : [min - 1, max + 1, min + 0.5, NaN, Infinity, `${min}`];
    wrong.push(...bad.map((value): [string, unknown] => [name, value]));
  }
  for (const [name, value] of wrong) {
    assert.throws(
      () => new Client("unix:///x", { [camel(name)]: value } as Options),
      (error) => error instanceof AssayError && error.code === "request_invalid" &&
        error.field === name, `${name}: ${value}`);
  }
});

test("no text of a client shows its token, from an option or from a file", () => {
  const folder = mkdtempSync(`${tmpdir()}/assay-`);
  writeFileSync(`${folder}/token`, "assay_of_nobody\n");
  for (const options of [{ token: "assay_of_nobody" }, { tokenFile: `${folder}/token` }]) {
    assert.equal(settingsFrom(options).token, "assay_of_nobody");
    assert(!JSON.stringify(settingsFrom(options)).includes("assay_of_nobody"));
    assert(!inspect(new Client("/x", options), { depth: 9 }).includes("assay_of_nobody"));
  }
  rmSync(folder, { recursive: true });
});

// ---------------------------------------------------------------- requests

const message = { role: "user", content: "x" } as const;
const refused: Array<[string, GenerateRequest]> = [
  ["prompt", {}], ["tokens", { prompt: "", tokens: [1] }],
  ["messages", { tokens: [1], messages: [message] }],
  ["messages", { prompt: "", tokens: [1], messages: [message] }],
  ["parse_special", { messages: [message], parseSpecial: false }],
  ["add_special", { messages: [message], addSpecial: true }],
  ["context.priority", { prompt: "", context: { priority: 10 } }],
  ["context.trace_context", { prompt: "", context: { traceContext: "0".repeat(55) } }],
  ["context.trace_context", { prompt: "", context: { traceContext: "00" } }],
];
scripted("what breaks its table is refused here, by the field's path", [echo],
  async (client, stage) => {
    for (const [field, request] of refused) {
      assert.equal((await failing(client.generate(request), "request_invalid")).field, field);
    }
    const both = { text: "a", tokens: [1] };
    assert.equal(
      (await failing(client.embed({ inputs: [both] }), "request_invalid")).field, "inputs.tokens");
    const late = client.ping({}, { deadlineMilliseconds: -1 });
    assert.equal((await failing(late, "request_invalid")).field, "deadline_milliseconds");
    assert.equal(stage.connections, 0);
  });

scripted("a request of one field may be that field's value", [async (peer) => {
  for (let count = 0; count < 2; count++) {
    peer.repeat(await peer.asked());
    const unload = await peer.asked();
    assert.equal(decode(tables.kinds.Unload.request, unload.body)["name"], "m");
    peer.say(unload, 0, tables.unloadResponseTable, {});
  }
}], async (client) => {
  const payload = Uint8Array.of(1, 2);
  assert.deepEqual((await client.ping(payload)).payload, payload);
  await client.unload("m");
  assert.deepEqual((await client.ping({ payload })).payload, payload);
  await client.unload({ name: "m" });
});

for (const request of [{ context: {} }, { ignoreEos: false }, { minTokens: 0 }]) {
  scripted(`revision 2 is not sent ${Object.keys(request)}`, [echo], async (client) => {
    await failing(client.generate({ prompt: "", ...request }), "revision_too_low");
    await client.ping();
  });
}

// ---------------------------------------------------------------- attempts

/**
 * A test of the contexts in the attempts of a call. Every attempt but the last is refused with
 * `code`.
 */
function attempts(
  name: string, code: string, expected: unknown[], request: GenerateRequest, hello: Values,
  options: Options = {}
): void {
  const found: unknown[] = [];
  scripted(name, [(peer) => peer.each((asked) => {
    found.push(decode(tables.generateRequestTable, asked.body)["context"]);
    if (found.length < expected.length) peer.refuse(asked, "UNAVAILABLE", code);
    else peer.end(asked, "");
  })], async (client) => {
    await client.generate(request);
    assert.deepEqual(found, expected);
  }, { hello, options });
}

const prompt = "x";
const context = { traceContext: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`, priority: 0 };
attempts("a context says which attempt it is", "busy",
  [undefined, { attempt: 2 }, { attempt: 3 }], { prompt }, { revision: 3 });
attempts("a context of the caller says which attempt it is, too", "busy",
  [context, { ...context, attempt: 2 }, { ...context, attempt: 3 }], { prompt, context },
  { revision: 3 });
attempts("no attempt is named to a server of revision 2", "busy", Array(3).fill(undefined),
  { prompt }, {});
attempts("waiting for a model that loads is no attempt", "model_loading", Array(5).fill(undefined),
  { prompt }, { revision: 3 }, { waitMilliseconds: 60_000 });
const empty = encode(tables.generateRequestTable, { prompt: "", requirements: { real: true } });
attempts("an attempt that has no room for its number is made without it", "busy",
  Array(2).fill(undefined), { prompt: "x".repeat(4096 - empty.body.length) },
  { revision: 3, bodySizeMax: 4096 });

// ---------------------------------------------------------------- answers

/** Sends chunks of more than 4096 bytes in all, then the end after a Cancel. */
const tooMuch = (heard: () => void): Script => async (peer) => {
  const asked = await peer.asked();
  for (let count = 0; count < 3; count++) peer.chunk(asked, "x".repeat(1500));
  await peer.awaitCancel(asked, heard);
};
const small = { options: { answerSizeMax: 4096 } };
scripted("an answer that is too large is given up; the connection lives on", [tooMuch(() => {})],
  async (client, stage) => {
    const failure = await failing(client.generate({ prompt: "x" }), "given_up");
    assert.equal(failure.status, "CANCELLED");
    await client.ping();
    assert.equal(stage.connections, 1);
  }, small);

let hear = (): void => {};
const isHeard = new Promise<void>((resolve) => {
  hear = resolve;
});
scripted("a stream that is too large is given up before anybody reads it", [tooMuch(() => hear())],
  async (client, stage) => {
    const stream = client.generateStream({ prompt: "x" });
    await isHeard;
    await client.ping();
    await failing(stream.result(), "given_up");
    await failing(stream.next(), "given_up");
    assert.equal(stage.connections, 1);
  }, small);

scripted("the last frame can be the one too large; nothing is left to cancel", [async (peer) => {
  const asked = await peer.asked();
  peer.chunk(asked, "x".repeat(4000));
  peer.end(asked, "x".repeat(100));
  await peer.echo();
}], async (client, stage) => {
  await failing(client.generate({ prompt: "x" }), "given_up");
  await client.ping(new Uint8Array(4000));
  await failing(client.ping(new Uint8Array(4200)), "given_up");
  await client.ping();
  assert.equal(stage.connections, 1);
}, small);

const serverLoad = {
  queued: 3, running: 1, waitMicroseconds: 250, cachePagesUsed: 7, cachePages: 8,
};
scripted("a refusal says how busy the server is", [async (peer) => {
  peer.refuse(await peer.asked(), "RESOURCE_EXHAUSTED", "busy", { serverLoad });
}], async (client) => {
  const failure = await failing(client.ping(), "server_refused");
  assert.deepEqual(failure.serverLoad, serverLoad);
  assert.equal(failure.code, "server_refused");
  assert.equal(failure.serverCode, "busy");
}, { options: { attempts: 1 } });

// ---------------------------------------------------------------- streams

const collect = (): void => {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
};

let isCancelled = false;
scripted("a stream that nobody holds any more is given up", [async (peer: Peer) => {
  const asked = await peer.asked();
  peer.chunk(asked, "one");
  await peer.awaitCancel(asked, () => {
    isCancelled = true;
  });
}], async (client) => {
  const first = async (): Promise<string | undefined> =>
    (await client.generateStream({ prompt: "x" }).next()).value?.text;
  assert.equal(await first(), "one");
  for (let turn = 0; turn < 400 && !isCancelled; turn++) {
    collect();
    await pause(20);
  }
  assert.ok(isCancelled);
  await client.ping();
});

scripted("closing the client ends a stream whose chunks are not read yet", [async (peer) => {
  const asked = await peer.asked();
  peer.chunk(asked, "one");
  peer.end(asked, "two");
  await peer.echo();
}], async (client) => {
  const stream = client.generateStream({ prompt: "x" });
  await client.ping(); // answered after the chunks
  client.close();
  await failing(stream.next(), "connection_closed");
  await failing(stream.result(), "connection_closed");
});
