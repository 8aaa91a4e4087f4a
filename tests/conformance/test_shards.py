"""An exploration that is split over machines: what all shards show together is what it shows whole."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import CrashKind, Exploration, Report, Scenario, Shard, explore, handler_factory
from durable_conformance.commands import main
from durable_conformance.durable_check import DurableCheck
from durable_conformance.exploring import ExplorationInterrupted, explore_every_answer
from durable_conformance.rules import FileCoverage, FileLines, Finding, Piece, concluded
from providers import ModelProvider
from tests.conformance.command_line import DurableAi, Output, command_line
from tests.conformance.corpus import BROKEN, CORRECT
from tests.conformance.corpus.entry import Entry
from tests.providers.test_scrub import KINDS

OF = 4

APP = """
import boto3
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration

calls = []


@durable_execution
def broken(event, context):
    calls.append(1)
    first = context.step(lambda _: len(calls), name="count")
    context.wait(Duration.from_seconds(5), name="pause")
    return context.step(lambda _: first + 1, name="add") + len(calls)


@durable_execution
def correct(event, context):
    first = context.step(lambda _: 1, name="first")
    context.wait(Duration.from_seconds(5), name="pause")
    return context.step(lambda _: first + 1, name="second")


@durable_execution
def ignored(event, context):
    calls.append(1)  # durable: ignore[result-stability,no-invocation-state]
    return context.step(lambda _: 1, name="one") + len(calls)


@durable_execution
def echo(event, context):
    calls.append(1)
    return context.step(lambda _: event["key"], name="echo") + str(len(calls))


@durable_execution
def approved(event, context):
    callback = context.create_callback(name="approve")
    try:
        said = callback.result()
    except Exception:
        calls.append(1)
        return context.step(lambda _: len(calls), name="refused") + len(calls)
    return context.step(lambda _: str(said), name="said")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def durable_ai(capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


def shards(durable_ai: DurableAi, *words: str, of: int = OF, begin: str = "") -> list[Output]:
    """Checks made in shards; each report is in `1.json` and so on."""
    return [
        durable_ai("check", *words, "--shard", f"{number}/{of}", "--json", f"{begin}{number}.json")
        for number in range(1, of + 1)
    ]


def reports(of: int = OF, begin: str = "") -> list[str]:
    return [f"{begin}{number}.json" for number in range(1, of + 1)]


def told(file: str) -> dict[str, Any]:
    """What a JSON report says, but for what is another in each check, or stands in no order."""
    document: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    for one in document["checks"]:
        one["report"]["seconds"] = 0
        for several in ("findings", "ignored"):
            one["report"][several].sort(key=json.dumps)
    return document


def page(file: str) -> Counter[str]:
    """The names of the runs that a page shows."""
    text = Path(file).read_text(encoding="utf-8")
    data = json.loads(text.partition('<script type="application/json" id="data">')[2].partition("</script>")[0])
    return Counter(data["texts"][run[0]] for run in data["runs"])


# the command line


def test_a_handler_with_other_operations_each_time_is_told_of(durable_ai: DurableAi, folder: Path) -> None:
    """Its shards cannot share out the same runs, and each shows why."""
    (folder / "app.py").write_text(APP.replace('name="second"', 'name=f"second-{len(calls)}-{uuid.uuid4()}"'))
    (folder / "app.py").write_text(f"import uuid\n{(folder / 'app.py').read_text()}")
    assert {one.code for one in shards(durable_ai, "app.py:correct", "--no-other-sandboxes", of=2)} == {1}
    merged = durable_ai("merge", *reports(2), "--json", "merged.json")
    assert merged.code == 1
    assert report_in("merged.json")["left_out"][0] == (
        "what no shard took for its own: undisturbed, the handler has other operations in each"
    )


@pytest.mark.parametrize("handler", ["broken", "correct", "ignored", "approved"])
def test_four_shards_merged_say_what_the_whole_says(durable_ai: DurableAi, handler: str) -> None:
    whole = durable_ai("check", f"app.py:{handler}", "--json", "whole.json", "--html", "whole.html")
    parts = shards(durable_ai, f"app.py:{handler}")
    merged = durable_ai("merge", *reports(), "--json", "merged.json", "--html", "merged.html")
    assert merged.code == whole.code == {"correct": 0, "ignored": 0}.get(handler, 1)
    assert told("merged.json") == told("whole.json")
    assert page("merged.html") == page("whole.html")
    assert [part.code for part in parts].count(whole.code) >= 1
    made = [sum(one["runs"] for one in checked["pieces"]) for checked in map(report_in, reports())]
    assert min(made) > 0, "each has made something"
    assert sum(made) < report_in("whole.json")["runs"], "what all need counts once"


def report_in(file: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))["checks"][0]["report"]
    return report


