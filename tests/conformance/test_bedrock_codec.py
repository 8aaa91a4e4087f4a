"""Bedrock's wire codecs: what boto3 parses is what was meant. No network; nothing in the client is patched."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EventStreamError
from botocore.model import Shape
from hypothesis import given, settings
from hypothesis import strategies as st

from durable_conformance.errors import CannotRunError
from durable_conformance.model import FaultKind, tag, untagged
from durable_conformance.model.bedrock import (
    CODES,
    OPERATIONS,
    Asked,
    Reply,
    Tool,
    ToolUse,
    Wire,
    asked,
    asked_again,
    failed,
    from_answer,
    interrupted,
    made_up,
    model_in,
    rendered,
    varied,
)
from tests.conformance.bedrock_wire import (
    CONVERSE,
    FAMILIES,
    GROUPS,
    METRICS,
    answer_through,
    bedrock,
    case_of,
    heard,
)

EXAMPLES = 10_000
SERVICE = botocore.session.get_session().get_service_model("bedrock-runtime")
STREAMS = ("ConverseStream", "InvokeModelWithResponseStream")


def question(operation: str, family: str, **changes: Any) -> Asked:
    case = case_of(family)
    return asked(operation, case.model, json.dumps(case.request | changes).encode())


def tool(name: str = "look", **properties: Any) -> dict[str, Any]:
    return {"name": name, "schema": {"type": "object", "properties": properties, "required": list(properties)}}


def with_tools(family: str, *tools: dict[str, Any], choice: str | None = None) -> dict[str, Any]:
    """The part of a request that offers tools; `choice` is the tool that must be used, or `any`."""
    match family:
        case "anthropic":
            forced: Any = {"type": "any"} if choice == "any" else {"type": "tool", "name": choice}
            specs: Any = [{"name": each["name"], "input_schema": each["schema"]} for each in tools]
        case "chat":
            forced = "any" if choice == "any" else {"type": "function", "function": {"name": choice}}
            functions = [{"name": each["name"], "parameters": each["schema"]} for each in tools]
            specs = [{"type": "function", "function": each} for each in functions]
        case _:
            forced = {"any": {}} if choice == "any" else {"tool": {"name": choice}}
            specs = [{"toolSpec": {"name": each["name"], "inputSchema": {"json": each["schema"]}}} for each in tools]
            return {"toolConfig": {"tools": specs, **({"toolChoice": forced} if choice else {})}}
    return {"tools": specs, **({"tool_choice": forced} if choice else {})}


def with_schema(family: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The part of a request that asks for JSON."""
    match family:
        case "anthropic":
            return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
        case "chat":
            return {"response_format": {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}}
        case "cohere_chat":
            return {"response_format": {"type": "json_object", "schema": schema}}
        case _:
            text = json.dumps(schema)
            structure = {"jsonSchema": {"name": "it", "schema": text}}
            return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": structure}}}


TOOL_FAMILIES = ["converse", *(name for name, case in FAMILIES.items() if case.tools)]
SCHEMA_FAMILIES = ["converse", "anthropic", "chat", "cohere_chat"]


# --- what is asked


@pytest.mark.parametrize(("operation", "family"), GROUPS)
def test_a_request_of_boto3_is_read(operation: str, family: str) -> None:
    seen: list[Asked] = []

    def answer(question: Asked) -> Wire:
        seen.append(question)
        return rendered(question, made_up(question))

    bedrock().answer = answer
    case = case_of(family)
    bedrock().ask(operation, case.model, case.request)
    (asks,) = seen
    assert (asks.operation, asks.model, asks.family, asks.unsupported) == (operation, case.model, family, "")
    assert asks.body == case.request
    assert asks == question(operation, family)
    assert asked_again(asks.text) == asks
    assert asked_again(asks.request.whole) == asks


def test_every_operation_is_one_that_asks_a_model() -> None:
    asking = {name for name in SERVICE.operation_names if name.startswith(("Converse", "Invoke"))}
    assert asking - {"InvokeModelWithBidirectionalStream", "InvokeGuardrailChecks"} == OPERATIONS


def test_equal_requests_have_equal_texts_whatever_the_order_of_their_keys() -> None:
    one = asked("InvokeModel", "meta.llama3", b'{"prompt": "\xc3\xa9", "max_gen_len": 1}')
    other = asked("InvokeModel", "meta.llama3", b'{"max_gen_len":1,"prompt":"\\u00e9"}')
    different = asked("InvokeModel", "meta.llama3", b'{"max_gen_len":2,"prompt":"\\u00e9"}')
    assert one == other
    assert one.digest == other.digest == one.request.digest
    assert one.text != different.text


@pytest.mark.parametrize("family", TOOL_FAMILIES)
def test_tools_are_read(family: str) -> None:
    operation = "Converse" if family == "converse" else "InvokeModel"
    offered = (tool("look"), tool("add", number={"type": "integer"}))
    expected = tuple(Tool(each["name"], each["schema"]) for each in offered)
    free = question(operation, family, **with_tools(family, *offered))
    assert (free.tools, free.forced) == (expected, "")
    assert question(operation, family, **with_tools(family, *offered, choice="add")).forced == "add"
    assert question(operation, family, **with_tools(family, *offered, choice="any")).forced == "look"


