"""`# durable: ignore[rule]` on a finding's line, and rules that are ignored everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from durable_conformance import CannotRunError, Finding, Report, Severity
from durable_conformance.evidence import Explored
from durable_conformance.reporting import (
    Checked,
    Ignore,
    Ignores,
    known_rule,
    plain,
    summary,
    unused_ignores,
    wrong_comments,
)
from durable_conformance.rules import NAMES, Cause, Deed, side_effects
from tests.conformance.command_line import DurableAi, command_line
from tests.conformance.made_up_reports import wordy

APP = """\
one = step()  # durable: ignore[budget]
two = step()  # noqa: E501  # durable: ignore[budget, suspension]
text = "# durable: ignore[budget]"
four = step()
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "app.py"
    file.write_text(APP)
    return file


def found(rule: str, line: str) -> Finding:
    return Finding(rule, "/1:step", "a crash", "this", "that", "remedy", line=line)


def report(*findings: Finding) -> Report:
    return Report(4, 9, NAMES, 1.5, findings)


def told(app: Path, *findings: Finding, rules: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    return [(one.rule, one.line) for one in Ignores(app, rules).applied(report(*findings)).findings]


def test_a_comment_on_the_line_of_a_finding_ignores_its_rules_there(app: Path) -> None:
    kept = [
        ("suspension", "app.py:1"),
        ("environment", "app.py:2"),
        ("budget", "app.py:3"),
        ("budget", "app.py:4"),
        ("budget", ""),
    ]
    ignored = [("budget", "app.py:1"), ("budget", "app.py:2"), ("suspension", "app.py:2")]
    assert told(app, *(found(*one) for one in (*kept, *ignored))) == kept


def test_a_comment_on_the_line_of_the_cause_does_so_too(app: Path) -> None:
    """That is the line which a group of findings is headed by."""
    by_clock = replace(found("budget", "app.py:4"), cause=Cause("now()", "app.py:2", "`now()` at app.py:2 …"))
    assert told(app, by_clock) == []
    ignored = Ignores(app).applied(report(by_clock))
    checked = Checked("app.py:handler", "app.py", Severity.ERROR, replace(ignored, rules=("budget",)))
    unused = [(one.line, one.rule) for one in unused_ignores([checked])]
    assert unused == [("app.py:1", "budget")], "that on the line of the cause is used"


def test_a_rule_can_be_ignored_everywhere(app: Path) -> None:
    both = found("budget", ""), found("suspension", "app.py:4")
    assert told(app, *both, rules=frozenset({"budget"})) == [("suspension", "app.py:4")]


def test_what_is_ignored_is_counted(app: Path) -> None:
    applied = Ignores(app).applied(report(found("budget", "app.py:1")))
    assert applied.conforms
    assert applied.ignored == (found("budget", "app.py:1"),)
    assert summary(applied).startswith("conforms, 1 ignored: ")
    assert "that" not in plain(applied)


def test_a_file_that_stands_elsewhere_is_found_by_its_name(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding names a file outside the folder that people are in by its name; one here may have the same."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "beside.py").write_text(APP)
    assert told(app, found("budget", "app.py:1"), found("budget", "beside.py:1")) == []
    (tmp_path / "here" / "app.py").write_text("\n" * 9)
    (tmp_path / "here" / "beside.py").write_text("\n" * 9)
    assert told(app, found("budget", "app.py:1"), found("budget", "beside.py:1")) == [("budget", "beside.py:1")]


def test_what_is_ignored_is_on_no_page(app: Path) -> None:
    explored = wordy("x")
    shown = Ignores(app, frozenset({"request-stability"})).shown(explored)
    assert isinstance(shown, Explored)
    assert {one.rule for record in explored.records for one in record.findings} > {"request-stability"}
    rules = {one.rule for record in shown.records for one in record.findings}
    assert rules == {one.rule for one in shown.report.findings} == {"environment"}


# Wrong ones


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("ignore[budgett]", "did you mean 'budget'? the rules are replay-identity, "),
        ("ignore[budget, zzz]", "ignore[zzz] names no rule; the rules are "),
        ("ignore[]", "an ignore names its rule, as in ignore[replay-identity]"),
        ("ignore", "an ignore names its rule, as in ignore[replay-identity]"),
    ],
)
def test_a_comment_that_names_no_rule_is_told_with_what_there_is(app: Path, comment: str, said: str) -> None:
    app.write_text(f"a = 1\nb = 2  # durable: {comment}\n")
    (wrong,) = wrong_comments(app)
    assert wrong.startswith("app.py:2: ")
    assert said in wrong
    assert Ignores(app).applied(report()).could_not_run == (wrong,), "a test is told, too"


def test_a_rule_that_is_none_is_told_with_what_there_is() -> None:
    assert known_rule("budget") == "budget"
    with pytest.raises(CannotRunError, match="did you mean 'budget'"):
        known_rule("buget")


@pytest.mark.parametrize("text", ["def broken(:\n", "a = '''\n", "\0", None])
def test_what_cannot_be_read_has_no_comments(app: Path, text: str | None) -> None:
    app.unlink() if text is None else app.write_text(text)
    assert told(app, found("budget", "app.py:1")) == [("budget", "app.py:1")]


# Unused ones


def checked(app: Path, *findings: Finding) -> Checked:
    return Checked("app.py:handler", "app.py", Severity.ERROR, Ignores(app).applied(report(*findings)))


