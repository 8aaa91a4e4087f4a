"""Errors as a step records them: short enough for the service, and telling which request they belong to.

A checkpoint keeps an error's type and message, and nothing else. So the request's digest travels in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from aws_durable_execution_sdk_python import ExecutionError
from aws_durable_execution_sdk_python.exceptions import UnrecoverableError

from patterns.durable.limits import shortened
from providers import FatalModelError, ModelError, PermanentModelError
from providers.errors import restored

MAX_ERROR_CHARS = 2_000
"""Longest message a step records. The service takes error objects of 32,768 bytes; escaped, a character may cost 12."""

_DIGEST = re.compile(r" \[request ([0-9a-f]{64})\]$")


@contextmanager
def recordable(digest: str | None = None) -> Iterator[None]:
    """Cuts the message of whatever is raised inside, and marks a model error with the digest of its request.

    Raises:
        ExecutionError: For what is fatal to the model layer: it ends the execution with its text, and is never retried.
    """
    try:
        yield
    except UnrecoverableError:
        raise  # it ends the execution or the invocation, and no step records it
    except FatalModelError as error:
        raise ExecutionError(str(error)) from error
    except Exception as error:  # whatever a tool or a provider raises will be recorded
        text = shortened(str(error), MAX_ERROR_CHARS)
        if digest is not None and isinstance(error, ModelError):
            text = f"{text} [request {digest}]"
        if text != str(error):
            error.args = (text,)
        if len(str(error)) > len(text):  # a type that makes its message of something else
            raise RuntimeError(f"{type(error).__name__}: {text}") from None
        raise


def recorded_digest(message: str | None) -> str | None:
    """The digest that a recorded message is marked with."""
    found = _DIGEST.search(message or "")
    return found[1] if found else None


def recorded_model_error(error_type: str | None, message: str | None) -> ModelError | None:
    """The model error that a step recorded, of its own type if that is loaded; None if it recorded something else."""
    text = _DIGEST.sub("", message or "")
    if error := restored(error_type, text):
        return error
    return PermanentModelError(f"{error_type}: {text}") if recorded_digest(message) else None