@pytest.mark.parametrize("family", SCHEMA_FAMILIES)
def test_a_schema_is_read(family: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    operation = "Converse" if family == "converse" else "InvokeModel"
    assert question(operation, family, **with_schema(family, schema)).schema == schema
    assert question(operation, family).schema is None


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("converse", {"inferenceConfig": {"stopSequences": ["END"]}}),
        ("nova", {"inferenceConfig": {"stopSequences": ["END"]}}),
        ("anthropic", {"stop_sequences": ["END"]}),
        ("anthropic_text", {"stop_sequences": ["END"]}),
        ("chat", {"stop": "END"}),
        ("mistral", {"stop": ["END"]}),
        ("titan", {"textGenerationConfig": {"stopSequences": ["END"]}}),
        ("cohere", {"stop_sequences": ["END"]}),
    ],
)
def test_what_ends_a_reply_is_read(family: str, changes: dict[str, Any]) -> None:
    operation = "Converse" if family == "converse" else "InvokeModel"
    assert question(operation, family, **changes).stop == ("END",)
    assert question(operation, family).stop == ()


PROFILE = "arn:aws:bedrock:eu-central-1:000000000000:application-inference-profile/a1b2c3"


@pytest.mark.parametrize(
    ("model", "body", "family"),
    [
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2", {"prompt": ""}, "anthropic_text"),
        ("arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.meta.llama3-v1:0", {"prompt": ""}, "llama"),
        ("global.anthropic.claude-opus-4-5-20251101-v1:0", {"messages": []}, "anthropic"),
        ("apac.amazon.nova-pro-v1:0", {"messages": []}, "nova"),
        ("openai.gpt-oss-120b-1:0", {"messages": []}, "chat"),
        ("ai21.jamba-1-5-large-v1:0", {"messages": []}, "chat"),
        ("somebody.else-v1", {"messages": [{"role": "user", "content": "x"}]}, "chat"),
        ("amazon.titan-embed-text-v1", {"inputText": ""}, "titan_embedding"),
        ("amazon.titan-embed-text-v2:0", {"inputText": ""}, "titan_embedding_2"),
        ("arn:aws:bedrock:us-east-1:000000000000:provisioned-model/x", {"prompt": "", "max_gen_len": 1}, "llama"),
        (PROFILE, {"messages": [], "anthropic_version": "bedrock-2023-05-31"}, "anthropic"),
        (PROFILE, {"messages": [], "inferenceConfig": {}}, "nova"),
        (PROFILE, {"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "nova"),
        (PROFILE, {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, "chat"),
        (PROFILE, {"prompt": "", "max_tokens_to_sample": 1}, "anthropic_text"),
        (PROFILE, {"inputText": "", "textGenerationConfig": {}}, "titan"),
        (PROFILE, {"inputText": "", "dimensions": 256}, "titan_embedding_2"),
    ],
)
def test_the_family_is_told_by_the_model_or_else_by_the_body(model: str, body: dict[str, Any], family: str) -> None:
    asks = asked("InvokeModel", model, json.dumps(body).encode())
    assert (asks.family, asks.unsupported) == (family, "")


@pytest.mark.parametrize("model", ["a.b-v1:0", PROFILE, "a/b c%"])
def test_the_model_is_read_from_the_url(model: str) -> None:
    seen: list[str] = []
    client: Any = boto3.client("bedrock-runtime", "eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")

    def send(request: Any, **_: Any) -> AWSResponse:
        seen.append(model_in(request.url))
        return failed("Converse", "ValidationException", "no").response(request.url)

    client.meta.events.register("before-send.bedrock-runtime", send)
    with pytest.raises(ClientError):
        client.converse(modelId=model)
    assert seen == [model]


def test_a_url_of_no_model_names_none() -> None:
    assert model_in("https://bedrock-runtime.eu-central-1.amazonaws.com/guardrail/x/version/1/apply") == ""


@pytest.mark.parametrize(
    ("operation", "model", "body", "why"),
    [
        ("InvokeModel", "stability.sd3-large-v1:0", b'{"prompt": "a cat", "mode": "text-to-image"}', "mode, prompt"),
        ("InvokeModel", "amazon.nova-canvas-v1:0", b'{"taskType": "TEXT_IMAGE"}', "taskType"),
        ("InvokeModel", "amazon.titan-embed-image-v1", b'{"inputText": "a cat"}', "inputText"),
        ("InvokeModel", "cohere.embed-english-v3", b'{"texts": ["a"], "input_type": "x"}', "input_type, texts"),
        ("InvokeModel", "meta.llama3", b'{"messages": []}', "messages"),
        ("InvokeModel", PROFILE, b'{"prompt": "which family?"}', "prompt"),
        ("InvokeModel", "meta.llama3", b"not JSON", "no JSON object"),
        ("InvokeModel", "meta.llama3", b"\xff\xfe", "no JSON object"),
        ("InvokeModel", "meta.llama3", b"[1]", "no JSON object"),
        ("InvokeModel", "meta.llama3", b"", "no JSON object"),
        ("InvokeModel", "meta.llama3", b'{"a":' * 200_000, "no JSON object"),
        ("InvokeModelWithResponseStream", "amazon.titan-embed-text-v1", b'{"inputText": "a"}', "cannot stream"),
    ],
)
def test_what_nobody_can_answer_says_why(operation: str, model: str, body: bytes, why: str) -> None:
    asks = asked(operation, model, body)
    assert model in asks.unsupported
    assert why in asks.unsupported
    assert asked_again(asks.text) == asks
    with pytest.raises(CannotRunError, match="Give an answer"):
        made_up(asks)


def test_a_schema_that_is_no_json_says_so() -> None:
    structure = {"jsonSchema": {"name": "x", "schema": "{"}}
    format_ = {"textFormat": {"type": "json_schema", "structure": structure}}
    assert "no JSON" in question("Converse", "converse", outputConfig=format_).unsupported


MALFORMED = [None, 1, "x", [], {}, [None], [1, {}], {"a": None}, [{"name": 1}], True]


@pytest.mark.parametrize("family", ["converse", *FAMILIES])
def test_a_body_of_any_shape_is_read(family: str) -> None:
    keys: tuple[str, ...] = (
        "tools",
        "toolConfig",
        "tool_choice",
        "outputConfig",
        "output_config",
        "response_format",
        "stop",
    )
    keys += ("inferenceConfig", "stop_sequences", "textGenerationConfig", "output_format", "dimensions")
    for value in MALFORMED:
        for key in keys:
            asks = question("Converse" if family == "converse" else "InvokeModel", family, **{key: value})
            assert asks.family == family
            assert rendered(asks, made_up(asks)).status == 200


# --- replies, back and forth


PARTS = ("a", " ", "\n", '"', "\\", "é", "😀", "👩\u200d👧", "\u2028", "{", "}", "~", "\x00", "日本", "</s>")


def words(rng: random.Random) -> str:
    length = rng.choice((0, 1, 2, 5, 30, 300 if rng.random() < 0.1 else 10))
    return "".join(rng.choices(PARTS, k=length)) + (tag(rng.randrange(10)) if length > 5 else "")


def some_json(rng: random.Random, depth: int = 3) -> Any:
    kind = rng.randrange(8 if depth else 6)
    if kind == 6:
        return [some_json(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 7:
        return {words(rng)[:20]: some_json(rng, depth - 1) for _ in range(rng.randrange(4))}
    return (None, rng.random() < 0.5, rng.randrange(-(2**40), 2**40), rng.uniform(-1, 1), words(rng), "")[kind]


def reply_of(rng: random.Random, *, tools: bool) -> Reply:
    count = rng.choice((0, 0, 1, 2, 12 if rng.random() < 0.1 else 3)) if tools else 0
    uses = tuple(
        ToolUse(f"tooluse-{at}", rng.choice(("look", "add_up")), {f"k{key}": some_json(rng) for key in range(at % 3)})
        for at in range(count)
    )
    stop = "tool_use" if uses else rng.choice(("end_turn", "max_tokens"))
    return Reply(words(rng), uses, stop, rng.randrange(10_000), rng.randrange(10_000))


@pytest.mark.parametrize(("operation", "family"), GROUPS)
def test_what_boto3_parses_is_what_was_meant(operation: str, family: str) -> None:
    rng = random.Random(f"{operation} {family}")
    case = case_of(family)
    for _ in range(EXAMPLES // len(GROUPS) + 1):
        reply = reply_of(rng, tools=case.tools)
        bedrock().answer = lambda question, reply=reply: rendered(question, Reply.from_json(reply.as_json()))
        response = bedrock().ask(operation, case.model, case.request)
        hearing = heard(operation, family, response)
        assert hearing.text == reply.text
        assert hearing.uses == [(use.id, use.name, use.input) for use in reply.tool_uses]
        assert hearing.stop == case.ends[reply.stop_reason]
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert response["ResponseMetadata"]["RequestId"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
inputs = st.dictionaries(texts, documents, max_size=3)
uses = st.builds(ToolUse, st.text("ab-_.:", min_size=1), st.text("ab_-", min_size=1), inputs)
replies = st.builds(
    Reply, texts, st.lists(uses, max_size=3).map(tuple), st.just("tool_use"), st.integers(0), st.integers(0)
)


@settings(max_examples=100, deadline=None)
@given(group=st.sampled_from([group for group in GROUPS if case_of(group[1]).tools]), reply=replies)
def test_any_reply_arrives(group: tuple[str, str], reply: Reply) -> None:
    operation, family = group
    assert Reply.from_json(reply.as_json()) == reply
    bedrock().answer = lambda question: rendered(question, reply)
    case = case_of(family)
    hearing = heard(operation, family, bedrock().ask(operation, case.model, case.request))
    assert (hearing.text, hearing.uses) == (reply.text, [(use.id, use.name, use.input) for use in reply.tool_uses])


def wrong(shape: Any, value: Any, path: str) -> Iterator[str]:
    """What a parsed response lacks of what its shape requires, and what it holds that is not of its shape."""
    if shape.type_name == "list":
        for item in value:
            yield from wrong(shape.member, item, path)
    elif shape.type_name == "structure" and not shape.is_document_type:
        yield from (f"{path} has no {name}" for name in shape.required_members if name not in value)
        yield from (f"{path} has {name}" for name in value if name not in shape.members)
        for name in value.keys() & shape.members.keys():
            yield from wrong(shape.members[name], value[name], f"{path}.{name}")
    elif shape.type_name == "string" and value not in (shape.enum or [value]):
        yield f"{path} is {value}"


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_a_response_has_what_the_service_model_requires(operation: str) -> None:
    bedrock().answer = lambda question: rendered(question, Reply("text", (ToolUse("i", "look", {"a": 1}),), "tool_use"))
    case = CONVERSE if operation.startswith("Converse") else FAMILIES["anthropic"]
    response = bedrock().ask(operation, case.model, case.request)
    shape: Any = SERVICE.operation_model(operation).output_shape
    del response["ResponseMetadata"]
    found: list[str] = []
    for name, part in shape.members.items():
        if part.serialization.get("eventstream"):
            events = [next(iter(event.items())) for event in response[name]]
            assert events
            found += [problem for kind, event in events for problem in wrong(part.members[kind], event, kind)]
            response[name] = {}
    assert [*found, *wrong(shape, response, operation)] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_ends_with_what_it_took(family: str) -> None:
    bedrock().answer = lambda question: rendered(question, Reply("some text", (), "end_turn", 11, 7))
    case = case_of(family)
    response = bedrock().ask("InvokeModelWithResponseStream", case.model, case.request)
    *_, last = [json.loads(event["chunk"]["bytes"]) for event in response["body"]]
    assert (last[METRICS]["inputTokenCount"], last[METRICS]["outputTokenCount"]) == (11, 7)


@pytest.mark.parametrize("operation", STREAMS)
def test_a_long_text_comes_in_several_pieces(operation: str) -> None:
    bedrock().answer = lambda question: rendered(question, Reply("😀é" * 5_000))
    case = CONVERSE if operation == "ConverseStream" else FAMILIES["llama"]
    response = bedrock().ask(operation, case.model, case.request)
    events = list(response["stream" if operation == "ConverseStream" else "body"])
    assert len([event for event in events if "contentBlockDelta" in event or "chunk" in event]) > 3


@pytest.mark.parametrize(("operation", "family"), [group for group in GROUPS if group[0] in STREAMS])
def test_a_tag_is_never_divided_and_moves_no_piece(operation: str, family: str) -> None:
    for length in range(0, 40, 4):
        texts = (f"{'x' * length} ~{tag(serial)} {'y' * (40 - length)}" for serial in (1, 2))
        one, other = (untagged("".join(in_pieces(operation, family, text))) for text in texts)
        assert one == other
        assert "~" not in one


def in_pieces(operation: str, family: str, text: str) -> Iterator[str]:
    """The parts of a stream that says `text`, as boto3 parses them."""
    bedrock().answer = lambda question: rendered(question, Reply(text))
    response = bedrock().ask(operation, case_of(family).model, case_of(family).request)
    if operation == "ConverseStream":
        yield from map(str, response["stream"])
    else:
        yield from (event["chunk"]["bytes"].decode() for event in response["body"])


@pytest.mark.parametrize("family", [name for name, case in FAMILIES.items() if not case.tools])
def test_a_family_without_tools_says_so(family: str) -> None:
    with pytest.raises(CannotRunError, match="no place for a tool use"):
        rendered(question("InvokeModel", family), Reply("", (ToolUse("i", "look", {}),)))


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": [{"content": [null]}]}',
        b'{"messages": [{"content": [1]}]}',
        b'{"messages": [null]}',
        b'{"messages": 1}',
        b'{"messages": [{"content": "\\ud800"}]}',
        b'{"messages": [], "anthropic_version": null}',
        bytearray(b"\xff"),
        bytearray(b'{"messages": []}'),
        '{"messages": []}',
        None,
    ],
)
def test_a_request_of_any_shape_is_read_and_kept(body: Any) -> None:
    asks = asked("InvokeModel", PROFILE, body)
    assert asked_again(asks.request.whole) == asks
    assert len(asks.request.digest) == len(asks.identity) == 64
    if not asks.unsupported:
        assert rendered(asks, made_up(asks)).status == 200


def test_half_a_character_is_sent_as_json_has_it() -> None:
    bedrock().answer = lambda question: rendered(question, Reply("\ud800"))
    assert bedrock().ask("Converse", CONVERSE.model, CONVERSE.request)["output"]["message"]["content"] == [
        {"text": "\ud800"}
    ]


# --- vectors


def vector(body: dict[str, Any], model: str = "amazon.titan-embed-text-v2:0") -> dict[str, Any]:
    bedrock().answer = lambda question: rendered(question, made_up(question))
    answer: dict[str, Any] = json.loads(bedrock().ask("InvokeModel", model, body)["body"].read())
    return answer


def test_a_text_has_one_vector_of_the_right_size() -> None:
    first = vector({"inputText": "a"}, "amazon.titan-embed-text-v1")
    assert set(first) == {"embedding", "inputTextTokenCount"}
    assert len(first["embedding"]) == 1536
    assert sum(number * number for number in first["embedding"]) == pytest.approx(1)
    assert first == vector({"inputText": "a"}, "amazon.titan-embed-text-v1")
    assert first != vector({"inputText": "b"}, "amazon.titan-embed-text-v1")
    second = vector({"inputText": "a", "dimensions": 256})
    assert len(second["embedding"]) == 256
    assert second["embeddingsByType"] == {"float": second["embedding"]}
    assert len(vector({"inputText": "a"})["embedding"]) == 1024
    binary = vector({"inputText": "a", "embeddingTypes": ["binary"]})
    assert "embedding" not in binary
    assert set(binary["embeddingsByType"]["binary"]) == {0, 1}


def test_a_tag_in_a_text_changes_no_vector_and_a_vector_bears_none() -> None:
    one, other = (vector({"inputText": f"a ~{tag(serial)}"}) for serial in (1, 2))
    assert one == other == vector({"inputText": "a"}) | {"inputTextTokenCount": one["inputTextTokenCount"]}
    asks = asked("InvokeModel", "amazon.titan-embed-text-v1", b'{"inputText": "a"}')
    assert asks.embedding == 1536
    assert varied(asks, made_up(asks), tag(1)) == made_up(asks)


# --- answers that nobody wrote


@pytest.mark.parametrize(("operation", "family"), GROUPS)
def test_the_answer_is_a_text_and_the_same_each_time(operation: str, family: str) -> None:
    asks = question(operation, family)
    reply = made_up(asks)
    assert reply.text == f"answer-{asks.digest[:8]}"
    assert (reply.tool_uses, reply.stop_reason) == ((), "end_turn")
    assert reply.input_tokens > 0 < reply.output_tokens
    assert made_up(question(operation, family)) == reply


def test_tags_in_a_request_change_no_answer() -> None:
    one, other = (
        asked("InvokeModel", "meta.llama3", json.dumps({"prompt": f"a ~{tag(serial)}"}).encode()) for serial in (1, 2)
    )
    assert one.digest != other.digest
    assert made_up(one) == made_up(other) == made_up(asked_again(untagged(one.text)))
    assert rendered(one, Reply("x")) == rendered(other, Reply("x"))


@pytest.mark.parametrize("family", TOOL_FAMILIES)
def test_a_tool_is_used_where_it_is_forced_and_nowhere_else(family: str) -> None:
    operation = "Converse" if family == "converse" else "InvokeModel"
    offered = (tool("look"), tool("add", number={"type": "integer"}, what={"enum": ["a", "b"]}))
    assert made_up(question(operation, family, **with_tools(family, *offered))).tool_uses == ()
    reply = made_up(question(operation, family, **with_tools(family, *offered, choice="add")))
    ((name, given),) = [(use.name, use.input) for use in reply.tool_uses]
    assert (name, given, reply.stop_reason) == ("add", {"number": 1, "what": "a"}, "tool_use")


DEFINED = {"$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}}
ENDLESS = {
    "type": "object",
    "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
    "required": ["left", "right"],
}
TREE = {
    "$ref": "#/$defs/Expr",
    "$defs": {
        "Expr": {"anyOf": [{"$ref": "#/$defs/Sum"}, {"type": "integer"}]},
        "Sum": {"type": "object", "properties": {"of": {"$ref": "#/$defs/Expr"}}, "required": ["of"]},
    },
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "text-TAG"),
        ({"type": "object", "properties": {"name": {"type": "string"}}}, {"name": "name-TAG"}),
        ({"properties": {"n": {"type": "number"}}}, {"n": 1}),
        ({"type": "object", "properties": {"email": {"type": "string"}}}, {"email": "TAG@example.com"}),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z"),
        ({"type": "string", "minLength": 20}, "text-TAG-------"),
        ({"type": "string", "maxLength": 3}, "tex"),
        ({"type": ["null", "integer"]}, 1),
        ({"type": "integer", "minimum": 18}, 18),
        ({"type": "integer", "exclusiveMinimum": 18}, 19),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "minimum": 0.5, "maximum": 9}, 1),
        ({"type": "integer", "multipleOf": 7, "minimum": 8}, 14),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1}, 1),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3}, [1, 1, 1]),
        ({"type": "array", "items": {}, "minItems": 2, "uniqueItems": True}, ["text-TAG", "text-TAG-1"]),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}]}, [1, None]),
        ({"enum": ["low", "high"]}, "low"),
        ({"const": 7}, 7),
        ({"type": "object", "properties": {"a": {"type": "integer"}}, "anyOf": [{"required": ["a"]}]}, {"a": 1}),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"allOf": [{"$ref": "#/$defs/A"}, {"properties": {"b": {"type": "boolean"}}}]}
         | {"$defs": {"A": {"type": "object", "properties": {"a": {"type": "integer"}}}}}, {"a": 1, "b": True}),
        ({"type": "object", "required": ["free"]}, {"free": "free-TAG"}),
        ({"type": "object", "required": ["n"], "additionalProperties": {"type": "integer"}}, {"n": 1}),
        (DEFINED | {"$ref": "#/$defs/Node"}, {}),
        (TREE, {"of": 1}),
    ],
)  # fmt: skip
def test_an_answer_fits_its_schema(schema: dict[str, Any], expected: Any) -> None:
    asks = question("Converse", "converse", **with_schema("converse", schema))
    text = made_up(asks).text
    assert json.loads(text.replace(asks.digest[:8], "TAG")) == expected