def test_the_order_of_the_reports_says_nothing(durable_ai: DurableAi) -> None:
    shards(durable_ai, "app.py:broken", "--no-other-sandboxes", of=2)
    durable_ai("merge", *reports(2), "--json", "one.json")
    durable_ai("merge", *reversed(reports(2)), "--json", "other.json")
    assert told("one.json") == told("other.json")


def test_several_checks_are_merged_each(durable_ai: DurableAi, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.durable-ai]\nother-sandboxes = false\n[tool.durable-ai.handlers.one]\nhandler = "app.py:correct"\n'
        'events = [{ order = 1 }, { order = 2 }]\n[tool.durable-ai.handlers.two]\nhandler = "app.py:broken"\n'
    )
    whole = durable_ai("check", "--json", "whole.json")
    shards(durable_ai, of=2)
    merged = durable_ai("merge", *reports(2), "--json", "merged.json")
    assert (merged.code, merged.out.count("conforms")) == (whole.code, whole.out.count("conforms")) == (1, 2)
    assert told("merged.json") == told("whole.json")


@pytest.mark.parametrize("output_format", ["sarif", "junit", "github", "concise", "json"])
def test_other_formats_of_a_merged_report_are_those_of_the_whole(durable_ai: DurableAi, output_format: str) -> None:
    shards(durable_ai, "app.py:broken", "--no-other-sandboxes", of=2)
    form = ("--output-format", output_format)
    whole = durable_ai("check", "app.py:broken", "--no-other-sandboxes", *form)
    merged = durable_ai("merge", *reports(2), *form)
    assert merged.code == whole.code == 1
    timeless = [line for line in merged.out.splitlines() if "time=" not in line and "seconds" not in line]
    assert timeless == [line for line in whole.out.splitlines() if "time=" not in line and "seconds" not in line]
    assert timeless


def test_the_projects_format_is_that_of_a_merge_too(durable_ai: DurableAi, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.durable-ai]\noutput-format = "github"\n')
    shards(durable_ai, "app.py:broken", "--no-other-sandboxes", of=2)
    whole = durable_ai("check", "app.py:broken", "--no-other-sandboxes")
    assert "::error" in whole.out
    assert durable_ai("merge", *reports(2)).out == whole.out


def test_no_secret_is_handed_on(durable_ai: DurableAi) -> None:
    secret = next(one for one, kind in KINDS.items() if kind == "an AWS access key id")
    words = ("app.py:echo", "--no-other-sandboxes", "--event", json.dumps({"key": secret}))
    durable_ai("check", *words, "--json", "whole.json")
    shards(durable_ai, *words, of=2)
    merged = durable_ai("merge", *reports(2), "--json", "merged.json", "--html", "merged.html")
    assert merged.code == 1
    assert told("merged.json") == told("whole.json")
    unpacked = [
        gzip.decompress(base64.b64decode(runs["packed"])).decode()
        for file in reports(2)
        for runs in json.loads(Path(file).read_text(encoding="utf-8"))["checks"][0]["joining"]["runs"]
    ]
    written = [Path(file).read_text(encoding="utf-8") for file in (*reports(2), "merged.json", "merged.html")]
    assert not any(secret in text for text in (*unpacked, *written))
    assert "withheld" in unpacked[0]


# one shard is not the whole


def test_a_shard_says_that_it_is_one(durable_ai: DurableAi) -> None:
    shown = durable_ai("check", "app.py:correct", "--no-other-sandboxes", "--shard", "2/4", "--html", "page.html")
    assert shown.code == 0
    assert shown.out.startswith("shard 2 of 4 alone: what the other shards run was not looked at")
    assert "conforms" not in shown.out
    assert "shard 2 of 4: nothing found" in shown.out
    text = Path("page.html").read_text(encoding="utf-8")
    head = text.partition("</header>")[0]
    assert "Nothing found in shard 2 of 4" in head
    assert "Shard 2 of 4 alone" in head
    assert "Conforms" not in head
    assert "Exhaustive" not in head


