"""`durable-ai run` as a person uses it: what it prints, and that what cannot run ends in one clear line."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from durable_conformance.subject import pattern_names
from tests.conformance.command_line import DurableAi, command_line, is_running

ROOT = Path(__file__).parents[2]


@pytest.fixture
def durable_ai(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> DurableAi:
    """Runs the command line in this process, in the repository's folder."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NO_COLOR", "1")
    return command_line(capsys)


def script(folder: Path, **entries: object) -> str:
    path = folder / "script.json"
    path.write_text(json.dumps({label.replace("_", "-"): entry for label, entry in entries.items()}))
    return str(path)


def test_a_pattern_runs_from_its_cassette_without_any_option(durable_ai: DurableAi) -> None:
    output = durable_ai("run", "prompt_chaining")
    assert output.code == 0
    assert "  succeeded /1:generate-joke\n" in output.out
    assert "SUCCEEDED: 2 operations, 2 model calls (173 tokens), 1 invocation\n{" in output.out
    assert '"joke"' in output.out


def test_the_event_and_the_script_decide(durable_ai: DurableAi, tmp_path: Path) -> None:
    path = script(tmp_path, generate_joke=[{"error": "throttled"}, "A tea-se."], review_joke=["7"])
    output = durable_ai(
        "run", "prompt_chaining", "--event", '{"topic": "tea"}', "--provider", "scripted", "--script", path
    )
    assert output.code == 0
    assert "failed    /1:generate-joke  again in" in output.out
    assert "began     /1:generate-joke  attempt 2" in output.out
    assert "A tea-se." in output.out


@pytest.mark.parametrize(
    ("option", "status"),
    [
        (("--approve",), "approved"),
        (("--reject",), "rejected"),
        (("--answer", '{"approved":true}'), "approved"),
        (("--no-answer",), "timed_out"),
    ],
)
def test_a_person_is_answered_for(durable_ai: DurableAi, option: tuple[str, ...], status: str) -> None:
    output = durable_ai("run", "human_review", "--provider", "scripted", *option)
    assert output.code == 0
    assert f'"status": "{status}"' in output.out


def test_an_execution_that_fails_says_why_and_ends_with_1(durable_ai: DurableAi) -> None:
    output = durable_ai("run", "prompt_chaining", "--event", '{"topic": 3}')
    assert output.code == 1
    assert "FAILED" in output.out
    assert "topic: Input should be a valid string" in output.out
    assert "Traceback" not in output.out + output.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("nope",), "There is no pattern 'nope'. There are: agent_with_tools, "),
        (("prompt_chaining", "--event", "{"), "--event is not JSON"),
        (("prompt_chaining", "--event", "[" * 100_000), "--event is not JSON: it is nested too deeply"),
        (("prompt_chaining", "--event", '{"topic": NaN}'), "--event is not JSON: NaN is no JSON value"),
        (("human_review", "--provider", "scripted", "--answer", "Infinity"), "--answer is not JSON: Infinity is no"),
        (("prompt_chaining", "--cassette", "gone.yaml"), "There is no cassette gone.yaml"),
        (("prompt_chaining", "--provider", "scripted", "--script", "gone.json"), "Cannot read the script gone.json"),
        (("prompt_chaining", "--provider", "bedrock"), "no AWS credentials"),
        (("human_review", "--provider", "scripted", "--answer", "{"), "--answer is not JSON"),
        (("human_review", "--provider", "scripted", "--approve", "--reject"), "only one of"),
        (("human_review", "--provider", "scripted", "--approve", "--no-answer"), "only one of"),
        (("prompt_chaining", "--crash-at", "generate-joke"), "--crash-at 'generate-joke' is not PATH:ACTION"),
        (("prompt_chaining", "--crash-at", "/1:x:after-lunch"), "--crash-at '/1:x:after-lunch' is not PATH:ACTION"),
        (("human_review", "--provider", "scripted"), "waits for a person, and nobody is at the terminal"),
        (("prompt_chaining", "--provider", "gemini"), "gemini"),
        (("prompt_chaining", "--script", "x.json"), "--script is for --provider scripted"),
        (
            ("prompt_chaining", "--provider", "scripted", "--cassette", "x.yaml"),
            "--cassette is for --provider cassette",
        ),
        (("prompt_chaining", "--cassette", "README.md"), "README.md"),
    ],
)
def test_what_cannot_run_ends_in_one_clear_line_and_2(
    durable_ai: DurableAi, arguments: tuple[str, ...], problem: str
) -> None:
    output = durable_ai("run", *arguments)
    assert output.code == 2
    assert problem in output.err
    assert "Traceback" not in output.out + output.err


def test_a_missing_region_is_told_with_the_variable_that_boto3_reads(
    durable_ai: DurableAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "stand-in")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "stand-in")
    monkeypatch.setenv("AWS_REGION", "us-east-1")  # Lambda sets it, and boto3 does not look at it
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    output = durable_ai("run", "prompt_chaining", "--provider", "bedrock")
    assert output.code == 2
    assert "no AWS region; set AWS_DEFAULT_REGION" in output.err


