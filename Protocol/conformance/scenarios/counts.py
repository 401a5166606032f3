"""The last frame's counts against the received items, and the numbers of frames: loss is damage.

A frame that is dropped, doubled or swapped on the way changes an answer without any wrong byte. The
counts of the last frame show the fault on every revision, and the numbers from revision 3 on.
"""

from rows import GENERATE, cancel_of, expect, row, same_answer, serve, works, works_anew
from server import ANSWER, logprobs

WORDS = [(383, ","), (285, " there"), (402, " was"), (261, " a")]


def damaged(name, meaning, kind, fields, answer, stream=False, revision="2"):
    """A row: `answer(peer, request)` sends a contradictory answer. The call must not succeed."""
    @row("counts", meaning, name)
    def play(stage):
        client, call, peer, request = stage.begin(kind, fields, stream=stream,
                                                  hello=dict(revision=revision), attempts=2,
                                                  backoff_milliseconds=1)
        answer(peer, request)
        call.error("protocol_error")
        peer.closed()
        stage.listener.no_connection()
        works_anew(client, stage)


def rearranged(order, parts=None):
    """Sends the frames of a stream in this order, where an index may be missing or doubled: the
    chunks and the last frame of `parts`, else four tokens and their end."""
    def answer(peer, request):
        *chunks, last = parts or [*({"tokens": [token], "text": text} for token, text in WORDS),
                                  {"tokens": [], "text": ""}]
        with peer.held() as pieces:
            for chunk in chunks:
                peer.chunk(request, **chunk)
            peer.answer(request, **last)
        peer.send(b"".join(pieces[index] for index in order))
    return answer


def both(name, meaning, order, revision):
    for stream, how in ((True, "streamed"), (False, "whole")):
        damaged("%s_%s" % (name, how), "%s (%s)" % (meaning, how), "Generate", GENERATE,
                rearranged(order), stream, revision)


# ---------------------------------------------------------------- by counts, on revision 2

both("count_frame_dropped", "revision 2: a chunk is lost, completion_tokens says one more",
     [0, 2, 3, 4], "2")
both("count_first_frame_dropped", "revision 2: the first chunk is lost", [1, 2, 3, 4], "2")
both("count_frame_doubled", "revision 2: a chunk comes twice, completion_tokens says one less",
     [0, 1, 1, 2, 3, 4], "2")


def one_token(count):
    def answer(peer, request):
        peer.token(request, 383, ",")
        peer.answer(request, completion_tokens=str(count))
    return answer


for _count, _name in ((0, "none"), (1, "fewer"), (3, "more"), (2**64 - 1, "most")):
    damaged("count_completion_tokens_" + _name, "two tokens came, completion_tokens says %d"
            % _count, "Generate", GENERATE, one_token(_count))
damaged("count_completion_tokens_numbered", "revision 3, frames numbered: two tokens came, "
        "completion_tokens says 3", "Generate", GENERATE, one_token(3), revision="3")


def prompt_rows(rows, prompt_tokens, **more):
    def answer(peer, request):
        peer.chunk(request, prompt_done="2", prompt_total="4", prompt_logprobs=logprobs([7]))
        peer.answer(request, prompt_tokens=str(prompt_tokens),
                    prompt_logprobs=logprobs(list(range(rows))) if rows else None, **more)
    return answer


ASKED = dict(GENERATE, prompt_logprobs="0")
damaged("count_prompt_rows_fewer", "fewer rows of prompt log-probabilities than prompt_tokens - 1",
        "Generate", ASKED, prompt_rows(1, 4))
damaged("count_prompt_rows_more", "more rows of prompt log-probabilities than prompt_tokens - 1",
        "Generate", ASKED, prompt_rows(3, 4))
damaged("count_prompt_rows_of_no_prompt", "rows of prompt log-probabilities, and no prompt token",
        "Generate", ASKED, prompt_rows(0, 0))
damaged("count_prompt_rows_missing", "prompt log-probabilities asked for, and none at all",
        "Generate", ASKED, lambda peer, request: peer.answer(
            request, prompt_logprobs=None, finish_reason="stop"))
damaged("count_prompt_rows_not_asked_for", "prompt log-probabilities nobody asked for", "Generate",
        GENERATE, lambda peer, request: peer.answer(request, prompt_logprobs=logprobs([7, 8])))


