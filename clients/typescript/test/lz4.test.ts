// The block codec: round trips of many shapes, blocks from other encoders, and damage.

import assert from "node:assert/strict";
import test from "node:test";

import { compressBlock, decompressBlock } from "../src/lz4.js";
import { seeded } from "./random.js";

/** Random data with repetitions of all lengths and distances. */
function repetitive(below: (limit: number) => number, size: number): Uint8Array {
  const data: number[] = [];
  while (data.length < size) {
    if (data.length > 0 && below(3) > 0) {
      const from = below(data.length);
      for (let count = 1 + below(600), index = from; count > 0; count--, index++) {
        data.push(data[index] as number);
      }
    } else {
      for (let count = below(40); count >= 0; count--) data.push(below(256));
    }
  }
  return new Uint8Array(data.slice(0, size));
}

const bytes = (text: string): Uint8Array =>
  new Uint8Array([...text].map((letter) => letter.charCodeAt(0)));

test("blocks come back whole, and only with their own size", (context) => {
  const below = seeded(context);
  for (let round = 0; round < 300; round++) {
    const data = repetitive(below, 1 + (below(200_000) >> below(12)));
    const block = compressBlock(data, 2 * data.length + 16) as Uint8Array;
    assert.deepEqual(decompressBlock(block, data.length), data, `round ${round}`);
    assert.throws(() => decompressBlock(block, data.length - 1));
    assert.throws(() => decompressBlock(block, data.length + 1));
  }
});

test("blocks end with five literals", () => {
  const data = new Uint8Array(5000).fill(7);
  const block = compressBlock(data, data.length) as Uint8Array;
  assert.deepEqual(block.slice(-5), data.slice(0, 5));
});

test("noise does not fit into less", (context) => {
  const below = seeded(context);
  const noise = Uint8Array.from({ length: 4096 }, () => below(256));
  assert.equal(compressBlock(noise, 3686), undefined);
});

test("known blocks are read, or refused", () => {
  const cases: Array<[string, string, number, string | undefined]> = [
    ["literals", "\x50hello", 5, "hello"],
    ["overlapping match", "\x11a\x01\x00\x50bcdef", 11, "aaaaaabcdef"],
    ["offset 0", "\x11a\x00\x00\x50bcdef", 11, undefined],
    ["offset before the start", "\x11a\x02\x00\x50bcdef", 11, undefined],
    ["a match ends it", "\x11a\x01\x00", 6, undefined],
    ["offset cut", "\x11a\x01", 6, undefined],
    ["literals cut", "\x50hell", 5, undefined],
    ["length cut", "\xf0\xff", 300, undefined],
    ["nothing", "", 0, undefined],
    ["size lies", "\x50hello", 2 ** 30, undefined],
  ];
  for (const [name, block, size, text] of cases) {
    if (text === undefined) {
      assert.throws(() => decompressBlock(bytes(block), size), undefined, name);
    } else {
      assert.deepEqual(decompressBlock(bytes(block), size), bytes(text), name);
    }
  }
});

test("damaged blocks never give another size", (context) => {
  const below = seeded(context);
  for (let round = 0; round < 5000; round++) {
    const data = repetitive(below, 1 + below(2000));
    const block = (compressBlock(data, 2 * data.length + 16) as Uint8Array).slice();
    for (let count = 1 + below(3); count > 0; count--) block[below(block.length)] = below(256);
    try {
      const found = decompressBlock(block.subarray(0, below(block.length + 1)), data.length);
      assert.equal(found.length, data.length);
    } catch (error) {
      assert.ok(error instanceof Error && /LZ4/.test(error.message), String(error));
    }
  }
});
