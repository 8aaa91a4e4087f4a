"""A finding ends with the command that makes its run again, and that command makes that run alone."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from durable_conformance import Exploration, Report, Scenario, explore
from durable_conformance.exploring import UnknownCaseError
from durable_conformance.reporting import plain
from durable_conformance.subject import Reference
from durable_conformance.workers import Experiment
from tests.conformance.command_line import DurableAi, Output, command_line

ROOT = Path(__file__).parents[2]

HANDLERS = """
import itertools
import random
from patterns.durable import ask
from aws_durable_execution_sdk_python import durable_execution

def forgetful(event, context, model):
    notes = []
    context.step(lambda _: notes.append("looked"), "what's there")
    return ask(context, model, "greet", f"Greet {notes}").text

def good(event, context, model):
    return ask(context, model, "greet", "Greet me").text

def retries_everything(event, context, model):
    from providers import Message, ModelRequest
    request = ModelRequest(messages=(Message.user("Greet me"),))
    return context.step(lambda _: model.converse(request).text, "greet")

@durable_execution
def branches(event, context):
    seen = []
    def branch(context, item, index, _):
        seen.append(context.step(lambda _: item, "look"))
        return item
    context.map(["a", "b"], branch, "all")
    return seen

@durable_execution
def approved(event, context):
    try:
        return context.wait_for_callback(lambda *_: None, "approve")
    except Exception:
        notes = []
        context.step(lambda _: notes.append(1), "look")
        return len(notes)
