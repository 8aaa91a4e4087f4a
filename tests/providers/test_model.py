"""The model layer's types: frozen, closed, and the same after any trip through JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator

from providers import (
    Message,
    ModelOutputError,
    ModelRequest,
    ModelResponse,
    OutputSchema,
    StopReason,
    TextBlock,
    ToolChoice,
    ToolResultBlock,
    ToolSpec,
    ToolUseBlock,
)
from providers.model import MAX_BRACES, describe, parsed
from tests.providers.strategies import MESSAGES, REQUESTS, RESPONSES


class Contact(BaseModel):
    name: str
    email: str = ""


CONTACT = OutputSchema(
    name="Contact",
    json_schema={
        "properties": {"name": {"type": "string"}, "email": {"type": "string"}},
        "required": ["name"],
        "type": "object",
        "additionalProperties": False,
    },
)


def response(text: str, *more: Any) -> ModelResponse:
    return ModelResponse(message=Message.assistant(text, *more), stop_reason=StopReason.END_TURN, model="a-model")


def ask(**options: Any) -> ModelRequest:
    return ModelRequest.model_validate({"messages": (Message.user("hello"),), **options})


# Round trips ----------------------------------------------------------------------------------------------------------


@given(REQUESTS)
def test_a_request_survives_json(request: ModelRequest) -> None:
    again = ModelRequest.model_validate_json(request.model_dump_json())
    assert again == request
    assert again.digest() == request.digest()


@given(RESPONSES)
def test_a_response_survives_json(answer: ModelResponse) -> None:
    again = ModelResponse.model_validate_json(answer.model_dump_json())
    assert again == answer
    assert again.model_dump_json() == answer.model_dump_json()


@given(MESSAGES)
def test_a_message_survives_a_dump_to_python(message: Message) -> None:
    assert Message.model_validate(message.model_dump()) == message
    assert Message.model_validate(message.model_dump(mode="json")) == message


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_have_are_refused(number: float) -> None:
    """They would silently become null in a checkpoint."""
    with pytest.raises(ValidationError, match="finite number"):
        ToolUseBlock(tool_use_id="use-1", name="look", input={"deep": [number]})


# Digests --------------------------------------------------------------------------------------------------------------


def canonical(request: ModelRequest) -> Any:
    """What of a request can differ, as a value that tells 1 from 1.0 and from true, which Python's == does not."""

    def typed(value: Any) -> Any:
        if isinstance(value, dict):
            return frozenset((key, typed(part)) for key, part in value.items())
        if isinstance(value, list):
            return tuple(typed(part) for part in value)
        return (type(value), repr(value))

    return typed(request.model_dump(mode="json"))


def test_the_digest_of_a_request_is_the_same_in_every_process_and_version() -> None:
    """Executions outlive both: another digest for the same request fails every one of them that replays."""
    use = ToolUseBlock(tool_use_id="use-1", name="look", input={"b": [1, 1.5, None], "a": "ü"})
    request = ask(
        messages=(
            Message.user("hello 猫"),
            Message.assistant(use),
            Message.user(ToolResultBlock.success("use-1", "seen")),
        ),
        system="Be brief.",
        tools=(ToolSpec(name="look", description="Look.", input_schema={"type": "object"}),),
        output_schema=CONTACT,
        temperature=0.5,
        label="turn-2",
    )
    assert request.digest() == "30cf9ca446721f77d828bd2927e975ccd5e1e7778f272ff38cdca4ce600e61f2"


def test_the_digest_of_a_class_is_the_same_with_every_version_of_pydantic() -> None:
    """Which writes the schema: one that writes another fails executions that replay, and is no minor upgrade."""
    assert ask(output_schema=Contact).digest() == "a86f69142a06a499c4e3c2f101331ca5a445dec44b203d0f7b8ead510326b2ca"


@given(REQUESTS, REQUESTS)
def test_equal_requests_and_only_those_have_equal_digests(one: ModelRequest, other: ModelRequest) -> None:
    assert (one.digest() == other.digest()) == (canonical(one) == canonical(other))


@given(REQUESTS, st.data())
def test_changing_any_one_field_changes_the_digest(request: ModelRequest, data: st.DataObject) -> None:
    other = data.draw(REQUESTS)
    field = data.draw(st.sampled_from(sorted(ModelRequest.model_fields)))
    changed = request.model_copy(update={field: getattr(other, field)})
    assert (changed.digest() == request.digest()) == (canonical(changed) == canonical(request))


