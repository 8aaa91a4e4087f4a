"""A payload goes into a history and comes out of it letter by letter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from durable_conformance.histories import Payload


def through_a_file(text: str) -> str:
    written = json.dumps(Payload.of(text).model_dump())
    return str(Payload.model_validate_json(written))


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ('{"a":[1,"é"]}', {"json": {"a": [1, "é"]}}),
        ('{"a":"\\u00e9"}', {"json": {"a": "é"}, "layout": "ascii"}),
        ('{"a": "é", "b": 1}', {"json": {"a": "é", "b": 1}, "layout": "spaced"}),
        ('{"a": "\\u00e9", "b": 1}', {"json": {"a": "é", "b": 1}, "layout": "spaced ascii"}),
        ("null", {"json": None}),
        ("", {"text": ""}),
        ("yes", {"text": "yes"}),
        ('{"a":1,"a":2}', {"text": '{"a":1,"a":2}'}),
        ("[1e3]", {"text": "[1e3]"}),
        ("NaN", {"text": "NaN"}),
    ],
)
def test_json_stands_as_json_where_that_loses_nothing(text: str, file: dict[str, Any]) -> None:
    assert Payload.of(text).model_dump() == file
    assert through_a_file(text) == text


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_every_text_comes_back(text: str) -> None:
    assert through_a_file(text) == text


@pytest.mark.parametrize("neither", [{}, {"json": 1, "text": "1"}, {"layout": "ascii"}])
def test_a_payload_is_one_thing(neither: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either 'json' or 'text'"):
        Payload.model_validate(neither)
