"""What a check is told: on the command line, in dotenv files, and in `[tool.durable-ai]` of `pyproject.toml`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from durable_conformance import Answered, CannotRunError
from durable_conformance.commands import Check, Json, Settings, planned, project_file, typed_variable, variables_in
from tests.conformance.command_line import DurableAi, command_line

SHOP = """
import os
from aws_durable_execution_sdk_python import durable_execution

TABLE = os.environ["TABLE"]

@durable_execution
def handler(event, context):
    return context.step(lambda _: f"{TABLE} {event['order']}", "pay")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "orders.py").write_text(SHOP)
    (tmp_path / "events").mkdir()
    for name in ("order", "refund"):
        (tmp_path / "events" / f"{name}.json").write_text('{"order": 7}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


@pytest.fixture
def durable_ai(project: Path, capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


def table(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.durable-ai]\n{text}")


def checks(target: str | None = None, events: tuple[Json, ...] = (), **typed: object) -> list[Check]:
    given = Settings.model_validate(typed)
    return planned(target, given, project_file(Path.cwd()), template=None, function=None, events=events)


# Variables


def test_a_dotenv_file_has_comments_quotes_and_exports(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# all of it\n\nA=1\nexport B = two words # said\nC='as ${it} is # here'\n"
        'D="a \\"b\\"\\n# c" # d\nE=\nF=a#b\nG= # nothing\nH=postgres://u:p@h/db?x=1#y\n'
    )
    assert variables_in(tmp_path / ".env") == {
        "A": "1",
        "B": "two words",
        "C": "as ${it} is # here",
        "D": 'a "b"\n# c',
        "E": "",
        "F": "a#b",
        "G": "",
        "H": "postgres://u:p@h/db?x=1#y",
    }


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("A", "this is not NAME=VALUE"),
        ("A='x", "this is not NAME=VALUE"),
        ("A='x' y", "this is not NAME=VALUE"),
        ("1A=2", "'1A' is no name of a variable"),
        ('A="${B}"', "nothing is expanded here"),
    ],
)
def test_a_dotenv_file_that_could_be_read_in_two_ways_is_not_read(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / ".env").write_text(f"OK=1\n{line}\n")
    with pytest.raises(CannotRunError, match=r"\.env, line 2: ") as error:
        variables_in(tmp_path / ".env")
    assert problem in str(error.value)


def test_a_variable_is_typed_with_its_value_or_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed_variable("A=b=c") == ("A", "b=c")
    monkeypatch.setenv("TOKEN", "secret")
    assert typed_variable("TOKEN") == ("TOKEN", "secret")
    monkeypatch.delenv("TOKEN")
    with pytest.raises(CannotRunError, match="TOKEN is set to nothing here: write TOKEN=VALUE, or set it"):
        typed_variable("TOKEN")
    for wrong in ("=b", "a b=c", "a b"):
        with pytest.raises(CannotRunError, match="is not NAME=VALUE"):
            typed_variable(wrong)


# The command


def test_variables_and_several_events_are_typed(durable_ai: DurableAi, project: Path) -> None:
    (project / ".env").write_text("TABLE=orders\n")
    command = ("check", "src/orders.py:handler", "--no-other-sandboxes", "--env-file", ".env", "--json", "all.json")
    output = durable_ai(*command, "--event", '{"order": 1}', "--event", "@events/order.json", "--env", "TABLE=mine")
    assert (output.code, output.err) == (0, "")
    assert "src/orders.py:handler, event 1 " in output.out
    assert "src/orders.py:handler, order.json " in output.out
    checks = json.loads((project / "all.json").read_text())["checks"]
    assert [one["check"].partition(", ")[2] for one in checks] == ["event 1", "order.json"]
    assert {one["report"]["undisturbed"] for one in checks} == {"SUCCEEDED"}


def test_every_handler_is_checked_though_one_of_them_cannot_be(durable_ai: DurableAi, project: Path) -> None:
    table(
        project,
        'other-sandboxes = false\nevents = [{ order = 1 }]\nenv = { TABLE = "x" }\n'
        'handlers.broken.handler = "src/orders.py:gone"\nhandlers.orders.handler = "src/orders.py:handler"\n',
    )
    output = durable_ai("check")
    assert output.code == 2
    assert "could not run: " in output.out
    assert "has no 'gone'" in output.out
    assert "conforms: 6 crash points" in output.out
    assert durable_ai("check", "orders").code == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Name what is to be checked: PATH.py:FUNCTION, or describe it in [tool.durable-ai.handlers]"),
        (("orders",), "'orders' names nothing; write PATH.py:FUNCTION"),
        (("src/orders.py:handler", "--event", "@gone.json"), "Cannot read the file gone.json of --event"),
        (("src/orders.py:handler", "--event-file", "src/orders.py"), "src/orders.py is not JSON"),
        (("src/orders.py:handler", "--env", "TABLE"), "--env TABLE is set to nothing here"),
        (("src/orders.py:handler", "--env-file", "gone"), "Cannot read the variables in gone"),
        (("src/orders.py:handler", "--answer", "!what"), "'!what' is no answer"),
        (("src/orders.py:handler", "--answer", "a", "--answer", "b"), "--answer is given twice for all"),
        (("src/orders.py:handler", "--invoke", "a=1", "--invoke", "a=2"), "--invoke is given twice for 'a'"),
        (("src/orders.py:handler", "--setup", "doubles.py:aws"), "There is no file doubles.py"),
        (("src/orders.py:handler", "--function", "Orders"), "--function names a function of a template"),
        (("src/orders.py:handler", "--template", "x.yaml"), "name a function of the template with --function"),
    ],
)
def test_what_cannot_be_checked_is_told_in_one_line(
    durable_ai: DurableAi, arguments: tuple[str, ...], problem: str
) -> None:
    output = durable_ai("check", *arguments)
    assert (output.code, output.out) == (2, "")
    assert problem in " ".join(output.err.split())


