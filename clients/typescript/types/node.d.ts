// The used part of Node's types, only for building this package. The compiled declarations name no
// Node type, so a project with @types/node sees no conflict.

declare module "node:net" {
  export interface Socket {
    readonly errored: Error | null;
    write(bytes: Uint8Array): boolean;
    end(): void;
    destroy(): void;
    setNoDelay(on: boolean): void;
    setKeepAlive(on: boolean, idleMilliseconds: number): void;
    on(event: "connect" | "end" | "close", heard: () => void): this;
    on(event: "data", heard: (bytes: Uint8Array) => void): this;
    on(event: "error", heard: (error: Error) => void): this;
  }
  export interface Server {
    listen(path: string, ready: () => void): void;
    listen(port: number, host: string, ready: () => void): void;
    address(): { port: number };
    close(): void;
  }
  export function connect(
    where: ({ path: string } | { host: string; port: number }) & {
      noDelay?: boolean;
      keepAlive?: boolean;
      keepAliveInitialDelay?: number;
    }
  ): Socket;
  export function createServer(accepted: (socket: Socket) => void): Server;
}
declare module "node:fs" {
  export function readFileSync(path: string): Uint8Array;
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function writeFileSync(path: string, content: string): void;
  export function openSync(path: string, flags: "r"): number;
  export function readSync(file: number, bytes: Uint8Array): number;
  export function closeSync(file: number): void;
  export function existsSync(path: string): boolean;
  export function readdirSync(path: string): string[];
  export function mkdtempSync(prefix: string): string;
  export function rmSync(path: string, options: { recursive: boolean }): void;
}
declare module "node:os" {
  export function tmpdir(): string;
}
declare module "node:readline" {
  export function createInterface(options: { input: unknown }): AsyncIterable<string>;
}
declare module "node:util" {
  export function inspect(value: unknown, options: { depth: number }): string;
}
declare module "node:v8" {
  export function setFlagsFromString(flags: string): void;
}
declare module "node:vm" {
  export function runInNewContext(code: string): unknown;
}
declare module "node:test" {
  export interface Context {
    diagnostic(message: string): void;
  }
  export default function test(
    name: string, body: (context: Context) => void | Promise<void>
  ): void;
}
declare module "node:assert/strict" {
  const assert: {
    (value: unknown, message?: string): asserts value;
    ok(value: unknown, message?: string): asserts value;
    equal<T>(found: T, expected: T, message?: string): void;
    deepEqual<T>(found: T, expected: T, message?: string): void;
    throws(body: () => unknown, check?: (error: unknown) => boolean, message?: string): void;
    rejects(
      promise: Promise<unknown>, check: (error: unknown) => boolean, message?: string
    ): Promise<void>;
  };
  export default assert;
}

declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", heard: () => void): void;
  removeEventListener(type: "abort", heard: () => void): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}
declare const performance: { now(): number };
declare const process: {
  argv: string[];
  env: Record<string, string | undefined>;
  exit(status: number): never;
  exitCode: number | undefined;
  stdin: unknown;
  stdout: { write(text: string): boolean };
};
declare const console: { log(...values: unknown[]): void; error(...values: unknown[]): void };
declare const Buffer: {
  from(text: string, encoding: "hex"): Uint8Array;
  from(bytes: Uint8Array): { toString(encoding: "hex"): string };
};
declare function setTimeout(body: () => void, milliseconds: number): { unref(): void };
declare function clearTimeout(timer: { unref(): void } | undefined): void;
declare function setImmediate(body: () => void): void;
declare class URL {
  constructor(path: string, base: string);
  readonly pathname: string;
}
interface ImportMeta {
  readonly url: string;
}
