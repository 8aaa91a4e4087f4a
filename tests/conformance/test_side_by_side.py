"""Several checks are explored side by side, and told as they are one after the other."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conformance.command_line import is_running

ROOT = Path(__file__).parents[2]

HANDLERS = """
import os, subprocess, threading
from aws_durable_execution_sdk_python import durable_execution

@durable_execution
def handler(event, context):
    if event["kind"] == "asks":
        return context.wait_for_callback(lambda *_: None, "approve")
    if event["kind"] == "forgetful":
        notes = []
        context.step(lambda _: notes.append(1), "look")
        return context.step(lambda _: len(notes), f"tell-{len(notes)}")
    return context.step(lambda _: 1, "tell")

@durable_execution
def hanging(event, context):
    first = []
    context.step(lambda _: first.append(1), "first")
    if not first and "pipe" in event:
        subprocess.Popen(["sleep", "604"], start_new_session=True)
        pipe = os.open(event["pipe"], os.O_WRONLY)
        os.write(pipe, b"hangs\\n")
        threading.Event().wait()
    return "fine"
"""

PROJECT = """
[tool.durable-ai.handlers.orders]
handler = "app.py:handler"
events = [{ kind = "asks" }, { kind = "good" }, { kind = "forgetful" }, {}]

[tool.durable-ai.handlers.broken]
handler = "broken.py:handler"

[tool.durable-ai.handlers.last]
handler = "app.py:handler"
events = [{ kind = "forgetful" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(HANDLERS)
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found")
    (tmp_path / "files").mkdir()
    return tmp_path


def started(folder: Path, cores: int, *words: str) -> subprocess.Popen[str]:
    environment = {"COLUMNS": "160", "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "files")}
    return subprocess.Popen(
        [sys.executable, "-m", "durable_conformance", "check", *words],
        cwd=folder,
        env=os.environ | environment | {"PYTHON_CPU_COUNT": str(cores), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def told(folder: Path, cores: int, *words: str) -> tuple[str, ...]:
    """What is printed and written, but for how long it took; and the exit code."""
    with started(folder, cores, *words, "--json", "report.json", "--html", "page.html") as running:
        printed, _ = running.communicate()
    report, page = ((folder / name).read_text() for name in ("report.json", "page.html"))
    seconds = re.compile(
        r'(?<="seconds": )[0-9.e-]+|[0-9.]+(?= seconds)|(?<=seconds</dt><dd>)[0-9.]+|(?<=class="number">)[0-9]+\.[0-9]+'
    )
    return (*(seconds.sub("…", text) for text in (printed, page, report)), str(running.returncode))


HERE = "--no-other-sandboxes"


@pytest.mark.parametrize("words", [(), (HERE, "--shard", "1/2", "--exit-first")])
def test_what_is_told_is_what_one_after_the_other_would_tell(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "pyproject.toml").write_text(PROJECT)
    assert told(folder, 1, *words) == told(folder, 8, *words)
    reports = [one["report"] for one in json.loads((folder / "report.json").read_text())["checks"]]
    assert [bool(one["findings"]) for one in reports] == [True, False, True, False, False, True]
    assert [bool(one["could_not_run"]) for one in reports] == [False, False, False, True, True, False]


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_all_that_are_under_way_with_what_they_know(
    folder: Path, how: signal.Signals, code: int
) -> None:
    os.mkfifo(folder / "pipe")
    hangs = ("--event", json.dumps({"pipe": str(folder / "pipe")}))
    words = ("app.py:hanging", "--event", "{}", *hangs, *hangs, *hangs, "--json", "report.json")
    with started(folder, 2, *words, HERE) as running:
        with (folder / "pipe").open() as pipe:
            assert [pipe.readline() for _ in range(2)] == ["hangs\n", "hangs\n"]
        running.send_signal(how)
        printed, _ = running.communicate()
    assert running.returncode == code, printed
    checks = json.loads((folder / "report.json").read_text())["checks"]
    assert [one["check"] for one in checks] == [f"app.py:hanging, event {number}" for number in (1, 2, 3)]
    assert [one["report"]["interrupted"] for one in checks] == [False, True, True]
    assert all(one["report"]["runs"] >= 2 for one in checks)
    assert "Traceback" not in printed
    assert list((folder / "files").iterdir()) == []
    assert not is_running("sleep", "604")


def test_each_round_of_a_watch_explores_them_anew(folder: Path) -> None:
    events = ("--event", '{"kind": "a"}', "--event", '{"kind": "b"}', "--event", '{"kind": "c"}')
    saves = [HANDLERS.replace('== "forgetful"', 'in "bc"'), HANDLERS]
    shown: list[str] = []
    with started(folder, 4, "app.py:handler", *events, HERE, "--watch") as running:
        assert running.stdout
        for line in running.stdout:
            if not line.startswith("watching"):
                shown.append(line.strip())
            elif saves:
                (folder / "app.py").write_text(saves.pop(0))
            else:
                running.send_signal(signal.SIGINT)
    assert running.returncode == 130, shown
    came = Counter(line for line in shown if line.startswith("+"))
    assert set(came.values()) == {2}, "of two events"
    assert [line for line in shown if line.startswith("now")] == [f"now: {came.total()} findings", "now: 0 findings"]
