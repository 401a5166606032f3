// assay-client: a client of the Assay wire protocol (Protocol/SPEC.md) for Node.

export { Client } from "./client.js";
export { AssayError } from "./errors.js";
export { CallOptions, LoadOptions, Signal, SwapOptions } from "./options.js";
export { GenerateStream } from "./stream.js";
export { sourceOf, statuses, version } from "./protocol.js";
export * from "./messages.js";
