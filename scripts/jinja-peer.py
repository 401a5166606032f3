"""Renders a conversation with jinja2, the reference, for `assay-bench templates --peer`.

The environment is that of chat templates, without `generation`. Standard input is a JSON object
with `source`, `messages` and `tools` (JSON texts); the argument says how often. Prints the median
in microseconds.
"""

import datetime
import json
import statistics
import sys
import time

import jinja2
import jinja2.ext
import jinja2.sandbox


def fail(message):
    raise jinja2.TemplateError(message)


asked = json.load(sys.stdin)
environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
environment.filters["tojson"] = lambda value, ensure_ascii=False, **rest: json.dumps(
    value, ensure_ascii=ensure_ascii, **rest)
environment.globals["strftime_now"] = datetime.datetime(2026, 3, 5, 9, 7, 3).strftime
environment.globals["raise_exception"] = fail
template = environment.from_string(asked["source"])
messages, tools = json.loads(asked["messages"]), json.loads(asked["tools"])
times = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter_ns()
    template.render(messages=messages, tools=tools, documents=None, bos_token="<s>",
                    eos_token="</s>", add_generation_prompt=True)
    times.append(time.perf_counter_ns() - start)
print(statistics.median(times) / 1000)