SCHEMA_KEYWORDS = ("$ref", "allOf", "anyOf", "enum", "exclusiveMinimum", "format", "items", "maxLength", "minItems")
SCHEMA_KEYWORDS += ("minimum", "multipleOf", "prefixItems", "properties", "required", "type", "uniqueItems")  # type: ignore[assignment]


@pytest.mark.parametrize("keyword", SCHEMA_KEYWORDS)
def test_a_schema_of_any_shape_is_answered(keyword: str) -> None:
    for value in [*MALFORMED, {"a": 1}, "#", "#/x"]:
        for kind in ("object", "array", "string", "integer", None):
            schema = {"type": kind, "properties": {"a": {keyword: value}}, "items": {keyword: value}, keyword: value}
            asks = question("InvokeModel", "anthropic", **with_schema("anthropic", schema))
            json.loads(varied(asks, made_up(asks), tag(1)).text)


def test_a_schema_without_an_end_is_answered() -> None:
    asks = question("Converse", "converse", **with_schema("converse", ENDLESS))
    assert set(json.loads(made_up(asks).text)) == {"left", "right"}


# --- answers made unique

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "mood": {"enum": ["glad", "sad"]},
        "born": {"type": "string", "format": "date"},
        "code": {"type": "string", "pattern": "^A$"},
        "short": {"type": "string", "maxLength": 5},
        "tags": {"type": "array", "items": {"type": "string"}},
        "age": {"type": "integer"},
    },
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain ~a000007z"),
        ("", ""),
        ("See [1]", "See [1] ~a000007z"),
        ("a {brace}", "a {brace} ~a000007z"),
        ('{"a": "b", "n": 1}', {"a": "b~a000007z", "n": 1}),
        ('["a", ["b"]]', ["a~a000007z", ["b~a000007z"]]),
        ("42", 42),
        ("1e3", "1e3"),
        ("true", True),
        ('"a"', "a~a000007z"),
        ('```json\n{"a": "b"}\n```', '```json\n{"a": "b~a000007z"}\n```'),
    ],
)
def test_a_text_is_made_unique_where_it_is_free(text: str, expected: Any) -> None:
    reply = varied(question("Converse", "converse"), Reply(text, input_tokens=3), tag(7))
    assert reply.input_tokens == 3
    assert (json.loads(reply.text) if not isinstance(expected, str) or text == '"a"' else reply.text) == expected


