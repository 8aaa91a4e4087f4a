"""Which lines of the handler's functions no run has reached."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from durable_conformance import Report, Scenario, explore
from durable_conformance.durable_check import DurableCheck
from durable_conformance.reporting import plain, reached
from durable_conformance.rules import FileCoverage, joined
from durable_conformance.subject import Reference
from tests.conformance.command_line import DurableAi, command_line

APP = '''\
import helpers
from aws_durable_execution_sdk_python import durable_execution


def doubled(number):
    """Twice as much."""
    if number > 3:
        raise ValueError(
            "too much"
        )
    return number * 2


def never_named():
    return 1


def express():
    return 2


@durable_execution
def other(event, context):
    return never_named()


class Order:
    size = 1

    def price(self):
        try:
            return doubled(self.size)
        except ValueError:
            return 0


@durable_execution
def handler(event, context):
    if event.get("express"):
        return context.step(lambda _: express(), "express")
    price = context.step(
        lambda _: Order().price(),
        "price",
    )
    for _ in ():
        print("nothing")
    return price + helpers.tax(price)
'''
HELPERS = """\
def tax(price):
    match price:
        case 0:
            return 0
    return 1


def unused():
    return 2
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "helpers.py").write_text(HELPERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(event: object, name: str = "handler") -> Report:
    return explore(Reference(f"app.py:{name}"), Scenario(event))


def source(file: str, missed: tuple[int, ...]) -> list[str]:
    lines = Path(file).read_text().splitlines()
    return [lines[number - 1].strip() for number in missed]


def test_lines_that_no_run_has_reached_are_told_for_each_file() -> None:
    app, helpers = report({}).coverage
    assert source("app.py", app.missed) == [
        "raise ValueError(",
        '"too much"',
        ")",
        "return 2",
        "return 0",
        'return context.step(lambda _: express(), "express")',
        'print("nothing")',
    ]
    assert (app.file, helpers.file) == ("app.py", "helpers.py")
    assert source("helpers.py", helpers.missed) == ["return 0"]


def test_another_handler_of_the_file_says_nothing_and_what_is_not_named_neither() -> None:
    (app, _) = report({}).coverage
    assert not {"return never_named()", "return 1"} & set(source("app.py", app.missed))


def test_two_events_reach_together_what_either_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    durable_ai: DurableAi = command_line(capsys)
    output = durable_ai("check", "app.py:handler", "--event", "{}", "--event", '{"express": true}')
    assert output.code == 0
    (app,) = (line for line in output.out.splitlines() if line.startswith("reached: app.py"))
    assert app.endswith(": 13 of 18 lines; not reached: 8-10, 34, 46")


def test_what_a_crash_alone_leads_to_counts_as_reached(folder: Path) -> None:
    (folder / "app.py").write_text(
        "from aws_durable_execution_sdk_python import durable_execution\n"
        "from aws_durable_execution_sdk_python.exceptions import StepInterruptedError\n"
        "from aws_durable_execution_sdk_python.config import StepConfig, StepSemantics\n"
        "from aws_durable_execution_sdk_python.retries import RetryPresets\n\n"
        "ONCE = StepConfig(\n"
        "    step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY, retry_strategy=RetryPresets.none()\n"
        ")\n\n"
        "@durable_execution\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        context.step(lambda _: 1, 'charge', ONCE)\n"
        "    except Exception:\n"
        "        return context.step(lambda _: 'unknown', 'ask')\n"
        "    return 'charged'\n"
    )
    (app,) = report({}).coverage
    assert app.missed == ()


def test_a_fixture_tells_them_too_and_a_handler_of_the_tests_process_has_them(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    try:
        import app  # type: ignore[import-not-found]  # noqa: PLC0415

        told = DurableCheck(in_other_processes=False)(app.handler)
    finally:
        sys.path.remove(str(folder))
        for name in "app", "helpers":
            del sys.modules[name]
    assert told.coverage == report({}).coverage
    assert "\nreached: app.py: " in plain(told)


def test_ranges_are_told_as_people_write_them() -> None:
    assert str(FileCoverage("a.py", 9, ())) == "a.py: 9 of 9 lines"
    assert str(FileCoverage("a.py", 45, (3, 41, 42, 43))) == "a.py: 41 of 45 lines; not reached: 3, 41-43"


def test_of_many_files_that_of_the_handler_is_told_in_full() -> None:
    files = [FileCoverage(f"{name}.py", 9, (1, 2)) for name in "zabc"]
    assert list(reached(files[:3])) == [f"reached: {one}" for one in files[:3]]
    assert list(reached(files)) == [f"reached: {files[0]}", "reached: 3 other files: 21 of 27 lines"]


def test_what_one_exploration_reached_another_need_not() -> None:
    one = [FileCoverage("a.py", 9, (1, 2)), FileCoverage("b.py", 3, (3,))]
    assert joined([one, [FileCoverage("a.py", 9, (2, 5))]]) == (FileCoverage("a.py", 9, (2,)), one[1])