@pytest.mark.parametrize("output_format", ["sarif", "junit", "github", "concise", "json"])
def test_a_shard_says_so_in_each_format(durable_ai: DurableAi, output_format: str) -> None:
    words = ("app.py:correct", "--no-other-sandboxes", "--shard", "2/4", "--output-format", output_format)
    shown = durable_ai("check", *words)
    assert shown.code == 0
    assert "app.py:correct: shard 2 of 4: nothing found" in shown.err.replace("\n", " ")
    match output_format:
        case "sarif":
            (run,) = json.loads(shown.out)["runs"]
            assert run["automationDetails"] == {"id": "durable-ai/shard-2-of-4/"}
            assert "shard 2 of 4 alone" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
        case "junit":
            (suite,) = ET.fromstring(shown.out)
            assert suite.get("name") == "app.py:correct (shard 2 of 4)"
            *rules, others = suite
            assert {one.get("classname") for one in rules} == {suite.get("name")}
            assert others.get("name") == "the other shards"
            assert others.find("skipped") is not None
        case "github":
            assert shown.out.startswith("::notice file=app.py,title=durable-ai%3A shard 2 of 4::")
        case "concise":
            assert shown.out.startswith("app.py: shard 2 of 4 alone")
        case _:
            report = json.loads(shown.out)["checks"][0]["report"]
            assert report["shard"] == {"number": 2, "of": 4}
            assert report["left_out"][0] == "what the other shards run: this is shard 2 of 4"


def test_a_shard_says_nothing_of_ignores_that_another_may_use(durable_ai: DurableAi) -> None:
    outputs = shards(durable_ai, "app.py:ignored", of=2)
    assert not any("unused" in one.out for one in outputs)
    assert "unused" not in durable_ai("merge", *reports(2)).out


def test_what_a_comment_ignores_is_not_the_first_finding(durable_ai: DurableAi) -> None:
    """Otherwise a check with -x would end there, and say that the handler conforms."""
    shown = durable_ai("check", "app.py:ignored", "--no-other-sandboxes", "-x", "--json", "x.json")
    assert shown.code == 0
    assert report_in("x.json")["points"] > 0
    assert "what comes after the first finding" not in report_in("x.json")["left_out"]


def test_an_unused_ignore_is_told_once_all_is_known(durable_ai: DurableAi, folder: Path) -> None:
    (folder / "app.py").write_text(APP.replace('name="second")', 'name="second")  # durable: ignore[environment]'))
    outputs = shards(durable_ai, "app.py:correct", of=2)
    assert not any("unused" in one.out for one in outputs)
    assert "unused ignore[environment]" in durable_ai("merge", *reports(2)).out


@pytest.mark.parametrize("value", ["0/4", "5/4", "x", "1", "1/0", "-1/4", "1/4/4", "1.5/4", " 1/4", "٢/٤"])
def test_what_is_no_shard_is_refused(durable_ai: DurableAi, value: str) -> None:
    shown = durable_ai("check", "app.py:correct", "--shard", value)
    assert (shown.code, shown.out) == (2, "")
    assert "shard" in shown.err


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--case", "again"), "leave --shard out"), (("--generate", "3"), "--events FILE")],
)
def test_what_makes_no_sense_with_a_shard_is_refused(durable_ai: DurableAi, words: Sequence[str], said: str) -> None:
    shown = durable_ai("check", "app.py:correct", "--shard", "1/4", *words)
    assert (shown.code, shown.out) == (2, "")
    assert said in shown.err