def test_json_stays_what_its_schema_wants() -> None:
    asks = question("Converse", "converse", **with_schema("converse", PERSON))
    plain = made_up(asks)
    unique = json.loads(varied(asks, plain, tag(7)).text)
    given = json.loads(plain.text)
    assert unique == given | {"name": f"{given['name']}~{tag(7)}", "tags": [f"{given['tags'][0]}~{tag(7)}"]}
    assert json.loads(untagged(varied(asks, plain, tag(7)).text)) == given


OPTIONAL = {
    "type": "object",
    "properties": {
        "person": {"anyOf": [{"$ref": "#/$defs/Person"}, {"type": "null"}]},
        "people": {"oneOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/$defs/Person"}}]},
    },
    "$defs": {"Person": PERSON},
}


def test_json_in_an_alternative_stays_what_its_schema_wants() -> None:
    asks = question("Converse", "converse", **with_schema("converse", OPTIONAL))
    person = {"name": "Ann", "mood": "sad", "born": "2026-01-01", "age": 1}
    given = json.dumps({"person": person, "people": [person]})
    unique = person | {"name": f"Ann~{tag(7)}"}
    assert json.loads(varied(asks, Reply(given), tag(7)).text) == {"person": unique, "people": [unique]}


@pytest.mark.parametrize(("operation", "family"), GROUPS)
def test_untagged_a_varied_reply_is_the_reply(operation: str, family: str) -> None:
    asks = question(operation, family)
    reply = made_up(asks)
    one, other = (varied(asks, reply, tag(serial)) for serial in (1, 2))
    assert one.as_json() != other.as_json()
    assert untagged(one.as_json()) == untagged(other.as_json()) == reply.as_json()


