// Asks the demo model a sum, then streams a story as it is made.
import { AssayError, Client } from "assay-client";

const client = new Client(process.env["ASSAY_SERVER"] ?? "tcp://127.0.0.1:7411");
try {
  const sum = await client.generate({ prompt: "317+485=", maxTokens: 8 });
  console.log(`317+485=${sum.text} (${sum.provenance})`);

  const story = client.generateStream({ prompt: "Once upon a time", maxTokens: 48 });
  for await (const chunk of story) process.stdout.write(chunk.text);
  console.log(`\n(${(await story.result()).answer.timing.total} us)`);
} catch (error) {
  if (!(error instanceof AssayError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  client.close();
}
