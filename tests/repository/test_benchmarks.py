"""The performance table: that it has its rows, and says what was measured. Nothing is measured here."""

from __future__ import annotations

import configparser
import io
import json
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import installed, scale, scale_handlers, starting, suite
from benchmarks.__main__ import measurements
from benchmarks.comparison import Row, Spread, row_of, shown
from benchmarks.imports import Kind, subjects
from benchmarks.table import table, write_json
from benchmarks.targets import Target
from tests.repository.files import ROOT

FASTER = Target("reading a page", "copying it by hand", bound=20.0, higher_is_better=True)
DEARER = Target("writing a page", "dictating it", bound=1.5, higher_is_better=False)
NOTED = "on a rainy day"
ROWS = [
    row_of(FASTER, [(0.002, 0.06), (0.002, 0.05), (0.002, 0.04)], NOTED),
    row_of(DEARER, [(20.0, 10.0), (40.0, 20.0)], NOTED),
    Row(DEARER, note="not measured: no ink"),
]


def test_every_row_of_the_design_is_filled_by_something() -> None:
    patterns = sorted(path.stem for path in (ROOT / "patterns").glob("[!_]*.py"))
    assert len(patterns) >= 7
    rows = {target.what: str(target) for one in measurements(with_suite=False) for target in one.targets}
    assert rows == {
        "an execution that is interrupted, on all cores": "≥ 20",
        "an execution of an exploration that finds causes": "≥ 0.8",
        "a crash point among 60 steps": "≤ 3",
        "cassette replay of a call, 1 recorded": "≥ 2",
        "cassette replay of a call, 200 recorded": "≥ 20",
        "BedrockProvider call": "≤ 1.1",
        "durable-ai --help": "≤ 2",
        "durable-ai check of a handler of two steps": "≤ 5",
        "a further check in one session of pytest": "≤ 0.3",
        **{f"import of {pattern}": "≤ 1.15" for pattern in patterns},
        "the offline suite but for `tox -e engine`, on 2 cores": "≤ 1",
    }


def test_the_table_shows_ratios_with_their_spread_and_notes_once() -> None:
    printed = io.StringIO()
    Console(file=printed, width=150).print(table(ROWS))
    lines = [" ".join(line.replace("│", " ").split()) for line in printed.getvalue().splitlines()]
    assert "reading a page 2 ms copying it by hand 50 ms 25.00 (22.50 to 27.50) ≥ 20 met (1)" in lines
    assert "writing a page 30 s dictating it 15 s 2.00 (2.00 to 2.00) ≤ 1.5 missed (1)" in lines
    assert "writing a page dictating it ≤ 1.5 not measured (2)" in lines
    assert lines[-2:] == ["1: on a rainy day", "2: not measured: no ink"]


def test_the_figures_are_written_as_json(tmp_path: Path) -> None:
    write_json(ROWS, tmp_path / "figures.json")
    written = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert written["machine"]
    assert written["python"]
    assert [row["met"] for row in written["rows"]] == [True, False, None]
    assert written["rows"][0] == {
        "target": {
            "what": "reading a page",
            "against": "copying it by hand",
            "bound": 20.0,
            "higher_is_better": True,
        },
        "ratio": {"median": 25.0, "low": 22.5, "high": 27.5},
        "ours": "2 ms",
        "theirs": "50 ms",
        "note": NOTED,
        "met": True,
    }
    assert written["rows"][2]["ratio"] is None


@pytest.mark.parametrize(("ratio", "met"), [(19.9, (False, False)), (20.0, (True, False)), (1.5, (False, True))])
def test_a_target_is_a_bound(ratio: float, met: tuple[bool, bool]) -> None:
    rows = [Row(target, Spread(ratio, ratio, ratio)) for target in (FASTER, DEARER)]
    assert tuple(row.met for row in rows) == met


@pytest.mark.parametrize(("seconds", "text"), [(75.42, "75.4 s"), (1.0, "1 s"), (0.0123, "12.3 ms"), (6e-5, "60 µs")])
def test_a_time_has_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert shown(seconds) == text