"""


@pytest.fixture
def durable_ai(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> DurableAi:
    """Runs `durable-ai` in a folder of its own."""
    (tmp_path / "app.py").write_text(HANDLERS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return command_line(capsys)


def explored(
    tmp_path: Path, name: str, exploration: Exploration, *, elsewhere: bool = False
) -> tuple[Report, dict[str, int]]:
    """The report, and the ids of all experiments, each with how often it was told."""
    (tmp_path / "app.py").write_text(HANDLERS)
    reference = Reference(f"{tmp_path / 'app.py'}:{name}")
    ids: dict[str, int] = {}

    def listener(experiment: Experiment, *_: object) -> None:
        if experiment.place:
            ids[experiment.id] = ids.get(experiment.id, 0) + 1

    other = reference if elsewhere else None
    return explore(reference, Scenario({}), exploration, elsewhere=other, listener=listener), ids


def again(output: Output) -> list[str]:
    """The commands that a report prints, without the words that begin them."""
    return re.findall(r"^ *again: durable-ai (.+)$", output.out, re.MULTILINE)


def same_again(durable_ai: DurableAi, command: str) -> Output:
    return durable_ai(*shlex.split(command))


@pytest.mark.parametrize("name", ["forgetful", "branches", "retries_everything"])
def test_ids_are_the_same_in_each_exploration_and_unique_in_one(tmp_path: Path, name: str) -> None:
    exploration = Exploration(pairs=name == "forgetful")
    (first, ids), (second, others) = (explored(tmp_path, name, exploration, elsewhere=True) for _ in range(2))
    assert ids.keys() == others.keys()
    assert set(ids.values()) == {1}
    assert all(one.case in ids for one in first.findings)
    if name != "branches":  # which race
        assert {one.case for one in first.findings} == {one.case for one in second.findings}
    assert first.findings
    assert max(map(len, ids)) < 100
    assert all(id_.isprintable() and not id_.startswith("-") for id_ in ids)


@pytest.mark.parametrize("name", ["forgetful", "retries_everything"])
def test_each_finding_is_shown_again_by_its_case_alone(tmp_path: Path, name: str) -> None:
    whole, _ = explored(tmp_path, name, Exploration(), elsewhere=True)
    for case in {one.case for one in whole.findings}:
        alone, ids = explored(tmp_path, name, Exploration(only=case), elsewhere=True)
        assert alone.case == case
        assert {one.case for one in alone.findings} == {case}
        told = {(one.rule, one.expected, one.actual) for one in alone.findings if one.rule != "retry-policy"}
        wanted = {(one.rule, one.expected, one.actual) for one in whole.findings if one.case == case}
        assert {one for one in wanted if one[0] != "retry-policy"} <= told
        assert alone.runs < whole.runs / 3, ids


def test_every_case_can_be_made_alone_also_where_it_goes_on_from_another_one(tmp_path: Path) -> None:
    _, ids = explored(tmp_path, "good", Exploration(), elsewhere=True)
    chosen = ["baseline", "again~never-twice", "elsewhere", "elsewhere-2"]
    chosen += [next(one for one in ids if one.endswith("~way-0")), next(one for one in ids if "~way-1" in one)]
    for case in chosen:
        alone, made = explored(tmp_path, "good", Exploration(only=case), elsewhere=True)
        assert case in made
        assert not alone.could_not_run
        assert len(made) < len(ids) / 2
        if "~way-" in case:
            assert f"{case.rpartition('~')[0]}~way-0" in made, "what a cold sandbox shows, too, is no environment's"


def test_what_comes_of_another_case_takes_that(tmp_path: Path) -> None:
    _, ids = explored(tmp_path, "retries_everything", Exploration())
    case = next(one for one in ids if one.endswith("+dies-between"))
    _, made = explored(tmp_path, "retries_everything", Exploration(only=case))
    assert case in made
    assert case.removesuffix("+dies-between") in made


def test_an_unknown_id_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownCaseError, match=r"/1:greet:before-succeed") as caught:
        explored(tmp_path, "good", Exploration(only="/1:greet:befor-succeed"))
    assert "same options" in str(caught.value)


def test_the_report_ends_each_finding_with_a_command_that_shows_it_again(durable_ai: DurableAi) -> None:
    first = durable_ai("check", "app.py:forgetful", "--event", '{"it": "is"}', "--no-other-sandboxes")
    assert first.code == 1
    (command, *_) = again(first)
    assert command.startswith("""check app.py:forgetful --event '{"it": "is"}' --no-other-sandboxes --case """)
    second = same_again(durable_ai, command)
    assert second.code == 1
    assert command in again(second)
    assert "request-stability" in second.out


def test_only_what_was_given_is_in_the_command_in_a_form_that_a_shell_takes(durable_ai: DurableAi) -> None:
    Path("event.json").write_text("{}")
    Path("some vars.env").write_text("SECRET=hunter2\n")
    options = ["--event", "@event.json", "--env", "A=b c", "--env-file", "some vars.env", "--no-other-sandboxes"]
    options += ["--answer", "approve=It's fine", "--invoke", "=a=b", "--order-matters", "--patience", "30"]
    first = durable_ai("check", "app.py:forgetful", *options, "--exit-first", "--json", "report.json")
    (command, *_) = again(first)
    *words, option, case = shlex.split(command)
    assert words == ["check", "app.py:forgetful", *words[2:]]
    assert option == "--case"
    assert case == json.loads(Path("report.json").read_text())["checks"][0]["report"]["findings"][0]["case"]
    assert dict(zip(words[2::2], words[3::2], strict=False)).items() >= {("--event", "@event.json")}
    assert sorted(words[2:]) == sorted(options), "neither variables of a file nor where reports go"
    assert same_again(durable_ai, command).code == 1


def test_two_columns_where_there_is_room_and_one_below_the_other_where_there_is_not(
    durable_ai: DurableAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = "check", "app.py:forgetful", "--no-other-sandboxes", "--case", "/1:what's there:after-succeed"
    wide = durable_ai(*arguments).out
    assert re.search(r"^ +the run it is held against +/1:what's there SUCCEED after it persisted", wide, re.MULTILINE)
    assert re.search(r"^  +invocation 1 +invocation 1 *$", wide, re.MULTILINE)
    (marked,) = re.findall(r"^> .*$", wide, re.MULTILINE)
    assert re.search("5 tokens in.*3 tokens in", marked), "that it dies, and what replay repeats, is no news"
    monkeypatch.setenv("COLUMNS", "80")
    narrow = durable_ai(*arguments).out
    assert not re.search(r"invocation 1 +invocation 1", narrow)
    assert len(re.findall(r"^> ", narrow, re.MULTILINE)) == 2, "in each of both"


def test_a_case_of_the_command_that_is_unknown(durable_ai: DurableAi) -> None:
    output = durable_ai("check", "app.py:good", "--no-other-sandboxes", "--case", "/1:greet:before-suceed")
    assert output.code == 2
    assert "'/1:greet:before-suceed'" in output.err
    assert "/1:greet:before-succeed" in output.err
    assert "same options" in output.err


def test_a_case_that_conforms(durable_ai: DurableAi) -> None:
    output = durable_ai("check", "app.py:good", "--no-other-sandboxes", "--case", "/1:greet:before-succeed")
    assert output.code == 0
    assert "exhaustive" not in output.out
    assert "the case /1:greet:before-succeed alone" in output.out


def test_a_case_of_another_way_in_which_people_answer_says_so(durable_ai: DurableAi) -> None:
    first = durable_ai("check", "app.py:approved", "--no-other-sandboxes", "--json", "report.json")
    cases = {one["case"] for one in json.loads(Path("report.json").read_text())["checks"][0]["report"]["findings"]}
    assert any(one.startswith("refused:/") for one in cases), cases
    (command, *_) = [one for one in again(first) if "refused:" in one]
    second = same_again(durable_ai, command)
    assert second.code == 1
    assert command in again(second)


PROJECT = """
[tool.durable-ai]
other-sandboxes = false

[tool.durable-ai.handlers.one]
handler = "app.py:good"

