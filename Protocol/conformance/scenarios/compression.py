"""LZ4: use of compression, and blocks that lie."""

import random

from encoder import (COMPRESSED, KIND, REAL, lz4_encode, lz4_runs, lz4_sequence, packed,
                     raw_field)
from rows import expect, row, same_answer, serve, works, works_anew


def plays_sent(name, meaning, text, compressed, agreed=True):
    @row("compression", meaning, name)
    def play(stage):
        _, call, peer, request = stage.begin("Tokenize", {"text": text},
                                             hello=dict(compression=agreed))
        expect(bool(request.flags & COMPRESSED) == compressed,
               "a %s body" % ("compressed" if compressed else "plain"),
               "flags %d, %d bytes" % (request.flags, len(request.body)))
        expect(request.fields["text"] == text, "the text as it was", "another")
        serve(call, peer, request)


NOISE = random.Random(11).randbytes(30000).hex()
plays_sent("sends_compressed", "agreed: a large body that shrinks is sent as a block",
           "61626364" * 5000, True)
plays_sent("sends_compressed_words", "agreed: text of words shrinks too",
           ("the quick brown fox jumps over the lazy dog; " * 60).encode().hex(), True)
plays_sent("sends_small_plain", "agreed: a body below 1024 bytes is sent plain", "61" * 900, False)
plays_sent("sends_noise_plain", "agreed: a body that does not shrink is sent plain", NOISE, False)
plays_sent("sends_plain_without_agreement", "not agreed: everything is sent plain",
           "61626364" * 5000, False, agreed=False)


@row("compression", "compressed chunks and last frame, in one stream with plain ones")
def reads_compressed_stream(stage):
    client, call, peer, request = stage.begin("Generate", hello=dict(compression=True))
    text = "all work and no play " * 200
    peer.token(request, 1, text, compress=True)
    peer.token(request, 2, "plain")
    last = peer.answer(request, text=text, compress=True)
    same_answer(call.ok(), "Generate", [{"tokens": [1], "text": text},
                                        {"tokens": [2], "text": "plain"}], last)
    works(client, peer)


@row("compression", "a block of the largest body there is")
def reads_largest_block(stage):
    _, call, peer, request = stage.begin("Detokenize", {"tokens": [1]},
                                         hello=dict(compression=True))
    text = b"0123456789abcdef" * 250000
    peer.answer(request, text=text.hex(), compress=True)
    found = call.ok(seconds=8)["response"].get("text")
    expect(found == text.hex(), "4000000 bytes of text", "another text")


