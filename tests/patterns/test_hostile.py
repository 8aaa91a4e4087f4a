"""The hundred thousand replies themselves: a few of them, the same again, and that what is wrong would be seen."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from durable_conformance.runtime import run_in_process
from providers import Message, ModelRequest, TextBlock, ToolResultBlock, ToolUseBlock
from providers.scripted import reply
from tests.patterns import hostile
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.hostile import BOUNDS, CANARY, Listening, batch, scenario_of, scripts_of, unanswered, wrong_with


def test_a_number_makes_the_same_scripts_again() -> None:
    assert scripts_of(3, 20) == scripts_of(3, 20)
    assert scripts_of(3, 20) != scripts_of(4, 20)


@pytest.mark.parametrize("pattern", ["agent_with_tools", "parallel_invocation"])
def test_a_batch_counts_what_it_tried(pattern: str) -> None:
    tally, wrong = batch(pattern, 0, 30, 8)
    assert wrong == []
    assert tally.executions == tally.succeeded + tally.failed == 30
    assert tally.replies > 30
    assert tally.log_lines


def test_what_is_done_is_kept_and_gone_on_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state.json"
    for replies, batches in ((10, 1), (10, 1), (160, 2)):
        assert hostile.main(["--replies", str(replies), "--batch", "6", "--state", str(state)]) == 0
        assert json.loads(state.read_text())["number"] == batches
    assert json.loads(state.read_text())["tally"]["executions"] == 2 * 6 * len(CATALOGUE)


def test_what_is_wrong_is_seen() -> None:
    pattern = "prompt_chaining"
    run = run_in_process(CATALOGUE[pattern].handler_for, scenario_of([reply("Yes.")]))
    assert list(wrong_with(pattern, run)) == []
    spoilt = replace(run, status="ENDLESS", error_message=f"it said {CANARY}")
    assert [why.split(":")[0] for why in wrong_with(pattern, spoilt)] == [
        "it does not end",
        "an error repeats what the model said",
    ]
    calls = replace(run, events=run.events * BOUNDS[pattern])
    assert "too many calls" in next(wrong_with(pattern, calls))
    assert list(wrong_with(pattern, replace(run, status="FAILED", error_type="builtins.KeyError")))


def test_tool_uses_without_one_answer_each_are_seen() -> None:
    def use(one: str) -> ToolUseBlock:
        return ToolUseBlock(tool_use_id=one, name="x", input={})

    def result(one: str) -> ToolResultBlock:
        return ToolResultBlock(tool_use_id=one, content=(TextBlock(text="x"),))

    def asked(uses: str, results: str) -> ModelRequest:
        turns = [
            Message.user("?"),
            Message(role="assistant", content=tuple(use(one) for one in uses)),
            Message(role="user", content=tuple(result(one) for one in results)),
        ]
        return ModelRequest(messages=tuple(turn for turn in turns if turn.content), label="turn")

    assert list(unanswered(asked("ab", "ba"))) == []
    for uses, results in (("ab", "a"), ("ab", ""), ("aa", "aa"), ("ab", "aab"), ("", "a")):
        assert list(unanswered(asked(uses, results))), (uses, results)


def test_a_line_of_the_log_that_repeats_what_the_model_said_is_counted() -> None:
    listening = Listening()
    for text in ("nothing", CANARY):
        listening.emit(logging.LogRecord("x", logging.INFO, __file__, 1, "%s", (text,), None))
    assert (listening.lines, listening.repeating) == (2, 1)
