"""`durable-ai run` in a terminal, with a person at it: what the README shows."""

from __future__ import annotations

import codecs
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASKED = "an answer in JSON: "
COMMAND = ["run", "human_review", "--crash-at", "/1:extract-fields:after-succeed"]


def sample() -> str:
    """The README's block of output, which follows the command."""
    readme = (ROOT / "README.md").read_text()
    _, shows_it, after = readme.partition(f"-- {' '.join(COMMAND)}\n```")
    assert shows_it
    return after.partition("\n```\n")[2].partition("```")[0]


def test_a_person_sees_what_the_readme_shows() -> None:
    ours, its = os.openpty()
    environment = os.environ | {"COLUMNS": "100", "LINES": "50", "NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-m", "durable_conformance", *COMMAND],
        cwd=ROOT,
        env=environment,
        stdin=its,
        stdout=its,
        stderr=its,
    ) as process:
        os.close(its)
        shown = ""
        for part in read(ours):
            asked = shown.count(ASKED)
            shown += part
            if shown.count(ASKED) > asked:
                os.write(ours, b"a\n" if asked else b"oops\n")
    assert process.returncode == 0, shown
    assert "\x1b[1A" in shown, "what grows is drawn over what there was"
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "")
    question = re.search(r"human-review waits for you: .*: ", plain)
    assert question
    assert "That is no JSON" in plain
    plain = re.sub(rf"{re.escape(question[0])}oops\nThat is no JSON.*\n", "", plain)
    # Each part's last frame is whole, and what follows follows it.
    for part in re.split(r"\n(?=invocation )", sample().strip()):
        assert f"{part}\n" in plain
    assert '"status": "approved"' in plain


def read(terminal: int) -> Iterator[str]:
    """What is written, until nobody has the terminal open: then Linux reports an error instead of an end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            part = b""
        if not part:
            os.close(terminal)
            return
        yield decoder.decode(part)