def test_ids_of_tool_uses_are_unique_and_their_input_stays() -> None:
    plain = Reply("", (ToolUse("a", "look", {"x": "y"}), ToolUse("b", "look", {})), "tool_use")
    reply = varied(question("Converse", "converse"), plain, tag(7))
    assert reply.text == ""
    assert reply.tool_uses == (
        ToolUse("tooluse-0~a000007z", "look", {"x": "y"}),
        ToolUse("tooluse-1~a000007z", "look", {}),
    )


# --- errors


def modelled(operation: str) -> list[Any]:
    """The errors that the installed service model gives an operation."""
    return list(SERVICE.operation_model(operation).error_shapes)


ERRORS = [(operation, shape) for operation in sorted(OPERATIONS) for shape in modelled(operation)]


def failure(operation: str, wire: Wire) -> ClientError:
    bedrock().answer = lambda _: wire
    case = CONVERSE if operation.startswith("Converse") else FAMILIES["llama"]
    with pytest.raises(ClientError) as caught:
        bedrock().ask(operation, case.model, case.request)
    return caught.value


@pytest.mark.parametrize(("operation", "shape"), ERRORS, ids=[f"{op}-{shape.name}" for op, shape in ERRORS])
def test_every_error_of_the_service_model_is_raised_as_itself(operation: str, shape: Shape) -> None:
    error = failure(operation, failed(operation, shape.name, "It said é."))
    assert type(error) is getattr(bedrock().client.exceptions, shape.name)
    assert error.response["Error"]["Code"] == shape.name
    assert error.response["Error"]["Message"] == "It said é."
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == shape.metadata["error"]["httpStatusCode"]


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [
        (FaultKind.DENIED, "AccessDeniedException", 403),
        (FaultKind.THROTTLED, "ThrottlingException", 429),
        (FaultKind.UNAVAILABLE, "ServiceUnavailableException", 503),
        (FaultKind.PERMANENT, "ValidationException", 400),
    ],
)
def test_each_kind_of_failure_is_an_error_of_the_service(
    operation: str, kind: FaultKind, name: str, status: int
) -> None:
    error = failure(operation, failed(operation, kind, "no"))
    assert (type(error).__name__, error.response["ResponseMetadata"]["HTTPStatusCode"]) == (name, status)