def prompt_rows_fit(name, meaning, finish, rows):
    @row("counts", meaning, name)
    def play(stage):
        client, call, peer, request = stage.begin("Generate", ASKED, hello=dict(revision="2"))
        if rows > 1:
            prompt_rows(rows - 1, 4, finish_reason=finish)(peer, request)
        else:
            peer.answer(request, prompt_tokens=str(rows + 1), finish_reason=finish,
                        prompt_logprobs=logprobs([7] * rows) if rows else None)
        call.ok()
        works(client, peer)


prompt_rows_fit("count_prompt_rows_right", "as many rows as prompt_tokens - 1: an answer", "stop",
                3)
prompt_rows_fit("count_prompt_rows_one_token", "a prompt of one token has no rows: an answer",
                "length", 0)
prompt_rows_fit("count_prompt_rows_deadline", "an answer that its deadline cut short may have "
                "fewer rows", "deadline", 2)

SCORE = {"prompt": "a", "continuations": [{"text": "b"}, {"text": "c"}, {"text": "d"}]}
ONE_SCORE = {"logprobs": logprobs([383]), "logprob": -0.5, "greedy": False}
for _count in (1, 2, 4):
    damaged("count_scores_%d" % _count, "3 continuations, %d scores" % _count, "Score", SCORE,
            lambda peer, request, count=_count: peer.answer(request, scores=[ONE_SCORE] * count))

EMBED = {"inputs": [{"text": "a"}, {"text": "b"}]}
damaged("count_inputs_fewer", "2 inputs, count 1", "Embed", EMBED,
        lambda peer, request: peer.answer(request, count="1", embeddings=[0.5] * 2))
damaged("count_inputs_more", "2 inputs, count 3", "Embed", EMBED,
        lambda peer, request: peer.answer(request, count="3", embeddings=[0.5] * 6))
damaged("count_embed_frame_dropped", "revision 2: a chunk of vectors is lost", "Embed", EMBED,
        lambda peer, request: (peer.chunk(request, embeddings=[0.5]),
                               peer.answer(request, embeddings=[0.5] * 2)))
damaged("count_embed_frame_doubled", "revision 2: a chunk of vectors comes twice", "Embed", EMBED,
        lambda peer, request: (peer.chunk(request, embeddings=[0.5]),
                               peer.chunk(request, embeddings=[0.5]),
                               peer.answer(request, embeddings=[0.5] * 3)))

EVERYWHERE = {"tokens": [1, 2, 3], "all_positions": True}
damaged("count_positions_of_one", "the last position was asked for, two came", "Logits",
        {"tokens": [1, 2]}, lambda peer, request: peer.answer(
            request, positions="2", logits=[0.5] * 4))
damaged("count_positions_fewer", "every position of 3 tokens was asked for, 2 came", "Logits",
        EVERYWHERE, lambda peer, request: peer.answer(request, positions="2", logits=[0.5] * 4))
damaged("count_positions_more", "every position of 3 tokens was asked for, 4 came", "Logits",
        EVERYWHERE, lambda peer, request: peer.answer(request, positions="4", logits=[0.5] * 8))
damaged("count_logits_frame_dropped", "revision 2: a chunk of logits is lost", "Logits", EVERYWHERE,
        lambda peer, request: (peer.chunk(request, logits=[0.5] * 2),
                               peer.answer(request, positions="3", logits=[0.5] * 2)))
damaged("count_logits_frame_doubled", "revision 2: a chunk of logits comes twice", "Logits",
        EVERYWHERE, lambda peer, request: (peer.chunk(request, logits=[0.5] * 2),
                                           peer.chunk(request, logits=[0.5] * 2),
                                           peer.answer(request, positions="3",
                                                       logits=[0.5] * 4)))


@row("counts", "an answer that finishes early for its deadline has as many tokens as it says")
def count_of_an_early_end(stage):
    client, call, peer, request = stage.begin("Generate", hello=dict(revision="2"))
    peer.token(request, 383, ",")
    last = peer.answer(request, tokens=[], text="", finish_reason="deadline")
    same_answer(call.ok(), "Generate", [{"tokens": [383], "text": ","}], last)
    works(client, peer)


@row("counts", "a wrong count in an answer that was given up: nobody sees it, all others go on")
def count_of_a_given_up_answer(stage):
    client, call, peer, request = stage.begin("Generate", cancel_after=1, hello=dict(revision="2"))
    peer.token(request, 1, "a")
    call.error("given_up")
    peer.answer(cancel_of(peer, request))
    peer.answer(request, tokens=[], text="", finish_reason="cancelled")
    works(client, peer)


# ---------------------------------------------------------------- by numbers, on revision 3

