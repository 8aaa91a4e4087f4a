"""Prompt, schema and validator want the same keys, however a model's fields are named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from durable_conformance import Scenario
from durable_conformance.execution import Run
from durable_conformance.model import request_of
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, ask_for, durable_handler
from patterns.durable.keys import wanted_keys
from providers import ModelProvider, OutputSchema
from providers.scripted import ScriptedProvider, reply


class Plain(BaseModel):
    city_name: str


class Aliased(BaseModel):
    city: str = Field(alias="cityName")


class ValidationAliased(BaseModel):
    city: str = Field(validation_alias="CityName")


class Chosen(BaseModel):
    city: str = Field(validation_alias=AliasChoices("place", "town"))


class Generated(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    city_name: str


class ByName(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=False)

    city_name: str


class SaidOtherwise(BaseModel):
    city_name: str = Field(serialization_alias="written")


class Nested(BaseModel):
    where: Generated
    stops: list[Aliased]
    end: ValidationAliased | None = None


SCHEMAS: dict[type[BaseModel], str] = {
    Plain: "city_name",
    Aliased: "cityName",
    ValidationAliased: "CityName",
    Chosen: "place",
    Generated: "cityName",
    ByName: "city_name",
    SaidOtherwise: "city_name",
    Nested: (
        "where (an object with the keys cityName), stops (a list of objects with the keys cityName), "
        "end (an object with the keys CityName)"
    ),
}


def sample(schema: Any, root: dict[str, Any]) -> Any:
    """What a model sends that goes by the schema alone."""
    if "$ref" in schema:
        return sample(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], root)
    if schema["type"] == "array":
        return [sample(schema["items"], root)]
    if schema["type"] == "object":
        return {name: sample(part, root) for name, part in schema["properties"].items()}
    return "Rome"


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from keys(part)


def asked_for(schema: type[BaseModel], *script: Any) -> Run:
    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> str:
        return ask_for(context, model, "extract", "Where?", schema).model_dump_json()

    scenario = Scenario({}, lambda: ScriptedProvider([reply(one) for one in script]))
    return run_in_process(lambda model: durable_handler(workflow, model=model), scenario)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.__name__)
def test_prompt_schema_and_validator_name_the_same_keys(schema: type[BaseModel]) -> None:
    json_schema = OutputSchema.of(schema).json_schema
    answer = sample(json_schema, json_schema)
    run = asked_for(schema, json.dumps(answer))
    assert run.status == "SUCCEEDED", "the validator takes what the schema says"
    request = request_of(run.calls[0])
    assert request.output_schema is not None
    assert request.output_schema.json_schema == json_schema
    told = re.search(r"with these keys and nothing else: (.*)\.$", request.messages[0].text)
    assert told
    assert told[1] == SCHEMAS[schema]
    words = set(re.findall(r"\w+", told[1]))
    assert set(keys(answer)) <= words, "the prompt names each of them"


class Tree(BaseModel):
    name: str
    children: list[Tree]


def test_what_contains_itself_is_said_once() -> None:
    assert wanted_keys(Tree, OutputSchema.of(Tree)) == (
        "name, children (a list of objects with the keys name, children)"
    )


class Deep(BaseModel):
    city: str = Field(validation_alias=AliasPath("place", "city"))


class Around(BaseModel):
    inner: list[Deep]


class Names(RootModel[list[str]]):
    pass


class Anything(BaseModel):
    pass


@pytest.mark.parametrize(
    ("schema", "why"),
    [(Deep, "Deep.city"), (Around, "Around.inner.city"), (Names, "Names: it is no object"), (Anything, "Anything")],
)
def test_what_no_schema_can_say_is_refused_before_anything_is_asked(schema: type[BaseModel], why: str) -> None:
    run = asked_for(schema)
    assert (run.status, run.error_type) == ("FAILED", "providers.errors.ModelRequestError")
    assert why in (run.error_message or "")
    assert run.calls == ()
