"""`durable-ai check` and the pytest fixture, on handlers that are not ours."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import Exploration, Finding, Scenario, explore, handler_factory
from durable_conformance.commands import main
from durable_conformance.durable_check import DurableCheck
from durable_conformance.evidence import Explored
from durable_conformance.exploring import Progress
from durable_conformance.subject import reference_to
from durable_conformance.workers import HASH_SEEDS, Experiment
from patterns.durable import ask
from providers import Message, ModelProvider, ModelRequest
from providers.scripted import ScriptedProvider
from tests.repository import blocks, changes, text_of

GOOD = """
from aws_durable_execution_sdk_python import durable_execution
from patterns.durable import ask
from providers import Message, ModelRequest

@durable_execution
def handler(event, context):
    return context.step(lambda _: event["order"] * 2, "double")

def workflow(event, context, model):
    return ask(context, model, "greet", "Greet me").text

def retries_everything(event, context, model):
    request = ModelRequest(messages=(Message.user("Greet me"),))
    return context.step(lambda _: model.converse(request).text, "greet")
"""
FORGETFUL = """
from patterns.durable import ask

def workflow(event, context, model):
    notes = []
    context.step(lambda _: notes.append("looked"), "look")
    return ask(context, model, "greet", f"Greet {notes}").text
"""
BAD = """
import itertools
from patterns.durable import ask

INVOCATIONS = itertools.count()

def workflow(event, context, model):
    number = next(INVOCATIONS)
    name = ask(context, model, "name", f"Name number {number}").text
    return ask(context, model, "greet", f"Greet {name}").text
"""

type Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Runs `durable-ai check` on files of its own."""
    (tmp_path / "good_one.py").write_text(GOOD)
    (tmp_path / "bad_one.py").write_text(BAD)
    (tmp_path / "forgetful_one.py").write_text(FORGETFUL)
    (tmp_path / "broken_one.py").write_text("import nowhere_to_be_found")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str, other_sandboxes: bool = False) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main(["check", *arguments, "--other-sandboxes" if other_sandboxes else "--no-other-sandboxes"])
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err

    return run


def test_a_handler_that_conforms(check: Check, tmp_path: Path) -> None:
    html = str(tmp_path / "report.html")
    code, out, _ = check("good_one.py:handler", "--event", '{"order": 7}', "--html", html, other_sandboxes=True)
    assert code == 0
    page = Path(html).read_text("utf-8")
    assert "in other sandboxes" in page
    assert page.count('class="cell conforms"') == int(out.partition(" runs,")[0].split()[-1])
    assert 'class="cell breaks' not in page
    assert "conforms: 6 crash points" in out
    assert "left out" not in out


def test_a_handler_that_fails_undisturbed_is_not_checked_unless_it_is_to_fail(check: Check) -> None:
    """It may well conform in that; but a mistyped event should not pass for a proof."""
    arguments = "good_one.py:handler", "--event", '{"oder": 7}'
    code, out, _ = check(*arguments)
    assert code == 2
    assert "KeyError: 'order'" in " ".join(out.split())
    code, out, _ = check(*arguments, "--expect-failure")
    assert code == 0
    assert (
        "undisturbed, the execution ends FAILED with aws_durable_execution_sdk_python.exceptions.StepError: 'order'"
        in " ".join(out.split())
    )


def test_a_plain_function_conforms_too(check: Check) -> None:
    code, out, _ = check("good_one.py:workflow")
    assert code == 0
    assert "left out: other sandboxes" in out
    assert "conforms: 7 crash points" in out, "a model call is one point more"


def test_every_run_has_the_script_to_itself(check: Check, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"greet": ["Hello!"]}))
    code, out, _ = check("good_one.py:workflow", "--script", "script.json")
    assert code == 0, out
    assert "conforms: 7 crash points" in out


def test_the_sdks_default_retries_are_reported(check: Check) -> None:
    code, out, _ = check("good_one.py:retries_everything")
    assert code == 0
    assert "warning: retry-policy" in out
    assert "6 calls of a permanent error" in out


def only_report(file: Path) -> dict[str, Any]:
    (check,) = json.loads(file.read_text())["checks"]
    return dict(check["report"])


def test_a_handler_that_does_not_is_reported_with_place_and_crash(check: Check, tmp_path: Path) -> None:
    files = "--json", str(tmp_path / "report.json"), "--html", str(tmp_path / "report.html")
    code, out, _ = check("bad_one.py:workflow", *files)
    assert code == 1
    assert "request-stability" in out
    assert "/1:name" in out
    report = only_report(tmp_path / "report.json")
    assert {finding["rule"] for finding in report["findings"]} >= {"request-stability", "no-invocation-state"}
    assert all(finding["remedy"] for finding in report["findings"])
    page = (tmp_path / "report.html").read_text("utf-8")
    assert 'class="cell breaks' in page
    assert all(finding["path"] in page for finding in report["findings"])