def test_there_is_a_code_for_each_kind_of_failure() -> None:
    assert set(CODES) == set(FaultKind)


def test_an_error_that_no_service_model_has_is_a_client_error() -> None:
    error = failure("Converse", failed("Converse", "ExpiredTokenException", "old"))
    assert (type(error), error.response["Error"]["Code"]) == (ClientError, "ExpiredTokenException")
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    odd = failure("Converse", failed("Converse", "Odd", "odd", status=418))
    assert odd.response["ResponseMetadata"]["HTTPStatusCode"] == 418


def stream_errors() -> Iterator[tuple[str, str]]:
    """The exceptions that the installed service model has in each operation's stream."""
    for operation in STREAMS:
        stream: Any = SERVICE.operation_model(operation).get_event_stream_output()
        yield from ((operation, name) for name, part in stream.members.items() if part.metadata.get("exception"))


@pytest.mark.parametrize(("operation", "code"), list(stream_errors()))
def test_a_stream_ends_in_each_error_that_the_service_model_has(operation: str, code: str) -> None:
    bedrock().answer = lambda question: interrupted(
        question, Reply("some text " * 9), code[0].upper() + code[1:], "Oh é."
    )
    case = CONVERSE if operation == "ConverseStream" else FAMILIES["anthropic"]
    response = bedrock().ask(operation, case.model, case.request)
    with pytest.raises(EventStreamError) as caught:
        list(response["stream" if operation == "ConverseStream" else "body"])
    assert caught.value.response["Error"] == {"Code": code, "Message": "Oh é."}