[tool.durable-ai.handlers.other]
handler = "app.py:forgetful"
"""


ONE = PROJECT.partition("[tool.durable-ai.handlers.other]")[0].rstrip().replace("good", "forgetful") + "\n"


def test_of_a_projects_checks_the_one_that_has_the_case_makes_it(durable_ai: DurableAi) -> None:
    Path("pyproject.toml").write_text(PROJECT)
    first = durable_ai("check")
    (command, *_) = again(first)
    assert command.startswith("check other --case ")
    second = durable_ai("check", *shlex.split(command)[2:])
    assert second.code == 1
    assert command in again(second)


def test_several_that_have_it_are_named(durable_ai: DurableAi) -> None:
    Path("pyproject.toml").write_text(PROJECT)
    output = durable_ai("check", "--case", "baseline")
    assert output.code == 2
    assert "check one --case baseline" in output.err
    assert "check other --case baseline" in output.err


def test_a_project_with_one_check_needs_no_name(durable_ai: DurableAi) -> None:
    Path("pyproject.toml").write_text(ONE)
    first = durable_ai("check")
    (command, *_) = again(first)
    assert command.startswith("check --case ")


def test_events_of_a_table_are_named(durable_ai: DurableAi) -> None:
    Path("event.json").write_text("{}")
    Path("pyproject.toml").write_text(ONE + 'events = ["event.json", {a = 1}]\n')
    commands = again(durable_ai("check"))
    events = {shlex.split(one)[2] for one in commands}
    assert {one.partition(" --case ")[0] for one in commands} == {
        f"check --event @{shlex.quote(str(Path('event.json').absolute()))}",
        """check --event '{"a": 1}'""",
    }, events
    assert same_again(durable_ai, commands[0]).code == 1


def test_the_page_shows_the_command(durable_ai: DurableAi) -> None:
    durable_ai("check", "app.py:forgetful", "--no-other-sandboxes", "--html", "page.html")
    page = Path("page.html").read_text("utf-8")
    assert "durable-ai check app.py:forgetful --no-other-sandboxes --case " in page


def test_a_test_has_no_command(tmp_path: Path) -> None:
    """What a test checks, no command finds."""
    report, _ = explored(tmp_path, "forgetful", Exploration(never_twice=False))
    assert report.findings
    assert "again:" not in plain(report)


def test_a_value_that_the_environment_has_is_not_repeated(
    durable_ai: DurableAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a secret, and what is printed may be a log."""
    monkeypatch.setenv("API_KEY", "s3cret")
    given = ("--no-other-sandboxes", "--env", "API_KEY=s3cret", "--env", "TABLE=orders")
    output = durable_ai("check", "app.py:forgetful", *given)
    assert "s3cret" not in output.out
    one, *_ = again(output)
    assert "--env API_KEY --env TABLE=orders" in one
    assert same_again(durable_ai, one).code == 1


# In a debugger

READS_THE_CLOCK = """
import datetime
from aws_durable_execution_sdk_python import durable_execution

@durable_execution
def late(event, context):
    order = context.step(lambda _: event["order"], "look")
    now = datetime.datetime.now()
    return context.step(lambda _: f"{order} at {now}", "write") + str(now)
"""


def debugged(folder: Path, case: str, typed: str) -> str:
    """What is printed from where the debugger begins on."""
    arguments = ["check", "app.py:late", "--event", '{"order": 7}', "--no-other-sandboxes", "--case", case, "--pdb"]
    ran = subprocess.run(
        [sys.executable, "-m", "durable_conformance", *arguments],
        cwd=folder,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 1, ran.stderr
    return ran.stdout.partition("--pdb: ")[2]


def test_a_case_is_debugged_from_the_line_of_its_cause(tmp_path: Path) -> None:
    """At each time that the run comes by: an execution that is interrupted does so again."""
    (tmp_path / "app.py").write_text(READS_THE_CLOCK)
    shown = debugged(tmp_path, "/1:look:after-succeed", "p order + 1\nn\np now.year\nc\np order + 2\nc\nc\n")
    first, stopped, *_ = shown.splitlines()
    assert first == "stopping at app.py:8; q leaves"
    assert stopped.endswith("app.py(8)late()")
    said = [line.rpartition("(durable-ai) ")[2] for line in shown.splitlines()]
    assert [one for one in said if one.isdecimal()] == ["8", "2040", "9"], "the world is the execution's"


def test_who_leaves_the_debugger_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(READS_THE_CLOCK)
    shown = debugged(tmp_path, "/1:look:after-succeed", "p order\nq\n")
    assert shown.count("(durable-ai)") == 2


def test_a_debugger_needs_a_case_and_a_line(durable_ai: DurableAi) -> None:
    output = durable_ai("check", "app.py:good", "--pdb")
    assert (output.code, "--case ID" in output.err) == (2, True)
    output = durable_ai("check", "app.py:good", "--no-other-sandboxes", "--case", "/1:greet:after-succeed", "--pdb")
    assert output.code == 0
    assert "nothing is found in this run" in output.out