def test_a_comment_that_keeps_nothing_from_being_told_is_told(app: Path) -> None:
    first, second = checked(app, found("budget", "app.py:1")), checked(app, found("suspension", "app.py:2"))
    assert unused_ignores([first]) == (Ignore("app.py:2", "budget"), Ignore("app.py:2", "suspension"))
    assert unused_ignores([first, second]) == (Ignore("app.py:2", "budget"),), "what one event needs is needed"


def test_nothing_is_unused_before_all_has_been_looked_at(app: Path) -> None:
    one = checked(app)
    assert len(unused_ignores([one])) == 3
    assert unused_ignores([replace(one, report=replace(one.report, interrupted=True))]) == ()
    assert unused_ignores([one, replace(one, report=replace(one.report, could_not_run=("x",)))]) == ()
    fewer = replace(one, report=replace(one.report, rules=("suspension",)))
    assert unused_ignores([fewer]) == (Ignore("app.py:2", "suspension"),), "the other rule had nothing to look at"


# The command


HANDLER = """
from aws_durable_execution_sdk_python import durable_execution

calls = []

@durable_execution
def handler(event, context):
    calls.append(1)
    return context.step(lambda _: len(calls), name="count") + len(calls)  # durable: ignore[suspension]
"""


@pytest.fixture
def durable_ai(app: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> DurableAi:
    app.write_text(HANDLER)
    monkeypatch.setenv("COLUMNS", "300")
    return command_line(capsys)


def test_a_command_ignores_rules_and_says_so(durable_ai: DurableAi, app: Path) -> None:
    command = ("check", "app.py:handler", "--no-other-sandboxes", "--output-format")
    before = durable_ai(*command, "concise")
    rules = {line.split()[2] for line in before.out.splitlines() if " error " in line}
    assert before.code == 1
    assert rules
    assert "app.py:9: unused ignore[suspension]" in before.out
    after = durable_ai(*command, "full", *(word for rule in rules for word in ("--ignore", rule)))
    assert after.code == 0
    assert "ignored: " in after.out
    assert "warning: app.py:9: unused ignore[suspension]" in after.out
    (app.parent / "pyproject.toml").write_text(f"[tool.durable-ai]\nignore = {sorted(rules)}\n")
    assert durable_ai(*command, "full").code == 0


def test_a_rule_that_is_none_is_told_before_anything_is_run(durable_ai: DurableAi, app: Path) -> None:
    output = durable_ai("check", "app.py:handler", "--ignore", "budgett")
    assert (output.code, output.out) == (2, "")
    assert "did you mean 'budget'" in " ".join(output.err.split())
    (app.parent / "pyproject.toml").write_text("[tool.durable-ai]\nhandlers.a.ignore = ['budgett']\n")
    output = durable_ai("check", "app.py:handler")
    assert output.code == 2
    assert "pyproject.toml: ignore[budgett] names no rule" in " ".join(output.err.split())
    (app.parent / "pyproject.toml").unlink()
    app.write_text(HANDLER.replace("[suspension]", "[all]"))
    output = durable_ai("check", "app.py:handler")
    assert (output.code, output.out) == (2, "")
    assert "app.py:9: ignore[all] names no rule" in " ".join(output.err.split())


def test_a_test_ignores_rules(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        app=HANDLER.replace("suspension", "no-invocation-state, result-stability"),
        test_app="""
        from app import handler

        def test_it(durable_check):
            rules = {"no-invocation-state", "result-stability", "environment", "history-stability"}
            report = durable_check(handler, ignore=rules, other_sandboxes=False)
            assert report.ignored
        """,
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


pytest_plugins = ["pytester"]


# One finding of several deeds


def effects(*lines: str, grave: bool = True) -> Finding:
    done = [Deed(f"app.py:{number}", f"app.py:{number} wrote /tmp/{number}", grave) for number in lines]
    return side_effects.listing("execution", "a crash", done)


def test_a_comment_hides_what_its_line_does_and_not_what_others_do(app: Path) -> None:
    app.write_text(APP.replace("ignore[budget, suspension]", "ignore[side-effects]"))
    applied = Ignores(app).applied(report(effects("1", "2", "4")))
    assert applied.findings == (effects("1", "4"),)
    assert applied.ignored == (effects("2"),)
    assert "/tmp/2" not in plain(applied, 200)
    assert "1 ignored" in summary(applied)
    checked = Checked("app.py:handler", "app.py", Severity.ERROR, replace(applied, rules=("side-effects",)))
    assert unused_ignores([checked]) == ()


def test_what_is_left_is_as_grave_as_what_is_left(app: Path) -> None:
    app.write_text(APP.replace("ignore[budget, suspension]", "ignore[side-effects]"))
    light = Deed("app.py:4", "app.py:4 wrote /tmp/4", grave=False)
    both = side_effects.listing("execution", "a crash", [*effects("2").deeds, light])
    assert both.severity is Severity.ERROR
    (left,) = Ignores(app).applied(report(both)).findings
    assert (left.severity, left.line) == (Severity.WARNING, "app.py:4")
    assert Ignores(app).applied(report(effects("2"))).findings == ()


def test_no_run_on_the_page_has_what_a_comment_hides(app: Path) -> None:
    app.write_text(APP.replace("ignore[budget, suspension]", "ignore[side-effects]"))
    all_, one = effects("1", "2"), effects("1")
    explored = wordy("x")
    records = [replace(explored.records[0], findings=(all_,)), replace(explored.records[1], findings=(effects("2"),))]
    shown = Ignores(app).shown(replace(explored, report=report(all_), records=records))
    assert [record.findings for record in shown.records] == [(one,), ()]
    assert shown.report.findings == (one,)
