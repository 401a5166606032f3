"""Options out of their range (protocol.json, `client`): refused when the client is made."""

from codec import PROTOCOL
from rows import row

OPTIONS = {option["name"]: option for option in PROTOCOL["client"]["options"]
           if "min" in option}


def sized(option, size):
    """A value of this size: a text of so many bytes, or the number itself."""
    return "n" * size if option["type"] == "text" else size


def about(option, size):
    if option["type"] == "text":
        return "%s of %d bytes" % (option["name"], size)
    return "%s %d" % (option["name"], size)


def refused(name, option, size):
    @row("options", "%s is refused when the client is made" % about(option, size), name)
    def play(stage):
        opened = stage.driver.command(
            "open with " + about(option, size), op="open", client=stage.name,
            server=stage.listener.url, options={option["name"]: sized(option, size)})
        opened.error("request_invalid", field=option["name"])
        stage.listener.no_connection(0.02)


def taken(name, option):
    @row("options",
         "%s and %s are taken" % (about(option, option["min"]), about(option, option["max"])), name)
    def play(stage):
        for size in (option["min"], option["max"]):
            stage.open(**{option["name"]: sized(option, size)})


for _name, _option in OPTIONS.items():
    # An empty text is no text, where one may be left out and the language has no other sign for it.
    if _option["min"] > 0 and not _option.get("optional"):
        refused("option_%s_below" % _name, _option, _option["min"] - 1)
    refused("option_%s_above" % _name, _option, _option["max"] + 1)
    if _name != "token_file":  # the path of a file, which the rows on tokens write
        taken("option_%s_at_its_limits" % _name, _option)