def test_the_first_finding_can_be_enough(check: Check) -> None:
    code, out, _ = check("bad_one.py:workflow", "--exit-first")
    assert code == 1
    assert "no-invocation-state" in out
    assert "request-stability" not in out, "an interruption shows that, and none was tried"
    assert "left out: what comes after the first finding" in out


def test_how_far_executions_of_a_long_workflow_are_followed_is_said_and_can_be_chosen(
    check: Check, tmp_path: Path
) -> None:
    (tmp_path / "long_one.py").write_text(
        "def workflow(event, context, model):\n"
        "    return [context.step(lambda _, n=n: n, f'step-{n}') for n in range(17)]\n"
    )

    def said(*arguments: str) -> str:
        code, out, _ = check("long_one.py:workflow", *arguments)
        assert code == 0
        return " ".join(out.split())

    assert "only more than 8 operations later" in said()
    assert "only more than 1 operation later" in said("--horizon", "1")
    assert "later" not in said("--to-the-end")
    code, _, err = check("long_one.py:workflow", "--horizon", "0")
    assert code == 2
    assert "--horizon" in err


def test_what_is_left_out_after_the_first_finding_is_not_counted(check: Check, tmp_path: Path) -> None:
    def runs(*arguments: str) -> int:
        code, _, _ = check("forgetful_one.py:workflow", "--json", str(tmp_path / "report.json"), *arguments)
        assert code == 1
        return int(only_report(tmp_path / "report.json")["runs"])

    assert runs("--exit-first") < runs()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("nothing",), "names nothing"),
        (("gone.py:handler",), "There is no file gone.py"),
        (("good_one.py:gone",), "has no 'gone'"),
        (("good_one.py:durable_execution",), "neither a durable handler"),
        (("broken_one.py:handler",), "cannot be imported: ModuleNotFoundError"),
        (("good_one.py:handler", "--event", "{"), "--event is not JSON"),
        (("good_one.py:handler", "--script", "gone.json"), "Cannot read the script"),
        (
            ("good_one.py:handler", "--json", "gone/report.json"),
            "--json cannot be written to gone/report.json: No such",
        ),
        (("good_one.py:handler", "--json", "."), "--json cannot be written to .: Is a directory"),
        (("good_one.py:handler", "--html", "gone/a.html"), "--html cannot be written to gone/a.html: No such"),
    ],
)
def test_what_cannot_be_checked_ends_in_one_line_and_2(check: Check, arguments: tuple[str, ...], problem: str) -> None:
    code, out, err = check(*arguments)
    assert code == 2
    assert problem in err
    assert out == "", "nothing was explored before the problem was told"
    assert "durable_conformance" not in err, "whatever traceback there is, it is the user's"


pytest_plugins = ["pytester"]