@row("compression", "blocks of many shapes: overlapping matches, long lengths, literals alone")
def reads_blocks_of_many_shapes(stage):
    chance = random.Random(23)
    client = stage.open()
    peer = None
    for period in (1, 2, 3, 7, 8, 15, 16, 17, 255, 256, 65535):
        call = client.call("Detokenize", {"tokens": [1]})
        peer = peer or stage.greet(compression=True)
        request = peer.request("Detokenize")
        unit = chance.randbytes(period)
        size = max(2 * period, 1100) + chance.randrange(300)
        text = (unit * (size // period + 1))[:size]
        peer.answer(request, text=text.hex(), compress=True)
        found = call.ok()["response"].get("text")
        expect(found == text.hex(), "%d bytes of period %d" % (size, period), "other bytes")


def lies(name, meaning, payload, frame, agreed=True, **options):
    """A row: an answer to a Ping of `payload` whose block must be refused. In each block a
    client without the check would find the right payload."""
    @row("compression", meaning, name)
    def play(stage):
        client, call, peer = stage.connect("Ping", {"payload": payload.hex()},
                                           hello=dict(compression=agreed), **options)
        block, size = frame
        peer.send(packed(block, bytes(size), kind=KIND["Ping"] | 0x80, flags=COMPRESSED,
                         provenance=REAL, request=peer.request("Ping").id))
        call.error("protocol_error")
        peer.closed()
        works_anew(client, stage)


SEVENS = b"\x07" * 2000
BODY = raw_field(1, 3, SEVENS)
BLOCK = lz4_encode(BODY)
ZEROS = bytes(2000)
lies("compressed_without_agreement", "a block although compression was not agreed",
     SEVENS, (BLOCK, 2008), agreed=False)
lies("compressed_without_offer", "a block although the client did not offer compression",
     SEVENS, (BLOCK, 2008), agreed=False, compression=False)
lies("raw_size_above_the_truth", "rawSize promises more than the block holds",
     SEVENS[:1990] + bytes(10), (lz4_encode(BODY[:-10]), 2008))
lies("raw_size_below_the_truth", "rawSize promises less than the block holds",
     SEVENS, (lz4_encode(BODY + SEVENS[:100]), 2008))
lies("bomb", "a small block that grows far beyond what rawSize says",
     b"\x07" * 59992, (lz4_runs(raw_field(1, 3, b"\x07" * 59992)[:9], 1, 4000000)[0], 60000))
lies("raw_size_1023", "a block for less than 1024 bytes",
     SEVENS[:1015], (lz4_encode(raw_field(1, 3, SEVENS[:1015])), 1023))
lies("block_larger_than_the_body", "a block that saves nothing",
     SEVENS, (lz4_sequence(BODY), 2008))
lies("block_cut", "a block without its end",
     SEVENS, (lz4_sequence(BODY[:9], 1, 1994) + b"\x50" + SEVENS[:4], 2008))
lies("block_offset_0", "a match with offset 0, which some decoders let pass",
     ZEROS, (lz4_sequence(raw_field(1, 3, ZEROS)[:8], 0, 1995) + lz4_sequence(bytes(5)), 2008))
lies("block_offset_before_start", "a match that begins before the body",
     ZEROS, (lz4_sequence(raw_field(1, 3, ZEROS)[:9], 10, 1994) + lz4_sequence(bytes(5)), 2008))


def unagreed(name, meaning, frame, is_whole=True):
    """A row: a block without agreement, in a frame beside a call's answer. `is_whole` false: the
    header alone must do."""
    @row("compression", meaning, name)
    def play(stage):
        client, call, peer, request = stage.begin("Generate")
        data = frame(peer, request)
        peer.send(data if is_whole else data[:32])
        error = call.error("protocol_error")
        expect("SEVEN" not in error["message"], "no words of the block", error["message"])
        peer.closed()
        works_anew(client, stage)


WORDS = {"code": "overloaded", "message": "SEVEN " * 300}
unagreed("compressed_header_without_agreement", "not agreed: a block is refused by its header",
         lambda peer, request: peer.frame(request, "Error", WORDS, status=8, compress=True), False)
unagreed("compressed_error_without_agreement", "not agreed: an Error as a block",
         lambda peer, request: peer.frame(request, "Error", WORDS, status=8, compress=True))
unagreed("compressed_goaway_without_agreement", "not agreed: the GoAway for cause as a block",
         lambda peer, request: peer.frame(request, "Error", WORDS, status=8, compress=True,
                                          kind=KIND["GoAway"] | 0x80, request=0))


@row("compression", "Hello is refused in a block: damage, nothing is agreed before its answer")
def hello_answer_compressed(stage):
    client, call, peer = stage.connect("Ping", hello=False, attempts=1)
    peer.send(peer.frame(peer.request("Hello"), "Error", WORDS, status=8, compress=True))
    error = call.error("protocol_error")
    expect("SEVEN" not in error["message"], "no words of the block", error["message"])
    peer.closed()
    works_anew(client, stage)


@row("compression", "rawSize above the limit that the client announced")
def raw_size_above_the_limit(stage):
    _, call, peer, request = stage.begin("Detokenize", {"tokens": [1]},
                                         hello=dict(compression=True), body_size_max=1 << 20)
    peer.answer(request, text="07" * (1 << 20), compress=True)
    call.error("protocol_error")
    peer.closed()
