"""What the scripted provider promises: the script is followed exactly, and running out of it is loud."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, RootModel

from providers import (
    Message,
    ModelAccessDeniedError,
    ModelRequest,
    ModelThrottledError,
    ModelTimeoutError,
    StopReason,
    ToolSpec,
)
from providers.scripted import (
    ScriptedProvider,
    ScriptError,
    ScriptExhaustedError,
    access_denied,
    always,
    bad_request,
    not_found,
    reply,
    stopped,
    throttled,
    timed_out,
    tool_use,
    unavailable,
)


def request(prompt: str = "hello", label: str = "greet", **options: object) -> ModelRequest:
    return ModelRequest.model_validate({"messages": (Message.user(prompt),), "label": label, **options})


def test_by_position_each_call_takes_the_next_entry() -> None:
    provider = ScriptedProvider([reply("one"), reply("two")])
    assert [provider.converse(request()).text, provider.converse(request(label="other")).text] == ["one", "two"]


def test_by_label_calls_of_other_labels_do_not_interfere() -> None:
    provider = ScriptedProvider({"a": [reply("a1"), reply("a2")], "b": [reply("b1")]})
    texts = [provider.converse(request(label=label)).text for label in ("a", "b", "a")]
    assert texts == ["a1", "b1", "a2"]


def test_a_star_answers_labels_without_a_script_of_their_own() -> None:
    provider = ScriptedProvider({"a": [reply("mine")], "*": [reply("other")]})
    assert provider.converse(request(label="b")).text == "other"
    assert provider.converse(request(label="a")).text == "mine"


def test_by_function_the_request_decides() -> None:
    provider = ScriptedProvider(lambda asked, call: reply(f"{asked.messages[0].text} #{call}"))
    assert [provider.converse(request("x")).text for _ in range(2)] == ["x #0", "x #1"]


@pytest.mark.parametrize("script", [[], {}, {"greet": []}])
def test_running_out_of_script_is_fatal_and_says_for_whom(script: object) -> None:
    provider = ScriptedProvider(script)  # type: ignore[arg-type]
    with pytest.raises(ScriptExhaustedError, match=r"'greet'.*hello"):
        provider.converse(request())


def test_an_always_entry_never_runs_out() -> None:
    provider = ScriptedProvider({"greet": [reply("first"), always(throttled())]})
    assert provider.converse(request()).text == "first"
    for _ in range(3):
        with pytest.raises(ModelThrottledError):
            provider.converse(request())


def test_failures_raise_their_model_error_and_say_they_are_scripted() -> None:
    provider = ScriptedProvider([throttled(), timed_out(), access_denied(), unavailable(), bad_request(), not_found()])
    raised = []
    for _ in range(6):
        with pytest.raises(Exception, match="Scripted") as caught:
            provider.converse(request())
        raised.append(type(caught.value).__name__)
    assert raised == [
        "ModelThrottledError",
        "ModelTimeoutError",
        "ModelAccessDeniedError",
        "ModelUnavailableError",
        "ModelRequestError",
        "ModelNotFoundError",
    ]
    assert issubclass(ModelTimeoutError, Exception)
    assert issubclass(ModelAccessDeniedError, Exception)


def test_a_tool_use_asks_for_the_tool_and_stops_for_it() -> None:
    provider = ScriptedProvider([tool_use("get_weather", {"location": "Rome"}, text="Let me look.")])
    response = provider.converse(request())
    (call,) = response.tool_uses
    assert (call.name, call.input, response.text) == ("get_weather", {"location": "Rome"}, "Let me look.")
    assert response.stop_reason is StopReason.TOOL_USE


def test_two_tool_uses_in_one_turn_have_different_ids() -> None:
    provider = ScriptedProvider([tool_use("a", {}) + tool_use("b", {})])
    first, second = provider.converse(request()).tool_uses
    assert first.tool_use_id != second.tool_use_id


def test_any_stop_reason_can_be_scripted() -> None:
    provider = ScriptedProvider([stopped(reason, "text") for reason in StopReason])
    assert [provider.converse(request()).stop_reason for _ in StopReason] == list(StopReason)


def test_a_json_reply_is_dumped() -> None:
    assert json.loads(ScriptedProvider([reply({"a": 1})]).converse(request()).text) == {"a": 1}


def test_every_request_is_kept_in_order() -> None:
    provider = ScriptedProvider([throttled(), reply("x")])
    with pytest.raises(ModelThrottledError):
        provider.converse(request("one"))
    provider.converse(request("two"))
    assert [asked.messages[0].text for asked in provider.requests] == ["one", "two"]


def test_many_threads_each_get_their_own_labels_answers() -> None:
    calls, threads = 50, 20
    provider = ScriptedProvider({f"t{n}": [reply(f"t{n} #{i}") for i in range(calls)] for n in range(threads)})
    barrier = threading.Barrier(threads)

    def ask(thread: int) -> list[str]:
        barrier.wait()
        return [provider.converse(request(label=f"t{thread}")).text for _ in range(calls)]

    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(ask, range(threads)))
    assert answers == [[f"t{n} #{i}" for i in range(calls)] for n in range(threads)]
    assert len(provider.requests) == calls * threads


class Verdict(BaseModel):
    best: int = Field(ge=1)
    reasoning: str
    sure: bool
    tags: list[str] = Field(min_length=1)


def test_without_a_script_the_answer_is_a_function_of_the_request() -> None:
    provider = ScriptedProvider()
    same, again, other = (provider.converse(request(prompt)).text for prompt in ("a", "a", "b"))
    assert same == again != other


def test_without_a_script_an_output_schema_is_satisfied() -> None:
    assert ScriptedProvider().converse(request(output_schema=Verdict)).parse(Verdict).best >= 1


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Family(BaseModel):
    pet: Cat | Dog = Field(discriminator="kind")
    pair: tuple[int, Literal["left", "right"]]
    ages: dict[str, int]
    children: list[Family]
    elder: Family | None


class Side(BaseModel):
    pair: tuple[str, Literal["left", "right"]]
    ages: dict[str, Literal["old", "young"]]


class Document(RootModel[Family]):
    """Whose schema is a reference."""


@pytest.mark.parametrize("schema", [Family, Document])
def test_without_a_script_whatever_schema_is_satisfied(schema: type[BaseModel]) -> None:
    """Choices by a tag, tuples, arbitrary keys and an object that contains itself, which Bedrock would not take."""
    ScriptedProvider().converse(request(output_schema=schema)).parse(schema)


def test_never_twice_keeps_what_a_tuple_enumerates() -> None:
    provider = ScriptedProvider([always(reply({"pair": ["a", "left"], "ages": {"Ana": "old"}}))], never_twice=True)
    first, second = (provider.converse(request(output_schema=Side)).parse(Side) for _ in range(2))
    assert first.pair[0] != second.pair[0]


def test_never_twice_the_same_answer_even_to_the_same_request() -> None:
    provider = ScriptedProvider(never_twice=True)
    assert len({provider.converse(request()).text for _ in range(50)}) == 50


def test_never_twice_keeps_to_the_output_schema() -> None:
    provider = ScriptedProvider(never_twice=True)
    first, second = (provider.converse(request(output_schema=Verdict)).parse(Verdict) for _ in range(2))
    assert first.reasoning != second.reasoning


def test_never_twice_with_a_script_varies_texts_and_json_but_not_tool_input() -> None:
    provider = ScriptedProvider(
        {
            "t": [always(reply("hi"))],
            "j": [always(reply({"best": 1, "why": "x"}))],
            "u": [always(tool_use("a", {"b": "c"}))],
        },
        never_twice=True,
    )
    texts = {provider.converse(request(label="t")).text for _ in range(3)}
    assert len(texts) == 3
    assert all(text.startswith("hi") for text in texts)
    documents = [json.loads(provider.converse(request(label="j")).text) for _ in range(3)]
    assert {document["best"] for document in documents} == {1}
    assert len({document["why"] for document in documents}) == 3
    uses = [provider.converse(request(label="u")).tool_uses[0] for _ in range(3)]
    assert [use.input for use in uses] == [{"b": "c"}] * 3
    assert len({use.tool_use_id for use in uses}) == 3


def test_tools_are_not_called_unless_scripted() -> None:
    spec = ToolSpec(name="t", description="d", input_schema={"type": "object"})
    assert ScriptedProvider().converse(request(tools=(spec,))).stop_reason is StopReason.END_TURN


def test_the_model_is_the_tier_marked_as_scripted_or_the_explicit_id() -> None:
    provider = ScriptedProvider()
    assert provider.converse(request(model="small")).model == "scripted:small"
    assert provider.converse(request(model="my.model-v1")).model == "my.model-v1"


def test_a_script_file_holds_texts_json_tool_uses_errors_and_stop_reasons(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    entries = [
        "plain",
        {"json": {"a": 1}},
        {"tool": "get_weather", "input": {"location": "Rome"}},
        {"stop_reason": "max_tokens", "text": "cut"},
        {"error": "throttled"},
        {"always": "again"},
    ]
    script.write_text(json.dumps({"greet": entries}))
    provider = ScriptedProvider.from_file(script)
    assert provider.converse(request()).text == "plain"
    assert provider.converse(request()).text == '{"a": 1}'
    assert provider.converse(request()).tool_uses[0].input == {"location": "Rome"}
    assert provider.converse(request()).stop_reason is StopReason.MAX_TOKENS
    with pytest.raises(ModelThrottledError):
        provider.converse(request())
    assert [provider.converse(request()).text for _ in range(2)] == ["again", "again"]


def test_a_script_file_may_be_a_list_for_one_call_after_the_other(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('["a text", {"json": {"a": 1}}, {"always": "done"}]')
    provider = ScriptedProvider.from_file(script)
    told = [provider.converse(request(label=label)).text for label in ("write", "check", "write", "check")]
    assert told == ["a text", '{"a": 1}', "done", "done"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON: it is nested too deeply"),
        ("1", "valid dictionary"),
        ("[1]", r"valid: 0: Input should be a text, or an object"),
        ('{"a": [{"error": "nope"}]}', r"a\.0\.error\S*: Input should be 'throttled'"),
        ('{"a": ["b", {"unknown": 1}]}', r"a\.1: Input should be a text, or an object with one of always, json, tool"),
        ('{"a": [3]}', r"a\.0: Input should be a text, or an object"),
        ('{"a": [{"tool": "look", "inputs": 1}]}', r"a\.0\S*\.inputs: Extra inputs are not permitted"),
        ('{"a": [{"always": {"stop_reason": "?"}}]}', r"a\.0\.always\S*\.stop_reason: Input should be 'end_turn'"),
        ('{"a": [{"always": 3}]}', r"a\.0\.always\S*: Input should be a text, or an object"),
        ('{"a": "text"}', "list"),
    ],
)
def test_a_bad_script_file_is_refused_with_where_and_why(tmp_path: Path, content: str, problem: str) -> None:
    script = tmp_path / "script.json"
    script.write_text(content)
    with pytest.raises(ScriptError, match=problem) as caught:
        ScriptedProvider.from_file(script)
    assert "script.json" in str(caught.value)
    assert "Entry" not in str(caught.value), "a class of ours says nothing to who writes a script"


def test_a_missing_script_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"nowhere\.json"):
        ScriptedProvider.from_file(tmp_path / "nowhere.json")