CHANGES: list[dict[str, Any]] = [
    {"messages": (Message.user("hello "),)},
    {"messages": (Message.assistant("hello"),)},
    {"messages": (Message.user("hel", "lo"),)},
    {"messages": (Message.user("hello"), Message.assistant("hi"))},
    {"model": "large"},
    {"system": "Be brief."},
    {"tools": (ToolSpec(name="look", description="", input_schema={}),)},
    {"tool_choice": ToolChoice()},
    {"output_schema": Contact},
    {"max_tokens": 1},
    {"temperature": 0},
    {"stop_sequences": ("END",)},
    {"label": "judge"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_counts_in_the_digest(change: dict[str, Any]) -> None:
    assert ask(**change).digest() != ask().digest()


def test_the_changes_above_cover_every_field() -> None:
    assert {field for change in CHANGES for field in change} == set(ModelRequest.model_fields)


def test_the_order_of_keys_does_not_count_and_the_kind_of_a_number_does() -> None:
    def digest(schema: dict[str, Any]) -> str:
        return ask(tools=(ToolSpec(name="look", description="", input_schema=schema),)).digest()

    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert len({digest({"a": 1}), digest({"a": 1.0}), digest({"a": True}), digest({"a": "1"})}) == 4


def test_a_digest_is_the_same_in_every_process() -> None:
    """Executions that are under way hold digests: another algorithm would fail them all after a deployment."""
    assert ask(label="judge").digest() == "6ad7668f56eb387681d63dc8c0a647c8a931f8358a6d8882a89143db374495c9"


# Requests -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"messages": ()}, "messages"),
        ({"model": ""}, "model"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"label": "a b"}, "label"),
        ({"label": "a" * 129}, "label"),
        ({"label": "judge\n"}, "label"),
        ({"tools": ({"name": "a b", "description": "", "input_schema": {}},)}, "tools.0.name"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice"),
        ({"tool_choice": {"type": "auto", "name": "look"}}, "tool_choice"),
        ({"prompt": "hi"}, "prompt"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_field(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(**options)
    assert describe(caught.value).startswith(f"{field}: ")


def test_a_pydantic_class_is_taken_as_its_json_schema() -> None:
    assert ask(output_schema=Contact) == ask(output_schema=OutputSchema.of(Contact))
    assert OutputSchema.of(Contact).name == "Contact"
    assert OutputSchema.of(Contact).json_schema == Contact.model_json_schema()


class Tree(BaseModel):
    children: list[Tree]


@pytest.mark.parametrize("kind", [dict[str, int], tuple[int, str], Tree])
def test_a_request_may_want_what_one_provider_cannot_express(kind: Any) -> None:
    """What a provider makes of a schema, or refuses, is its own affair."""
    schema = create_model("Wanted", it=(kind, ...))
    request = ask(output_schema=schema)
    assert request.output_schema == OutputSchema(name="Wanted", json_schema=schema.model_json_schema())
    assert ModelRequest.model_validate_json(request.model_dump_json()).digest() == request.digest()


def test_whatever_a_schema_says_counts_in_the_digest() -> None:
    short, long = (create_model("Wanted", it=(str, Field(max_length=length))) for length in (10, 20))
    assert ask(output_schema=short).digest() != ask(output_schema=long).digest()


def test_values_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ask().model = "large"  # type: ignore[misc]  # what the test is about
    with pytest.raises(ValidationError, match="Extra inputs"):
        TextBlock.model_validate({"text": "a", "colour": "red"})


# Messages and responses -----------------------------------------------------------------------------------------------


def test_a_messages_text_and_tool_uses() -> None:
    use = ToolUseBlock(tool_use_id="use-1", name="look", input={})
    message = Message.assistant("one ", use, "two")
    assert message.text == "one two"
    assert message.tool_uses == (use,)
    assert Message.user(ToolResultBlock.error("use-1", "no")).text == ""


def test_a_response_speaks_for_its_message() -> None:
    use = ToolUseBlock(tool_use_id="use-1", name="look", input={})
    assert response("hi", use).text == "hi"
    assert response("hi", use).tool_uses == (use,)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ana", "email": "a@b"}',
        '```json\n{"name": "Ana", "email": "a@b"}\n```',
        'Here you are:\n{"name": "Ana", "email": "a@b"}\nAnything else?',
    ],
)
def test_a_reply_is_parsed_through_prose_and_fences(text: str) -> None:
    assert response(text).parse(Contact) == Contact(name="Ana", email="a@b")


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "}{", '["a"]', "{", '{"name": "Ana"', '{"a": 1} {"name": "Ana"}', '{"contact": {"name": "Ana"}}'],
)
def test_a_reply_without_one_json_object_is_an_output_error(text: str) -> None:
    with pytest.raises(ModelOutputError, match=r"a-model.*Contact"):
        response(text).parse(Contact)


