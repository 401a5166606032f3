import assay
from assay import testing


def answer(request: assay.GenerateRequest) -> dict[str, object]:
    assert request.prompt == "317+485="
    return {"text": "802"}


with testing.serving(Generate=answer) as url, assay.Client(url) as client:
    said = client.generate("317+485=")
    print(said.text, said.provenance)
