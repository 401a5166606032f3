// Short calls: a text, a conversation and a list instead of a request.

import assert from "node:assert/strict";
import test from "node:test";

import { AssayError, Client, sourceOf, version } from "assay-client";
import { generateRequestOf, kinds } from "../src/protocol.js";

const isInvalid = (error: unknown): boolean =>
  error instanceof AssayError && error.code === "request_invalid";

/** A client that keeps the requests instead of sending them. */
class Recorder extends Client {
  readonly asked: object[] = [];

  constructor() {
    super("unix:///nowhere");
  }

  protected override async call<Reply>(kind: object, request: object, options: object) {
    this.asked.push({ request, options });
    const vectors = { embeddings: new Float32Array([1, 2, 3, 4]), dimensions: 2, count: 2 };
    return (kind === kinds.Embed ? vectors : {}) as unknown as Reply;
  }
}

test("a text, a conversation and a list make requests", async () => {
  const client = new Recorder();
  await client.generate("a", { maxTokens: 8, deadlineMilliseconds: 5 });
  const turns = [{ role: "user", content: "hi" }] as const;
  await client.chat(turns, { stop: ["x"] });
  const { vectors } = await client.embed(["a", { tokens: [1] }], { pooling: "last" });
  await client.generate({ prompt: "a" }, { deadlineMilliseconds: 7 });
  assert.deepEqual(client.asked, [
    { request: { prompt: "a", maxTokens: 8 }, options: { deadlineMilliseconds: 5 } },
    { request: { messages: turns, stop: ["x"] }, options: {} },
    { request: { inputs: [{ text: "a" }, { tokens: [1] }], pooling: "last" }, options: {} },
    { request: { prompt: "a" }, options: { deadlineMilliseconds: 7 } },
  ]);
  assert.deepEqual(vectors, [new Float32Array([1, 2]), new Float32Array([3, 4])]);
  assert.deepEqual(generateRequestOf(turns, { seed: 1 }).request, { messages: turns, seed: 1 });
  client.close();
});

test("hostile content is request_invalid", async () => {
  const client = new Client("unix:///nowhere");
  for (const turns of [[5], [{ role: "user" }], [{ role: "cook", content: "" }], [null]]) {
    await assert.rejects(client.chat(turns as never), isInvalid);
  }
  for (const inputs of [[5], [{}], []]) {
    await assert.rejects(client.embed(inputs as never), isInvalid);
  }
  client.close();
});

test("an aborted call has the signal's reason as its cause", async () => {
  const client = new Client("unix:///nowhere");
  const controller = new AbortController();
  controller.abort();
  const error = await client.generate("a", { signal: controller.signal }).catch((each) => each);
  assert.equal(error instanceof AssayError && error.code, "given_up");
  assert.equal(error.cause, controller.signal.reason);
  assert.equal(error.cause.name, "AbortError");
  client.close();
});

test("a model's provenance has a word, and the client a version", () => {
  assert.equal(sourceOf({ provenance: 1 } as never), "real");
  assert.equal(sourceOf({ provenance: 2 } as never), "mock");
  assert.equal(/^\d+\.\d+\.\d+$/.test(version), true);
});
