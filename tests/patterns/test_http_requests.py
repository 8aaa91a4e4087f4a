"""Over real HTTP: one attempt of a durable step is one request, and whatever a model said can be sent back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from durable_conformance import Answered, Scenario
from durable_conformance.runtime import run_in_process
from patterns.durable.retry import MODEL_RETRY
from tests.patterns.catalogue import CATALOGUE
from tests.providers.bedrock.stand_in import provider_at
from tests.stand_in import Behaviour, ConverseStandIn, Drop, Fail, Malformed, Reply, Sequenced

BLANK: dict[str, Any] = {"text": " \n"}
REASONING: dict[str, Any] = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "SIG"}}}
CITED: dict[str, Any] = {"citationsContent": {"content": [{"text": "I see."}], "citations": [{"title": "notes"}]}}
REDACTED: dict[str, Any] = {"reasoningContent": {"redactedContent": "AA=="}}


@pytest.mark.parametrize(
    ("behaviour", "requests"),
    [
        (Fail("ThrottlingException", "Too many requests."), MODEL_RETRY.max_attempts),
        (Fail("ServiceUnavailableException", "Not now."), MODEL_RETRY.max_attempts),
        (Drop(), MODEL_RETRY.max_attempts),
        (Malformed(), MODEL_RETRY.max_attempts),
        (Fail("AccessDeniedException", "No."), 1),
        (Fail("ValidationException", "What?"), 1),
    ],
    ids=lambda value: str(value)[:40],
)
def test_one_step_causes_no_more_requests_than_its_policy_has_attempts(behaviour: Behaviour, requests: int) -> None:
    with ConverseStandIn(lambda _: behaviour) as stand_in:
        run = run_in_process(CATALOGUE["prompt_chaining"].handler_for, Scenario({}, lambda: provider_at(stand_in.url)))
        assert run.status == "FAILED"
        assert len(stand_in.requests) == requests
        assert {request.label for request in stand_in.requests} == {"generate-joke"}


def test_a_fan_out_causes_as_many_for_each_branch() -> None:
    with ConverseStandIn(lambda _: Fail("ThrottlingException", "Too many requests.")) as stand_in:
        run = run_in_process(
            CATALOGUE["parallel_invocation"].handler_for, Scenario({}, lambda: provider_at(stand_in.url))
        )
        assert (run.status, len(stand_in.requests)) == ("FAILED", 3 * MODEL_RETRY.max_attempts)


def turn(*content: dict[str, Any]) -> Reply:
    """An assistant's turn with this content, which waits for a tool."""
    message = {"role": "assistant", "content": list(content)}
    return Reply(body={"output": {"message": message}, "stopReason": "tool_use"})


def use(name: str, arguments: Any, identifier: str = "use-1") -> dict[str, Any]:
    return {"toolUse": {"toolUseId": identifier, "name": name, "input": arguments}}


def with_input(tool: dict[str, Any], arguments: Any) -> dict[str, Any]:
    return use(tool["toolUse"]["name"], arguments)


