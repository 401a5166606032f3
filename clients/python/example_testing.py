from assay import GenerateRequest, testing


def answer(request: GenerateRequest) -> dict[str, object]:
    assert request.prompt == "317+485="
    return {"text": "802"}


with testing.client(Generate=answer) as client:
    said = client.generate("317+485=")
    print(said.text, said.provenance)  # 802 mock
