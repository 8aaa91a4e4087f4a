"""Events that nobody thought of: `--generate N`, `--event-schema FILE`, `--events FILE`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durable_conformance.exploring import GenerationInterrupted, generated
from durable_conformance.reporting import generated_lines
from durable_conformance.rules import FileCoverage, Generated, MadeUp
from durable_conformance.subject import ByName, Reference, Scenario
from tests.conformance.command_line import DurableAi, command_line

HEAD = "from aws_durable_execution_sdk_python import durable_execution\n\n\n@durable_execution\n"

KIND = (
    HEAD
    + """\
def handler(event, context):
    kind = event["kind"]
    if kind == "express":
        return context.step(lambda _: 2, "express")
    return context.step(lambda _: 1, "usual")
"""
)

NESTED = (
    HEAD
    + """\
def handler(event, context):
    order = event["order"]
    return context.step(lambda _: price(order), "price")


TOO_MUCH = 5_000


def price(order):
    if order["total"] > TOO_MUCH:
        if order["customer"].get("tier") in {"gold", "silver"}:
            return "ask"
        return "refuse"
    return "take"
"""
)

MISSING = (
    HEAD
    + """\
def handler(event, context):
    if "note" not in event:
        return context.step(lambda _: "none", "without")
    return context.step(lambda _: event["note"], "with")
"""
)

CALLBACK = (
    HEAD
    + """\
def handler(event, context):
    answer = context.wait_for_callback(lambda callback, _: None, "approve")
    if answer == "later":
        return context.step(lambda _: "later", "put-off")
    return context.step(lambda _: "now", "do")
"""
)

FAILING = (
    HEAD
    + """\
def handler(event, context):
    if event.get("urgent"):
        return context.step(lambda _: event["by"], "urgent")
    return context.step(lambda _: 1, "usual")
"""
)

TYPED = """\
from pydantic import BaseModel, Field


class Order(BaseModel):
    region: str = Field(pattern="^(eu|us)-[0-9]$")
    amount: int = Field(ge=10, le=99)


