"""The rows that mistakes are measured with, and the reference's answers to them."""
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = pathlib.Path(os.environ.get("ASSAY_FIXTURES", ROOT.parent / "shared" / "fixtures"))


def constructs():
    return json.loads((ROOT / "Tests/TemplatesTests/constructs.json").read_text())


def printable(name):
    return json.dumps(name)[1:-1][:70]


def own_rows():
    """The rows that stand alone, as the runner wants them."""
    file = constructs()
    made = []
    for row in file["rows"]:
        wanted = {key: row[key] for key in ("output", "raised") if key in row}
        made.append({"name": printable(row["source"]), "source": row["source"],
                     "variables": file["variables"], "now": row.get("now", file["now"]), **wanted})
    return made


def checker():
    """The module that holds the reference's environment."""
    sys.path.insert(0, str(FIXTURES / "templates"))
    import check
    return check


def golden_rows():
    """The shared goldens and the shared rows of constructs."""
    check = checker()
    given = [*check.golden_rows([FIXTURES / "templates"], "", False),
             *check.semantics_rows(FIXTURES / "jinja" / "semantics.json")]
    made = []
    for name, case, request, want in given:
        if want.get("beyond"):
            continue
        variables = {**request["variables"], "messages": request["messages"]}
        if "template" in request:
            variables["tools"] = request["tools"]
            variables["add_generation_prompt"] = request["add_generation_prompt"]
        variables.update(
            {key: request[key] for key in ("bos_token", "eos_token") if key in request})
        place = {"path": request["template"]} if "template" in request else {
            "source": request["source"]}
        row = {"name": printable(f"{name} {case}"), **place, "variables": variables,
               "now": request["now"]}
        if "output" in want:
            row["output"] = want["output"]
        elif want["error"]["kind"] == "raised":
            row["raised"] = want["error"]["message"]
        elif "source" in request:
            row["refused"] = True
        made.append(row)
    return made


def answer(row):
    """What jinja2 makes of a row, in the row's own words."""
    variables = dict(row["variables"])
    request = {"source": row["source"], "messages": variables.pop("messages"), "tools": None,
               "variables": variables, "add_generation_prompt": False, "now": row["now"]}
    got = checker().self_render([request])[0]
    if "output" in got:
        return {"output": got["output"]}
    raised = got["error"]["kind"] == "raised"
    return {"raised": got["error"]["message"]} if raised else {"fails": True}


def ask_reference():
    """Compares every row with jinja2. Exit status 1 for a difference."""
    wrong = 0
    given = constructs()["rows"]
    for row, request in zip(given, own_rows()):
        want = {key: row[key] for key in ("output", "raised", "fails") if key in row}
        got = answer(request)
        if got != want:
            wrong += 1
            print(f"{row['source']!r}\n  row    {want}\n  jinja2 {got}")
    print(f"{len(given)} rows, {wrong} differ from jinja2")
    return 1 if wrong or not given else 0