def test_a_stream_begins_before_it_is_interrupted() -> None:
    bedrock().answer = lambda question: interrupted(question, Reply("some text"), "throttlingException", "x")
    stream = iter(bedrock().ask("ConverseStream", CONVERSE.model, CONVERSE.request)["stream"])
    assert next(stream) == {"messageStart": {"role": "assistant"}}


@pytest.mark.parametrize(("operation", "code"), [("Converse", "throttlingException"), ("ConverseStream", "Odd")])
def test_what_cannot_interrupt_says_so(operation: str, code: str) -> None:
    with pytest.raises(CannotRunError, match=code):
        interrupted(question(operation, "converse"), Reply("x"), code, "x")


# --- answers that a user gave


def hear(operation: str, family: str, answer: Any, unique: str = "") -> Any:
    """What boto3 returns where `answer` was given."""

    def respond(question: Asked) -> Wire:
        came = from_answer(question, answer)
        if isinstance(came, Wire):
            return came
        came = Reply.from_json(came.as_json())
        return rendered(question, varied(question, came, unique) if unique else came)

    bedrock().answer = respond
    return bedrock().ask(operation, case_of(family).model, case_of(family).request)


@pytest.mark.parametrize(("operation", "family"), GROUPS)
def test_a_text_is_what_the_model_says(operation: str, family: str) -> None:
    assert heard(operation, family, hear(operation, family, "Hi.")).text == "Hi."
    assert heard(operation, family, hear(operation, family, "Hi.", tag(1))).text == f"Hi. ~{tag(1)}"


@pytest.mark.parametrize(("operation", "family"), GROUPS)
def test_a_response_of_converse_is_said_in_each_family(operation: str, family: str) -> None:
    given = {"output": {"message": {"content": [{"text": "Hi."}]}}, "stopReason": "max_tokens"}
    hearing = heard(operation, family, hear(operation, family, given))
    assert (hearing.text, hearing.stop) == ("Hi.", case_of(family).ends["max_tokens"])


@pytest.mark.parametrize(("operation", "family"), [group for group in GROUPS if case_of(group[1]).tools])
def test_a_tool_use_of_converse_is_said_in_each_family_that_has_tools(operation: str, family: str) -> None:
    use = {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"a": ["b"]}}}
    given = {"output": {"message": {"content": [{"text": "Wait."}, use]}}}
    hearing = heard(operation, family, hear(operation, family, given))
    assert (hearing.text, hearing.uses) == ("Wait.", [("t1", "look", {"a": ["b"]})])
    assert hearing.stop == case_of(family).ends["tool_use"]
    hearing = heard(operation, family, hear(operation, family, given, tag(1)))
    assert (hearing.text, hearing.uses) == (f"Wait. ~{tag(1)}", [(f"tooluse-0~{tag(1)}", "look", {"a": ["b"]})])


def test_a_response_of_converse_loses_nothing() -> None:
    given = {
        "output": {
            "message": {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}},
                    {"text": "Hi."},
                    {"citationsContent": {"content": [{"text": "Sky."}], "citations": [{"title": "notes"}]}},
                    {"reasoningContent": {"redactedContent": b"hidden"}},
                ],
            }
        },
        "stopReason": "end_turn",
        "usage": {"inputTokens": 5, "outputTokens": 6, "totalTokens": 11, "cacheReadInputTokens": 4},
        "metrics": {"latencyMs": 77},
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }
    response = hear("Converse", "converse", given)
    assert {key: part for key, part in response.items() if key != "ResponseMetadata"} == {
        key: part for key, part in given.items() if key != "ResponseMetadata"
    }
    content = hear("Converse", "converse", given, tag(1))["output"]["message"]["content"]
    assert content[1] == {"text": f"Hi. ~{tag(1)}"}
    assert content[2]["citationsContent"]["content"] == [{"text": f"Sky. ~{tag(1)}"}]
    events = list(hear("ConverseStream", "converse", given)["stream"])
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    thoughts = [delta["reasoningContent"] for delta in deltas if "reasoningContent" in delta]
    assert "".join(thought.get("text", "") for thought in thoughts) == "Hm."
    assert [thought["signature"] for thought in thoughts if "signature" in thought] == ["s"]
    assert [thought["redactedContent"] for thought in thoughts if "redactedContent" in thought] == [b"hidden"]
    assert [delta["citation"] for delta in deltas if "citation" in delta] == [{"title": "notes"}]
    assert "".join(delta.get("text", "") for delta in deltas) == "Hi.Sky."
    assert events[-1]["metadata"]["usage"]["cacheReadInputTokens"] == 4


