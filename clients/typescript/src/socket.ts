// Addresses of servers (`tcp://host:port`, `tcp://[::1]:port`, `unix:///path`) and connecting.
//
// Guarantees: parsing touches no network. The error for a refused address names the expected form.

import * as net from "node:net";

import { AssayError } from "./errors.js";

/** Longest path in the address of a Unix socket, bytes. */
const socketPathMax = 107;

/** Milliseconds of silence on a TCP connection before the system probes. */
const keepAliveIdle = 30_000;

/** Address of a server. */
export interface Address {
  readonly text: string;
  readonly where: { path: string } | { host: string; port: number };
}

/** Parses a URL, or one without its scheme. Throws address_invalid. */
export function parseAddress(given: string): Address {
  const scheme = given.includes("://") ? "" : given.startsWith("/") ? "unix://" : "tcp://";
  const text = scheme + given;
  const refuse = (allowed: string): never => {
    throw new AssayError(
      "address_invalid", `reading the server address: found "${given}", allowed: ${allowed}`);
  };
  if (text.startsWith("unix://")) {
    const path = text.slice("unix://".length);
    if (!path.startsWith("/") || new TextEncoder().encode(path).length > socketPathMax) {
      refuse(`an absolute path of at most ${socketPathMax} bytes after unix://`);
    }
    return { text, where: { path } };
  }
  const parts = /^tcp:\/\/(\[[0-9a-fA-F:.%]+\]|[^\[\]:\/@]+):([0-9]{1,5})$/.exec(text);
  const port = Number(parts?.[2] ?? 0);
  const host = (parts?.[1] ?? "").replace(/^\[(.*)\]$/, "$1");
  if (host === "" || port < 1 || port > 65535) {
    refuse("tcp://HOST:PORT with a port from 1 to 65535, or unix:///PATH");
  }
  return { text, where: { host, port } };
}

/** Starts to connect. Bytes written before the connection stands are sent afterwards. */
export function dial(address: Address): net.Socket {
  const probed = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveIdle };
  return net.connect({ ...address.where, ...probed }); // without effect on a Unix socket
}