@pytest.mark.parametrize(
    ("pattern", "label", "tool", "person"),
    [
        ("agent_with_tools", "turn-1", use("get_location", {}), use("wait_for_human_review", {"question": "?"})),
        (
            "durable_strands_agent",
            "converse",
            use("get_population", {"city": "Paris"}),
            use("ask_person", {"question": "?"}),
        ),
    ],
)
@pytest.mark.parametrize(
    "content",
    [
        lambda tool, _: (BLANK, tool),
        lambda tool, _: (REASONING, tool),
        lambda tool, _: (REDACTED, BLANK, tool),
        lambda *_: (use("functions.get_location", {}),),
        lambda *_: (use("x" * 64 + "-a-tool", {}),),
        lambda *_: (use("🔧", {}),),
        lambda _, person: (person,),
        lambda tool, _: (with_input(tool, '{"city": "Par'),),
        lambda tool, _: (with_input(tool, ["Paris"]),),
        lambda tool, _: (with_input(tool, 7),),
        lambda tool, _: (with_input(tool, None),),
        lambda tool, _: (tool, tool, use("nothing", {})),
        lambda tool, _: (use(tool["toolUse"]["name"], {}, "an id | of many kinds of characters, " * 3),),
        lambda tool, _: (use(tool["toolUse"]["name"], {}, ""), use("functions.x", {}, "")),
        lambda tool, _: ({"reasoningContent": {"reasoningText": {"text": "Hm."}}}, tool),
        lambda tool, _: (CITED, tool),
        lambda tool, person: (person, tool, person, person, *[tool] * 30),
        lambda *_: (BLANK,),
    ],
    ids=[
        "blank text",
        "reasoning",
        "redacted",
        "a name with a dot",
        "a long name",
        "a picture",
        "a person's silence",
        "an input that was cut short",
        "a list as input",
        "a number as input",
        "no input",
        "one id three times",
        "an id that is none",
        "no ids",
        "reasoning without a signature",
        "citations",
        "more calls than a turn may make",
        "nothing",
    ],
)
def test_what_a_model_or_a_tool_said_is_taken_back(
    pattern: str, label: str, tool: dict[str, Any], person: dict[str, Any], content: Callable[..., Any]
) -> None:
    """The service refuses blank text, and names that no tool may have, though its own models send both."""
    answers = {name: [Answered(" ")] * 2 for name in ("human-review", "ask-person")}
    behaviour = Sequenced({label: [turn(*content(tool, person))]}, lambda _: Reply(text="Done."))
    with ConverseStandIn(behaviour) as stand_in:
        run = run_in_process(CATALOGUE[pattern].handler_for, Scenario({}, lambda: provider_at(stand_in.url), answers))
        assert (run.status, run.error_message) == ("SUCCEEDED", None)
        assert len(stand_in.requests) == 2
        assert_each_use_is_answered_once(stand_in.requests[1].body["messages"])


def assert_each_use_is_answered_once(messages: list[dict[str, Any]]) -> None:
    ids: dict[str, list[str]] = {"toolUse": [], "toolResult": []}
    for block in (block for message in messages for block in message["content"]):
        for kind in ids.keys() & block.keys():
            ids[kind].append(block[kind]["toolUseId"])
    assert len(set(ids["toolUse"])) == len(ids["toolUse"])
    assert sorted(ids["toolUse"]) == sorted(ids["toolResult"])


@pytest.mark.parametrize(("pattern", "label"), [("agent_with_tools", "turn-1"), ("durable_strands_agent", "converse")])
def test_an_answer_that_stops_for_a_tool_is_an_answer(pattern: str, label: str) -> None:
    behaviour = Sequenced({label: [turn({"text": "It is sunny."})]}, lambda _: Reply(text="Done."))
    with ConverseStandIn(behaviour) as stand_in:
        run = run_in_process(CATALOGUE[pattern].handler_for, Scenario({}, lambda: provider_at(stand_in.url)))
        assert len(stand_in.requests) == 1
    assert "It is sunny." in str(run.result)


def test_cited_text_is_the_text_of_an_answer() -> None:
    cited = {"citationsContent": {"content": [{"text": "the sky is blue."}], "citations": [{"title": "notes"}]}}
    behaviour = Sequenced(
        {"generate-joke": [turn({"text": "According to the file, "}, cited)]}, lambda _: Reply(text="Done.")
    )
    with ConverseStandIn(behaviour) as stand_in:
        run = run_in_process(CATALOGUE["prompt_chaining"].handler_for, Scenario({}, lambda: provider_at(stand_in.url)))
    assert run.result == {"joke": "According to the file, the sky is blue.", "review": "Done."}


def test_what_a_guardrail_withheld_is_not_asked_for_again() -> None:
    withheld = Reply(body={"stopReason": "guardrail_intervened"})
    with ConverseStandIn(lambda _: withheld) as stand_in:
        run = run_in_process(CATALOGUE["prompt_chaining"].handler_for, Scenario({}, lambda: provider_at(stand_in.url)))
        assert len(stand_in.requests) == 1
    assert "guardrail" in (run.error_message or "")
