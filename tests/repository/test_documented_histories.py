"""What docs/histories.md tells people to type for golden histories of their own: typed, in that order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from durable_conformance import Scenario
from durable_conformance.histories import load_history
from durable_conformance.subject import Reference
from providers.scripted import ScriptedProvider, reply
from tests.conformance.command_line import command_line
from tests.conformance.exporting import exported
from tests.repository.documents import commands_in, text_of

APP = """
from patterns.durable import ask

def order(event, context, model):
    greeting = ask(context, model, "greet", f"Greet order {event['order']}").text
    return {"greeting": greeting, "price": context.step(lambda _: 12, "price")}
"""
PAID, FROM_PRODUCTION = Path("tests/histories/order/paid.json"), Path("tests/histories/order/from-production.json")


def test_histories_of_your_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [command.words for command in commands_in(text_of("docs/histories.md")) if command.words[0] == "durable-ai"]
    record, replay, update, from_export = [words[1:] for words in typed]
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(APP)
    Path("answers.json").write_text(json.dumps({"greet": ["Hello, 7."]}))
    durable_ai = command_line(capsys)

    assert durable_ai(*record).code == 0
    assert load_history(PAID).result is not None
    assert "1 of 1 histories replay" in durable_ai(*replay).out

    Path("app.py").write_text(APP.replace("Greet order", "Welcome order"))
    assert durable_ai(*replay).code == 1, "an execution of the older code would notice"
    assert durable_ai(*update).code == 0
    assert durable_ai(*replay).code == 0

    production = Scenario({"order": 7}, lambda: ScriptedProvider({"greet": [reply("Hello, 7.")]}))
    Path("export.json").write_text(json.dumps(exported(Reference("app.py:order").handler_factory(), production)))
    assert durable_ai(*from_export).code == 0
    assert FROM_PRODUCTION.exists()
    assert "2 of 2 histories replay" in durable_ai(*replay).out