# The table


def test_a_table_describes_handlers_and_what_is_typed_goes_before_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".env").write_text("PORT=1\nHOST=h\n")
    table(
        project,
        'env = { TABLE = "all", REGION = "eu" }\nenv-file = ".env"\n'
        'setup = "tests/doubles.py:aws"\nfail-on = "error"\n'
        '[tool.durable-ai.handlers.orders]\nhandler = "src/orders.py:handler"\n'
        'events = ["events/order.json", { order = 9 }]\n'
        'answers = { approve = "Approved", other = { approved = true } }\n'
        'env = { TABLE = "orders", PORT = "2" }\nexpect = "FAILED"\n',
    )
    one, other = checks()
    assert (one.title, other.title) == ("orders, order.json", "orders, event 2")
    assert (one.event.value, other.event.value) == ({"order": 7}, {"order": 9})
    assert one.scenario.environment == {"TABLE": "orders", "REGION": "eu", "PORT": "2", "HOST": "h"}
    assert one.scenario.answer("approve", 0) == Answered("Approved")
    assert one.scenario.answer("other", 0) == Answered('{"approved": true}')
    assert (one.scenario.expect, one.settings.fail_on) == ("FAILED", "error")
    assert not one.everything_answered

    (typed,) = checks(
        "orders", (Json("3", 3),), env={"TABLE": "typed"}, answers={"approve": "No"}, setup="mine:aws", horizon=3
    )
    assert typed.scenario.environment["TABLE"] == "typed"
    assert typed.scenario.environment["REGION"] == "eu"
    assert typed.scenario.answer("approve", 0) == Answered("No")
    assert (typed.scenario.setup, typed.exploration.horizon, typed.event.value) == ("mine:aws", 3, 3)

    monkeypatch.chdir(project / "src")
    (there, _) = checks("orders.py:handler")
    assert there.scenario.environment["TABLE"] == "orders", "the same handler, from another folder"
    assert there.scenario.setup == str(project / "tests/doubles.py:aws")
    (undescribed,) = checks("orders.py:other")
    assert undescribed.scenario.environment["TABLE"] == "all"


def test_answers_of_aws_and_a_live_check_reach_the_scenario(project: Path) -> None:
    (project / "aws.json").write_text('{"dynamodb.GetItem": {"Item": {}}}')
    table(project, 'aws-answers = "aws.json"\nlive = true\nhandlers.orders.handler = "src/orders.py:handler"\n')
    (check,) = checks()
    assert check.scenario.answers == {"dynamodb.GetItem": {"Item": {}}}
    assert check.scenario.live


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fial-on = 'error'", "[tool.durable-ai] has no key 'fial-on'; did you mean 'fail-on'?"),
        ("fail_on = 'error'", "[tool.durable-ai] has no key 'fail_on'; did you mean 'fail-on'?"),
        ("handlers.a.evnts = []", "[tool.durable-ai.handlers.a] has no key 'evnts'; did you mean 'events'?"),
        ("handler = 'a.py:b'", "[tool.durable-ai] has no key 'handler'; did you mean 'handlers'?"),
        ("zzz = 1", "[tool.durable-ai] has no key 'zzz'; the keys are answer, answers, "),
        ("env = { PORT = 1 }", "[tool.durable-ai] env.PORT: Input should be a valid string."),
        ("fail-on = 'all'", "[tool.durable-ai] fail-on: Input should be 'error' or 'warning'."),
        ("x = ", "Cannot read "),
        ("env-file = 'gone'", "Cannot read the variables in "),
    ],
)
def test_what_a_table_cannot_mean_is_told_with_its_key_and_file(project: Path, text: str, problem: str) -> None:
    table(project, text)
    with pytest.raises(CannotRunError) as error:
        project_file(project)
    assert problem in str(error.value)
    assert str(project) in str(error.value)


def test_a_handler_that_is_nowhere_is_told(project: Path) -> None:
    table(project, "handlers.orders.pairs = true")
    with pytest.raises(CannotRunError, match=r"\[tool\.durable-ai\.handlers\.orders\] has no handler"):
        checks()
    table(project, "handlers.orders.handler = 'src/orders.py:handler'")
    with pytest.raises(CannotRunError, match=r"'gone' names nothing; .*pyproject\.toml describes: orders"):
        checks("gone")
