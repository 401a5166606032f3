// The vectors of the protocol: every codec in every language reads the same bytes.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { Pieces } from "../src/answers.js";
import { Breach, decode, encode } from "../src/codec.js";
import { Frame, FrameReader } from "../src/frames.js";
import { decompressBlock } from "../src/lz4.js";
import * as tables from "../src/protocol.js";
import { Message } from "../src/protocol.js";
import { seeded } from "./random.js";

interface Vector {
  name: string;
  bytes: Uint8Array;
  direction: string;
  before_hello: boolean;
  compression?: boolean; // false: Hello agreed on no compression
  canonical?: boolean;
  message?: string;
  frames?: Array<{ message: string }>;
  error?: { code: string; status: string; field?: string };
}

const folder = new URL("../../../../Protocol/vectors/", import.meta.url).pathname;

function vectors(kind: string, direction: string): Vector[] {
  const found = readdirSync(folder + kind)
    .filter((file) => file.endsWith(".json"))
    .map((file) => ({
      ...(JSON.parse(readFileSync(`${folder}${kind}/${file}`, "utf8")) as Vector),
      name: file,
      bytes: new Uint8Array(readFileSync(`${folder}${kind}/${file.replace(/json$/, "bin")}`)),
    }))
    .filter((vector) => vector.direction === direction);
  assert.ok(found.length > 0, `no vectors in ${kind}`);
  return found;
}

const byName = new Map<string, Message>(
  Object.entries(tables).filter(([name]) => name.endsWith("Table"))
    .map(([, table]) => [(table as Message).name, table as Message]));

function readerFor(vector: Vector): FrameReader {
  const limit = vector.before_hello ? tables.frameSizeMaxBeforeHello - tables.headerSize
    : tables.bodySizeMax;
  const reader = new FrameReader(limit);
  reader.decompresses = !vector.before_hello && vector.compression !== false;
  return reader;
}

