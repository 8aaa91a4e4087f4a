"""How much the service and the SDK hold, each in the unit that it counts: every check of a size is made here."""

from __future__ import annotations

import json
from dataclasses import dataclass

CUT_OFF = " […the rest was cut off]"


@dataclass(frozen=True)
class Limit:
    """The longest text that something takes, in bytes.

    Attributes:
        holder: What takes it.
        utf8: As UTF-8, which the service counts.
        escaped: As a JSON string of ASCII, which the SDK counts: "é" has two bytes there, and six here.
    """

    holder: str
    utf8: int
    escaped: int


CHECKPOINT = Limit(
    "a checkpoint",
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    utf8=256 * 1024,
    # The SDK sends updates in batches of 750 KB, and an update that has no room in an empty one waits for ever. Beside
    # its payload an update holds ids, a name and options: 4 KB are plenty.
    escaped=746 * 1024,
)

RESULT = Limit(
    # Above it the SDK puts the result into a checkpoint, and no checkpoint takes as much.
    "the answer of a function",
    utf8=6 * 1024 * 1024 - 50,
    escaped=2 * (6 * 1024 * 1024 - 50),
)


def excess(text: str, limit: Limit) -> str | None:
    """What is too large about `text`, as the end of a sentence; None if there is room for it."""
    for size, most, unit in (
        (len(text.encode(errors="surrogatepass")), limit.utf8, "bytes of UTF-8"),
        (len(json.dumps(text)), limit.escaped, "bytes of escaped JSON"),
    ):
        if size > most:
            return f"has {size} {unit}, and {limit.holder} holds {most}"
    return None


def shortened(text: str, chars: int) -> str:
    """`text`, or as much of its start as `chars` characters are, and a word that there was more."""
    return text if len(text) <= chars else text[:chars] + CUT_OFF
