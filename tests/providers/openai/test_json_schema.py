"""Pydantic's JSON Schemas in their strict form, as the stand-in checks it."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, RootModel, StringConstraints, create_model

from providers.openai import request_to_chat, strict
from tests.chat_stand_in import violations
from tests.chat_stand_in.validation import strict_violations
from tests.providers.contract import question


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    """Where."""

    street: Annotated[str, StringConstraints(min_length=1, pattern="^[A-Z]")]
    number: Annotated[int, Field(ge=1, le=999)] = 1


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Everything(BaseModel):
    title: str
    description: Annotated[str, Field(description="A property named like a keyword.")]
    colour: Colour
    home: Annotated[Place, Field(description="Beside a reference.")]
    homes: Annotated[list[Place], Field(min_length=2, max_length=3)]
    spare: Place | None = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Nothing(BaseModel):
    pass


class Node(BaseModel):
    children: list[Node]


class Tree(BaseModel):
    root: Node


class Box[T](BaseModel):
    held: T


def sent(schema: type[BaseModel]) -> Any:
    arguments = request_to_chat(question(output_schema=schema), "gpt-5.6-luna")
    assert list(violations(arguments)) == []
    return arguments["response_format"]["json_schema"]


@pytest.mark.parametrize("schema", [Everything, Nothing, Place, Cat, Tree])
def test_what_comes_out_is_strict(schema: type[BaseModel]) -> None:
    assert list(strict_violations(strict(schema.model_json_schema()))) == []
    assert sent(schema)["strict"] is True


def test_what_goes_in_is_not() -> None:
    assert list(strict_violations(Everything.model_json_schema()))


def test_every_property_is_required_and_kept_even_if_named_like_a_keyword() -> None:
    schema: Any = strict(Everything.model_json_schema())
    assert schema["required"] == list(schema["properties"]) == list(Everything.model_fields)
    assert schema["properties"]["spare"] == {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]}
    assert schema["properties"]["home"] == {"$ref": "#/$defs/Place"}
    assert schema["$defs"]["Place"]["properties"]["number"] == {"maximum": 999, "minimum": 1, "type": "integer"}
    assert schema["$defs"]["Place"]["properties"]["street"] == {"pattern": "^[A-Z]", "type": "string"}


@pytest.mark.parametrize(
    "schema",
    [
        Node,  # its root is a reference
        create_model("Free", table=(dict[str, int], ...)),
        create_model("Free", table=(dict[str, Any], ...)),
        create_model("Pair", pair=(tuple[int, str], ...)),
        RootModel[list[int]],
    ],
)
def test_what_cannot_be_strict_is_sent_as_it_is(schema: type[BaseModel]) -> None:
    assert strict(schema.model_json_schema()) is None
    assert sent(schema) == {"name": sent(schema)["name"], "schema": schema.model_json_schema(), "strict": False}


def test_the_name_of_a_generic_class_is_one_that_the_api_takes() -> None:
    assert sent(Box[int])["name"] == "Box_int_"


HAND_MADE: list[Any] = [{}, {"type": "object", "properties": 3}, {"type": "object", "properties": {"a": True}}]


@pytest.mark.parametrize("schema", HAND_MADE)
def test_what_is_no_schema_is_left_for_the_server(schema: Any) -> None:
    assert strict(schema) is None


def test_older_definitions_and_a_lone_part_are_understood() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"allOf": [{"$ref": "#/definitions/A"}]}},
        "definitions": {"A": {"type": "string", "format": "uri"}},
    }
    assert strict(schema) == {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"A": {"type": "string"}},
    }


def test_what_goes_in_is_left_as_it_was() -> None:
    schema = Everything.model_json_schema()
    strict(schema)
    assert schema == Everything.model_json_schema()