/** All frames of a vector, pushed in pieces of `step` bytes. */
function framesOf(vector: Vector, bytes: Uint8Array, step: number): Frame[] {
  const reader = readerFor(vector);
  const frames: Frame[] = [];
  for (let place = 0; place < bytes.length; place += step) {
    reader.push(bytes.subarray(place, place + step));
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

/** Requests of the answers in the vectors, for the checks beyond the tables. */
const requests: Partial<Record<tables.KindName, object>> = {
  Generate: { prompt: "", logprobs: 64, promptLogprobs: 64 },
  Embed: { inputs: [{ text: "" }] },
  Logits: { tokens: [1], allPositions: false },
  Score: { continuations: [{ text: "" }], topLogprobs: 64 },
};

/** Reads a frame with the table of the message and the checks of the answer. */
function understand(message: string, frame: Frame): void {
  const kind = Object.values(tables.kinds).find(
    ({ chunk, response }) => chunk?.name === message || response.name === message);
  if (kind === undefined) decode(byName.get(message) as Message, frame.body);
  else new Pieces(kind, requests[kind.name as tables.KindName] ?? {}).take(frame);
}

test("valid responses are understood, however they arrive", () => {
  for (const vector of vectors("valid", "response")) {
    const whole = framesOf(vector, vector.bytes, vector.bytes.length);
    assert.equal(whole.length, vector.frames?.length as number, vector.name);
    for (const step of vector.bytes.length < 10_000 ? [1, 7, 31, 33] : [4096]) {
      assert.deepEqual(framesOf(vector, vector.bytes, step), whole, `${vector.name} by ${step}`);
    }
    whole.forEach((frame, index) => {
      const name = vector.frames?.[index]?.message as string;
      assert.ok(decode(byName.get(name) as Message, frame.body), vector.name);
    });
  }
});

/** The body of a request, since the client has no reader for requests. */
function requestBody({ bytes }: Vector): Uint8Array {
  const head = new DataView(bytes.buffer, bytes.byteOffset);
  const body = bytes.subarray(tables.headerSize);
  return head.getUint8(6) & tables.flagCompressed
    ? decompressBlock(body, head.getUint32(20, true)) : body;
}

test("valid requests are reproduced", () => {
  let count = 0;
  for (const vector of vectors("valid", "request")) {
    const table = byName.get(vector.frames?.[0]?.message ?? "");
    if (vector.frames?.length !== 1 || table === undefined) continue;
    const body = requestBody(vector);
    const again = encode(table, withoutEmptyLists(decode(table, body)));
    if (vector.canonical) assert.deepEqual(again.body, body.slice(), vector.name);
    count += 1;
  }
  assert.ok(count > 30);
});

const withoutEmptyLists = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(
    ([, value]) => !(Array.isArray(value) && value.length === 0)));

test("invalid responses are refused", () => {
  for (const vector of vectors("invalid", "response")) {
    assert.throws(() => {
      const frame = framesOf(vector, vector.bytes, vector.bytes.length)[0];
      if (frame === undefined || vector.message === undefined) return;
      understand(vector.message, frame);
    }, undefined, vector.name);
  }
});

test("what a server would refuse is refused here", () => {
  let count = 0;
  for (const vector of vectors("invalid", "request")) {
    const table = byName.get(vector.message ?? "");
    if (vector.error?.status !== "INVALID_ARGUMENT" || table === undefined) continue;
    assert.throws(() => {
      encode(table, decode(table, requestBody(vector)));
    }, (error) => error instanceof Breach && (
      vector.error?.code !== "field_conflict" || error.path === vector.error.field), vector.name);
    count += 1;
  }
  assert.ok(count > 50);
});

test("incomplete frames are awaited", () => {
  for (const vector of vectors("incomplete", "response")) {
    assert.deepEqual(framesOf(vector, vector.bytes, 1), [], vector.name);
  }
});

test("damage is seen before the body arrives", () => {
  const heads = ["\x1b\0\0\0", "\xff\xff\xff\xff", "\x1c\0\0\0\x02", "\x16\x03\x01\x02", "HTTP"];
  for (const head of heads) {
    const reader = new FrameReader(tables.bodySizeMax);
    reader.push(Uint8Array.from(head, (letter) => letter.charCodeAt(0)));
    assert.throws(() => reader.next(), undefined, JSON.stringify(head));
  }
});

test("random damage is refused or understood", (context) => {
  const below = seeded(context);
  const all = vectors("valid", "response").filter(({ bytes }) => bytes.length < 10_000);
  for (let round = 0; round < 20_000; round++) {
    const vector = all[below(all.length)] as Vector;
    const bytes = vector.bytes.slice();
    for (let count = 1 + below(4); count > 0; count--) {
      bytes[below(bytes.length)] ^= 1 << below(8);
    }
    let frames: Frame[] = [];
    try {
      frames = framesOf(vector, bytes.subarray(0, below(bytes.length + 1)), 1 + below(100));
    } catch (error) {
      assert.ok(error instanceof Error && /found|zero|LZ4/.test(error.message), String(error));
    }
    frames.forEach((frame, index) => {
      const name = vector.frames?.[index]?.message;
      try {
        if (name !== undefined) decode(byName.get(name) as Message, frame.body);
      } catch (error) {
        assert.ok(error instanceof Breach, String(error));
      }
    });
  }
});

test("values that no body can hold are refused", () => {
  const generate = tables.generateRequestTable;
  const cases: Array<[string, Record<string, unknown>]> = [
    ["max_tokens", { maxTokens: 0 }], ["max_tokens", { maxTokens: 1.5 }],
    ["max_tokens", { maxTokens: "8" }], ["temperature", { temperature: NaN }],
    ["top_p", { topP: -0.5 }], ["seed", { seed: -1 }], ["seed", { seed: 2 ** 53 }],
    ["seed", { seed: 1n << 64n }], ["maxtokens", { maxtokens: 8 }], ["stop", { stop: "x" }],
    ["tokens", { tokens: [1] }], ["requirements.device", { requirements: { device: "" } }],
    ["model", { model: "\ud800" }],
  ];
  for (const [path, values] of cases) {
    assert.throws(
      () => encode(generate, { prompt: "", ...values }),
      (error) => error instanceof Breach && error.path === path, path);
  }
  for (const tokens of [[-1], [2 ** 32], [0.5], []]) {
    assert.throws(() => encode(generate, { tokens }), (error) => error instanceof Breach);
  }
  assert.ok(encode(generate, { prompt: "", seed: (1n << 64n) - 1n }).body.length > 0);
});