both("frame_dropped", "revision 3: a chunk is lost", [0, 2, 3, 4], "3")
both("frame_doubled", "revision 3: a chunk comes twice", [0, 1, 1, 2, 3, 4], "3")
both("frames_swapped", "revision 3: two chunks change places; every count is right",
     [0, 2, 1, 3, 4], "3")
both("frames_swapped_at_the_end", "revision 3: the last two chunks change places",
     [0, 1, 3, 2, 4], "3")


def numbered(*numbers):
    """Four chunks and the end, with these numbers."""
    def answer(peer, request):
        for number, (token, text) in zip(numbers, WORDS):
            peer.token(request, token, text, frame=number)
        peer.answer(request, tokens=[], text="", frame=numbers[-1])
    return answer


for _name, _meaning, _numbers in [
        ("frame_numbers_from_1", "numbers that begin with 1", "12345"),
        ("frame_number_repeated", "a number that comes twice", "01123"),
        ("frame_number_of_the_last", "a last frame with another number", "01235"),
        ("frame_number_zero_at_the_end", "a last frame with number 0", "01230")]:
    damaged(_name, "revision 3: " + _meaning, "Generate", GENERATE, numbered(*_numbers),
            stream=True, revision="3")
damaged("frame_number_most", "revision 3: the largest number there is", "Generate", GENERATE,
        numbered(str(2**64 - 1), "1", "2", "3", "4"), stream=True, revision="3")
damaged("frame_number_of_one_frame", "revision 3: an answer of one frame with number 1",
        "Generate", GENERATE, lambda peer, request: peer.answer(request, frame="1"), revision="3")


@row("counts", "revision 3: every streamed kind with the numbers 0, 1, 2, 3, 4 is an answer")
def frame_numbers_right(stage):
    client = stage.open()
    peer = None
    for kind, fields in (("Generate", GENERATE), ("Embed", EMBED), ("Logits", EVERYWHERE),
                         ("Load", {"name": "m", "path": "/m"}),
                         ("Swap", {"name": "m", "path": "/m"})):
        call = client.call(kind, fields, stream=kind in ("Generate", "Load", "Swap"))
        peer = peer or stage.greet()
        expect(peer.revision >= 3, "revision 3 agreed", "revision %d" % peer.revision)
        request = peer.request(kind)
        for part in PARTS[kind][:2]:
            peer.chunk(request, **part)
        serve(call, peer, request, **PARTS[kind][2])
    works(client, peer)


@row("counts", "revision 3: a server that does not number its frames yet is an answer, too")
def frame_numbers_absent(stage):
    client, call, peer, request = stage.begin("Generate", hello=dict(revision="3"))
    for token, text in WORDS[:2]:
        peer.token(request, token, text, frame=None)
    last = peer.answer(request, frame=None)
    same_answer(call.ok(), "Generate", [{"tokens": [383], "text": ","},
                                        {"tokens": [285], "text": " there"}], last)
    works(client, peer)


# Two chunks and a last frame that fit GENERATE, EMBED, EVERYWHERE and a Load.
PARTS = {
    "Generate": [{"tokens": [1], "text": "a"}, {"tokens": [2], "text": "b"}, {}],
    "Embed": [{"embeddings": [0.5]}, {"embeddings": [0.25, 1.0]},
              {"embeddings": [2.0], "dimensions": "2", "count": "2", "answer": ANSWER}],
    "Logits": [{"logits": [0.5] * 2}, {"logits": [0.25] * 2}, {"logits": [1.0] * 2}],
    "Load": [{"layer": {"layer": name, "ok": True, "microseconds": "7"}}
             for name in ("file", "parse")] + [{"generation": 1}],
    "Swap": [{"step": "warm_up", "done": str(done), "total": "1"} for done in (0, 1)]
            + [{"generation": 2}],
}


for _kind, _fields in (("Embed", EMBED), ("Logits", EVERYWHERE),
                       ("Load", {"name": "m", "path": "/m"}),
                       ("Swap", {"name": "m", "path": "/m"})):
    for _name, _meaning, _order in (("dropped", "is lost", [1, 2]),
                                    ("doubled", "comes twice", [0, 0, 1, 2]),
                                    ("swapped", "changes places with the next", [1, 0, 2])):
        damaged("frame_%s_%s" % (_kind.lower(), _name),
                "revision 3: %s: a chunk %s" % (_kind, _meaning), _kind, _fields,
                rearranged(_order, PARTS[_kind]), stream=_kind in ("Load", "Swap"),
                revision="4" if _kind == "Swap" else "3")
