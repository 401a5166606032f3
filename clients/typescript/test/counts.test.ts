// The counts in the last frame against the received frames: a frame lost, doubled or swapped on the
// way is damage in every revision, and ends the connection.

import assert from "node:assert/strict";

import { Client } from "assay-client";
import { encode, Values } from "../src/codec.js";
import * as tables from "../src/protocol.js";
import { answer, Asked, Peer, whole } from "./peer.js";
import { echo, failing, scripted } from "./scripted.js";

/** Sends frames 0, 1, 2 (a token each) and 3 (the last frame) in `order`. */
function play(peer: Peer, asked: Asked, order: number[], isNumbered: boolean): void {
  for (const index of order) {
    const number = isNumbered ? { frame: index } : {};
    if (index < 3) {
      const chunk = { tokens: [index], text: "a", ...number };
      peer.say(asked, tables.flagMore, tables.generateChunkTable, chunk);
    } else {
      const last = { ...whole, completionTokens: 3, ...number };
      peer.say(asked, 0, tables.generateResponseTable, last);
    }
  }
}

const ways: Record<string, (client: Client) => Promise<tables.GenerateResponse>> = {
  whole: (client) => client.generate({ prompt: "x" }),
  streamed: (client) => client.generateStream({ prompt: "x" }).result(),
};

/** Checks that the answer is refused, the connection closed, and the request not repeated. */
function damage(
  name: string, call: (client: Client) => Promise<unknown>, say: (peer: Peer, asked: Asked) => void
): void {
  scripted(name, [async (peer) => {
    say(peer, await peer.asked());
    assert.equal(await peer.read(), undefined, "the connection is used again");
  }, echo], async (client, stage) => {
    await failing(call(client), "protocol_error");
    await client.ping();
    assert.equal(stage.connections, 2);
  });
}

for (const [way, call] of Object.entries(ways)) {
  for (const [what, order, isNumbered] of [
    ["lost", [0, 2, 3], false], ["lost in front", [1, 2, 3], false], ["all lost", [3], false],
    ["doubled", [0, 1, 1, 2, 3], false], ["lost", [0, 2, 3], true],
    ["doubled", [0, 0, 1, 2, 3], true], ["swapped", [0, 2, 1, 3], true],
    ["one in another's place", [0, 0, 2, 3], true],
  ] as const) {
    damage(`frames ${what}, numbered: ${isNumbered}, ${way}`, call,
      (peer, asked) => play(peer, asked, [...order], isNumbered));
  }
  for (const isNumbered of [false, true]) {
    scripted(`all frames, numbered: ${isNumbered}, ${way}`, [async (peer) => {
      play(peer, await peer.asked(), [0, 1, 2, 3], isNumbered);
      await peer.drain();
    }], async (client) => {
      const { text, tokens } = await call(client);
      assert.equal(text, "aaa");
      assert.deepEqual([...tokens], [0, 1, 2]);
    });
  }
}

const embeds = (count: number) => (client: Client): Promise<unknown> =>
  client.embed({ inputs: Array.from({ length: count }, () => ({ text: "a" })) });
const allOfThree = { tokens: [1, 2, 3], allPositions: true };

/**
 * Sends a response whose first field is a list of numbers. The codec cannot write the list, because
 * no request has one.
 */
function sayNumbers(
  peer: Peer, asked: Asked, table: tables.Message, count: number, values: Values
): void {
  const { body } = encode({ ...table, fields: table.fields.slice(1) }, values);
  const bytes = new Uint8Array(8 + 4 * count + body.length);
  bytes.set([1, 0, tables.FieldType.F32s, 0, 4 * count]);
  bytes.set(body, 8 + 4 * count);
  peer.write(asked, 0, 1, 0, bytes);
}

for (const [name, call, table, count, values] of [
  ["fewer inputs", embeds(2), tables.embedResponseTable, 1,
    { dimensions: 1, count: 1, promptTokens: 0, answer }],
  ["fewer values", embeds(1), tables.embedResponseTable, 1,
    { dimensions: 2, count: 1, promptTokens: 0, answer }],
  ["the wrong frame of an Embed", embeds(1), tables.embedResponseTable, 1,
    { dimensions: 1, count: 1, promptTokens: 0, frame: 1, answer }],
  ["positions, of the last", (client: Client) => client.logits({ tokens: [1, 2] }),
    tables.logitsResponseTable, 2, { vocabulary: 1, positions: 2, answer }],
  ["positions, of all tokens", (client: Client) => client.logits(allOfThree),
    tables.logitsResponseTable, 2, { vocabulary: 1, positions: 2, answer }],
  ["the wrong frame of a Logits", (client: Client) => client.logits({ tokens: [1] }),
    tables.logitsResponseTable, 1, { vocabulary: 1, positions: 1, frame: 1, answer }],
] as const) {
  damage(name, call, (peer, asked) => sayNumbers(peer, asked, table, count, values));
}

damage("completion_tokens says less", ways["whole"]!, (peer, asked) => {
  const last = { ...whole, completionTokens: 3, tokens: [1, 2, 3, 4] };
  peer.say(asked, 0, tables.generateResponseTable, last);
});
damage("the wrong frame of a Load", (client) => client.load({ name: "m", path: "/m" }),
  (peer, asked) => peer.say(asked, 0, tables.loadResponseTable, { accepted: false, frame: 1 }));
