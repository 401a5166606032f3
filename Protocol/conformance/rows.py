"""Rows: functions that play scenarios, and the stage for the scenarios.

`@row(group, meaning)` registers a function under its own name, `@row(group, meaning, name)` under
another. The function gets a `Stage`: the driver, a listener, and the helpers that make a scenario
read like its description. After each row every connection and the client are closed, and closing
must be answered.
"""

import shutil
import tempfile
import time

from codec import difference, normal, whole
from server import WAIT, Failed, Listener

ROWS = []


class Row:
    """A scenario: name, group, one sentence for the reader of the table, the function."""

    def __init__(self, name, group, meaning, play):
        self.name, self.group, self.meaning, self.play = name, group, meaning, play


def row(group, meaning, name=None):
    """Registers the function below it."""
    def register(play):
        add(name or play.__name__, group, meaning, play)
        return play
    return register


def add(name, group, meaning, play):
    """Registers a row that is made of data."""
    assert all(one.name != name for one in ROWS), name
    ROWS.append(Row(name, group, meaning, play))


# Usual requests.
GENERATE = {"prompt": "Once", "max_tokens": "8"}
USUAL = {"Ping": {"payload": "70696e67"}, "Generate": GENERATE}


class Stage:
    """The stage of a row."""

    def __init__(self, driver, name):
        self.driver, self.name = driver, name
        self.folder = tempfile.mkdtemp(prefix="kit-")
        self.listeners, self.peers, self.clients = [], [], []

    # ------------------------------------------------------------ the server's side

    def listen(self, tcp=False):
        listener = Listener(self.folder, tcp)
        self.listeners.append(listener)
        return listener

    @property
    def listener(self):
        return self.listeners[0] if self.listeners else self.listen()

    def accept(self, seconds=WAIT):
        """The next connection, before its Hello."""
        peer = self.listener.accept(seconds)
        self.peers.append(peer)
        return peer

    def greet(self, **words):
        """The next connection, Hello answered."""
        peer = self.accept()
        peer.hello(**words)
        return peer

    # ------------------------------------------------------------ the client's side

    def open(self, server=None, **options):
        """A new client object of the driver, pointed at the listener."""
        name = "%s-%d" % (self.name, len(self.clients))
        client = Client(self, name)
        self.clients.append(client)
        opened = self.driver.command("open %s" % name, op="open", client=name,
                                     server=server or self.listener.url, options=options)
        opened.ok()
        return client

    def connect(self, kind, fields=None, hello=None, stream=None, deadline=0, cancel_after=None,
                **options):
        """A new client's call, come to its first connection: client, call, connection.

        Without `fields` the usual request of the kind is made, a Generate as a stream. `hello` are
        words of the Hello answer, or False where Hello is not answered."""
        client = self.open(**options)
        if stream is None:
            stream = kind == "Generate" and fields is None
        call = client.call(kind, USUAL.get(kind) if fields is None else fields, deadline, stream,
                           cancel_after)
        return client, call, self.accept() if hello is False else self.greet(**(hello or {}))

    def begin(self, kind, *words, **options):
        """As `connect`, and the request that comes."""
        client, call, peer = self.connect(kind, *words, **options)
        return client, call, peer, peer.request(kind)

    def greet_child(self, forked, **words):
        """The connection that a forked child makes for itself, Hello answered."""
        limit = until(WAIT)
        while True:
            try:
                peer = self.accept(0.05)
            except Failed:
                forked.answered_early()
                if time.monotonic() >= limit:
                    raise Failed("a connection of the child's own", "none") from None
            else:
                peer.hello(**words)
                return peer

    def end(self):
        """Closes what the row left open. Raises Failed when a close is not answered."""
        try:
            for client in self.clients:
                if not client.is_closed:
                    client.close().ok()
        finally:
            self.drop()

    def drop(self):
        """Gives back sockets and files, whatever happened."""
        for peer in self.peers:
            peer.close()
        for listener in self.listeners:
            listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Client:
    """A client object of the driver."""

    def __init__(self, stage, name):
        self.stage, self.name, self.is_closed = stage, name, False

    def call(self, kind, request=None, deadline=0, stream=False, cancel_after=None):
        """Begins a call, which is about its kind."""
        values = dict(op="call", client=self.name, kind=kind, request=request or {},
                      deadline_milliseconds=deadline, stream=stream)
        if cancel_after is not None:
            values["cancel_after_chunks"] = cancel_after
        return self.stage.driver.command(kind, **values)

    def ping(self, payload=USUAL["Ping"]["payload"], **words):
        return self.call("Ping", {"payload": payload}, **words)

    def generate(self, prompt="Once", cancel_after=None, **fields):
        """A streamed Generate."""
        return self.call("Generate", dict(GENERATE, prompt=prompt, **fields), stream=True,
                         cancel_after=cancel_after)

    def fork(self, kind="Ping", request=None, deadline=0):
        """Begins a call by a forked child of the driver, with this very client object."""
        return self.stage.driver.command(
            "%s of a forked child" % kind, may_lack="fork", op="fork", client=self.name,
            kind=kind, request=request or {}, deadline_milliseconds=deadline)

    def close(self):
        self.is_closed = True
        return self.stage.driver.command("close", op="close", client=self.name)


