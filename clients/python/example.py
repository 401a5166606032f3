import os

import assay

server = os.environ.get("ASSAY_SERVER", "tcp://127.0.0.1:7411")
with assay.Client(server) as client:
    answer = client.generate("317+485=", max_tokens=8)
    print(answer.text, answer.provenance)

    story = client.generate_stream("Story about a fox:", max_tokens=60)
    for chunk in story:
        print(chunk.text, end="", flush=True)
    print("\n", story.result.finish_reason, story.result.answer.model)

    with client.generate_stream("Story about a hen:", max_tokens=400) as story:
        print(next(story).text)  # leaving the block cancels the rest on the server

    turns = [{"role": "user", "content": "317+485="}]
    print(client.chat(turns, max_tokens=8).text)

    fox, hen = client.embed(["a fox", "a hen"]).vectors
    print(len(fox), len(hen))

    try:
        answer = client.generate("Story:", max_tokens=400, deadline_milliseconds=20)
        print(answer.finish_reason)  # "deadline" when the server ended the answer in time
    except TimeoutError as error:  # every error is an AssayError, too
        print(error)
