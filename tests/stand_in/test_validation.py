"""What the stand-in refuses: what the installed service model, or the conversation's rules, would not let through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field

from providers import Message, ModelRequest, ToolResultBlock, ToolSpec, ToolUseBlock
from providers.bedrock import request_to_converse
from tests.stand_in.conversation import RULES
from tests.stand_in.refused import REFUSED
from tests.stand_in.service_model import converse_input
from tests.stand_in.shapes import KINDS
from tests.stand_in.validation import violations

MODEL = "global.anthropic.claude-haiku-4-5-20251001-v1:0"


class Contact(BaseModel):
    name: str
    tags: list[str] = Field(max_length=3)


def body(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "inferenceConfig": {"maxTokens": 10, "temperature": 0.5},
        "requestMetadata": {"label": "greet"},
    }
    return {key: value for key, value in (plain | changes).items() if value is not None}


def found(document: Any) -> str:
    return "; ".join(violations(MODEL, document))


def turn(role: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(content)}


def use(identifier: str) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": identifier, "name": "look", "input": {}}}


def result(identifier: str, text: str = "seen") -> dict[str, Any]:
    return {"toolResult": {"toolUseId": identifier, "content": [{"text": text}], "status": "success"}}


TOOLS = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]}
TEXT = {"text": "hello"}


def test_a_plain_request_is_valid() -> None:
    assert found(body()) == ""


def test_what_the_providers_send_is_valid() -> None:
    request = ModelRequest(
        messages=(
            Message.user("look around"),
            Message.assistant("I will.", ToolUseBlock(tool_use_id="t-1", name="look", input={"where": [1, None]})),
            Message.user(ToolResultBlock.error("t-1", "too dark")),
        ),
        system="Be brief.",
        tools=(ToolSpec(name="look", description="Look.", input_schema={"type": "object"}),),
        output_schema=Contact,
        temperature=0,
        stop_sequences=("END",),
        label="look-around",
    )
    arguments = request_to_converse(request, MODEL)
    del arguments["modelId"]
    assert found(json.loads(json.dumps(arguments))) == ""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], "the body must be a JSON object"),
        (body(messages="hi"), "messages: must be a list"),
        (body(message=[]), "message: is unknown"),
        (body(messages=[{"role": "user"}]), "messages[0].content: is required"),
        (body(messages=[turn("robot", TEXT)]), "messages[0].role: must be one of user, assistant, system"),
        (body(messages=[turn("user", {"text": "a", "image": {}})]), "messages[0].content[0]: must hold exactly one of"),
        (body(messages=[turn("user", {})]), "messages[0].content[0]: must hold exactly one of"),
        (body(messages=[turn("user", {"novel": {}})]), "messages[0].content[0].novel: is unknown"),
        (body(messages=[turn("user", {"text": 3})]), "messages[0].content[0].text: must be a string"),
        (body(inferenceConfig={"maxTokens": 0}), "inferenceConfig.maxTokens: must be at least 1"),
        (body(inferenceConfig={"maxTokens": "many"}), "inferenceConfig.maxTokens: must be an integer"),
        (body(inferenceConfig={"maxTokens": True}), "inferenceConfig.maxTokens: must be an integer"),
        (body(inferenceConfig={"temperature": 1.5}), "inferenceConfig.temperature: must be at most 1"),
        (body(inferenceConfig={"temperature": "hot"}), "inferenceConfig.temperature: must be a number"),
        (body(inferenceConfig={"stopSequences": [""]}), "inferenceConfig.stopSequences[0]: must have at least 1"),
        (body(toolConfig={"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}), "must match"),
        (body(requestMetadata={}), "requestMetadata: must have at least 1"),
        (body(requestMetadata={"label": "a" * 257}), "requestMetadata.label: must have at most 256"),
        (body(requestMetadata={"label": "a|b"}), "requestMetadata.label: must match"),
        (body(requestMetadata={"la|bel": "a"}), "requestMetadata.la|bel (key): must match"),
        (body(requestMetadata={"label": 1}), "requestMetadata.label: must be a string"),
        (body(requestMetadata={f"label-{n}": "a" for n in range(17)}), "requestMetadata: must have at most 16"),
        (
            body(messages=[turn("user", {"image": {"format": "png", "source": {"bytes": "%"}}})]),
            "messages[0].content[0].image.source.bytes: must be base64",
        ),
    ],
)
def test_the_service_models_rules(document: Any, expected: str) -> None:
    assert expected in found(document)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], "messages: the conversation is empty"),
        ([turn("assistant", TEXT), turn("user", TEXT)], "messages[0]: a conversation must start with a user"),
        ([turn("user", TEXT), turn("user", TEXT)], "messages[1]: roles must alternate"),
        ([turn("user", TEXT), turn("assistant", TEXT)], "messages[1]: a conversation must end with a user"),
        ([turn("user")], "messages[0].content: is empty"),
        ([turn("user", {"text": " \n"})], "messages[0].content[0].text: is blank"),
        (
            [turn("user", TEXT), turn("assistant", use("a")), turn("user", result("a", " "))],
            "messages[2].content[0].toolResult.content[0].text: is blank",
        ),
        (
            [turn("user", TEXT), turn("assistant", use("a")), turn("user", TEXT)],
            "messages[2]: lacks tool results for a",
        ),
        (
            [turn("user", TEXT), turn("assistant", use("a"), use("b")), turn("user", result("b"))],
            "messages[2]: lacks tool results for a",
        ),
        (
            [turn("user", TEXT), turn("assistant", use("a")), turn("user", result("a"), result("c"))],
            "messages[2]: has tool results for c, which no tool use before it asks for",
        ),
        ([turn("user", result("a"))], "messages[0]: has tool results for a"),
        (
            [turn("user", TEXT), turn("assistant", use("a"), use("a")), turn("user", result("a"))],
            "messages[1]: repeats the tool use ids a",
        ),
    ],
)
def test_the_conversations_rules(messages: list[Any], expected: str) -> None:
    assert expected in found(body(messages=messages, toolConfig=TOOLS))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_source_and_finds_what_it_is_about_and_nothing_else_does(rule: str) -> None:
    model, refused = REFUSED[rule]
    assert list(RULES[rule].violations(model, refused))
    assert [name for name, one in RULES.items() if list(one.violations(model, refused))] == [rule]
    assert list(violations(model, refused))
    assert RULES[rule].source.startswith("https://")


def test_every_rule_has_an_example() -> None:
    assert set(REFUSED) == set(RULES)


def test_a_complete_tool_conversation_is_valid() -> None:
    messages = [
        turn("user", TEXT),
        turn("assistant", TEXT, use("a"), use("b")),
        turn("user", result("b"), result("a")),
        turn("assistant", use("c")),
        turn("user", result("c"), TEXT),
    ]
    assert found(body(messages=messages, toolConfig=TOOLS)) == ""
    assert "toolConfig: is required" in found(body(messages=messages))


def output(schema: Any) -> dict[str, Any]:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"name": "It", "schema": text}}}}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def recursive(following: str, **more: Any) -> dict[str, Any]:
    definitions = {"Node": closed(next={"$ref": f"#/$defs/{following}"}), **more}
    return closed(node={"$ref": "#/$defs/Node"}) | {"$defs": definitions}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("{", "schema: is not JSON"),
        ("[]", "schema: must be a JSON object"),
        ({"type": "object", "properties": {}}, "schema: every object needs additionalProperties: false"),
        ({"type": "array", "items": {"type": "object", "properties": {}}}, "schema.items: every object needs"),
        (closed(inner={"type": "object"}), "schema.properties.inner: every object needs"),
        (closed(age={"type": "integer", "minimum": 0}), "schema.properties.age.minimum: is not supported"),
        (closed(name={"type": "string", "minLength": 1}), "schema.properties.name.minLength: is not supported"),
        (
            closed(names={"type": "array", "items": {}, "minItems": 2}),
            "schema.properties.names.minItems: may be 0 or 1",
        ),
        (closed(kind={"oneOf": [{"type": "null"}]}), "schema.properties.kind.oneOf: is not supported"),
        (closed(kind={"anyOf": [{"type": "string", "pattern": "(?=a)"}]}), "anyOf[0].pattern: is not supported"),
        (closed(kind={"enum": [{"a": 1}]}), "schema.properties.kind.enum: may hold scalars only"),
        (closed(**{f"n{n}": {"type": "string"} for n in range(25)}), "schema: contains 25 optional parameters"),
        (closed(**{f"n{n}": {"type": ["string", "null"]} for n in range(17)}), "schema: contains 17 parameters with"),
        (closed(**{"a b": {"type": "string"}}), "schema: property keys should match"),
        (closed(other={"$ref": "https://example.com/schema"}), "schema.properties.other.$ref: must point into"),
        (closed(other={"$ref": "#/$defs/Missing"}), "schema.properties.other.$ref: must point into"),
        (recursive("Node"), "schema: is recursive at #/$defs/Node"),
        (recursive("Leaf", Leaf=closed(parent={"$ref": "#/$defs/Node"})), "schema: is recursive at #/$defs/Node"),
    ],
)
def test_the_output_schemas_rules(schema: Any, expected: str) -> None:
    assert expected in found(body(outputConfig=output(schema)))


def test_a_definition_used_twice_is_not_recursion() -> None:
    schema = closed(a={"$ref": "#/$defs/Node"}, b={"$ref": "#/$defs/Node"}) | {"$defs": {"Node": closed()}}
    assert found(body(outputConfig=output(schema))) == ""


@pytest.mark.parametrize(
    "model",
    [
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/abc123",
    ],
)
def test_model_ids_that_bedrock_takes(model: str) -> None:
    assert list(violations(model, body())) == []


def test_a_model_id_that_bedrock_does_not_take() -> None:
    assert "modelId: must match" in "".join(violations("no such model!", body()))


def nested(depth: int) -> Any:
    return {"deeper": nested(depth - 1)} if depth else None


@pytest.mark.parametrize("document", [nested(50), [nested(50)], "text", 1, None, True])
def test_documents_hold_any_json(document: Any) -> None:
    assert found(body() | {"additionalModelRequestFields": document}) == ""


def test_every_violation_is_reported_at_once() -> None:
    both = found(body(inferenceConfig={"maxTokens": 0, "temperature": 2}))
    assert "maxTokens" in both
    assert "temperature" in both


def test_the_checks_are_made_on_the_installed_service_model() -> None:
    """Every shape reachable from the request is of a kind that the walk knows: a new kind must fail here, loudly."""

    def kinds(shape: Any, seen: set[str]) -> set[str]:
        if shape.name in seen:
            return set()
        seen.add(shape.name)
        inner: list[Any] = []
        if shape.type_name == "structure":
            inner = list(shape.members.values())
        elif shape.type_name == "list":
            inner = [shape.member]
        elif shape.type_name == "map":
            inner = [shape.key, shape.value]
        return {shape.type_name}.union(*(kinds(part, seen) for part in inner))

    reachable = kinds(converse_input(), set())
    assert reachable <= set(KINDS)
    assert {"structure", "list", "map", "string", "integer", "float", "blob"} <= reachable
