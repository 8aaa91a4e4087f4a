"""`durable-ai record-history` and `durable-ai replay`, on a handler that is not ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from durable_conformance.histories import load_history, text_of
from tests.conformance.command_line import DurableAi, command_line
from tests.conformance.exporting import exported
from tests.histories.older import OLDER
from tests.histories.selection import Golden
from tests.patterns.catalogue import CATALOGUE

ORDER = """
from aws_durable_execution_sdk_python import durable_execution
from patterns.durable import ask

def order(event, context, model):
    greeting = ask(context, model, "greet", f"Greet {event['name']}").text
    said = context.wait_for_callback(lambda *_: None, "approve")
    return {"greeting": greeting, "said": said, "price": context.step(lambda _: 12, "price")}

@durable_execution
def handler(event, context):
    return context.step(lambda _: event["n"] + 1, "add")
"""
HISTORY = "histories/order.json"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def durable_ai(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> DurableAi:
    """Runs the command line in a folder of its own, beside a user's `shop.py`."""
    (tmp_path / "shop.py").write_text(ORDER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "500")
    return command_line(capsys)


@pytest.fixture
def recorded(durable_ai: DurableAi) -> DurableAi:
    """The same, with a history recorded."""
    event, answer = json.dumps({"name": "Ana"}), json.dumps({"approved": True})
    output = durable_ai("record-history", "shop.py:order", "--event", event, "--answer", answer, "-o", HISTORY)
    assert output.out == f"recorded: {HISTORY} (SUCCEEDED, 10 changes)\n", output
    assert output.code == 0
    return durable_ai


def change(old: str, new: str) -> None:
    shop = Path("shop.py")
    assert old in shop.read_text()
    shop.write_text(shop.read_text().replace(old, new))


def test_a_recorded_history_says_what_it_is_and_replays(recorded: DurableAi) -> None:
    history = load_history(Path(HISTORY))
    assert history.recorded.handler == "shop.py:order"
    assert history.recorded.versions.keys() >= {"aws-durable-execution-sdk-python"}
    assert history.event == {"name": "Ana"}
    output = recorded("replay", "histories")
    assert output.code == 0
    assert "1 of 1 histories replay: 11 prefixes, 11 runs, " in output.out


def test_a_change_of_the_code_is_reported_by_file(recorded: DurableAi) -> None:
    change('"greet", f"Greet', '"greet", f"Welcome')
    output = recorded("replay", HISTORY)
    assert output.code == 1
    for part in (HISTORY, "/1:greet", "prefix 0 of 10: from the start", "Greet Ana", "Welcome Ana", "PromptDriftError"):
        assert part in output.out
    assert "shop.py:5" in output.out, "the line that calls the operation"
    assert "Deploy it as a new version" in output.out
    assert "0 of 1 histories replay: 2 findings, 11 prefixes, 11 runs, " in output.out


def test_update_records_anew_what_has_changed_and_nothing_else(recorded: DurableAi) -> None:
    before = Path(HISTORY).read_text()
    output = recorded("replay", "--update", "histories")
    assert (output.code, output.out) == (0, f"unchanged: {HISTORY}\n")
    assert Path(HISTORY).read_text() == before
    change('"greet", f"Greet', '"greet", f"Welcome')
    output = recorded("replay", "--update", HISTORY)
    assert (output.code, output.out) == (0, f"recorded anew: {HISTORY}\n")
    assert "Welcome Ana" in Path(HISTORY).read_text()
    assert recorded("replay", "histories").code == 0


def test_update_does_not_invent_answers(recorded: DurableAi) -> None:
    before = Path(HISTORY).read_text()
    change("    said =", '    ask(context, model, "more", "Anything else?")\n    said =')
    output = recorded("replay", "--update", HISTORY)
    assert output.code == 2
    assert (
        f"could not run: {HISTORY}: shop.py:order cannot be recorded: /2:more asks the model what was not" in output.out
    )
    assert Path(HISTORY).read_text() == before


def test_update_keeps_what_today_s_code_could_not_replay(recorded: DurableAi) -> None:
    before = Path(HISTORY).read_text()
    change("Greet {event['name']}", "Greet {__import__('time').time_ns()}")
    output = recorded("replay", "--update", HISTORY)
    assert output.code == 2
    assert f"could not run: {HISTORY}: shop.py:order does not replay its own history" in output.out
    assert Path(HISTORY).read_text() == before


def test_one_history_that_cannot_be_run_does_not_keep_the_others_from_it(recorded: DurableAi) -> None:
    Path("histories/broken.json").write_text("{")
    lost = json.loads(Path(HISTORY).read_text())
    lost["recorded"]["handler"] = "gone.py:order"
    Path("histories/lost.json").write_text(json.dumps(lost))
    output = recorded("replay", "histories")
    assert output.code == 2
    assert "could not run: The history histories/broken.json is not JSON" in output.out
    assert "could not run: histories/lost.json: There is no file gone.py." in output.out
    assert "1 of 1 histories replay" in output.out


