"""Tokens and tenants: what Hello says of them, token files, refusals, and what is never shown.

Where a row needs an environment of its own, the row starts a driver of its own.
"""

import os

from driver import Driver
from rows import Client, connected, expect, row, serve, works_anew

TOKEN = "assay_" + "5e" * 32
SECRET = "not-to-be-shown"


def file_with(stage, content, name="token"):
    """The path of a file with these bytes."""
    path = os.path.join(stage.folder, name)
    with open(path, "wb") as handle:
        handle.write(content)
    return path


def says(stage, said, of=None, /, **options):
    """A client whose Hello has exactly this token and tenant, and which works."""
    _, call, peer = stage.connect("Ping", hello=False, **options)
    hello = peer.hello().fields
    found = {name: hello.get(name) for name in ("token", "tenant")}
    expect(found == {"token": said, "tenant": of},
           "Hello with token %s and tenant %s" % (said, of), repr(found))
    serve(call, peer)


@row("tokens", "without token and tenant Hello has neither, and an old server takes it")
def token_absent(stage):
    says(stage, None)


@row("tokens", "token and tenant reach Hello as they are")
def token_and_tenant_in_hello(stage):
    says(stage, TOKEN, "batch", token=TOKEN, tenant="batch")


@row("tokens", "a tenant needs no token")
def tenant_alone(stage):
    says(stage, None, "b", tenant="b")


@row("tokens", "every connection says the token, a later one too")
def token_of_every_connection(stage):
    client, peer = connected(stage, token=TOKEN)
    peer.close()
    other = works_anew(client, stage)
    expect([one.fields.get("token") for one in other.seen if one.kind == "Hello"] == [TOKEN],
           "the token again", "another Hello")


for _name, _content in (("one_line", TOKEN + "\n"), ("no_line_end", TOKEN),
                        ("space_around", "\r\n  %s \t\r\n\n" % TOKEN)):
    @row("tokens", "a token file with %s" % _name.replace("_", " "), "token_file_with_" + _name)
    def token_file(stage, content=_content):
        says(stage, TOKEN, token_file=file_with(stage, content.encode()))


@row("tokens", "a token file with the longest token, 256 bytes")
def token_file_longest(stage):
    says(stage, "t" * 256, token_file=file_with(stage, b"t" * 256 + b"\n"))


@row("tokens", "a token given beside a token file: the file is not read")
def token_before_file(stage):
    says(stage, TOKEN, token=TOKEN, token_file=os.path.join(stage.folder, "none"))


def refused(stage, path, driver=None, **options):
    """The client is not made, and the error does not show what the file or the option holds."""
    if path is not None:
        options["token_file"] = path
    opened = (driver or stage.driver).command(
        "open with a token file", op="open", client=stage.name, server=stage.listener.url,
        options=options)
    error = opened.error("request_invalid", status="INVALID_ARGUMENT", field="token_file")
    shown = " ".join(str(value) for value in error.values())
    expect(SECRET not in shown, "an error without the file's content", shown)
    stage.listener.no_connection(0.02)


FAULTS = {
    "empty": b"", "of_white_space": b" \n\n", "too_long": SECRET.encode() * 18,
    "of_two_words": SECRET.encode() + b" b\n", "of_two_lines": SECRET.encode() + b"\nb\n",
    "not_ascii": SECRET.encode() + b"\xc3\xa9\n", "with_a_zero": SECRET.encode() + b"\0\n",
    "of_a_table": b'{"tokens": [{"name": "not-to-be-shown"}]}\n',
}
for _name, _content in FAULTS.items():
    @row("tokens", "a token file %s: no client" % _name.replace("_", " "),
         "token_file_" + _name)
    def token_file_fault(stage, content=_content):
        refused(stage, file_with(stage, content))


@row("tokens", "a token file that is missing, and a folder in its place: no client")
def token_file_missing(stage):
    refused(stage, os.path.join(stage.folder, "none"))
    refused(stage, stage.folder)


@row("tokens", "a token given as the path of a token file: no client, and no error shows it")
def token_as_path(stage):
    refused(stage, "/" + SECRET)


@row("tokens", "a token of 257 bytes: no client, and no error shows it")
def token_too_long_is_not_shown(stage):
    opened = stage.driver.command("open with a long token", op="open", client=stage.name,
                                  server=stage.listener.url,
                                  options={"token": SECRET + "t" * 257})
    error = opened.error("request_invalid", field="token")
    expect(SECRET not in str(error), "an error without the token", str(error))