BODIES: dict[str, dict[str, Any]] = {
    "anthropic": {"content": [{"type": "text", "text": "Hi."}]},
    "nova": {"output": {"message": {"content": [{"text": "Hi."}]}}},
    "chat": {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}]},
    "anthropic_text": {"completion": "Hi."},
    "llama": {"generation": "Hi."},
    "titan": {"results": [{"outputText": "Hi.", "completionReason": "FINISH"}]},
    "mistral": {"outputs": [{"text": "Hi.", "stop_reason": "stop"}]},
    "deepseek": {"choices": [{"text": "Hi.", "stop_reason": "stop"}]},
    "cohere": {"generations": [{"text": "Hi.", "finish_reason": "COMPLETE"}]},
    "cohere_chat": {"text": "Hi."},
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("operation", ["InvokeModel", "InvokeModelWithResponseStream"])
def test_a_body_of_the_family_is_sent_with_what_it_leaves_out(operation: str, family: str) -> None:
    given = BODIES[family] | {"more": 1}
    hearing = heard(operation, family, hear(operation, family, given))
    assert (hearing.text, hearing.stop) == ("Hi.", case_of(family).ends["end_turn"])
    assert heard(operation, family, hear(operation, family, given, tag(1))).text == f"Hi. ~{tag(1)}"
    assert heard(operation, family, hear(operation, family, {"body": given, "contentType": "x"})).text == "Hi."
    assert heard(operation, family, hear(operation, family, {"body": json.dumps(given)})).text == "Hi."


def test_a_thought_of_anthropic_is_streamed() -> None:
    given = {"content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": "Hi."}]}
    chunks = [json.loads(event["chunk"]["bytes"]) for event in hear(STREAMS[1], "anthropic", given)["body"]]
    deltas = [chunk["delta"] for chunk in chunks if chunk["type"] == "content_block_delta"]
    assert "".join(delta.get("thinking", "") for delta in deltas) == "Hm."
    assert [delta["signature"] for delta in deltas if delta["type"] == "signature_delta"] == ["s"]
    kinds = [chunk["content_block"]["type"] for chunk in chunks if chunk["type"] == "content_block_start"]
    assert kinds == ["thinking", "text"]


def test_a_vector_can_be_given() -> None:
    asks = asked("InvokeModel", "amazon.titan-embed-text-v1", b'{"inputText": "a"}')
    came = from_answer(asks, {"embedding": [0.5]})
    assert isinstance(came, Reply)
    assert json.loads(rendered(asks, varied(asks, came, tag(1))).body)["embedding"] == [0.5]


def test_a_body_that_nobody_knows_is_sent_as_it_is() -> None:
    asks = asked("InvokeModel", "stability.sd3-large-v1:0", b'{"prompt": "a cat"}')
    came = from_answer(asks, {"images": ["aGk="]})
    assert isinstance(came, Reply)
    assert json.loads(rendered(asks, varied(asks, came, tag(1))).body) == {"images": ["aGk="]}
    streamed = asked(STREAMS[1], "stability.sd3-large-v1:0", b'{"prompt": "a cat"}')
    with pytest.raises(CannotRunError, match=r"stability\.sd3"):
        rendered(streamed, came)


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_an_error_can_be_given(operation: str) -> None:
    family = "converse" if operation.startswith("Converse") else "llama"
    with pytest.raises(ClientError) as caught:
        hear(operation, family, {"Error": {"Code": "ThrottlingException"}})
    assert type(caught.value) is bedrock().client.exceptions.ThrottlingException
    whole = {"Error": {"Code": "Odd", "Message": "So."}, "ResponseMetadata": {"HTTPStatusCode": 418}}
    with pytest.raises(ClientError, match=r"Odd.*So\.") as caught:
        hear(operation, family, whole)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418


@pytest.mark.parametrize(
    ("model", "value", "why"),
    [
        ("meta.llama3", {"name": "Ann"}, "an object of name"),
        ("meta.llama3", {}, "an object of nothing"),
        ("meta.llama3", None, "neither a text nor an object: null"),
        ("meta.llama3", ["x"], "neither a text nor an object"),
        ("meta.llama3", 5, "neither a text nor an object"),
        ("meta.llama3", {"generation": {1, 2}}, "no JSON"),
        ("meta.llama3", {"body": "{"}, "no JSON"),
        ("stability.sd3", "a cat", "give the whole body"),
        ("amazon.titan-embed-text-v1", "a", "give the whole body"),
    ],
)
def test_an_answer_that_is_none_says_so(model: str, value: Any, why: str) -> None:
    body = {"prompt": "a", "inputText": "a"}
    with pytest.raises(CannotRunError, match=why) as caught:
        from_answer(asked("InvokeModel", model, json.dumps(body).encode()), value)
    assert model in str(caught.value)


# --- another library on top


@pytest.mark.parametrize("streaming", [True, False])
def test_strands_hears_a_text_and_a_tool_use(streaming: bool) -> None:
    strands = pytest.importorskip("strands.models.bedrock")
    session = boto3.Session("a", "b", region_name="eu-central-1")
    model = strands.BedrockModel(boto_session=session, streaming=streaming)
    reply = Reply("Wait. 😀", (ToolUse("t1", "look", {"a": ["é"]}),), "tool_use", 3, 4)
    asks: list[Asked] = []

    def answer(question: Asked) -> Wire:
        asks.append(question)
        return rendered(question, reply)

    answer_through(model.client, answer)
    spec = {"name": "look", "description": "Look.", "inputSchema": {"json": {"type": "object"}}}

    async def hear() -> list[Any]:
        return [event async for event in model.stream([{"role": "user", "content": [{"text": "Hello"}]}], [spec])]

    events = asyncio.run(hear())
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    given = "".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta)
    assert "".join(delta.get("text", "") for delta in deltas) == reply.text
    assert json.loads(given) == {"a": ["é"]}
    assert [event["messageStop"]["stopReason"] for event in events if "messageStop" in event] == ["tool_use"]
    (asked_once,) = asks
    assert asked_once.operation == ("ConverseStream" if streaming else "Converse")
    assert asked_once.tools == (Tool("look", {"type": "object"}),)
