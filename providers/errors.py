"""What can go wrong with a model call, sorted by what a workflow should do about it.

Retryable errors may pass by themselves; permanent ones cost exactly one call; an output error means that the call
worked and the reply cannot be used. What is fatal stands apart: it is no error of the model, and ends everything.
"""

from __future__ import annotations

from collections.abc import Iterator


class ModelError(Exception):
    """Root of every error that a provider or a pattern raises about a model."""


class RetryableModelError(ModelError):
    """Asking again later may work: the durable step retries these, and only these."""


class ModelThrottledError(RetryableModelError):
    """The service refuses for now because too much is asked of it."""


class ModelUnavailableError(RetryableModelError):
    """The service or the connection to it failed."""


class ModelTimeoutError(RetryableModelError):
    """No answer came in time; whether the model did the work is unknown."""


class PermanentModelError(ModelError):
    """Asking again cannot help until somebody changes something."""


class ModelAccessDeniedError(PermanentModelError):
    """Credentials are missing, expired or not allowed to use this model."""


class ModelRequestError(PermanentModelError):
    """The service does not accept the request as it stands."""


class ModelNotFoundError(PermanentModelError):
    """The model id names nothing in this region."""


class ModelOutputError(ModelError):
    """The call worked and the reply cannot be used: cut short, withheld, malformed, or not what was asked for."""


class FatalModelError(Exception):
    """Nothing sensible can be answered, now or later: a test asks what was not recorded, or more than its script holds.

    No retry and no workflow may swallow it, so it is no `ModelError`. A durable step that asks a provider must end its
    execution with it: `patterns.durable` raises it as the durable SDK's `ExecutionError`, which no step retries.
    """


def restored(error_type: str | None, message: str | None) -> ModelError | None:
    """The typed error behind a checkpointed failure, by its qualified class name; None if it is no model error."""
    return next(
        (raised_as(kind, message or "") for kind in kinds() if f"{kind.__module__}.{kind.__qualname__}" == error_type),
        None,
    )


def kinds() -> Iterator[type[ModelError]]:
    """Every class of model error that is loaded, the root first."""
    found = [ModelError]
    for kind in found:  # grows while it is walked: the whole tree of subclasses
        yield kind
        found += kind.__subclasses__()


def raised_as[E: ModelError](kind: type[E], message: str) -> E:
    """An error of this class with this message, whatever more its constructor may want."""
    return kind.__new__(kind, message)
