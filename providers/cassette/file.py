"""Cassettes as files: recorded conversations in vcrpy's YAML format, version 1, laid out for people to read.

vcrpy ignores the top-level key `provenance`; everything else is as it writes it, except that a JSON body stands in a
block of its own lines. A fault (a timeout, a dropped connection) is an interaction of status 599 whose reason is the
name of the botocore exception.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import uuid
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError

from providers.errors import PermanentModelError
from providers.model import Frozen, describe
from providers.scrub import REQUEST_HEADERS, RESPONSE_HEADERS, findings, unpacked

try:
    import yaml
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("Cassettes need PyYAML: install durable-ai-patterns[cassettes].") from error

RECORD_ADVICE = "To record it anew, run the test that plays it with `pytest --record-mode=rewrite`."
ENDPOINT = "https://bedrock-runtime.example.amazonaws.com"
"""What stands for whichever endpoint was asked."""

FAULT_STATUS = 599
"""No service sends it: the status of an interaction that ended without an answer."""

_HEADER = """\
# A recorded conversation with a model, in vcrpy's format. Made by providers.cassette: record it again rather than
# edit it. `source` says who answered: stand-in is a program of this project's tests, not Amazon Bedrock.
"""
_SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as vcrpy does: libyaml where PyYAML was built with it

MAX_LEVELS = 50
"""How deeply a file may be nested: a cassette has ten levels, its bodies are texts, and libyaml's own calls nest."""


class _Loader(_SAFE_LOADER):  # type: ignore[misc, valid-type]  # one of two classes
    """Says of everything that it cannot make a value of where it stands, and takes no key twice."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # the base's
        try:
            return super().construct_object(node, deep)
        except (
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            OverflowError,
        ) as error:  # whatever PyYAML trips over
            kind = node.tag.rpartition(":")[2]
            raise yaml.constructor.ConstructorError(
                None, None, f"what stands there is no {kind}", node.start_mark
            ) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # the base's
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, "a key stands there twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_UNSAFE_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What JSON may hold as it is and a YAML block may not, or would read as a line break."""


class CassetteError(PermanentModelError):
    """A cassette cannot be read or may not be written: the message says which file, where in it, why and what to do."""


class Provenance(Frozen):
    """Where a recording comes from.

    Attributes:
        source: Who answered. `unknown` is neither the stand-in nor an AWS endpoint.
        recorded: The UTC date of recording; in a cassette that was added to, of the newest addition.
        boto3: The version that recorded.
        model_ids: Every model asked, account ids masked.
        tiers: The model ids of tiers that were set otherwise than by default when recording.
        structured_output: Whether output schemas were sent.
    """

    source: Literal["stand-in", "bedrock", "unknown"]
    recorded: dt.date
    boto3: str
    model_ids: tuple[str, ...]
    tiers: dict[str, str] = Field(default_factory=dict)
    structured_output: bool = True


class Interaction(BaseModel):
    """One request and what came of it. Headers have lists of values, as in vcrpy; bodies are text if they are UTF-8."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    method: str = Field(validation_alias=AliasPath("request", "method"))
    uri: str = Field(validation_alias=AliasPath("request", "uri"))
    request_headers: dict[str, list[str]] = Field(validation_alias=AliasPath("request", "headers"))
    request_body: str | bytes = Field(validation_alias=AliasPath("request", "body"))
    status: int = Field(validation_alias=AliasPath("response", "status", "code"))
    reason: str = Field(validation_alias=AliasPath("response", "status", "message"))
    headers: dict[str, list[str]] = Field(validation_alias=AliasPath("response", "headers"))
    body: str | bytes = Field(validation_alias=AliasPath("response", "body", "string"))


class Cassette(BaseModel):
    """A file's content. `provenance` is missing where vcrpy recorded."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1]
    provenance: Provenance | None = None
    interactions: tuple[Interaction, ...]


