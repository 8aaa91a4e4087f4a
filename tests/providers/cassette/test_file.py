"""The cassette format: readable by people, by vcrpy and by us; and what is wrong with a file is said clearly."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from vcr.persisters.filesystem import FilesystemPersister  # type: ignore[import-untyped]  # vcrpy has no types
from vcr.serializers import yamlserializer  # type: ignore[import-untyped]  # vcrpy has no types

from providers.cassette import CassetteError, read_cassette, read_provenance, render, write_cassette
from providers.errors import PermanentModelError
from tests.providers.cassette.interactions import PROVENANCE, URI, cassette, interaction


def vcrpy_reads(path: Path) -> list[tuple[Any, Any]]:
    """What stock vcrpy makes of a file: requests and responses."""
    requests, responses = FilesystemPersister.load_cassette(path, yamlserializer)
    return list(zip(requests, responses, strict=True))


def test_a_cassette_reads_as_a_person_would_write_it() -> None:
    text = render(
        cassette(
            interaction({"messages": [{"role": "user", "content": [{"text": "“Hi”\n🐈"}]}]}, {"stopReason": "end_turn"})
        )
    )
    assert (
        text
        == """\
# A recorded conversation with a model, in vcrpy's format. Made by providers.cassette: record it again rather than
# edit it. `source` says who answered: stand-in is a program of this project's tests, not Amazon Bedrock.
version: 1
provenance:
  source: stand-in
  recorded: 2031-02-03
  boto3: 1.44.5
  model_ids:
  - amazon.nova-lite-v1:0
interactions:
- request:
    method: POST
    uri: https://bedrock-runtime.example.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse
    headers:
      Content-Type:
      - application/json
    body: |-
      {
        "messages": [
          {
            "role": "user",
            "content": [
              {
                "text": "“Hi”\\n🐈"
              }
            ]
          }
        ]
      }
  response:
    status:
      code: 200
      message: OK
    headers:
      content-type:
      - application/json
    body:
      string: |-
        {
          "stopReason": "end_turn"
        }
"""
    )


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    written = cassette(
        interaction({"messages": ["a"]}),
        interaction(status=429, reason="Too Many Requests", headers={"x-amzn-errortype": ["ThrottlingException"]}),
        interaction(status=599, reason="ReadTimeoutError", headers={}, body=""),
        interaction(body='{"output": {"mess'),
        interaction(body=b"\xff\xfe"),
        interaction(body="{}".encode("utf-16")),
        provenance=PROVENANCE.model_copy(
            update={"tiers": {"small": "amazon.nova-lite-v1:0"}, "structured_output": False}
        ),
    )
    path = tmp_path / "folder" / "c.yaml"
    write_cassette(path, written)
    read = read_cassette(path)
    assert read.provenance == written.provenance
    assert render(read) == path.read_text(encoding="utf-8")
    assert [json.loads(item.request_body) for item in read.interactions] == [
        json.loads(item.request_body) for item in written.interactions
    ]
    assert [item.body for item in read.interactions][2:] == [
        "",
        '{"output": {"mess',
        b"\xff\xfe",
        "{}".encode("utf-16"),
    ]
    assert [(item.status, item.reason, dict(item.headers)) for item in read.interactions[1:3]] == [
        (429, "Too Many Requests", {"x-amzn-errortype": ["ThrottlingException"]}),
        (599, "ReadTimeoutError", {}),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that every example overwrites."""
    return tmp_path_factory.mktemp("cassette") / "c.yaml"


@given(JSON, JSON)
def test_any_json_survives_in_our_reader_and_in_vcrpys(scratch: Path, asked: Any, answered: Any) -> None:
    path = scratch
    path.write_text(render(cassette(interaction(asked, answered))), encoding="utf-8")
    (ours,) = read_cassette(path).interactions
    assert (json.loads(ours.request_body), json.loads(ours.body)) == (asked, answered)
    ((request, response),) = vcrpy_reads(path)
    assert (json.loads(request.body), json.loads(response["body"]["string"])) == (asked, answered)


@given(st.text())
@example("0\x85")
@example("a line separator: \u2028 and a trailing space \n")
@example("\r\n\t\x00\x7f\ufeff")
def test_any_other_text_survives(scratch: Path, body: str) -> None:
    path = scratch
    body = f"not JSON: {body}".encode("utf-8", "ignore").decode()  # a body is UTF-8, or bytes
    path.write_text(render(cassette(interaction(body=body))), encoding="utf-8")
    assert read_cassette(path).interactions[0].body == body
    assert (
        yaml.load(path.read_text(encoding="utf-8"), yaml.SafeLoader)["interactions"][0]["response"]["body"]["string"]
        == body
    )
    assert vcrpy_reads(path)[0][1]["body"]["string"] == body.encode()


@pytest.mark.parametrize("escaped", ["\\ud800", "\\u0085", "\\u2028", "\\ufeff", "\\u0000", "\\u007f", "\\uffff"])
def test_json_that_yaml_cannot_hold_as_it_is_stays_escaped_and_readable(escaped: str) -> None:
    text = render(cassette(interaction(body=f'{{"text": "{escaped}"}}')))
    assert f'          "text": "{escaped}"\n' in text