# ---------------------------------------------------------------- what rows check again and again

def expect(condition, expected, found):
    """Fails the row unless `condition` holds."""
    if not condition:
        raise Failed(expected, found)


def same(what, message, wanted, found):
    """Two values of a message are equal except for members that mean nothing."""
    text = difference(normal(message, wanted), normal(message, found))
    if text:
        raise Failed("%s as it was" % what, text)


def same_answer(result, kind, chunks, last, provenance="real", generation=1, degraded=False):
    """A driver's success holds the whole answer and its marks."""
    marks = {"provenance": provenance, "generation": generation, "degraded": degraded}
    for name, value in marks.items():
        expect(result.get(name) == value and type(result.get(name)) is type(value),
               "%s %r in the result" % (name, value), repr(result.get(name)))
    expect(isinstance(result.get("response"), dict), "a response in the result",
           repr(result.get("response"))[:100])
    message = {"Load": "Load response"}.get(kind, kind + " response")
    same("the answer", message, whole(kind, chunks, last), result["response"])


def serve(call, peer, request=None, **values):
    """Answers the call's request, and the call succeeds. Gives the last frame."""
    last = peer.answer(request or peer.request(call.about), **values)
    call.ok()
    return last


def echoed(call, payload):
    """A Ping that ends with its payload."""
    result = call.ok()
    expect(result["response"].get("payload") == payload, "payload %s back" % payload, repr(result))


def works(client, peer, payload="616c697665"):
    """Another Ping over the connection."""
    call = client.ping(payload)
    peer.answer(peer.request("Ping"))
    echoed(call, payload)


def works_anew(client, stage, **hello):
    """One more Ping over a new connection, silently. Gives the new peer."""
    call = client.ping()
    peer = stage.greet(**hello)
    serve(call, peer)
    return peer


def connected(stage, **options):
    """A client whose first connection has answered a Ping: both."""
    client = stage.open(**options)
    return client, works_anew(client, stage)


def two_streams(stage, **options):
    """A client of a pool of two with a stream on each connection: the client, then the calls, the
    connections and the requests."""
    client = stage.open(connections=2, **options)
    calls, peers, requests = [], [], []
    for prompt in "ab":
        calls.append(client.generate(prompt))
        peers.append(stage.greet())
        requests.append(peers[-1].request("Generate"))
    return client, calls, peers, requests


def cancel_of(peer, request):
    """The Cancel of a request."""
    cancel = peer.request("Cancel", where=lambda fields: True)
    expect(cancel.fields["target"] == str(request.id), "target %d" % request.id,
           cancel.fields["target"])
    return cancel


def closes(client, *calls):
    """Closing ends the calls."""
    closing = client.close()
    for call in calls:
        call.error("connection_closed")
    closing.ok()


def paused(first, second, least):
    """`second` came at least `least` ms after `first`, with 5 ms for the clocks."""
    pause = (second.arrived - first.arrived) * 1000
    expect(pause >= least - 5, "a pause of at least %d ms" % least, "%.0f ms" % pause)


def until(seconds):
    """A moment so many seconds from now, for waits in a row."""
    return time.monotonic() + seconds
