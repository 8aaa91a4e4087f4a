"""Which requests are the same, and what a request that was never recorded differs in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.cassette import Key, Recording, differences, explain_miss
from tests.providers.cassette.interactions import ACCOUNT

HOST = "https://bedrock-runtime.example.amazonaws.com"
MODEL_URL = f"{HOST}/model/amazon.nova-lite-v1%3A0/converse"


def body(text: Any = "Hello", label: Any = "greet", **fields: Any) -> dict[str, Any]:
    metadata = {"requestMetadata": {"label": label}} if label is not None else {}
    return {"messages": [{"role": "user", "content": [{"text": text}]}], **metadata, **fields}


def key(document: Any = None, url: str = MODEL_URL, method: str = "POST") -> Key:
    return Key.of(method, url, json.dumps(document if document is not None else body()))


def miss(asked: Key, *recorded: Key, played: int = 0) -> str:
    recordings = [Recording(n, item, played=n <= played) for n, item in enumerate(recorded, start=1)]
    return explain_miss("joke.yaml", asked, recordings)


# Keys -----------------------------------------------------------------------------------------------------------------


def test_the_order_of_json_keys_its_whitespace_the_host_and_the_quoting_do_not_matter() -> None:
    one = Key.of("POST", MODEL_URL, b'{"a": 1, "b": {"c": "\\u00e9", "d": []}}')
    two = Key.of("POST", "http://127.0.0.1:1/model/amazon.nova-lite-v1:0/converse?x=1", '{"b":{"d":[],"c":"é"},"a":1}')
    assert one == two
    assert hash(one) == hash(two)


def test_the_account_of_a_model_does_not_matter() -> None:
    arn = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A{}%3Ainference-profile%2Fx/converse"
    assert key(url=HOST + arn.format(ACCOUNT)) == key(url=HOST + arn.format("0" * 12))
    said = "Describe arn:aws:bedrock:us-east-1:{}:inference-profile/x."
    assert key(body(said.format(ACCOUNT))) == key(body(said.format("0" * 12)))


@pytest.mark.parametrize(
    "other",
    [
        key(body("Hello!")),
        key(body(label="other")),
        key(body(label=None)),
        key(body(inferenceConfig={"maxTokens": 1})),
        key(url=f"{HOST}/model/amazon.nova-pro-v1%3A0/converse"),
        key(method="GET"),
        key([1]),
    ],
)
def test_whatever_the_model_gets_to_see_matters(other: Key) -> None:
    assert other != key()


def test_a_body_that_is_no_json_is_compared_as_it_is() -> None:
    assert Key.of("POST", MODEL_URL, b"\xff{") == Key.of("POST", MODEL_URL, b"\xff{")
    assert Key.of("POST", MODEL_URL, b"\xff{") != Key.of("POST", MODEL_URL, b"\xff[")
    assert Key.of("POST", MODEL_URL, None) == Key.of("POST", MODEL_URL, b"")


# Differences ----------------------------------------------------------------------------------------------------------


def lines(recorded: Any, asked: Any) -> list[str]:
    return [str(difference) for difference in differences(key(recorded), key(asked))]


def test_a_changed_text_is_shown_side_by_side_by_its_path() -> None:
    assert lines(body("Hello"), body("Goodbye")) == ['messages[0].content[0].text: recorded "Hello", asked "Goodbye"']


def test_several_differences_are_each_shown() -> None:
    assert lines(
        body("Hello", inferenceConfig={"maxTokens": 5, "temperature": 0.5}),
        body("Hello", "other", inferenceConfig={"maxTokens": 6, "temperature": 0.5}, system=[{"text": "Be brief."}]),
    ) == [
        "inferenceConfig.maxTokens: recorded 5, asked 6",
        'requestMetadata.label: recorded "greet", asked "other"',
        'system: recorded nothing, asked [{"text": "Be brief."}]',
    ]


def test_what_is_no_longer_asked_is_shown_too() -> None:
    assert lines(body(label="greet"), body(label=None)) == [
        'requestMetadata: recorded {"label": "greet"}, asked nothing'
    ]


def test_lists_are_compared_item_by_item() -> None:
    recorded, asked = body("One"), body("One")
    asked["messages"] += [{"role": "assistant", "content": []}]
    recorded["messages"][0]["content"] += [{"text": "Two"}]
    assert lines(recorded, asked) == [
        'messages[0].content[1]: recorded {"text": "Two"}, asked nothing',
        'messages[1]: recorded nothing, asked {"content": [], "role": "assistant"}',
    ]


def test_another_type_is_a_difference_even_where_python_sees_none() -> None:
    assert lines({"a": 1, "b": 0}, {"a": True, "b": 0.0}) == ["a: recorded 1, asked true", "b: recorded 0, asked 0.0"]
    assert lines({"a": {"b": 1}}, {"a": [1]}) == ['a: recorded {"b": 1}, asked [1]']


def test_another_model_is_named_by_its_id() -> None:
    asked = key(url=f"{HOST}/model/amazon.nova-pro-v1%3A0/converse")
    assert list(map(str, differences(key(), asked))) == [
        'model: recorded "amazon.nova-lite-v1:0", asked "amazon.nova-pro-v1:0"'
    ]


def test_another_method_or_path_is_a_difference() -> None:
    assert list(map(str, differences(key(), key(method="GET", url=f"{HOST}/else")))) == [
        'method: recorded "POST", asked "GET"',
        'model: recorded "amazon.nova-lite-v1:0", asked nothing',
        'path: recorded nothing, asked "/else"',
    ]


def test_bodies_that_are_no_json_objects_are_compared_whole() -> None:
    assert lines([1], "x") == ['body: recorded [1], asked "x"']


def test_keys_that_are_no_names_are_quoted() -> None:
    assert lines({"a b": 1, "a.b": 1}, {"a b": 2, "a.b": 2}) == [
        '["a b"]: recorded 1, asked 2',
        '["a.b"]: recorded 1, asked 2',
    ]


def test_a_long_text_is_cut_around_the_first_difference() -> None:
    before, after = "b" * 500, "a" * 500
    (line,) = lines(body(f"{before}cat\n{after}"), body(f"{before}dog\n{after}"))
    assert "cat\\na" in line
    assert "dog\\na" in line
    assert 'recorded "…b' in line
    assert line.endswith('a…"')
    assert len(line) < 400


def test_a_text_that_only_goes_on_is_cut_so_that_the_end_shows() -> None:
    (line,) = lines(body("b" * 500), body("b" * 500 + " and more"))
    assert 'b", asked "…' in line
    assert line.endswith(' and more"')


def test_a_long_value_that_is_no_text_is_cut_too() -> None:
    (line,) = lines({"a": 1}, {"a": [9] * 500})
    assert line.startswith("a: recorded 1, asked [9, 9,")
    assert line.endswith("…")
    assert len(line) < 300


@given(st.text(), st.text())
def test_two_texts_that_differ_are_never_shown_as_the_same(one: str, two: str) -> None:
    shown = lines(body(one), body(two))
    assert bool(shown) == (one != two)
    for line in shown:
        left, _, right = line.removeprefix("messages[0].content[0].text: recorded ").partition(", asked ")
        assert left != right


# Misses ---------------------------------------------------------------------------------------------------------------


def test_a_miss_names_the_file_the_request_the_change_and_what_to_do() -> None:
    message = miss(key(body("Goodbye")), key(body("Hello")), key(body("Other", "other")))
    assert message == (
        'joke.yaml holds no recording of this request (label "greet", prompt "Goodbye"). '
        "The closest of its 2 recordings is number 1:\n"
        '  messages[0].content[0].text: recorded "Hello", asked "Goodbye"\n'
        "To record it anew, run the test that plays it with `pytest --record-mode=rewrite`."
    )


def test_the_closest_recording_has_the_same_label_before_anything_else() -> None:
    message = miss(key(body("Tell me", "b", x=1, y=2)), key(body("Tell me", "a", x=1, y=2)), key(body("Ask", "b")))
    assert "number 2:" in message


def test_among_those_the_closest_was_not_played_yet() -> None:
    near, far = key(body("Hello you")), key(body("Something", system=[]))
    assert "number 2:" in miss(key(body("Hello")), near, far, played=1)
    assert "number 1:" in miss(key(body("Hello")), near, far)


def test_among_those_the_closest_has_fewest_differences() -> None:
    asked = key(body("Make a joke about cats", a="the same but for 1", b="the same but for 1"))
    two_alike = key(body("Make a joke about cats", a="the same but for 2", b="the same but for 2"))
    one_unlike = key(body("Nothing like it", a="the same but for 1", b="the same but for 1"))
    assert "number 2:" in miss(asked, two_alike, one_unlike)


def test_among_those_the_closest_has_the_most_similar_text() -> None:
    asked = key(body("Make a joke about cats"))
    assert "number 2:" in miss(asked, key(body("Nothing like it")), key(body("Make a joke about dogs")))


def test_only_the_first_differences_are_listed() -> None:
    message = miss(key(body(**{f"f{n:02}": n for n in range(25)})), key(body()))
    assert message.count("recorded nothing") == 10
    assert "and 15 more" in message


def test_a_request_whose_recordings_are_used_up_says_so() -> None:
    message = miss(key(), key(), key(), key(body("Other")), played=2)
    assert message.startswith('joke.yaml: all 2 recordings of this request are used up (label "greet", prompt "Hello")')
    assert "--record-mode=rewrite" in message
    assert "the only recording of this request is used up" in miss(key(), key(), played=1)


def test_an_empty_cassette_says_so() -> None:
    message = miss(key())
    assert "joke.yaml holds no recordings at all" in message
    assert "--record-mode=rewrite" in message


def test_a_request_without_label_or_prompt_still_has_a_description() -> None:
    assert '(prompt "Hello")' in miss(key(body(label=None)))
    assert "(POST /else)" in miss(Key.of("POST", f"{HOST}/else", b""))
    assert "(POST /model/amazon.nova-lite-v1:0/converse)" in miss(key({"messages": [{"content": [{"image": 1}]}]}))


def test_a_long_prompt_is_cut() -> None:
    message = miss(key(body("word " * 100)))
    assert len(message) < 400
    assert '…")' in message
