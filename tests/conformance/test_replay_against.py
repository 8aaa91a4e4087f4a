"""`durable-ai replay --against`: executions survive a deployment, a rollback, both or neither."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conformance.command_line import DurableAi, command_line

ORDER = """
from patterns.durable import ask

def order(event, context, model):
    greeting = ask(context, model, "greet", f"Greet {event['name']}").text
    return {"greeting": greeting, "price": context.step(lambda _: 12, "price")}
"""
HISTORY = "histories/order.json"


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def record(durable_ai: DurableAi) -> None:
    Path(HISTORY).unlink(missing_ok=True)
    event = json.dumps({"name": "Ana"})
    recorded = durable_ai("record-history", "shop.py:order", "--event", event, "-o", HISTORY)
    assert recorded.code == 0, recorded


@pytest.fixture
def durable_ai(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> DurableAi:
    """Runs the command line in a user's repository, whose last commit holds a handler and a history of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    Path("shop.py").write_text(ORDER)
    run = command_line(capsys)
    record(run)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "as it is deployed")
    return run


def change(old: str, new: str) -> None:
    shop = Path("shop.py")
    assert old in shop.read_text()
    shop.write_text(shop.read_text().replace(old, new))


BREAKING = {
    "a renamed step": ('"price")', '"total")'),
    "an inserted step": ("    return {", '    context.step(lambda _: 1, "count")\n    return {'),
    "a changed prompt": ("Greet {", "Welcome {"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_both_directions(durable_ai: DurableAi, name: str) -> None:
    change(*BREAKING[name])
    record(durable_ai)
    output = durable_ai("replay", "--against", "HEAD", "histories")
    assert output.code == 1
    deployed, rolled_back = output.out.split("Rolled back: executions that began on this code go on on HEAD")
    assert deployed.startswith("Deployed: executions that began on HEAD go on on this code")
    assert f"HEAD:{HISTORY}" in deployed
    assert "0 of 1 histories replay" in deployed
    assert "0 of 1 histories replay" in rolled_back
    assert output.out.splitlines()[-1] == (
        "Deploying this code breaks executions under way; rolling back to HEAD breaks executions under way."
    )


def test_a_change_that_breaks_the_way_back_alone(durable_ai: DurableAi) -> None:
    """A step that only the new code's executions have come by."""
    change("    return {", "    if event.get('gift'):\n        context.step(lambda _: 1, \"wrap\")\n    return {")
    event = json.dumps({"name": "Ana", "gift": True})
    gift = "histories/gift.json"
    assert durable_ai("record-history", "shop.py:order", "--event", event, "-o", gift).code == 0
    output = durable_ai("replay", "--against", "HEAD", "histories")
    assert output.code == 1
    assert "1 of 1 histories replay" in output.out
    assert "1 of 2 histories replay" in output.out
    assert output.out.splitlines()[-1] == (
        "Deploying this code breaks no recorded execution; rolling back to HEAD breaks executions under way."
    )


def test_a_change_that_breaks_the_way_there_alone(durable_ai: DurableAi) -> None:
    """The same, seen from the other side: the case is gone from the code, and its history with it."""
    test_a_change_that_breaks_the_way_back_alone(durable_ai)
    git("add", "--all")
    git("commit", "--quiet", "--message", "with gifts")
    git("checkout", "--quiet", "HEAD~1")
    output = durable_ai("replay", "--against", "HEAD@{1}", "histories")
    assert output.code == 1
    assert "deploying this code breaks executions under way" in output.out.splitlines()[-1].lower()
    assert "rolling back to HEAD@{1} breaks no recorded execution." in output.out


def test_what_did_not_change_breaks_nothing(durable_ai: DurableAi) -> None:
    Path("shop.py").write_text(f"# with a comment\n{ORDER}")
    output = durable_ai("replay", "--against", "HEAD", "histories")
    assert output.code == 0
    assert output.out.count("1 of 1 histories replay") == 2


def test_a_revision_without_histories_leaves_the_way_back(durable_ai: DurableAi) -> None:
    git("rm", "--quiet", "--cached", HISTORY)
    git("commit", "--quiet", "--message", "without")
    output = durable_ai("replay", "--against", "HEAD", "histories")
    assert output.code == 2
    assert "could not run: There is no history, or folder of histories, HEAD:histories." in output.out
    assert output.out.splitlines()[-1] == (
        "Deploying this code could not be tried; rolling back to HEAD breaks no recorded execution."
    )


def test_in_a_folder_of_the_repository(durable_ai: DurableAi, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("app").mkdir()
    git("mv", "shop.py", "app/shop.py")
    git("mv", "histories", "app/histories")
    git("commit", "--quiet", "--message", "in a folder")
    monkeypatch.chdir("app")
    assert durable_ai("replay", "--against", "HEAD", "histories").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--against", "nothing", "histories"), "git rev-parse nothing^{commit}: it names no revision"),
        (("--against", "--all", "histories"), "git rev-parse --all^{commit}: it names no revision"),
        (("--against", "HEAD", "../histories"), "../histories is outside of this folder"),
        (("--against", "HEAD", "--update", "histories"), "leave --against out"),
        (("--against-python", "python3", "../histories"), "../histories is outside of this folder"),
        (("--against-python", "python3", "--update", "histories"), "leave --against out"),
    ],
)
def test_what_cannot_be_compared(durable_ai: DurableAi, arguments: tuple[str, ...], said: str) -> None:
    output = durable_ai("replay", *arguments)
    assert output.code == 2
    assert said in output.err


SDK = "aws-durable-execution-sdk-python"
HERE = f"this code with SDK {version(SDK)}"
THERE = "this code with SDK 2.9.9"


def interpreter(*, run: str = sys.executable, sdk: str = "2.9.9", **modules: str) -> str:
    """A Python whose durable SDK says that it is version `sdk`, and which finds `modules` before all others."""
    folder = Path("other").absolute()
    metadata = folder / f"aws_durable_execution_sdk_python-{sdk}.dist-info/METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text(f"Metadata-Version: 2.4\nName: {SDK}\nVersion: {sdk}\n")
    for name, code in modules.items():
        (folder / f"{name}.py").write_text(code)
    python = folder / "python"
    path = f"{shlex.quote(str(folder))}${{PYTHONPATH:+:$PYTHONPATH}}"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {shlex.quote(run)} "$@"\n')
    python.chmod(0o755)
    return "other/python"


def test_another_sdk_on_which_all_goes_on(durable_ai: DurableAi) -> None:
    """Each side makes the executions itself: what the files say was recorded on either is not taken for the other's."""
    output = durable_ai("replay", "--against-python", interpreter(), "histories")
    assert output.code == 0
    assert output.out.startswith(f"Deployed: executions that began on {THERE} go on on {HERE}\n1 of 1 histories replay")
    assert f"Rolled back: executions that began on {HERE} go on on {THERE}\n1 of 1 histories replay" in output.out
    assert output.out.splitlines()[-1] == (
        f"Deploying {HERE} breaks no recorded execution; rolling back to {THERE} breaks no recorded execution."
    )


def test_another_sdk_on_which_a_step_is_called_otherwise(durable_ai: DurableAi) -> None:
    change("def order", f'from importlib.metadata import version\nNAME = "price " + version("{SDK}")\n\ndef order')
    change('"price")', "NAME)")
    output = durable_ai("replay", "--against-python", interpreter(), "histories")
    assert output.code == 1
    assert f"with SDK 2.9.9: {HISTORY}" in output.out
    assert output.out.count("0 of 1 histories replay") == 2
    assert output.out.splitlines()[-1] == (
        f"Deploying {HERE} breaks executions under way; rolling back to {THERE} breaks executions under way."
    )


def test_another_sdk_on_which_it_cannot_run(durable_ai: DurableAi) -> None:
    """Nothing began there, so nothing can be seen to break here; and what began here cannot go on."""
    needs_3 = f'if version("{SDK}") == "2.9.9":\n    raise ImportError("since 3")\n'
    change("def order", f"from importlib.metadata import version\n\n{needs_3}\ndef order")
    output = durable_ai("replay", "--against-python", interpreter(), "histories")
    assert output.code == 2
    assert output.out.count("ImportError: since 3") >= 2
    assert output.out.splitlines()[-1] == (
        f"Deploying {HERE} could not be tried; rolling back to {THERE} could not be tried."
    )


def test_another_revision_on_another_sdk(durable_ai: DurableAi) -> None:
    change(*BREAKING["a renamed step"])
    record(durable_ai)
    output = durable_ai("replay", "--against", "HEAD", "--against-python", interpreter(), "histories")
    assert output.code == 1
    assert output.out.startswith(f"Deployed: executions that began on HEAD with SDK 2.9.9 go on on {HERE}")
    assert f"HEAD with SDK 2.9.9: {HISTORY}" in output.out
    assert output.out.count("0 of 1 histories replay") == 2


UNUSABLE = {
    "an SDK without what the engine imports": (
        {"sdk": "4.0.0", "aws_durable_execution_sdk_python": "no = 'names'"},
        "does not run on its aws-durable-execution-sdk-python 4.0.0: ImportError: cannot import name ",
    ),
    "an SDK that runs otherwise": (
        {"sitecustomize": "from aws_durable_execution_sdk_python import DurableContext\nDurableContext.step = None\n"},
        "an execution of a step, a wait, a callback and a map ends as",
    ),
    "no Python": ({"run": "/bin/echo"}, "it is no Python"),
    "a Python that fails": ({"run": "/bin/false"}, "it says nothing"),
    "without what the engine uses": (
        {"typer": "import no_such_package"},
        "install durable-ai-patterns[conformance] there",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_interpreter_that_cannot_be_used(durable_ai: DurableAi, name: str) -> None:
    how, said = UNUSABLE[name]
    output = durable_ai("replay", "--against-python", interpreter(**how), "histories")
    assert (output.code, output.out) == (2, "")
    assert "durable-ai: --against-python other/python: " in output.err
    assert said in output.err


ENDS = {
    "as Python does, with what findings end with": ('echo "ValueError: gone" >&2; exit 1', "ValueError: gone"),
    "by a signal": ("kill -9 $$", "it was ended by signal 9 over there"),
    "by a signal, with something told": ("echo told; kill -9 $$", "it was ended by signal 9 over there"),
    "with what is no text": (r"printf '\377 gone' >&2; exit 1", "\ufffd gone"),
    "without a word": ("exit 1", "it ended with exit code 1 over there"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_program_that_crashes_over_there_has_found_nothing(durable_ai: DurableAi, how: str) -> None:
    ends, said = ENDS[how]
    crashing = Path("crashing").absolute()
    crashes = 'case " $* " in *" replay "*) ENDS;; esac'.replace("ENDS", ends)
    crashing.write_text(f'#!/bin/sh\n{crashes}\nexec {shlex.quote(sys.executable)} "$@"\n')
    crashing.chmod(0o755)
    output = durable_ai("replay", "--against-python", interpreter(run=str(crashing)), "histories")
    assert output.code == 2
    assert output.out.count(said) == 2
    assert output.out.splitlines()[-1] == (
        f"Deploying {HERE} could not be tried; rolling back to {THERE} could not be tried."
    )


def test_an_interpreter_without_the_sdk(durable_ai: DurableAi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    output = durable_ai("replay", "--against-python", sys._base_executable, "histories")  # type: ignore[attr-defined]
    assert output.code == 2
    assert (
        "it has no aws-durable-execution-sdk-python: install there the version that the executions are to" in output.err
    )


@pytest.mark.parametrize("option", ["--against", "--against-python"])
def test_an_option_that_is_empty_compares_with_nothing(durable_ai: DurableAi, option: str) -> None:
    """As a variable is that nobody has set: the histories alone would replay, and nothing was compared."""
    output = durable_ai("replay", option, "", "histories")
    assert (output.code, output.out) == (2, "")
    assert f"{option} is empty" in output.err


def test_no_interpreter(durable_ai: DurableAi) -> None:
    output = durable_ai("replay", "--against-python", "other/python", "histories")
    assert output.code == 2
    assert "there is no interpreter other/python that can be run" in output.err