def test_the_suite_is_left_out_unless_it_is_asked_for_and_runs_as_tox_runs_it() -> None:
    (row,) = measurements(with_suite=False)[-1].rows()
    assert (row.met, row.ours) == (None, "")
    assert "--suite" in row.note
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini", encoding="utf-8")
    pytest_, *arguments = suite.command()
    assert Path(pytest_).is_file()
    assert f"{Path(pytest_).name} {' '.join(arguments)} {{posargs}}" in settings["testenv"]["commands"]
    assert not any("{" in argument for argument in arguments)


@pytest.mark.parametrize(("code", "met"), [(0, True), (3, None)])
def test_the_time_of_a_suite_that_fails_is_no_measurement(code: int, met: bool | None) -> None:
    row = suite.measured([sys.executable, "-S", "-c", f"raise SystemExit({code})"])
    assert row.met is met
    assert bool(row.ours) is (met is True)
    assert ("exit code 3" in row.note) is (met is None)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only on Linux does a process choose its cores")
def test_the_suite_can_be_kept_to_a_number_of_cores() -> None:
    before = os.sched_getaffinity(0)
    with suite.few_cores(1) as cores:
        assert (cores, len(os.sched_getaffinity(0))) == (1, 1)
    assert os.sched_getaffinity(0) == before


def test_imports_see_what_the_patterns_need_and_nothing_else(tmp_path: Path) -> None:
    project = distribution(installed.PROJECT)
    core = {one.name for one in installed.requirements(project, [], set())}
    strands = {one.name for one in installed.requirements(project, ["strands"], set())}
    assert {"boto3", "botocore", "pydantic", "pydantic_core", "aws-durable-execution-sdk-python"} <= core
    assert {"strands-agents", "pytest", "rich"}.isdisjoint(core)
    assert strands > core | {"strands-agents"}
    view = tmp_path / "core"
    installed.lay_out(view, [])
    assert {"patterns", "providers", "boto3", "pydantic"} <= {path.name for path in view.iterdir()}
    assert {"strands", "pytest", "durable_conformance", "tests"}.isdisjoint(path.name for path in view.iterdir())


def test_each_pattern_is_held_against_the_libraries_that_it_needs() -> None:
    folders = {kind: Path(kind) for kind in Kind}
    chosen = {subject.name: subject for subject in subjects(folders, folders)}
    assert {name: chosen[name].against for name in ("prompt_chaining", "durable_strands_agent")} == {
        "prompt_chaining": "durable SDK, boto3, pydantic with one model",
        "durable_strands_agent": "durable SDK, boto3, pydantic, Strands",
    }
    assert "strands" in chosen[chosen["durable_strands_agent"].against].code
    assert "strands" not in chosen[chosen["prompt_chaining"].against].code


def test_the_programs_whose_start_is_measured_show_help(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text(starting.BARE)
    ran = subprocess.run([sys.executable, tmp_path / "bare.py", "--help"], capture_output=True, text=True, check=True)
    assert "The other." in ran.stdout
    assert starting.cpu_seconds(dict(os.environ), "-c", "sum(range(1_000_000))") > 0


def test_each_workflow_that_is_long_or_wide_has_a_handler() -> None:
    assert [one.name for one in scale.WORKFLOWS if not callable(getattr(scale_handlers, one.name))] == []


def test_what_is_measured_of_a_long_workflow_is_a_check_that_was_made() -> None:
    part = scale.Workflow("steps_60", "60 steps", shards=180)
    one = scale.measured(part)
    assert one.points == 60 * 6
    assert 0 < one.runs < one.points
    assert one.seconds > 0
    assert one.megabytes > 10
    assert one.left_out[0] == "what the other shards run: this is shard 1 of 180"
    assert scale.row(part, one)[:3] == ("60 steps", "1 of 180 shards", "360")


def test_a_check_that_finds_something_has_no_figures() -> None:
    with pytest.raises(RuntimeError, match="ended with 2"):
        scale.measured(scale.Workflow("no_such_handler", "nothing"))
