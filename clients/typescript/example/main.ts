// Shows each use of the client, against the demo model.
import { AssayError, Client } from "assay-client";

const client = new Client(process.env["ASSAY_SERVER"] ?? "tcp://127.0.0.1:7411");
try {
  const sum = await client.generate("317+485=", { maxTokens: 8 });
  console.log(`317+485=${sum.text} (${sum.provenance})`);

  const story = client.generateStream("Once upon a time", { maxTokens: 48 });
  for await (const chunk of story) process.stdout.write(chunk.text);
  console.log(`\n(${(await story.result()).answer.timing.total} us)`);

  for await (const chunk of client.generateStream("A fox:")) {
    console.log(chunk.text);
    break; // cancels the rest on the server, like aborting the call's `signal`
  }

  const reply = await client.chat([{ role: "user", content: "317+485=" }], { maxTokens: 8 });
  console.log(reply.text);

  const { vectors } = await client.embed(["a fox", "a hen"]);
  console.log(vectors.map((vector) => vector.length));

  const late = await client.generate("A hen:", { deadlineMilliseconds: 2000 });
  console.log(late.finishReason); // "deadline" when the time was too short
} catch (error) {
  if (!(error instanceof AssayError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  client.close();
}