# ---------------------------------------------------------------- ASSAY_TOKEN_FILE

def with_environment(name, meaning):
    """Registers a row that gets a driver whose environment names a token file."""
    def register(play):
        def played(stage):
            path = os.path.join(stage.folder, "own")
            driver, kept = Driver(stage.driver.program, {"ASSAY_TOKEN_FILE": path}), stage.driver
            stage.driver = driver
            try:
                play(stage, path)
                stage.end()
            finally:
                stage.driver = kept
                driver.finish(1.0)
                driver.kill()
        row("tokens", meaning, name)(played)
        return play
    return register


@with_environment("token_file_of_environment", "ASSAY_TOKEN_FILE names the token file")
def from_the_environment(stage, path):
    file_with(stage, TOKEN.encode() + b"\n", "own")
    says(stage, TOKEN)


@with_environment("token_file_of_option_first", "the option token_file comes before "
                  "ASSAY_TOKEN_FILE, and a token before both")
def option_before_the_environment(stage, path):
    says(stage, "other", token_file=file_with(stage, b"other\n"))
    says(stage, "third", token="third")


@with_environment("token_file_of_environment_missing",
                  "ASSAY_TOKEN_FILE names a file that is missing: no client")
def missing_in_the_environment(stage, path):
    refused(stage, None)


# ---------------------------------------------------------------- refusals

def refuses_hello(code, status, message):
    @row("tokens", "Hello is refused %s: the caller gets it, and it is not tried again" % code,
         "hello_refused_" + code)
    def play(stage):
        client, call, peer = stage.connect("Ping", hello=False, token=TOKEN,
                                           backoff_milliseconds=1)
        peer.error(peer.request("Hello"), status, code, message)
        error = call.error("server_refused", status=status)
        expect(error.get("server_code") == code, "server_code " + code,
               repr(error.get("server_code")))
        expect(message in error["message"], "the server's words", error["message"])
        expect(TOKEN not in str(error), "an error without the token", str(error))
        peer.closed()
        stage.listener.no_connection()


refuses_hello("token_required", "UNAUTHENTICATED", "reading Hello: found no token")
refuses_hello("token_invalid", "UNAUTHENTICATED", "reading Hello: found a token nobody knows")
refuses_hello("field_unknown", "INVALID_ARGUMENT",
              "reading Hello: found field 5, allowed: the fields of revision 3")


def refuses_request(code, status):
    @row("tokens", "a request is refused %s: not tried again, the connection lives on" % code,
         "request_refused_" + code)
    def play(stage):
        client, call, peer, request = stage.begin("Ping", token=TOKEN, backoff_milliseconds=1)
        peer.error(request, status, code, "no")
        error = call.error("server_refused", status=status)
        expect(error.get("server_code") == code, "server_code " + code,
               repr(error.get("server_code")))
        call = client.ping()
        serve(call, peer)


refuses_request("scope_missing", "PERMISSION_DENIED")


@row("tokens", "GoAway token_invalid: every call in flight ends with it, none is tried again")
def token_revoked(stage):
    client, stream, peer, request = stage.begin("Generate", token=TOKEN, backoff_milliseconds=1)
    peer.token(request, 1, "a")
    stream.chunk()
    ping = client.ping()
    peer.request("Ping")
    peer.go_away("UNAUTHENTICATED", "token_invalid", "the token was revoked")
    peer.close()
    for call in (stream, ping):
        error = call.error("server_refused", status="UNAUTHENTICATED")
        expect(error.get("server_code") == "token_invalid", "server_code token_invalid",
               repr(error.get("server_code")))
        expect("the token was revoked" in error["message"], "the server's words",
               error["message"])
    stage.listener.no_connection()


@row("tokens", "GoAway token_invalid between two calls: the next call says Hello anew")
def token_revoked_while_idle(stage):
    client, peer = connected(stage, token=TOKEN)
    peer.go_away("UNAUTHENTICATED", "token_invalid", "the token was revoked")
    peer.close()
    call = client.ping()
    other = stage.accept()
    other.error(other.request("Hello"), "UNAUTHENTICATED", "token_invalid", "revoked")
    error = call.error("server_refused", status="UNAUTHENTICATED")
    expect(error.get("server_code") == "token_invalid", "server_code token_invalid",
           repr(error.get("server_code")))