def workflow(event: Order, context, model):
    if event.region.startswith("us"):
        return context.step(lambda _: "us", "us")
    if event.amount > 50:
        return context.step(lambda _: "much", "much")
    return context.step(lambda _: "eu", "eu")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def durable_ai(capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


def found(source: str, event: Any, count: int = 40, name: str = "handler", **more: Any) -> Generated:
    Path("app.py").write_text(source)
    return generated(Reference(f"app.py:{name}"), Scenario(event, ask=ByName()), [MadeUp(event)], count, **more)


def events(of: Generated) -> list[Any]:
    return [one.event for one in of.kept]


def whole(of: Generated) -> bool:
    """Whether every line is reached."""
    return not any(one.missed for one in of.after)


def test_a_value_that_the_code_compares_with_is_made_up() -> None:
    told = found(KIND, {"kind": "usual"})
    assert events(told) == [{"kind": "express"}]
    assert [(one.lines, one.missed) for one in told.before] == [(4, (9,))] or whole(told)
    assert whole(told)
    assert not whole_before(told)
    assert told.events == 40


def whole_before(of: Generated) -> bool:
    return not any(one.missed for one in of.before)


def test_without_an_event_the_keys_that_the_code_reads_are() -> None:
    told = found(KIND, {})
    assert {"kind": "express"} in events(told)
    assert whole(told)


def test_a_number_above_a_bound_that_stands_in_the_code_and_what_is_asked_behind_it() -> None:
    told = found(NESTED, {"order": {"total": 7, "customer": {"name": "Ann"}}})
    assert whole(told)
    assert max(one["order"]["total"] for one in events(told)) > 5_000
    assert {"gold", "silver"} & {one["order"].get("customer", {}).get("tier") for one in events(told)}


BOTH = (
    HEAD
    + """\
def handler(event, context):
    if event.get("size", 0) < 0 and event.get("mode") == "return":
        context.step(lambda _: 1, "take-back")
    if len(event.get("lines", [])) > 2 and any(line["count"] >= 100 for line in event["lines"]):
        context.step(lambda _: 1, "bulk")
    stock = context.invoke("stock", {}, name="stock")
    said = json.loads(context.wait_for_callback(lambda callback, _: None, "approve"))
    if isinstance(said, dict) and said.get("approved"):
        if said.get("by") == "boss":
            context.step(lambda _: 1, "ask")
        if stock == "none":
            context.step(lambda _: 1, "order-more")
    match event:
        case {"kind": "a" | "b", "slots": [_, _]}:
            context.step(lambda _: 1, "slots")
    return context.step(lambda _: 2, "usual")
"""
).replace("from aws", "import json\nfrom aws", 1)


def test_conditions_of_several_things_lists_and_answers_that_matter_together() -> None:
    told = found(BOTH, {}, 150, answers=True, results=True)
    (app,) = told.after
    assert app.missed == (), told


def test_a_key_is_left_out() -> None:
    told = found(MISSING, {"note": "hello"})
    assert events(told) == [{}]


def test_what_is_answered_to_a_callback_is_made_up_where_nobody_says_it() -> None:
    told = found(CALLBACK, {}, answers=True)
    assert [(one.event, dict(one.answers)) for one in told.kept] == [({}, {"approve": "later"})]
    assert not found(CALLBACK, {}, answers=False).kept


def test_an_event_that_fails_is_told_with_why_and_one_that_does_not_is_found_behind_it() -> None:
    told = found(FAILING, {})
    (one,) = told.kept
    assert one.event["urgent"]
    assert "by" in one.event
    told = found(FAILING.replace('event["by"]', "len(event)[0]"), {})
    assert not told.kept
    (one,) = told.failing
    assert one.event["urgent"]
    assert "TypeError: 'int' object is not subscriptable at app.py:7" in one.fails


def test_what_does_nothing_durable_is_not_kept() -> None:
    early = KIND.replace(
        '    kind = event["kind"]\n', '    if event.get("skip"):\n        return 1\n    kind = event["kind"]\n'
    )
    told = found(early, {"kind": "usual"})
    assert events(told) == [{"kind": "express"}]
    (one,) = told.failing
    assert one.event["skip"]
    assert "no operation" in one.fails


HANDLER = "\n\nfrom patterns.durable import durable_handler\n\nhandler = durable_handler(workflow)\n"


@pytest.mark.parametrize(
    ("source", "name"), [(TYPED, "workflow"), (TYPED + HANDLER, "handler")], ids=["workflow", "handler"]
)
def test_the_events_type_says_what_an_event_may_be(source: str, name: str) -> None:
    told = found(source, {"region": "eu-1", "amount": 10}, name=name)
    (app,) = (one for one in told.after if one.file == "app.py")
    assert app.missed == ()
    assert not told.failing
    for one in events(told):
        assert one["region"][:3] in {"eu-", "us-"}
        assert 10 <= one["amount"] <= 99


def test_a_schema_says_what_an_event_may_be() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["usual", "slow"]}, "by": {"$ref": "#/$defs/name"}},
        "required": ["kind", "by"],
        "$defs": {"name": {"type": "string", "minLength": 2}},
    }
    told = found(KIND, {"kind": "usual", "by": "Ann"}, schema=schema)
    assert not told.kept, "the schema does not know an express order"
    schema["properties"]["kind"]["enum"].append("express")  # type: ignore[index]
    (one,) = found(KIND, {"kind": "usual", "by": "Ann"}, schema=schema).kept
    assert one.event["kind"] == "express"
    assert len(one.event["by"]) > 1


def test_nothing_is_left_in_the_folder_that_people_are_in(folder: Path) -> None:
    found(TYPED, {"region": "eu-1", "amount": 10}, 20, name="workflow")
    assert {one.name for one in folder.iterdir()} <= {"app.py", "__pycache__"}


def test_an_interruption_tells_what_was_found_so_far() -> None:
    def interrupt(made: int) -> None:
        assert made
        raise KeyboardInterrupt

    with pytest.raises(GenerationInterrupted) as stopped:
        found(KIND, {"kind": "usual"}, 40, listener=interrupt)
    assert stopped.value.generated.interrupted
    assert events(stopped.value.generated) == [{"kind": "express"}]
    assert next(generated_lines(stopped.value.generated)).startswith("generated: interrupted, 16 events, of which 1 ")


def test_ctrl_c_ends_the_command_with_what_is_known() -> None:
    interrupts = "import os\nimport signal\nfrom pathlib import Path\n"
    kills = '    if kind == "express":\n        os.kill(int(Path("pid").read_text()), signal.SIGINT)\n'
    reads = '    kind = event["kind"]\n'
    Path("app.py").write_text(interrupts + KIND.replace(reads, reads + kills))
    words = """check app.py:handler --event '{"kind": "usual"}' --generate 40 --events events.json"""
    command = f"echo $$ > pid; exec {sys.executable} -m durable_conformance {words}"
    output = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert output.returncode == 130, output.stderr
    assert output.stdout.startswith(
        "generated: interrupted, 0 events, of which none reaches more: app.py: 4 of 6 lines"
    )
    assert "crash points" not in output.stdout, "nothing is checked any more"
    assert Path("events.json").read_text() == "[]\n"