# reports that cannot be joined


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports of two shards."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "app.py").write_text(APP)
    words = ["check", "app.py:correct", "--no-other-sandboxes", "--output-format", "concise"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number in (1, 2):
            with pytest.raises(SystemExit):
                main([*words, "--shard", f"{number}/2", "--json", f"{number}.json"])
    return folder


type Change = Callable[[dict[str, Any]], object]


def changed(made: Path, number: int, change: Change) -> None:
    """The report of a shard, with something changed, is put where people are."""
    document = json.loads((made / f"{number}.json").read_text(encoding="utf-8"))
    change(document)
    Path(f"{number}.json").write_text(json.dumps(document), encoding="utf-8")


def unchanged(document: dict[str, Any]) -> None:
    """Leaves it as it is."""


def check_of(document: dict[str, Any]) -> dict[str, Any]:
    one: dict[str, Any] = document["checks"][0]
    return one


DISAGREEING: dict[str, tuple[Change, str]] = {
    "version": (
        lambda one: check_of(one)["joining"]["made_with"].update({"durable-ai": "0.0.1"}),
        "app.py:correct: durable-ai is not the same (",
    ),
    "event": (
        lambda one: check_of(one)["joining"]["made_with"].update({"the event": "0"}),
        "the event is not the same",
    ),
    "option": (
        lambda one: check_of(one)["joining"]["made_with"].update({"pairs": "True"}),
        "pairs is not the same (not given, True)",
    ),
    "handler": (
        lambda one: check_of(one)["joining"]["sources"].update({"app.py": "0"}),
        "they have checked different versions of app.py",
    ),
    "runs": (
        lambda one: check_of(one)["report"]["pieces"][0]["plan"].update({"here": "9 cases"}),
        "they do not share out the same runs",
    ),
    "check": (lambda one: check_of(one).update({"check": "other.py:handler"}), "about other.py:handler"),
    "answers": (lambda one: check_of(one)["report"].update({"answers": ["yes"]}), "callbacks are not answered alike"),
    "count": (lambda one: check_of(one)["report"].update({"shard": {"number": 2, "of": 3}}), "shard 2 of 3"),
    "twice": (
        lambda one: check_of(one)["report"].update({"shard": {"number": 1, "of": 2}}),
        "shard 1 of 2 is there twice, as 1.json and as 2.json",
    ),
    "nothing done": (lambda one: check_of(one)["report"].update({"pieces": []}), "does not say what shard 2 of 2"),
    "ways": (
        lambda one: check_of(one)["report"]["pieces"][0].update({"way": "no callback answered in time"}),
        "they have not explored the same ways to answer callbacks",
    ),
    "a way twice": (
        lambda one: check_of(one)["report"]["pieces"].extend(check_of(one)["report"]["pieces"]),
        "they have not explored the same ways to answer callbacks",
    ),
    "whole": (lambda one: check_of(one)["report"].update({"shard": None}), "2.json is the report of a whole check"),
    "nothing": (lambda one: one.update({"checks": []}), "2.json holds no check"),
    "format": (lambda one: one.update({"version": 2}), "2.json holds no report"),
}


@pytest.mark.parametrize("case", DISAGREEING)
def test_shards_that_disagree_are_refused(made: Path, durable_ai: DurableAi, case: str) -> None:
    change, said = DISAGREEING[case]
    changed(made, 1, unchanged)
    changed(made, 2, change)
    shown = durable_ai("merge", "1.json", "2.json")
    assert (shown.code, shown.out) == (2, "")
    assert said in shown.err.replace("\n", " ")


def test_shards_that_agree_are_not(made: Path, durable_ai: DurableAi) -> None:
    """Otherwise the test above would show nothing."""
    for number in (1, 2):
        changed(made, number, unchanged)
    assert durable_ai("merge", "1.json", "2.json").code == 0


@pytest.mark.parametrize(("given", "missing"), [(["1"], "shard 2 of 2 is missing"), (["2"], "shard 1 of 2 is missing")])
def test_a_shard_that_is_missing_is_named(
    made: Path, durable_ai: DurableAi, given: Sequence[str], missing: str
) -> None:
    for one in given:
        changed(made, int(one), unchanged)
    shown = durable_ai("merge", *(f"{one}.json" for one in given))
    assert (shown.code, shown.out) == (2, "")
    assert missing in shown.err
    number = 3 - int(given[0])
    assert f"--shard {number}/2" in shown.err


def test_all_that_are_missing_are_named(made: Path, durable_ai: DurableAi) -> None:
    changed(made, 1, lambda one: check_of(one)["report"].update({"shard": {"number": 2, "of": 5}}))
    assert "shards 1, 3, 4 and 5 of 5 are missing" in durable_ai("merge", "1.json").err


@pytest.mark.parametrize("there", [False, True])
def test_code_that_is_not_what_the_shards_checked_is_refused(made: Path, durable_ai: DurableAi, there: bool) -> None:
    """Its comments say what is ignored, and its lines where a finding is."""
    for number in (1, 2):
        changed(made, number, unchanged)
    Path("app.py").unlink()
    if there:
        Path("app.py").write_text(f"{APP}\n# changed")
    shown = durable_ai("merge", "1.json", "2.json")
    assert (shown.code, shown.out) == (2, "")
    assert f"app.py, which the shards have checked, {'is another one here' if there else 'is not here'}" in shown.err


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_shards_report_is_not_written_over(made: Path, durable_ai: DurableAi, option: str) -> None:
    for number in (1, 2):
        changed(made, number, unchanged)
    before = Path("2.json").read_bytes()
    shown = durable_ai("merge", "1.json", "2.json", option, "./2.json")
    assert (shown.code, shown.out) == (2, "")
    assert f"{option} 2.json is one of the reports that are merged" in shown.err.replace("\n", " ")
    assert Path("2.json").read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', "\udcff"])
def test_what_is_no_report_is_refused(durable_ai: DurableAi, text: str) -> None:
    Path("1.json").write_text(text, errors="surrogateescape")
    shown = durable_ai("merge", "1.json")
    assert (shown.code, shown.out) == (2, "")
    assert "1.json holds no report" in shown.err


def test_a_report_that_is_not_there_is_refused(durable_ai: DurableAi) -> None:
    assert "Cannot read none.json" in durable_ai("merge", "none.json").err


def test_a_shard_that_was_interrupted_leaves_the_whole_interrupted(made: Path, durable_ai: DurableAi) -> None:
    changed(made, 1, unchanged)
    changed(made, 2, lambda one: check_of(one)["report"]["pieces"][0].update({"interrupted": True, "unmade": 7}))
    shown = durable_ai("merge", "1.json", "2.json")
    assert shown.code == 2
    assert "exhaustive" not in shown.out
    assert "not all was run" in shown.out.replace("\n", " ")
    assert "what had not been run when the check was interrupted: at least 7 runs" in shown.out.replace("\n", " ")


def test_a_shard_that_was_interrupted_before_anything_leaves_the_whole_interrupted(
    made: Path, durable_ai: DurableAi
) -> None:
    changed(made, 1, unchanged)
    changed(made, 2, lambda one: check_of(one)["report"].update({"interrupted": True, "pieces": []}))
    shown = durable_ai("merge", "1.json", "2.json")
    assert shown.code == 2
    assert "conforms" not in shown.out


def test_shards_that_all_ended_before_their_last_check_are_no_whole(made: Path, durable_ai: DurableAi) -> None:
    """A report is written after each check, and a machine may be gone before the next."""
    for number in (1, 2):
        changed(made, number, lambda one: check_of(one)["joining"].update({"checks": ["app.py:correct", "b", "c"]}))
    shown = durable_ai("merge", "1.json", "2.json")
    assert (shown.code, shown.out) == (2, "")
    assert "1.json has 1 of the 3 checks of shard 1 of 2, which ended before b" in shown.err.replace("\n", " ")


def test_a_shard_knows_all_checks_of_its_command(durable_ai: DurableAi) -> None:
    words = ("--event", "1", "--event", "2", "--no-other-sandboxes", "--ignore", "no-invocation-state")
    durable_ai("check", "app.py:correct", *words, "--shard", "1/9", "--json", "1.json")
    checks = json.loads(Path("1.json").read_text(encoding="utf-8"))["checks"]
    assert {tuple(one["joining"]["checks"]) for one in checks} == {tuple(one["check"] for one in checks)}
    assert len(checks) == 2


PACKED: dict[str, Callable[[str], str]] = {
    "no base64": lambda _: "!",
    "no gzip": lambda _: "AAAA",
    "not all": lambda packed: packed[: len(packed) // 8 * 4],
    "broken": lambda packed: packed[:40] + "AAAAAAAA" + packed[48:],
    "no JSON": lambda _: base64.b64encode(gzip.compress(b"{")).decode(),
    "no runs": lambda _: base64.b64encode(gzip.compress(b"[1]")).decode(),
}


@pytest.mark.parametrize("how", PACKED)
def test_runs_that_cannot_be_read_are_refused(made: Path, durable_ai: DurableAi, how: str) -> None:
    def damaged(document: dict[str, Any]) -> None:
        (runs,) = check_of(document)["joining"]["runs"]
        runs["packed"] = PACKED[how](runs["packed"])

    changed(made, 1, unchanged)
    changed(made, 2, damaged)
    shown = durable_ai("merge", "1.json", "2.json", "--html", "page.html")
    assert (shown.code, shown.out) == (2, "")
    assert "The runs in 2.json, which the page shows, cannot be read" in shown.err.replace("\n", " ")


def test_runs_that_are_not_there_are_missed(made: Path, durable_ai: DurableAi) -> None:
    changed(made, 1, unchanged)
    changed(made, 2, lambda one: check_of(one)["joining"].update({"runs": []}))
    shown = durable_ai("merge", "1.json", "2.json", "--html", "page.html")
    assert (shown.code, shown.out) == (2, "")
    assert "The runs in 2.json" in shown.err.replace("\n", " ")


def test_events_of_files_with_one_name_stay_apart(durable_ai: DurableAi, folder: Path) -> None:
    for number, name in enumerate(("one", "two")):
        (folder / name).mkdir()
        (folder / name / "e.json").write_text(json.dumps({"key": str(number)}))
    words = ("app.py:echo", "--no-other-sandboxes", "--event-file", "one/e.json", "--event-file", "two/e.json")
    durable_ai("check", *words, "--json", "whole.json", "--html", "whole.html")
    whole = told("whole.json")
    assert [one["check"] for one in whole["checks"]] == [f"app.py:echo, {name}/e.json" for name in ("one", "two")]
    shards(durable_ai, *words, of=2)
    assert [
        one["joining"]["again"].partition("--no")[0]
        for one in json.loads(Path("1.json").read_text(encoding="utf-8"))["checks"]
    ] == [f"durable-ai check app.py:echo --event @{name}/e.json " for name in ("one", "two")]
    durable_ai("merge", *reports(2), "--json", "merged.json", "--html", "merged.html")
    assert told("merged.json") == whole
    pages = [
        Path(file).read_text(encoding="utf-8").count("&#34;: &#34;1&#34;}") for file in ("whole.html", "merged.html")
    ]
    assert pages[0] == pages[1] > 0


def test_a_shard_that_could_not_run_is_told(durable_ai: DurableAi, made: Path) -> None:
    def fails(document: dict[str, Any]) -> None:
        check_of(document)["report"] |= {"pieces": [], "could_not_run": ["no memory"], "rules": []}

    changed(made, 1, unchanged)
    changed(made, 2, fails)
    shown = durable_ai("merge", "1.json", "2.json")
    assert shown.code == 2
    assert "could not run: no memory" in shown.out


# explorations


def made_in(entry: Entry, shard: Shard | None, **changes: Any) -> tuple[Report, list[str]]:
    """A report, and the ids of what was made."""
    ids: list[str] = []
    report = explore(
        handler_factory(entry.module(), entry.name),
        entry.scenario,
        replace(Exploration(kinds=entry.kinds, shard=shard, side_by_side=2), **changes),
        elsewhere=entry.reference,
        listener=lambda experiment, _findings, _progress: ids.append(experiment.id),
    )
    return report, ids


def pieces(several: Sequence[Report]) -> list[Piece]:
    return [piece for report in several for piece in report.pieces]


ENTRIES = {
    name: entry
    for shelves in (BROKEN, CORRECT)
    for shelf in shelves.values()
    for name, entry in shelf.entries.items()
    if name in {"call_between_steps", "retries_everything_by_default", "steps_that_return_nothing"}
}


@pytest.mark.parametrize("name", ENTRIES)
def test_each_run_belongs_to_one_shard_and_findings_are_those_of_the_whole(name: str) -> None:
    whole, ids = made_in(ENTRIES[name], None)
    parts = [made_in(ENTRIES[name], Shard(number, OF)) for number in range(1, OF + 1)]
    common = set.intersection(*(set(made) for _, made in parts))
    counted = Counter(one for _, made in parts for one in made if one not in common)
    assert counted == Counter(one for one in ids if one not in common)
    assert {one.removesuffix("~never-twice") for one in common} <= {
        *("baseline", "again", "again~same-arn", "elsewhere"),
        *(f"elsewhere-{way}" for way in range(5)),
    }
    merged = concluded(pieces([report for report, _ in parts]))
    assert (merged.points, merged.runs, merged.rules) == (whole.points, whole.runs, whole.rules)
    assert set(merged.findings) == set(whole.findings)
    assert (merged.coverage, merged.left_out, merged.seen) == (whole.coverage, whole.left_out, whole.seen)


def test_a_line_that_one_shard_has_reached_is_reached() -> None:
    report, _ = made_in(ENTRIES["call_between_steps"], Shard(1, 2))
    (piece,) = report.pieces
    several = [
        replace(piece, reached=(FileLines("app.py", (1, 2, 3), (2, 3)), FileLines("b.py", (7,), (7,)))),
        replace(piece, reached=(FileLines("app.py", (1, 2, 3, 4), (1, 3, 4)), FileLines("a.py", (5,), ()))),
    ]
    assert concluded(several).coverage == (
        FileCoverage("app.py", 4, (3, 4)),
        FileCoverage("a.py", 1, ()),
        FileCoverage("b.py", 1, (7,)),
    )


def test_one_that_is_interrupted_between_two_ways_to_answer_says_what_it_knows() -> None:
    found = Finding("suspension", "/", "", "", "", "")

    def made(_scenario: Scenario, how: Exploration, words: str | None) -> Report:
        if words is None:
            raise ExplorationInterrupted(Report(0, 0, (), 0.0, (), interrupted=True, shard=how.shard))
        return Report(3, 9, (), 0.0, (found,), undisturbed="SUCCEEDED", callbacks=("ask",), shard=how.shard)

    with pytest.raises(ExplorationInterrupted) as stopped:
        explore_every_answer(Scenario({}), Exploration(shard=Shard(1, 2)), made)
    report = stopped.value.report
    assert (report.shard, report.interrupted, report.findings) == (Shard(1, 2), True, (found,))

    with pytest.raises(ExplorationInterrupted) as stopped:
        explore_every_answer(
            Scenario({}),
            Exploration(shard=Shard(1, 2)),
            lambda *words: made(*words) if words[2] is None else replace(made(*words), undisturbed="FAILED"),
        )
    assert stopped.value.report.shard == Shard(1, 2), "also while other usual answers are tried"


def long(event: object, context: DurableContext, model: ModelProvider) -> int:
    """So many steps that several executions share the points of one way to die."""
    return sum(context.step(lambda _: 1, name=f"step-{number}") for number in range(60))


def test_executions_that_are_interrupted_everywhere_are_shared_out_where_there_are_many() -> None:
    def ids_of(shard: Shard | None) -> list[str]:
        made: list[str] = []
        explore(
            handler_factory(long),
            Scenario({}),
            Exploration(kinds=(CrashKind.BEFORE_PERSIST,), never_twice=False, orders=False, horizon=2, shard=shard),
            listener=lambda experiment, _findings, _progress: made.append(experiment.id),
        )
        return made

    whole = ids_of(None)
    parts = [ids_of(Shard(number, 2)) for number in (1, 2)]
    sweeps = [one for one in whole if one.startswith("everywhere")]
    assert sorted(sweeps) == ["everywhere:before-persist-1", "everywhere:before-persist-2"]
    common = {"baseline", "again"}
    assert Counter(one for made in parts for one in made if one not in common) == Counter(
        one for one in whole if one not in common
    )
    assert all(len([one for one in made if one in sweeps]) == 1 for made in parts)


# the fixture


def test_the_fixture_checks_a_shard() -> None:
    parts = [
        DurableCheck(in_other_processes=False)("app.py:correct", exploration=Exploration(shard=Shard(number, 2)))
        for number in (1, 2)
    ]
    whole = DurableCheck(in_other_processes=False)("app.py:correct")
    assert parts[0].shard == Shard(1, 2)
    merged = concluded(pieces(parts))
    assert (merged.runs, merged.points, merged.shard) == (whole.runs, whole.points, None)


def test_a_test_of_a_shard_that_fails_says_which_one() -> None:
    check = DurableCheck(in_other_processes=False)
    with pytest.raises(pytest.fail.Exception) as failed:
        check("app.py:broken", exploration=Exploration(shard=Shard(1, 2)))
    assert "shard 1 of 2 alone" in str(failed.value)


def test_a_case_is_made_alone_or_in_no_shard() -> None:
    with pytest.raises(ValueError, match="made alone"):
        Exploration(only="again", shard=Shard(1, 2))
