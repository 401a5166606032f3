// Connects the conformance kit to this client. Each line of standard input and of standard output
// is a JSON object, as Protocol/conformance describes. Calls run concurrently.

import { createInterface } from "node:readline";

import {
  AssayError, Client, GenerateRequest, GenerateStream, Layer, Options, Origin, SwapProgress,
} from "assay-client";
import { generateChunkTable, kinds, KindName, serverLoadTable } from "../src/protocol.js";
import { camel, fromKit, toKit, Values } from "./values.js";

interface Command {
  id: number;
  op: "open" | "call" | "fork" | "close";
  client: string;
  server: string;
  options?: Record<string, unknown>;
  kind: KindName;
  request?: Values;
  deadline_milliseconds?: number;
  stream?: boolean;
  cancel_after_chunks?: number;
}

const clients = new Map<string, Client>();

const print = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

function open(command: Command): void {
  const options = Object.fromEntries(
    Object.entries(command.options ?? {}).map(([name, value]) => [camel(name), value]));
  clients.set(command.client, new Client(command.server, options as Options));
}

async function call(command: Command): Promise<object> {
  const { id, kind } = command;
  const client = clients.get(command.client) as Client;
  const options = { deadlineMilliseconds: command.deadline_milliseconds ?? 0 };
  const request = fromKit(kinds[kind].request, command.request ?? {});
  const show = (chunk: object): void => {
    const table = kinds[kind].chunk;
    if (command.stream && table) print({ id, chunk: toKit(table, chunk as Values) });
  };
  const onLayer = (layer: Layer): void => show({ layer });
  const onProgress = (progress: SwapProgress): void => show(progress);
  const handlers = { ...options, onLayer, onProgress };
  const method = client[kind.toLowerCase() as "load"].bind(client);
  const whole: Origin = kind === "Generate" && command.stream
    ? await streamed(command, client.generateStream(request as GenerateRequest, options))
    : await method(request as never, handlers);
  const { provenance, generation, degraded } = whole;
  const response = toKit(kinds[kind].response, whole as unknown as Values);
  return { provenance, generation, degraded, response };
}

async function streamed(command: Command, chunks: GenerateStream): Promise<Origin> {
  let count = 0;
  for await (const chunk of chunks) {
    print({ id: command.id, chunk: toKit(generateChunkTable, chunk as unknown as Values) });
    count += 1;
    if (count === command.cancel_after_chunks) break;
  }
  return chunks.result();
}

async function run(command: Command): Promise<object> {
  if (command.op === "call") return call(command);
  if (command.op === "open") open(command);
  else clients.get(command.client)?.close();
  return {};
}

function failure(id: number, error: unknown): void {
  if (!(error instanceof AssayError)) {
    console.error("driver: an error of another type:", error);
    process.exit(2);
  }
  const { code, status, message, field, layer, provenance, serverLoad } = error;
  print({
    id,
    error: {
      code, status, message, field, layer, provenance, server_code: error.serverCode,
      retry_after_milliseconds: error.retryAfterMilliseconds,
      server_load: serverLoad && toKit(serverLoadTable, serverLoad as unknown as Values),
    },
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  const { id } = command;
  // child_process.fork starts a new program without the objects.
  if (command.op === "fork") print({ id, unsupported: "fork" });
  else run(command).then((ok) => print({ id, ok }), (error) => failure(id, error));
}
process.exit(0);
