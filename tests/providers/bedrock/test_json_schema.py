"""Pydantic's JSON Schemas in the subset that Bedrock compiles, as the stand-in checks it."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from providers import Message, ModelRequest, ModelRequestError, OutputSchema
from providers.bedrock import portable, request_to_converse
from tests.providers.contract import question
from tests.stand_in.output_schema import output_schema_violations
from tests.stand_in.validation import violations


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    """Where."""

    model_config = ConfigDict(extra="forbid")

    street: Annotated[str, StringConstraints(min_length=1, pattern="^[A-Z]")]
    number: Annotated[int, Field(ge=1, le=999)] = 1


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Everything(BaseModel):
    title: str
    description: Annotated[str, Field(description="A property named like a keyword.")]
    colour: Colour
    size: Literal["small", "large"]
    home: Place
    homes: Annotated[list[Place], Field(min_length=2, max_length=3)]
    spare: Place | None = None
    number: int | float | None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    flag: bool
    pattern: Annotated[str, Field(pattern="^a")]


class Nothing(BaseModel):
    pass


class Node(BaseModel):
    children: list[Node]


class Branch(BaseModel):
    leaf: Annotated[dict[str, int], Field(title="Counted leaves")]


class Tree(BaseModel):
    branches: list[Branch]


def wrong(schema: dict[str, Any]) -> list[str]:
    definition = {"schema": json.dumps(schema)}
    return list(output_schema_violations({"outputConfig": {"textFormat": {"structure": {"jsonSchema": definition}}}}))


def made(schema: type[BaseModel]) -> Any:
    """What comes out of a class."""
    return portable(schema.model_json_schema(), schema.__name__)


def sent(schema: OutputSchema | type[BaseModel]) -> Any:
    """The schema that Bedrock is sent with a request."""
    arguments = request_to_converse(question(output_schema=schema), "amazon.nova-lite-v1:0")
    return json.loads(arguments["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])


@pytest.mark.parametrize("schema", [Everything, Nothing, Place, Cat])
def test_bedrock_takes_what_comes_out(schema: type[BaseModel]) -> None:
    assert wrong(made(schema)) == []
    assert sent(schema) == made(schema)


def test_bedrock_does_not_take_what_goes_in() -> None:
    assert wrong(Everything.model_json_schema())


def test_properties_are_kept_even_if_named_like_keywords() -> None:
    schema = made(Everything)
    assert set(schema["properties"]) == set(Everything.model_fields)
    assert schema["required"] == Everything.model_json_schema()["required"]
    assert schema["properties"]["description"]["description"] == "A property named like a keyword."


def test_choices_are_kept() -> None:
    schema = made(Everything)
    assert schema["$defs"]["Colour"]["enum"] == ["red", "blue"]
    assert schema["properties"]["size"]["enum"] == ["small", "large"]
    assert schema["$defs"]["Cat"]["properties"]["kind"]["const"] == "cat"
    assert schema["properties"]["pet"] == {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}
    assert schema["properties"]["number"]["anyOf"] == [{"type": "integer"}, {"type": "number"}, {"type": "null"}]


def test_every_object_is_closed() -> None:
    schema = made(Everything)
    for part in (schema, *schema["$defs"].values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


def test_what_goes_in_is_left_as_it_was() -> None:
    schema = Everything.model_json_schema()
    before = json.dumps(schema)
    portable(schema, "Everything")
    assert json.dumps(schema) == before


@pytest.mark.parametrize("kind", [dict[str, int], dict[str, Any], list[dict[str, str]], dict[str, Place] | None])
def test_arbitrary_keys_are_refused_with_advice(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"arbitrary keys.*list of name-value pairs"):
        made(create_model("Free", table=(kind, ...)))


def test_a_recursive_schema_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"Node contains itself.*flat list"):
        made(Node)


def test_a_tuple_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"tuple.*object with named fields"):
        made(create_model("Pair", pair=(tuple[int, str], ...)))


@pytest.mark.parametrize("schema", [Tree, Node, create_model("Pair", pair=(tuple[int, str], ...))])
def test_what_bedrock_cannot_express_is_told_when_it_is_asked_and_not_before(schema: type[BaseModel]) -> None:
    asked = question(output_schema=schema)
    with pytest.raises(ModelRequestError) as caught:
        request_to_converse(asked, "amazon.nova-lite-v1:0")
    said = str(caught.value)
    assert f"output schema {schema.__name__!r}" in said
    where = {"Tree": "Branch.leaf takes", "Node": "Node contains", "Pair": "Pair.pair is a tuple"}
    assert where[schema.__name__] in said
    assert "use " in said
    assert "MODEL_STRUCTURED_OUTPUT=off" in said
    assert "outputConfig" not in request_to_converse(asked, "amazon.nova-lite-v1:0", structured_output=False)


HAND_MADE: list[dict[str, Any]] = [
    {},
    {"type": "object", "additionalProperties": False},
    {"type": "object", "properties": {"a": {"type": "array", "items": {}}}, "additionalProperties": False},
    {"allOf": [{"$ref": "#/definitions/A"}], "definitions": {"A": {"type": "string", "enum": ["a", "b"]}}},
]


@pytest.mark.parametrize("schema", HAND_MADE)
def test_a_schema_that_bedrock_takes_is_sent_as_it_is(schema: dict[str, Any]) -> None:
    assert wrong(schema) == []
    assert sent(OutputSchema(name="It", json_schema=schema)) == schema


@pytest.mark.parametrize("schema", [Everything, Nothing, Place, Cat])
def test_what_comes_out_may_go_in(schema: type[BaseModel]) -> None:
    assert portable(made(schema), schema.__name__) == made(schema)


@pytest.mark.parametrize("odd", [{"items": True}, {"properties": 3}, {"anyOf": "a"}, {"$defs": []}, {"$ref": 3}])
def test_what_is_no_schema_is_left_for_bedrock_to_refuse(odd: dict[str, Any]) -> None:
    assert sent(OutputSchema(name="It", json_schema=odd)) == odd


def wide(optional: int, unions: int) -> OutputSchema:
    fields: dict[str, Any] = {f"o{n}": {"type": "string"} for n in range(optional)}
    fields |= {f"u{n}": {"anyOf": [{"type": "string"}, {"type": "integer"}]} for n in range(unions)}
    required = [name for name in fields if name.startswith("u")]
    return OutputSchema(name="Wide", json_schema={"type": "object", "properties": fields, "required": required})


def sent_schema(schema: OutputSchema) -> dict[str, Any]:
    return request_to_converse(ModelRequest(messages=(Message.user("x"),), output_schema=schema), "a.model")


@pytest.mark.parametrize(("optional", "unions"), [(24, 0), (0, 16), (24, 16)])
def test_a_schema_within_the_limits_is_sent(optional: int, unions: int) -> None:
    arguments = sent_schema(wide(optional, unions))
    del arguments["modelId"]
    assert "outputConfig" in arguments
    assert list(violations("a.model", arguments)) == []


@pytest.mark.parametrize(
    "schema",
    [
        wide(25, 0),
        wide(0, 17),
        OutputSchema(name="Spaced", json_schema={"type": "object", "properties": {"first name": {"type": "string"}}}),
    ],
    ids=["optional", "unions", "a name"],
)
def test_a_schema_beyond_them_is_left_to_the_prompt(schema: OutputSchema) -> None:
    arguments = sent_schema(schema)
    del arguments["modelId"]
    assert "outputConfig" not in arguments
    assert list(violations("a.model", arguments)) == []


def test_a_choice_of_objects_is_refused_with_its_place() -> None:
    schema = {"type": "object", "properties": {"kind": {"enum": [{"a": 1}]}}}
    with pytest.raises(ModelRequestError, match=r"It\.kind is one of several objects"):
        sent_schema(OutputSchema(name="It", json_schema=schema))