def test_the_fixture_makes_a_users_test_three_lines(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the README shows it: its handler, its test, what it has people break, and what they see then."""
    readme = text_of("README.md")
    files = {block.splitlines()[0].removeprefix("# "): block for block in blocks(readme, "python")}
    handler, its_test = files["briefing.py"], files["test_briefing.py"]
    late = changes(readme)[1].applied(handler)
    for name, text in {"briefing": handler, "test_briefing": its_test, "late_briefing": late}.items():
        pytester.makepyfile(**{name: text})
    pytester.makepyfile(test_late=its_test.replace("from briefing", "from late_briefing"))
    pytester.makepyfile(good_one=GOOD, bad_one=BAD)
    pytester.makepyfile(
        test_mine="""
        from bad_one import workflow as bad
        from good_one import handler

        def test_good(durable_check):
            durable_check(handler, event={"order": 7})

        def test_bad(durable_check):
            durable_check(bad)
            raise AssertionError("not reached")
        """
    )
    monkeypatch.setenv("COLUMNS", "120")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--durable-report", "pages/of-checks")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*workflow is not durable.*", "*request-stability*"])
    (shown,) = (block for block in blocks(readme) if block.startswith("briefing is not durable."))
    told = str(result.stdout).replace("late_briefing.py", "briefing.py")
    assert shown in re.sub(r" +$", "", told, flags=re.MULTILINE)
    assert "Captured log" not in str(result.stdout), "the SDK logs every death, and buries what was found"
    pages = {page.name: page.read_text("utf-8") for page in (pytester.path / "pages" / "of-checks").iterdir()}
    assert sorted(pages) == [
        "test_briefing.py-test_it_survives_every_crash.html",
        "test_late.py-test_it_survives_every_crash.html",
        "test_mine.py-test_bad.html",
        "test_mine.py-test_good.html",
    ]
    assert "request-stability" in pages["test_mine.py-test_bad.html"]
    assert "/1:name SUCCEED before it persists" in pages["test_mine.py-test_bad.html"], "every run"
    assert "conforms" in pages["test_mine.py-test_good.html"]
    for name in ("test_mine.py::test_bad", "workflow"):
        assert name in pages["test_mine.py-test_bad.html"]


def test_a_folder_for_reports_that_cannot_be_made_is_told_before_any_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): raise AssertionError")
    (pytester.path / "file").touch()
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--durable-report", "file/pages")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--durable-report cannot be written to file/pages: Not a directory*"])


def test_several_checks_of_one_test_stand_on_its_page() -> None:
    kept: list[Explored] = []
    check = DurableCheck(in_other_processes=False, keep=kept.append)
    check(good_flow, event={"order": 7})

    def late(event: object, context: DurableContext, model: object) -> int:
        return context.step(lambda _: 12, "price") + time.time_ns()

    with pytest.raises(pytest.fail.Exception):
        check(late)
    assert [(one.name, one.scenario) for one in kept] == [("good_flow", 'event {"order": 7}'), ("late", "event {}")]
    assert [one.report.conforms for one in kept] == [True, False]
    assert all(one.records for one in kept)


def test_a_failing_test_says_how_to_make_the_run_alone(durable_check: DurableCheck) -> None:
    def late(event: object, context: DurableContext, model: object) -> int:
        return context.step(lambda _: 12, "price") + time.time_ns()

    with pytest.raises(pytest.fail.Exception) as failed:
        durable_check(late, other_sandboxes=False)
    cases = re.findall(r"^again: durable_check\(…, exploration=Exploration\(only='(.+)'\)\)$", str(failed.value), re.M)
    assert cases
    for case in cases:
        with pytest.raises(pytest.fail.Exception) as alone:
            durable_check(late, other_sandboxes=False, exploration=Exploration(only=case))
        assert "again:" not in str(alone.value)


def test_the_fixture_returns_the_report(durable_check: DurableCheck) -> None:
    def workflow(event: object, context: DurableContext, model: object) -> str:
        return context.step(lambda _: "done", "do")

    report = durable_check(workflow)
    assert report.conforms
    assert report.points == 6


def test_a_handler_that_hangs_fails_its_test_and_ends_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine="""
        import threading
        from aws_durable_execution_sdk_python import durable_execution
        from durable_conformance import Exploration

        @durable_execution
        def handler(event, context):
            threading.Event().wait()

        def test_it(durable_check):
            durable_check(handler, exploration=Exploration(patience=1))

        def test_another():
            pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*still running after 1 s*"])


def test_a_test_that_patches_keeps_the_handler_in_its_process(
    durable_check: DurableCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has replaced would be called for real in another."""
    (left_out,) = durable_check(good_flow).left_out
    assert "other sandboxes" in left_out


def test_any_other_test_has_it_run_in_other_sandboxes(durable_check: DurableCheck) -> None:
    report = durable_check(good_flow)
    assert report.left_out == ()
    with pytest.raises(ValueError, match="bound to no name of its module"):
        durable_check(lambda *_: None, other_sandboxes=True)


def test_how_a_model_answers_is_no_matter_where_nobody_asks_it(durable_check: DurableCheck) -> None:
    def runs(workflow: object, *, never_twice: bool) -> int:
        return durable_check(workflow, exploration=Exploration(never_twice=never_twice), other_sandboxes=False).runs

    def asking(event: object, context: DurableContext, model: ModelProvider) -> str:
        return ask(context, model, "greet", "Greet me").text

    assert runs(good_flow, never_twice=True) == runs(good_flow, never_twice=False)
    assert runs(asking, never_twice=True) > runs(asking, never_twice=False) + 2, "more than two more baselines"


def test_the_runs_that_others_are_held_against_do_not_overlap(durable_check: DurableCheck, tmp_path: Path) -> None:
    """What a handler keeps in its module would be there already, or not, as it happens."""
    seen = tmp_path / "seen"
    descriptor = os.open(seen, os.O_CREAT | os.O_APPEND | os.O_WRONLY)  # opened here: a handler that does so is found

    def see(what: str) -> None:
        os.write(descriptor, f"{what} {os.getpid()}\n".encode())

    def asking(event: object, context: DurableContext, model: ModelProvider) -> str:
        see("begins")
        text = ask(context, model, "greet", "Greet me").text
        see("ends")
        return text

    durable_check(asking, exploration=Exploration(points=(), faults=False, orders=False), other_sandboxes=False)
    os.close(descriptor)
    told = [line.split() for line in seen.read_text().splitlines()]
    assert [what for what, _ in told] == ["begins", "ends"] * 4
    assert len({process for _, process in told}) == 1, "warm"


def good_flow(event: object, context: DurableContext, model: object) -> str:
    return context.step(lambda _: "fine", "look")


def in_the_order_of_a_set(event: object, context: DurableContext, model: object) -> str:
    return context.step(lambda _: "fine", "look") + "".join({"us", "eu", "ap", "sa", "af"})


def test_what_is_found_in_another_sandbox_is_told_at_once() -> None:
    """So that it can be enough for what is run elsewhere, and for what is left to run here."""
    told: list[tuple[str, Sequence[Finding]]] = []

    def listen(experiment: Experiment, findings: Sequence[Finding], _progress: Progress) -> None:
        told.append((experiment.id, findings))

    report = explore(
        handler_factory(in_the_order_of_a_set),
        Scenario({}, ScriptedProvider),
        Exploration(points=(), faults=False, orders=False, until={"environment"}),
        elsewhere=reference_to(in_the_order_of_a_set),
        listener=listen,
    )
    last, findings = told[-1]
    assert {found.rule for found in findings} == {"environment"}
    assert last.startswith("elsewhere-")
    assert [one.told_as for one in report.findings] == [one.told_as for one in findings], "without their causes yet"
    assert report.runs < 3 + len(HASH_SEEDS), "the other whole executions, and every beginning, have not begun"
    assert "what comes after the first finding" in report.left_out


def test_other_sandboxes_are_left_out_once_what_was_found_is_enough() -> None:
    """What is found here is enough for what has not begun there."""
    told: list[str] = []

    def at_once(event: object, context: DurableContext, model: object) -> int:
        return context.step(lambda _: 1, "look") + time.time_ns()

    report = explore(
        handler_factory(at_once),
        Scenario({}, ScriptedProvider),
        Exploration(until={"no-invocation-state"}),
        elsewhere=reference_to(good_flow),
        listener=lambda experiment, *_: told.append(experiment.id),
    )
    assert told == ["baseline", "again~same-arn", "again"]  # is it the ARN that makes the difference?
    assert (report.runs, report.could_not_run) == (3, ())


REQUEST = ModelRequest(messages=(Message.user("hello"),))


# Handlers by name, and what fails a test

READS_THE_CLOCK = """
import datetime
import os

from aws_durable_execution_sdk_python import durable_execution

REGION = os.environ["AWS_DEFAULT_REGION"]

@durable_execution
def handler(event, context):
    return context.step(lambda _: "fine", "look") + str(datetime.datetime.now())

@durable_execution
def steady(event, context):
    return context.step(lambda _: "fine", "look") + REGION

@durable_execution
def fails(event, context):
    raise ValueError("no such order")
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "by_name.py").write_text(READS_THE_CLOCK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    return "by_name.py"


def test_a_handler_may_be_named_and_is_not_imported_here(app: str) -> None:
    """So it finds a region and what else it has in production, whatever the test's own process has."""
    report = DurableCheck(in_other_processes=True)(f"{app}:steady")
    assert report.conforms
    assert "environment" in report.rules, "it was run in other sandboxes"
    assert "by_name" not in sys.modules


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("handler", {}, "handler is not durable."),
        ("fails", {}, "fails could not be checked."),
        ("gone", {}, "gone could not be checked: by_name.py has no 'gone'."),
        ("steady", {"ignore": ["budgett"]}, "steady could not be checked: ignore[budgett] names no rule; did you mean"),
        ("steady", {"event": {}, "expect": "FAILED"}, "steady could not be checked."),
    ],
)
def test_a_failing_test_begins_with_what_it_came_to(app: str, name: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        DurableCheck(in_other_processes=True)(f"{app}:{name}", **more)
    assert str(failed.value).startswith(said)
    assert not failed.value.pytrace


def test_a_test_that_allows_no_warning_says_so(app: str) -> None:
    def asks(event: object, context: DurableContext, model: ModelProvider) -> str:
        return context.step(lambda _: model.converse(REQUEST).text, "ask")

    with pytest.raises(pytest.fail.Exception, match=r"^asks has warnings, which the test does not allow\.\n"):
        DurableCheck(in_other_processes=False)(asks, fail_on="warning")