HANGS = """
import threading

def order(event, context, model):
    threading.Event().wait()
"""


def elsewhere(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own, which a handler may hang or end."""
    command = [sys.executable, "-m", "durable_conformance", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def copied(name: str, handler: str) -> None:
    """The recorded history again, as one of another handler."""
    history = json.loads(Path(HISTORY).read_text())
    history["recorded"]["handler"] = handler
    Path(f"histories/{name}.json").write_text(json.dumps(history))


def test_a_handler_that_ends_the_process_could_not_run_and_all_others_are(recorded: DurableAi) -> None:
    Path("quits.py").write_text("import os\n\ndef order(event, context, model):\n    os._exit(3)\n")
    Path("leaves.py").write_text("import os\n\nos._exit(4)\n")
    Path("drifted.py").write_text(ORDER.replace('f"Greet', 'f"Welcome'))
    for name in ("leaves", "quits", "drifted"):
        copied(name, f"{name}.py:order")
    ran = elsewhere("replay", "histories")
    assert ran.returncode == 1, ran.stderr
    leaves, quits = "could not run: histories/leaves.json, ", "could not run: histories/quits.json, prefix "
    assert f"{leaves}all of it: importing the handler ended the process with exit code 4" in ran.stdout
    assert f"{quits}0 of 10: from the start: the handler ended the process with exit code 3" in ran.stdout
    assert (ran.stdout.count(leaves), ran.stdout.count(quits)) == (1, 11)
    assert "Welcome Ana" in ran.stdout
    assert "1 of 4 histories replay: 2 findings, 44 prefixes, 22 runs, " in ran.stdout


def test_where_a_handler_hangs_its_other_histories_are_left_out(recorded: DurableAi) -> None:
    copied("again", "shop.py:order")
    copied("other", "other.py:order")
    Path("other.py").write_text(ORDER)
    Path("shop.py").write_text(HANGS)
    ran = elsewhere("replay", "histories", "--patience", "1")
    assert ran.returncode == 2, ran.stderr
    assert "could not run: histories/again.json, prefix 0 of 10: from the start: still running after 1 s" in ran.stdout
    left_out = re.findall(rf"could not run: {HISTORY}, prefix \d+ of 10: .*: left out, because too many", ran.stdout)
    assert len(left_out) == 11
    assert "1 of 3 histories replay: 33 prefixes, 11 runs, " in ran.stdout


def test_a_handler_that_hangs_could_not_run_and_does_not_hang_the_command(recorded: DurableAi) -> None:
    Path("shop.py").write_text(HANGS)
    ran = elsewhere("replay", "histories", "--patience", "1")
    assert ran.returncode == 2, ran.stderr
    assert f"could not run: {HISTORY}, prefix 0 of 10: from the start: still running after 1 s" in ran.stdout
    assert ran.stdout.count(f"could not run: {HISTORY}, prefix ") == 11
    assert "0 of 1 histories replay: 11 prefixes, 0 runs, " in ran.stdout


def test_a_handler_that_hangs_is_not_recorded(durable_ai: DurableAi) -> None:
    Path("shop.py").write_text(HANGS)
    ran = elsewhere("record-history", "shop.py:order", "-o", HISTORY, "--patience", "1")
    assert ran.returncode == 2, ran.stdout
    assert "shop.py:order cannot be recorded: still running after 1 s." in ran.stderr
    assert not Path(HISTORY).exists()


def test_a_durable_handler_without_a_model_has_histories_too(durable_ai: DurableAi) -> None:
    where = str(Path("shop.py").resolve())
    assert durable_ai("record-history", f"{where}:handler", "--event", '{"n": 1}', "-o", "add.json").code == 0
    assert load_history(Path("add.json")).recorded.handler == "shop.py:handler", "no folder of this machine"
    assert durable_ai("replay", "add.json").code == 0


def test_a_handler_that_does_not_replay_its_own_history_gets_none(durable_ai: DurableAi) -> None:
    change("Greet {event['name']}", "Greet {id(object())} {__import__('time').time_ns()}")
    output = durable_ai("record-history", "shop.py:order", "--event", '{"name": "Ana"}', "-o", HISTORY)
    assert output.code == 2
    assert "shop.py:order does not replay its own history. prefix 0 of 7: from the start: at /1:greet" in output.err
    assert not Path(HISTORY).exists()


def test_an_answer_is_sent_as_it_is_typed_and_by_name(durable_ai: DurableAi) -> None:
    typed = ("--event", '{"name": "Ana"}', "--answer", "approve=Approved: {}", "--answer", "!fail:nobody asked")
    assert durable_ai("record-history", "shop.py:order", *typed, "-o", HISTORY).code == 0
    assert json.dumps(load_history(Path(HISTORY)).result).endswith('"said": "Approved: {}", "price": 12}')
    assert durable_ai("replay", HISTORY).code == 0


def test_what_a_chained_invocation_comes_to_is_recorded(durable_ai: DurableAi) -> None:
    change('event["n"] + 1, "add")', '1, "add") + context.invoke("prices", {}, "price")')
    typed = ("--event", '{"n": 1}', "--invoke", "price=40")
    assert durable_ai("record-history", "shop.py:handler", *typed, "-o", HISTORY).code == 0
    assert load_history(Path(HISTORY)).result == 41


def test_an_execution_that_fails_is_recorded_only_if_it_is_to(durable_ai: DurableAi) -> None:
    typed = ("record-history", "shop.py:order", "--event", '{"name": "Ana"}', "--answer", "!fail:out of office")
    output = durable_ai(*typed, "-o", HISTORY)
    assert output.code == 2
    assert "shop.py:order is not recorded: it FAILED, with " in output.err
    assert "out of office" in output.err
    assert "--expect-failure" in output.err
    assert not Path(HISTORY).exists()
    assert durable_ai(*typed, "--expect-failure", "-o", HISTORY).code == 0
    assert load_history(Path(HISTORY)).status == "FAILED"


def test_an_export_of_the_service_becomes_a_history(durable_ai: DurableAi) -> None:
    pattern = CATALOGUE["prompt_chaining"]
    export = exported(pattern.handler_for, pattern.scenarios["answered"])
    Path("export.json").write_text(json.dumps(export))
    output = durable_ai("record-history", "prompt_chaining", "--export", "export.json", "-o", HISTORY)
    assert output.code == 0, output
    assert load_history(Path(HISTORY)).recorded.source == "export"
    assert durable_ai("replay", HISTORY).code == 0
    output = durable_ai("replay", "export.json")
    assert output.code == 2
    assert "export.json is no history: it is what the service exports" in output.out


def test_an_export_of_other_code_becomes_one_too_and_is_reported(durable_ai: DurableAi) -> None:
    older = next(version for version in OLDER if version.name == "steps had other names")
    Path("export.json").write_text(json.dumps(exported(older.handler, older.scenario)))
    assert durable_ai("record-history", older.pattern, "--export", "export.json", "-o", HISTORY).code == 0
    output = durable_ai("replay", HISTORY)
    assert output.code == 1
    assert "checkpoint='joke' current='generate-joke'" in output.out


def test_the_default_folder_is_tests_histories(durable_ai: DurableAi) -> None:
    golden = Golden("structured_output", "answered").path
    (folder := Path("tests/histories/structured_output")).mkdir(parents=True)
    shutil.copy(golden, folder)
    output = durable_ai("replay")
    assert output.code == 0
    assert "1 of 1 histories replay: 3 prefixes" in output.out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("replay",), "There is no history, or folder of histories, tests/histories."),
        (("replay", "gone.json"), "There is no history, or folder of histories, gone.json."),
        (("replay", "empty"), "There is no history in empty; durable-ai record-history writes one."),
        (("replay", "--update"), "--update needs the histories, or the folder, to record anew."),
        (("record-history", "shop.py:order", "-o", "shop.py"), "There is shop.py already; name another file"),
        (("record-history", "gone.py:order", "-o", HISTORY), "There is no file gone.py."),
        (("record-history", "nope", "-o", HISTORY), "There is no pattern 'nope'."),
        (("record-history", "shop.py:order", "-o", HISTORY, "--event", "{"), "--event is not JSON"),
        (
            ("record-history", "shop.py:order", "-o", HISTORY, "--export", "gone.json"),
            "Cannot read the export gone.json",
        ),
        (
            ("record-history", "shop.py:order", "-o", HISTORY, "--script", "script.json"),
            "The script has no answer number 1",
        ),
        (("record-history", "shop.py:order"), "Missing option"),
    ],
)
def test_what_cannot_be_done_ends_in_one_line_and_2(
    durable_ai: DurableAi, arguments: tuple[str, ...], problem: str
) -> None:
    Path("empty").mkdir()
    Path("script.json").write_text('{"another-label": ["a text"]}')
    if arguments[0] == "record-history" and "--event" not in arguments:
        arguments += ("--event", '{"name": "Ana"}')
    output = durable_ai(*arguments)
    assert output.code == 2
    assert problem in output.err
    assert "Traceback" not in output.out + output.err


def test_a_history_is_laid_out_to_be_read_and_compared(recorded: DurableAi) -> None:
    text = Path(HISTORY).read_text()
    assert text == text_of(load_history(Path(HISTORY)))
    assert '"request": {\n' in text
    assert '"approved": true' in text.replace('\\"', '"'), "the person's answer"