def test_a_reply_that_does_not_fit_names_the_fields_and_never_their_values() -> None:
    with pytest.raises(ModelOutputError) as caught:
        response('{"name": {"secret": "hunter2"}, "email": 5}').parse(Contact)
    assert "name: " in str(caught.value)
    assert "email: " in str(caught.value)
    assert "hunter2" not in str(caught.value)


class Closed(Contact):
    model_config = ConfigDict(extra="forbid")


@pytest.mark.parametrize(
    "keys", [[f"key-{number}" for number in range(1_000)], ["k" * 100_000], ["猫" * 50_000, "k" * 50_000]]
)
def test_what_does_not_fit_is_described_in_bounded_length(keys: list[str]) -> None:
    """The text is checkpointed with the error it stands in, and the service takes no long ones."""
    with pytest.raises(ModelOutputError, match=r"k.*: Extra inputs are not permitted") as caught:
        response(json.dumps({"name": "Ana"} | dict.fromkeys(keys, 0))).parse(Closed)
    assert len(str(caught.value)) < 2_000
    assert ("and 990 more" in str(caught.value)) == (len(keys) == 1_000)
    assert not any(key[:5] in str(caught.value) for key in keys), "the names are the model's own words"


class Inner(BaseModel):
    number: int


class Outer(BaseModel):
    inner: Inner
    by_name: dict[str, Inner]


def test_names_of_the_schema_are_told_and_names_of_the_model_are_not() -> None:
    wrong = {"inner": {"number": "x"}, "by_name": {"canary": {"number": "x"}}}
    with pytest.raises(ModelOutputError) as caught:
        response(json.dumps(wrong)).parse(Outer)
    assert "inner.number: " in str(caught.value)
    assert "by_name.….number: " in str(caught.value)
    assert "canary" not in str(caught.value)


def test_what_a_validator_says_of_a_value_is_bounded() -> None:
    class Picky(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _refuses(cls, value: str) -> str:
            raise ValueError(f"not {value}")

    with pytest.raises(ModelOutputError) as caught:
        response(json.dumps({"name": "x" * 100_000})).parse(Picky)
    assert len(str(caught.value)) < 1_000


UNREADABLE = {
    "braces": "{" * 200_000,
    "objects that do not end": '{"a":' * 200_000,
    "lists that do not end": '{"a":[' * 100_000,
    "strings": '{"' * 100_000,
    "escapes": '{"\\"' * 100_000,
    "an object that ends wrong": '{"a": "' + "x" * 1_000_000 + '", oops}',
    "one inside another": '{"a": {"a": ' * 1_000 + "9" * 100_000,
    "braces in prose": "see {x} and " * 50_000,
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_no_character_of_a_reply_is_read_twice(kind: str) -> None:
    text, read, tries = UNREADABLE[kind], 0, 0

    class Counting(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            nonlocal read, tries
            tries += 1
            try:
                value, end = super().raw_decode(s, idx)
            except json.JSONDecodeError as error:
                read += max(error.pos, idx + 1) - idx
                raise
            except RecursionError:
                read += len(s) - idx
                raise
            read += end - idx
            return value, end

    with pytest.raises(ModelOutputError):
        parsed(text, Contact, "a-model", Counting(parse_int=str, parse_float=str))
    assert read <= len(text)
    assert tries <= MAX_BRACES


def test_what_stands_in_an_object_that_goes_wrong_is_no_answer() -> None:
    with pytest.raises(ModelOutputError, match="no JSON object"):
        response('{"contact": {"name": "Ana"}, oops}').parse(Contact)


def test_long_numbers_are_read_by_the_schema_alone() -> None:
    assert response('{"name": "Ana", "age": ' + "9" * 4_000 + "}").parse(Contact).name == "Ana"
    with pytest.raises(ModelOutputError, match="out of range"):
        response('{"name": "Ana", "age": ' + "9" * 5_000 + "}").parse(Contact)


def test_braces_around_an_object_do_not_hide_it() -> None:
    assert response('{{"name": "Ana"}}').parse(Contact).name == "Ana"


@given(st.text(), st.text())
def test_any_text_parses_or_is_an_output_error(before: str, after: str) -> None:
    try:
        parsed = response(before + json.dumps({"name": "Ana"}) + after).parse(Contact)
    except ModelOutputError:
        assert "{" in after or "}" in after or "{" in before or "}" in before
    else:
        assert isinstance(parsed, Contact)


def test_a_tool_use_without_input_is_read_again_however_it_was_written() -> None:
    use = ToolUseBlock(tool_use_id="use-1", name="look", input=None)
    assert ToolUseBlock.model_validate(use.model_dump(mode="json", exclude_none=True)) == use
