"""`durable-ai check --watch`: what is told when something was saved. Nobody sleeps here: the saves are the test's."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from durable_conformance import CannotRunError, Finding, Report, Severity
from durable_conformance.commands import looking, watched
from durable_conformance.errors import ExitCode
from durable_conformance.reporting import Checked, Outcome
from durable_conformance.workers import Stamps, Templates, stamp
from tests.conformance.command_line import DurableAi, command_line

FINDING = Finding(
    "no-repeated-call", "/1:pay", "dies after it", "paid once", "paid twice", "Pay in a step.", line="app.py:7"
)
OTHER = replace(FINDING, path="/2:ship")
type Came = Sequence[Finding] | BaseException


def outcome(findings: Sequence[Finding]) -> Outcome:
    report = Report(1, 1, ("no-repeated-call",), 0.1, tuple(findings), (), (), "SUCCEEDED")
    return Outcome((Checked("handler", "app.py", Severity.ERROR, report),))


class Rounds:
    """A check that comes to one thing after the other; and the saves between, as many as there are things."""

    def __init__(self, *came: Came, templates: Templates | None = None) -> None:
        self._came = list(came)
        self.quiet: list[bool] = []
        self.files: list[set[str]] = []
        self.templates = templates or Templates()

    def __call__(self, told: Callable[[Outcome], None], *, quiet: bool) -> None:
        self.quiet.append(quiet)
        came = self._came.pop(0)
        if isinstance(came, BaseException):
            raise came
        told(outcome(came))
        if came:
            raise typer.Exit(ExitCode.FINDINGS)

    def saves(self, read: Stamps) -> Iterator[None]:
        self.files.append({Path(file).name for file in read})
        if self._came:
            yield

    def watched(self, *named: Path) -> int:
        with pytest.raises(typer.Exit) as ended:
            watched(self, self.templates, named, self.saves)
        return ended.value.exit_code


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().out.splitlines() if not line.startswith("watching")]


def test_what_differs_is_told_and_else_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    rounds = Rounds([FINDING], [FINDING], [FINDING, OTHER], [OTHER], [])
    assert rounds.watched() == 0
    line = "app.py:7: error no-repeated-call {}: paid twice"
    assert told(capsys) == [
        "as before: 1 finding",
        f"+ {line.format('/2:ship')}",
        "now: 2 findings",
        f"- {line.format('/1:pay')}",
        "now: 1 finding",
        f"- {line.format('/2:ship')}",
        "now: 0 findings",
    ]
    assert rounds.quiet == [False, True, True, True, True], "the first is told whole, by the check itself"


def test_a_finding_whose_line_moved_is_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    Rounds([FINDING], [replace(FINDING, line="app.py:9")]).watched()
    assert told(capsys) == ["as before: 1 finding"]


def test_what_keeps_a_check_from_running_is_told_and_watching_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    broken = CannotRunError("app.py cannot be imported: SyntaxError")
    Rounds(broken, broken, [FINDING], broken, [FINDING]).watched()
    finding, error = "app.py:7: error no-repeated-call /1:pay: paid twice", f"could not run: {broken}"
    assert told(capsys) == [
        error,
        "as before: 1 finding",
        f"- {error}",
        f"+ {finding}",
        "now: 1 finding",
        f"- {finding}",
        f"+ {error}",
        "now: 1 finding",
        f"- {error}",
        f"+ {finding}",
        "now: 1 finding",
    ]


@pytest.mark.parametrize("code", [ExitCode.INTERRUPTED, ExitCode.TERMINATED])
def test_a_check_that_is_interrupted_ends_it(code: ExitCode) -> None:
    assert Rounds([], typer.Exit(code), []).watched() == code


def test_ctrl_c_while_nothing_is_saved_ends_it() -> None:
    def interrupted(read: Stamps) -> Iterator[None]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(typer.Exit) as ended:
        watched(Rounds([]), Templates(), (), interrupted)
    assert ended.value.exit_code == ExitCode.INTERRUPTED


def test_files_that_are_named_or_were_read_are_watched_and_no_library() -> None:
    templates = Templates()
    templates.read |= dict.fromkeys(["/home/me/app.py", "/home/me/prompt.txt", typer.__file__])
    rounds = Rounds([], templates=templates)
    rounds.watched(Path("event.json"))
    assert rounds.files == [{"app.py", "prompt.txt", "event.json"}]


# The files themselves


@pytest.mark.parametrize(
    "save",
    [
        lambda folder: (folder / "app.py").write_text("longer"),
        lambda folder: os.utime(folder / "app.py", (1, 1)),
        lambda folder: (folder / "app.py").unlink(),
        lambda folder: (folder / "new.py").touch(),
        lambda folder: (folder / "event.json").touch(),
    ],
    ids=["written", "touched", "removed", "a module beside it", "one that was not there"],
)
def test_looking_at_files_tells_when_one_was_saved(tmp_path: Path, save: Callable[[Path], object]) -> None:
    (tmp_path / "app.py").touch()
    read = {str(file): stamp(file) for file in (tmp_path / "app.py", tmp_path / "event.json")}
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        (tmp_path / "other.txt").write_text("nobody's")
        assert len(slept) < 9, "it is not noticed"
        if len(slept) == 3:
            save(tmp_path)

    assert list(looking(read, sleep)) == [None]
    assert len(slept) == 3


def test_what_was_saved_before_anybody_looks_is_noticed(tmp_path: Path) -> None:
    """Such as while the check went on."""
    (tmp_path / "app.py").touch()
    read = {str(tmp_path / "app.py"): stamp(tmp_path / "app.py")}
    (tmp_path / "app.py").write_text("longer")
    slept: list[float] = []
    assert list(looking(read, sleep=slept.append)) == [None]
    assert slept == []


# The command

HANDLER = """
from aws_durable_execution_sdk_python import durable_execution
import beside

