"""Everything that the stand-in refuses in a Converse request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from tests.stand_in.conversation import conversation_violations
from tests.stand_in.output_schema import output_schema_violations
from tests.stand_in.service_model import converse_input
from tests.stand_in.shapes import shape_violations


def violations(model_id: str, body: Any) -> Iterator[str]:
    """What is wrong with a request, as `path: what`; nothing if the service would take it.

    The rules about meaning are looked at only once the shape is right, so that each violation is told once.

    Args:
        model_id: From the request's path.
        body: The request's JSON.
    """
    if not isinstance(body, dict):
        return iter(["the body must be a JSON object"])
    if "modelId" in body:
        return iter(["modelId: belongs in the path"])
    wrong = list(shape_violations({**body, "modelId": model_id}, converse_input(), ""))
    return iter(wrong) if wrong else chain(conversation_violations(model_id, body), output_schema_violations(body))
