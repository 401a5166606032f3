import os

import assay

server = os.environ.get("ASSAY_SERVER", "tcp://127.0.0.1:7411")
with assay.Client(server) as client:
    answer = client.generate(assay.GenerateRequest(prompt="317+485=", max_tokens=8))
    print(answer.text, answer.provenance)

    story = assay.GenerateRequest(prompt="Story about a fox:", max_tokens=60)
    with client.generate_stream(story, deadline_milliseconds=30_000) as stream:
        for chunk in stream:
            print(chunk.text, end="", flush=True)
    print()
    print(stream.result.finish_reason, stream.result.answer.model, stream.result.provenance)