def test_vcrpy_reads_every_field(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    write_cassette(path, cassette(interaction({"a": 1}, {"b": 2}, status=429, reason="Too Many Requests")))
    ((request, response),) = vcrpy_reads(path)
    assert (request.method, request.uri, dict(request.headers)) == ("POST", URI, {"Content-Type": "application/json"})
    assert json.loads(request.body) == {"a": 1}
    assert response["status"] == {"code": 429, "message": "Too Many Requests"}
    assert response["headers"] == {"content-type": ["application/json"]}
    assert json.loads(response["body"]["string"]) == {"b": 2}


# Reading what is wrong ------------------------------------------------------------------------------------------------


def broken(change: Callable[[dict[str, Any]], None]) -> str:
    document = yaml.safe_load(render(cassette(interaction(), interaction())))
    change(document)
    return yaml.safe_dump(document)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("a: [", "not YAML.*line 2"),
        ("a: !!python/object:os.system {}", "not YAML.*python/object"),
        ("", "value"),
        ("- request: {}\n  response: {}\n", "value"),
        (broken(lambda document: document.update(version=2)), "version: Input should be 1"),
        (broken(lambda document: document.pop("version")), "version: Field required"),
        (broken(lambda document: document.pop("interactions")), "interactions: Field required"),
        (broken(lambda document: document.update(interactions=3)), "interactions: "),
        (broken(lambda document: document["interactions"][1].pop("request")), r"interactions\.1\.request\.method: "),
        (
            broken(lambda document: document["interactions"][0]["request"].pop("uri")),
            r"interactions\.0\.request\.uri: ",
        ),
        (
            broken(lambda document: document["interactions"][1]["response"].update(body={"string": {"a": 1}})),
            r"interactions\.1\.response\.body\.string",
        ),
        (
            broken(lambda document: document["interactions"][1]["response"]["status"].update(code="soon")),
            r"interactions\.1\.response\.status\.code: ",
        ),
        (broken(lambda document: document["provenance"].update(source="a guess")), r"provenance\.source: "),
        (broken(lambda document: document["provenance"].update(extra=1)), r"provenance\.extra: "),
    ],
)
def test_a_broken_file_is_one_line_that_says_what_where_and_what_to_do(
    tmp_path: Path, content: str, where: str
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    with pytest.raises(CassetteError, match=rf"broken\.yaml.*{where}.*--record-mode=rewrite") as caught:
        read_cassette(path)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PermanentModelError), "nothing retries it"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CassetteError, match=r"broken\.yaml.*UTF-8"):
        read_cassette(path)


def test_a_missing_file_says_how_to_record(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match=r"no cassette .*nowhere\.yaml.*--record-mode=rewrite"):
        read_cassette(tmp_path / "nowhere.yaml")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="Cannot read"):
        read_cassette(tmp_path)


def test_a_cassette_that_vcrpy_recorded_can_be_read_too(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "interactions:\n- request: {body: '{}', headers: {}, method: POST, uri: 'https://x/y'}\n"
        "  response: {body: {string: '{}'}, headers: {}, status: {code: 200, message: OK}}\nversion: 1\n"
    )
    assert read_cassette(path).provenance is None


def test_where_a_recording_comes_from_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    write_cassette(path, cassette(interaction()))
    assert read_provenance(path) == PROVENANCE


def test_a_recording_that_does_not_say_where_it_comes_from_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    write_cassette(path, cassette(interaction(), provenance=None))
    with pytest.raises(CassetteError, match=r"c\.yaml.*where it was recorded"):
        read_provenance(path)


def test_without_pyyaml_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['yaml'] = None; import providers.cassette"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "durable-ai-patterns[cassettes]" in ran.stderr.splitlines()[-1]


GOOD = render(cassette(interaction({"messages": []}, {"stopReason": "end_turn"})))


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("was", "edited"),
    [
        ("recorded: 2031-02-03", "recorded: 2026-02-30"),
        ("version: 1", "version: !!int one"),
        ("code: 200", "code: !!int one"),
        ("boto3: 1.44.5", "boto3: !!bool foo"),
        ("boto3: 1.44.5", "boto3: !!float x"),
        ("boto3: 1.44.5", "boto3: !!binary é"),
        ("boto3: 1.44.5", "boto3: !!timestamp soon"),
        ("boto3: 1.44.5", "boto3: " + "[" * 50_000),
        ("boto3: 1.44.5", "boto3: " + "{a: " * 50_000),
        ("boto3: 1.44.5", "boto3: " + "[" * 60 + "]" * 60),
        ("  boto3: 1.44.5", "  boto3: 1.44.5\n  source: bedrock"),
        ("version: 1", "version: 1\nversion: 1"),
        ("version: 1", "version: 2"),
        ("code: 200", "code: many"),
        ("method: POST", "method: [POST]"),
        ("source: stand-in", "source: canary"),
        ("recorded: 2031-02-03", "recorded: soon"),
        ("boto3: 1.44.5", "boto3: !!python/object:os.system x"),
        ("boto3: 1.44.5", "boto3: ? {a: 1}"),
        ("boto3: 1.44.5", "boto3: *nothing"),
    ],
    ids=lambda value: value[:40],
)
def test_a_file_that_was_edited_wrong_is_an_error_with_its_line(tmp_path: Path, was: str, edited: str) -> None:
    text = GOOD.replace(was, edited, 1)
    assert text != GOOD
    path = tmp_path / "edited.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CassetteError) as caught:
        read_cassette(path)
    said = str(caught.value)
    assert str(path) in said
    lines = {int(number) for number in re.findall(r"line (\d+)", said)}
    expected = line_of(text, edited.splitlines()[-1])
    assert lines & {expected, expected + 1}, said
    assert "\n" not in said
    assert len(said) < 1_000


def test_a_file_that_contains_itself_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "itself.yaml"
    path.write_text("version: 1\ninteractions: &all\n- *all\n")
    with pytest.raises(CassetteError, match="itself"):
        read_cassette(path)


def test_the_good_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    assert len(read_cassette(path).interactions) == 1
