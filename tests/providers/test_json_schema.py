"""Pydantic's JSON Schemas in the subset that Bedrock compiles, as the stand-in checks it."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from providers import OutputSchema
from providers.json_schema import portable
from tests.stand_in.output_schema import output_schema_violations


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


def wrong(schema: dict[str, Any]) -> list[str]:
    definition = {"schema": json.dumps(schema)}
    return list(output_schema_violations({"outputConfig": {"textFormat": {"structure": {"jsonSchema": definition}}}}))


@pytest.mark.parametrize("schema", [Everything, Nothing, Place, Cat])
def test_bedrock_takes_what_comes_out(schema: type[BaseModel]) -> None:
    assert wrong(OutputSchema.of(schema).json_schema) == []


def test_bedrock_does_not_take_what_goes_in() -> None:
    assert wrong(Everything.model_json_schema())


def test_properties_are_kept_even_if_named_like_keywords() -> None:
    schema: Any = portable(Everything.model_json_schema())
    assert set(schema["properties"]) == set(Everything.model_fields)
    assert schema["required"] == Everything.model_json_schema()["required"]
    assert schema["properties"]["description"]["description"] == "A property named like a keyword."


def test_choices_are_kept() -> None:
    schema: Any = portable(Everything.model_json_schema())
    assert schema["$defs"]["Colour"]["enum"] == ["red", "blue"]
    assert schema["properties"]["size"]["enum"] == ["small", "large"]
    assert schema["$defs"]["Cat"]["properties"]["kind"]["const"] == "cat"
    assert schema["properties"]["pet"] == {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}
    assert schema["properties"]["number"]["anyOf"] == [{"type": "integer"}, {"type": "number"}, {"type": "null"}]


def test_every_object_is_closed() -> None:
    schema: Any = portable(Everything.model_json_schema())
    for part in (schema, *schema["$defs"].values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


def test_what_goes_in_is_left_as_it_was() -> None:
    schema = Everything.model_json_schema()
    before = json.dumps(schema)
    portable(schema)
    assert json.dumps(schema) == before


@pytest.mark.parametrize("kind", [dict[str, int], dict[str, Any], list[dict[str, str]], dict[str, Place] | None])
def test_arbitrary_keys_are_refused_with_advice(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"arbitrary keys.*list of name-value pairs"):
        portable(create_model("Free", table=(kind, ...)).model_json_schema())


def test_a_recursive_schema_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"Node contains itself.*flat list"):
        portable(Node.model_json_schema())


def test_a_tuple_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"tuple.*object with named fields"):
        portable(create_model("Pair", pair=(tuple[int, str], ...)).model_json_schema())
