// Connects the conformance kit to this client. Each line of standard input and of standard output
// is a JSON object, as Protocol/conformance describes. Calls run concurrently.

import { createInterface } from "node:readline";

import { AssayError, Client, GenerateRequest, Layer, Options } from "assay-client";
import {
  generateChunkTable, kinds, KindName, loadProgressTable, Origin, serverLoadTable,
} from "../src/protocol.js";
import { fromKit, toKit, Values } from "./values.js";

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
const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

function open(command: Command): void {
  const options = Object.fromEntries(
    Object.entries(command.options ?? {}).map(([name, value]) => [camel(name), value]));
  clients.set(command.client, new Client(command.server, options as Options));
}

async function call(command: Command): Promise<object> {
  const client = clients.get(command.client) as Client;
  const options = { deadlineMilliseconds: command.deadline_milliseconds ?? 0 };
  const request = fromKit(kinds[command.kind].request, command.request ?? {});
  const whole = await answer(client, command, request, options);
  const { provenance, generation, degraded } = whole;
  const response = toKit(kinds[command.kind].response, whole as unknown as Values);
  return { provenance, generation, degraded, response };
}

async function answer(
  client: Client, command: Command, request: Values, options: { deadlineMilliseconds: number }
): Promise<Origin> {
  const { kind, id } = command;
  if (kind === "Hello" || kind === "Cancel") throw new Error(`no call of its own: ${kind}`);
  if (kind === "Generate" && command.stream) {
    return stream(client, command, request as GenerateRequest, options);
  }
  const onLayer = (layer: Layer): void => {
    if (command.stream) print({ id, chunk: toKit(loadProgressTable, { layer }) });
  };
  const method = client[kind.toLowerCase() as "score"].bind(client);
  return method(request as never, kind === "Load" ? { ...options, onLayer } as object : options);
}

async function stream(
  client: Client, command: Command, request: GenerateRequest,
  options: { deadlineMilliseconds: number }
): Promise<Origin> {
  const chunks = client.generateStream(request, options);
  let count = 0;
  for await (const chunk of chunks) {
    print({ id: command.id, chunk: toKit(generateChunkTable, chunk as unknown as Values) });
    count += 1;
    if (count === command.cancel_after_chunks) break;
  }
  return chunks.result();
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
  if (command.op === "call") {
    call(command).then(
      (ok) => print({ id: command.id, ok }), (error) => failure(command.id, error));
    continue;
  }
  if (command.op === "fork") { // child_process.fork starts a new program without the objects
    print({ id: command.id, unsupported: "fork" });
    continue;
  }
  try {
    if (command.op === "open") open(command);
    else clients.get(command.client)?.close();
    print({ id: command.id, ok: {} });
  } catch (error) {
    failure(command.id, error);
  }
}
process.exit(0);