def test_a_completed_call_is_not_repeated_when_the_process_dies(durable_ai: DurableAi) -> None:
    output = durable_ai("run", "prompt_chaining", "--crash-at", "/1:generate-joke:after-succeed")
    assert output.code == 0
    assert "SUCCEEDED: 2 operations, 2 model calls (173 tokens), 2 invocations" in output.out
    assert "\n0 completed model calls repeated\n" in output.out


def test_what_no_checkpoint_held_is_called_again(durable_ai: DurableAi) -> None:
    """The recording answers once, and the execution asks twice."""
    output = durable_ai("run", "prompt_chaining", "--crash-at", "/1:before-succeed", "--crash-at", "/2:during-call")
    assert output.code == 0
    assert "SUCCEEDED: 2 operations, 4 model calls (237 tokens), 3 invocations" in output.out
    again = "\n0 completed model calls repeated; 2 made again that no checkpoint held when the process died\n"
    assert again in output.out


@pytest.mark.parametrize("point", ["/1:x:after-succeed", "/1:generate-joke:after-fail", "/9:before-start"])
def test_a_crash_point_that_is_not_reached_is_told_with_those_there_are(durable_ai: DurableAi, point: str) -> None:
    output = durable_ai("run", "prompt_chaining", "--crash-at", point, "--crash-at", "/2:during-call")
    assert output.code == 2
    actions = "before-start, after-start, revoked-start, during-call, before-succeed, after-succeed, revoked-succeed"
    assert f"  /1:generate-joke  {actions}\n  /2:review-joke  {actions}\n" in output.out
    assert output.err == f"durable-ai: --crash-at {point} was not reached; what the execution came by stands above.\n"


def test_the_crash_points_are_listed_as_they_are_typed(durable_ai: DurableAi, tmp_path: Path) -> None:
    path = script(tmp_path, generate_joke=[{"error": "throttled"}, "A tea-se."], review_joke=["7"])
    output = durable_ai("run", "prompt_chaining", "--provider", "scripted", "--script", path, "--crash-points")
    assert output.code == 0
    assert "  /1:generate-joke  before-start, after-start, revoked-start, during-call, before-retry, " in output.out
    second = ("--crash-at", "/1:generate-joke:during-call#2")
    output = durable_ai("run", "prompt_chaining", "--provider", "scripted", "--script", path, *second)
    assert output.code == 0
    assert "died      /1:generate-joke  during the model call #2" in output.out


def test_the_demo_prints_a_result_for_each_pattern(durable_ai: DurableAi) -> None:
    output = durable_ai("demo")
    assert output.code == 0
    assert output.out.count("SUCCEEDED") == len(pattern_names()) >= 7
    for pattern in pattern_names():
        assert pattern in output.out


def test_the_command_line_loads_no_readline() -> None:
    """It changes how a person is asked at a terminal, and what a handler finds in its process."""
    code = (
        "import sys; from durable_conformance.commands import COMMANDS, Waiting, planned;"
        "[command.loaded(name) for name, command in COMMANDS.items()]; print('readline' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_the_module_is_the_command() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "durable_conformance", "run", "nope"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    assert finished.stderr.startswith("durable-ai: There is no pattern 'nope'.")


def test_who_interrupts_it_while_it_starts_sees_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")  # Ctrl-C comes when this is imported
    finished = subprocess.run(
        [sys.executable, "-m", "durable_conformance", "run", "nope"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "")


HANGING = """
import os, subprocess, threading
from aws_durable_execution_sdk_python import durable_execution

@durable_execution
def handler(event, context):
    first = []
    context.step(lambda _: first.append(1), "first")
    if not first:
        subprocess.Popen(["sleep", "603"], start_new_session=True)
        open("hangs", "w").close()
        threading.Event().wait()
    return "fine"
"""


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_check_that_is_interrupted_says_what_it_knows_and_leaves_nothing(
    tmp_path: Path, how: signal.Signals, code: int
) -> None:
    (tmp_path / "hanging.py").write_text(HANGING)
    (tmp_path / "files").mkdir()
    command = [sys.executable, "-m", "durable_conformance", "check", "hanging.py:handler", "--json", "report.json"]
    environment = os.environ | {"TMPDIR": str(tmp_path / "files"), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, "--no-other-sandboxes"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        while not (tmp_path / "hangs").exists():
            assert process.poll() is None
            select.select([], [], [], 0.02)
        process.send_signal(how)
        printed, _ = process.communicate()
    assert process.returncode == code
    assert "interrupted" in printed
    (check,) = json.loads((tmp_path / "report.json").read_text())["checks"]
    report = check["report"]
    assert report["interrupted"]
    assert report["runs"] >= 2
    assert list((tmp_path / "files").iterdir()) == []
    assert not is_running("sleep", "603")