CALLS = []

@durable_execution
def handler(event, context):
    CALLS.append(1)
    return context.step(lambda _: beside.VALUE, f"look-{len(CALLS)}")
"""


@pytest.fixture
def durable_ai(capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


@pytest.mark.parametrize("more", [["--generate", "3"], ["--case", "baseline"], ["--output-format", "json"]])
def test_what_tells_otherwise_does_not_go_with_it(durable_ai: DurableAi, more: list[str]) -> None:
    ran = durable_ai("check", "app.py:handler", "--watch", *more)
    assert ran.code == ExitCode.CANNOT_RUN
    assert "--watch" in ran.err


def test_it_checks_again_when_the_handler_or_what_it_imports_is_saved_until_ctrl_c(tmp_path: Path) -> None:
    """A syntax error in a module, of a save in the middle of a word, is told, and the next save is checked."""
    (tmp_path / "app.py").write_text(HANDLER)
    (tmp_path / "beside.py").write_text("VALUE =")
    saves = [
        ("beside.py", "VALUE = 1"),
        ("beside.py", "VALUE = 10"),
        ("app.py", HANDLER.replace("-{len(CALLS)}", "")),
    ]
    shown: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "durable_conformance", "check", "app.py:handler", "--watch"],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout
        for line in running.stdout:
            if not line.startswith("watching"):
                shown.append(line.strip())
            elif saves:
                name, text = saves.pop(0)
                (tmp_path / name).write_text(text)
            else:
                running.send_signal(signal.SIGINT)
    assert running.returncode == ExitCode.INTERRUPTED
    told = [line for line in shown if line.startswith(("+", "-", "now", "as before", "could"))]
    signs = [sign for sign, _ in itertools.groupby(line.partition(" ")[0] for line in told)]
    assert signs == ["could", "-", "+", "now:", "as", "-", "now:"], shown
    assert "SyntaxError" in told[0]
    assert told[-1] == "now: 0 findings"
