import asyncio
import os

import assay


async def main() -> None:
    server = os.environ.get("ASSAY_SERVER", "tcp://127.0.0.1:7411")
    async with assay.AsyncClient(server) as client:
        async with client.generate_stream("Story about a fox:", max_tokens=60) as story:
            async for chunk in story:
                print(chunk.text, end="")
        answer = await client.generate("317+485=", max_tokens=8)
        print("\n", answer.text, answer.provenance)


asyncio.run(main())