def read_cassette(path: Path) -> Cassette:
    """Read a cassette.

    Raises:
        CassetteError: It is missing, is not YAML, or is no cassette of version 1.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _check_levels(text)
        document = yaml.load(text, _Loader)  # noqa: S506  # a safe loader
        return Cassette.model_validate(document)
    except FileNotFoundError as error:
        raise CassetteError(f"There is no cassette {path}. {RECORD_ADVICE}") from error
    except OSError as error:
        raise CassetteError(f"Cannot read the cassette {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CassetteError(f"The cassette {path} is not UTF-8 text: {error}. {RECORD_ADVICE}") from error
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise CassetteError(f"The cassette {path} is not YAML: {what}. {RECORD_ADVICE}") from error
    except ValidationError as error:
        where = f"line {_line(text, error.errors()[0]['loc'])}: "
        raise CassetteError(
            f"{path} is not a cassette of version 1: {where}{describe(error)}. {RECORD_ADVICE}"
        ) from error
    except RecursionError as error:
        raise CassetteError(f"The cassette {path} contains itself. {RECORD_ADVICE}") from error


def _check_levels(text: str) -> None:
    """Raises a `YAMLError` for a text that is nested so deeply that the parser would run out of stack."""
    level = 0
    for event in yaml.parse(text, _SAFE_LOADER):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > MAX_LEVELS:
            raise yaml.constructor.ConstructorError(None, None, "it is nested too deeply", event.start_mark)  # type: ignore[arg-type]  # libyaml's own kind of mark


def _line(text: str, place: tuple[str | int, ...]) -> int:
    """The line of what stands at `place`, or of the innermost part around it that is there."""
    node = yaml.compose(text, _SAFE_LOADER)
    line = 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(step)), None)
        else:
            parts = node.value if isinstance(node, yaml.SequenceNode) else []
            found = parts[step] if isinstance(step, int) and step < len(parts) else None
        if found is None:
            break
        node, line = found, found.start_mark.line + 1
    return line


def read_provenance(path: Path) -> Provenance:
    """Where the recording in `path` comes from.

    Raises:
        CassetteError: The file cannot be read, or does not say.
    """
    provenance = read_cassette(path).provenance
    if provenance is None:
        raise CassetteError(f"The cassette {path} does not say where it was recorded. {RECORD_ADVICE}")
    return provenance


def write_cassette(path: Path, cassette: Cassette, secrets: Iterable[str] = ()) -> None:
    """Write a cassette, whole or not at all: a temporary file beside it is moved into its place.

    Missing folders are made. Besides `secrets`, nothing that looks like a secret may be in it.

    Raises:
        CassetteError: It holds something that must not be written down, or the file system refuses.
    """
    if unsafe := list(_unsafe(cassette, tuple(secrets))):
        raise CassetteError(f"{path} is not written, for what it would hold: {'; '.join(unsafe)}. Take it out.")
    text = render(cassette)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # the first error is the one to report
            temporary.unlink()
        raise CassetteError(f"Cannot write the cassette {path}: {error.strerror}.") from error


def render(cassette: Cassette) -> str:
    """The file's text."""
    document: dict[str, Any] = {"version": cassette.version}
    if cassette.provenance is not None:
        document["provenance"] = cassette.provenance.model_dump(exclude_defaults=True)
        document["provenance"]["model_ids"] = list(cassette.provenance.model_ids)
    document["interactions"] = [_vcrpys(interaction) for interaction in cassette.interactions]
    width = 2**31  # never wrap
    return _HEADER + yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=width)


def _vcrpys(interaction: Interaction) -> dict[str, Any]:
    return {
        "request": {
            "method": interaction.method,
            "uri": interaction.uri,
            "headers": interaction.request_headers,
            "body": _readable(interaction.request_body),
        },
        "response": {
            "status": {"code": interaction.status, "message": interaction.reason},
            "headers": interaction.headers,
            "body": {"string": _readable(interaction.body)},
        },
    }


class _Block(str):
    """A text that YAML shall show line by line."""

    __slots__ = ()


class _Quoted(str):
    """A text that YAML shall quote: of its styles, the one that holds every character."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class's signature
        return True


_STRING = "tag:yaml.org,2002:str"
_Dumper.add_representer(_Block, lambda dumper, text: dumper.represent_scalar(_STRING, str(text), style="|"))
_Dumper.add_representer(_Quoted, lambda dumper, text: dumper.represent_scalar(_STRING, str(text), style='"'))


def _readable(body: str | bytes) -> str | bytes:
    """A JSON text indented, over as many lines as it takes; anything else as it is."""
    if isinstance(body, bytes):
        return body
    try:
        pretty = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):  # no JSON, or so deep that only a parser under test would send it
        return _Quoted(body)
    return _Block(_UNSAFE_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", pretty))


def _text_of(body: bytes) -> str:
    with contextlib.suppress(zlib.error):
        body = unpacked(body)
    return body.decode("latin-1")


def _unsafe(cassette: Cassette, secrets: Collection[str]) -> Iterator[str]:
    """What in a cassette must not be written down, and where."""
    parts = {"provenance": [repr(cassette.provenance)]}
    for number, item in enumerate(cassette.interactions, start=1):
        headers = [f"{name}: {value}" for name, value in (*item.request_headers.items(), *item.headers.items())]
        bodies = (_readable(item.request_body), _readable(item.body))
        texts = [_text_of(body) if isinstance(body, bytes) else body for body in bodies]
        parts[f"interaction {number}"] = [item.uri, *headers, *texts]
        for allowed, given in ((REQUEST_HEADERS, item.request_headers), (RESPONSE_HEADERS, item.headers)):
            for name in given:
                if name.lower() not in allowed:
                    yield f"interaction {number}: the header {name}"
    for where, part in parts.items():
        for what in sorted({finding.what for finding in findings("\n".join(part), secrets)}):
            yield f"{where}: {what}"
