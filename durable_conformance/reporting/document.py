"""The report as JSON, for programs: every version of the document has a JSON schema (`docs/report.schema.json`)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from durable_conformance.errors import CannotRunError
from durable_conformance.model import withheld
from durable_conformance.reporting.checked import Checked, Ignore, Outcome
from durable_conformance.rules import Generated


@dataclass(frozen=True)
class Document:
    """What `durable-ai check --output-format json` writes."""

    version: Literal[1]  # another one if a field changes its meaning, or is no more; new fields may come at any time
    checks: tuple[Checked, ...]
    unused_ignores: tuple[Ignore, ...]
    generated: tuple[Generated, ...]  # by handler, the events that were made up


def as_json(outcome: Outcome) -> str:
    """The whole report as a JSON document; in the place of a secret it says that one was withheld."""
    outcome = withheld(outcome)
    return dumped(dataclasses.asdict(Document(1, outcome.checks, outcome.unused_ignores, outcome.generated)))


def document_in(file: Path) -> Document:
    """The report that `file` holds.

    Raises:
        CannotRunError: It holds none.
    """
    try:
        return TypeAdapter(Document).validate_python(json.loads(file.read_bytes()))  # which takes half of a pair, too
    except OSError as error:
        raise CannotRunError(f"Cannot read {file}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        why = str(error)
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False)[0]
            why = ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
        raise CannotRunError(
            f"{file} holds no report that `durable-ai check --json` of this version has written: {why}."
        ) from error


def json_schema() -> dict[str, Any]:
    """What `as_json` writes, as a JSON schema."""
    schema = TypeAdapter(Document).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def dumped(document: Any) -> str:
    """`document` as JSON that can be written as UTF-8, whatever a handler's texts hold."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=bytes.decode)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON has an escape for it
        return json.dumps(document, indent=2, default=bytes.decode)
    return text