def test_what_a_given_event_does_is_told_of_no_other() -> None:
    """A failure at lines that a given event fails at, too, is nothing new."""
    told = found(KIND.replace('event["kind"]', 'event["kind"] + len(event)[0]'), {"kind": "usual"})
    assert told.given[0].fails.startswith("fails: TypeError")
    assert not told.failing


def test_of_many_files_that_of_the_handler_is_told_alone() -> None:
    files = [FileCoverage(f"{name}.py", 9, (1, 2)) for name in "zabc"]
    after = (replace(files[0], missed=(1,)), *files[1:])
    (line,) = generated_lines(Generated("app.py:handler", 1, (), (), (), tuple(files), after))
    assert line.endswith(" more: z.py: 7 → 8 of 9 lines; 3 other files: 21 of 27 lines")


def test_events_are_made_up_no_more_often_than_said() -> None:
    assert found(KIND, {"kind": "usual"}, 3).events == 3


def check(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "durable_conformance", "check", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_two_checks_make_up_the_same() -> None:
    Path("app.py").write_text(NESTED)
    words = ("app.py:handler", "--generate", "20", "--event", '{"order": {"total": 7, "customer": {"name": "Ann"}}}')
    one, other = (
        [line for line in check(*words).stdout.splitlines() if line.startswith(("generated", "  --event"))]
        for _ in range(2)
    )
    assert one == other
    assert len(one) > 1


def test_what_is_found_is_told_checked_and_kept_for_next_time(durable_ai: DurableAi) -> None:
    Path("app.py").write_text(KIND)
    words = ("check", "app.py:handler", "--events", "events.json", "--no-other-sandboxes")
    output = durable_ai(*words, "--event", '{"kind": "usual"}', "--generate", "10")
    assert output.code == 0, output.out
    assert "generated: 10 events, of which 1 reaches more: app.py: 3 → 4 of 4 lines\n" in output.out
    assert '\n  --event \'{"kind": "express"}\'\n' in output.out
    assert output.out.count("conforms: ") == 2, "it is checked as if it had been typed"
    assert Path("events.json").read_text() == '[\n  {\n    "kind": "express"\n  }\n]\n'
    again = durable_ai(*words, "--event", '{"kind": "usual"}')
    assert again.out.count("conforms: ") == 2
    assert "reached: app.py: 4 of 4 lines" in again.out
    assert "generated" not in again.out


def test_a_made_up_event_is_checked_in_full(durable_ai: DurableAi) -> None:
    returns = 'return context.step(lambda _: 2, "express")'
    broken = KIND.replace(returns, f"calls.append(1)\n        {returns} + len(calls)")
    Path("app.py").write_text("calls = []\n" + broken)
    output = durable_ai("check", "app.py:handler", "--generate", "10", "--event", '{"kind": "usual"}')
    assert output.code == 1
    assert 'again: durable-ai check app.py:handler --event \'{"kind": "express"}\' --case ' in output.out


def test_an_answer_that_was_made_up_stands_in_the_file_and_is_given_again(durable_ai: DurableAi) -> None:
    Path("app.py").write_text(CALLBACK)
    words = ("check", "app.py:handler", "--events", "events.json", "--no-other-sandboxes")
    output = durable_ai(*words, "--generate", "10")
    assert output.code == 0, output.out
    assert "\n  --event '{}' --answer approve=later\n" in output.out
    assert json.loads(Path("events.json").read_text()) == [{}, {"$event": {}, "$answers": {"approve": "later"}}]
    again = durable_ai(*words)
    assert again.out.count("conforms") == 2
    assert "reached: app.py: 4 of 4 lines" in again.out


def test_a_handlers_table_names_the_file_of_its_events(durable_ai: DurableAi, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("app.py").write_text(KIND)
    Path("events").mkdir()
    Path("pyproject.toml").write_text(
        "[tool.durable-ai]\nother-sandboxes = false\nevents = [{ kind = 'usual' }]\n"
        "[tool.durable-ai.handlers.orders]\nhandler = 'app.py:handler'\nevents-file = 'events/orders.json'\n"
        "[tool.durable-ai.handlers.others]\nhandler = 'app.py:handler'\n"
    )
    monkeypatch.chdir("events")
    output = durable_ai("check", "orders", "--generate", "10")
    assert output.code == 0, output.out
    assert json.loads(Path("orders.json").read_text()) == [{"kind": "express"}]
    both = durable_ai("check").out
    assert "orders, event 2" in both, "it is found from any folder"
    assert "others, event 2" not in both
    Path("mine.json").write_text('[{"kind": "slow"}, {"kind": "odd"}]')
    typed = durable_ai("check", "orders", "--events", "mine.json").out
    assert "orders, event 3" in typed


def test_a_file_keeps_the_events_of_one_handler(durable_ai: DurableAi) -> None:
    Path("app.py").write_text(KIND)
    Path("pyproject.toml").write_text(
        "[tool.durable-ai]\nevents-file = 'events.json'\n"
        "[tool.durable-ai.handlers]\none.handler = 'app.py:handler'\nother.handler = 'app.py:handler'\n"
    )
    output = durable_ai("check")
    assert output.code == 2
    said = "events.json of --events, or events-file, keeps the events of one handler; say which: one, other."
    assert said in " ".join(output.err.split())


def test_nothing_is_lost_that_stands_in_the_file(durable_ai: DurableAi) -> None:
    Path("app.py").write_text(KIND)
    Path("events.json").write_text('[{"kind": "slow", "a": 1}, {"kind": "slow", "a": 1}]')
    durable_ai("check", "app.py:handler", "--events", "events.json", "--generate", "5", "--no-other-sandboxes")
    kept = json.loads(Path("events.json").read_text())
    assert kept[:1] == [{"a": 1, "kind": "slow"}]
    assert [one["kind"] for one in kept[1:]] == ["express"]


def test_an_event_that_holds_a_secret_is_checked_and_not_kept(durable_ai: DurableAi) -> None:
    key = "AKIA" + "ABCDEFGH" * 2
    Path("app.py").write_text(KIND.replace("express", key))
    words = ("check", "app.py:handler", "--event", '{"kind": "slow"}', "--generate", "40", "--events", "events.json")
    output = durable_ai(*words, "--no-other-sandboxes")
    assert output.code == 0, output.out
    assert "not kept in events.json: an event holds secrets: line 1: an AWS access key id" in output.out
    assert output.out.count("reached: app.py: 4 of 4 lines") == 1, "it was checked"
    assert Path("events.json").read_text() == "[]\n"


def test_a_failing_event_is_told_in_a_line_and_fails_no_check(durable_ai: DurableAi) -> None:
    Path("app.py").write_text(FAILING.replace('event["by"]', "len(event)[0]"))
    output = durable_ai(
        "check", "app.py:handler", "--generate", "10", "--events", "events.json", "--no-other-sandboxes"
    )
    assert output.code == 0, output.out
    (line,) = (line for line in output.out.splitlines() if "fails: " in line)
    assert line.endswith("at app.py:7; give --expect-failure to check that it fails alike")
    assert json.loads(Path("events.json").read_text()) == [{}]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--generate", "0"), "greater than or equal to 1"),
        (("--generate", "-1"), "greater than or equal to 1"),
        (("--event-schema", "schema.json"), "--generate"),
        (("--generate", "1", "--event-schema", "schema.json"), "is no JSON schema"),
        (("--generate", "1", "--event-schema", "nowhere.json"), "nowhere.json"),
        (("--events", "object.json"), "no list of events"),
        (("--events", "broken.json"), "is not JSON"),
        (("--generate", "1", "--case", "baseline"), "--case"),
    ],
)
def test_what_cannot_be_is_told_before_anything_runs(durable_ai: DurableAi, words: tuple[str, ...], told: str) -> None:
    Path("app.py").write_text("raise AssertionError('it was imported')\n")
    Path("object.json").write_text("{}")
    Path("broken.json").write_text("[")
    Path("schema.json").write_text('{"type": "thing"}')
    output = durable_ai("check", "app.py:handler", *words)
    assert output.code == 2
    assert told in " ".join(output.err.split())
    assert "it was imported" not in output.out + output.err


def test_the_document_has_it(durable_ai: DurableAi) -> None:
    Path("app.py").write_text(KIND)
    words = ("--generate", "5", "--event", '{"kind": "usual"}', "--output-format", "json", "--no-other-sandboxes")
    document = json.loads(durable_ai("check", "app.py:handler", *words).out)
    (told,) = document["generated"]
    assert (told["check"], told["events"]) == ("app.py:handler", 5)
    assert [one["event"] for one in told["kept"]] == [{"kind": "express"}]
