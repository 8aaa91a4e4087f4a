"""Which handler a requirement describes, and what its execution meets beside the requirement's input and callbacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig
from aws_durable_execution_sdk_python.retries import (
    RetryPresets,
    RetryStrategyConfig,
    create_retry_strategy,
)
from aws_durable_execution_sdk_python.serdes import SerDes, SerDesContext

from durable_conformance.subject import CallbackAnswer

type Body = Callable[[Any, DurableContext], Any]
type Invoked = Callable[[Any], Sequence[CallbackAnswer]]


def nobody(_event: Any) -> Sequence[CallbackAnswer]:
    """Nothing is invoked."""
    return ()


@dataclass(frozen=True)
class Described:
    """What a requirement describes.

    Attributes:
        body: The handler, undecorated.
        invoked: What chained invocations come to, in order, given the input.
        dies: The step in whose body the process exits, once: its path.
    """

    body: Body
    invoked: Invoked = nobody
    dies: str | None = None


HANDLERS: dict[str, Described] = {}


def requirement(*ids: str, invoked: Invoked = nobody, dies: str | None = None) -> Callable[[Body], Body]:
    """Register a handler."""

    def register(body: Body) -> Body:
        HANDLERS.update(dict.fromkeys(ids, Described(body, invoked, dies)))
        return body

    return register


NO_RETRY = StepConfig(retry_strategy=RetryPresets.none())
SECOND = Duration.from_seconds(1)
SECONDS = Duration.from_seconds


def retrying(attempts: int, delay: int = 1, backoff: float = 1.0, **config: Any) -> StepConfig:
    """Retries after a fixed delay, or one that grows."""
    return StepConfig(retry_strategy=retries(attempts, delay, backoff), **config)


def retries(attempts: int, delay: int = 1, backoff: float = 1.0, **config: Any) -> Any:
    """The same as a strategy."""
    return create_retry_strategy(
        RetryStrategyConfig(
            max_attempts=attempts,
            initial_delay=SECONDS(delay),
            backoff_rate=backoff,
            jitter_strategy=JitterStrategy.NONE,
            **config,
        )
    )


def fail(*_: object) -> Any:
    """A step, a check, a branch that raises."""
    raise ValueError("it fails")


def caught(operation: Callable[[], Any], instead: Any) -> Any:
    """What an operation returns; `instead` if it fails."""
    try:
        return operation()
    except Exception:  # noqa: BLE001  # whatever it raises, as the requirements have it
        return instead


class Mapped(SerDes[Any]):
    """JSON that is changed on its way in and out."""

    def __init__(self, write: Callable[[Any], str], read: Callable[[str], Any] = json.loads) -> None:
        self._write = write
        self._read = read

    def serialize(self, value: Any, serdes_context: SerDesContext) -> str:  # noqa: ARG002  # as every SerDes
        return self._write(value)

    def deserialize(self, data: str, serdes_context: SerDesContext) -> Any:  # noqa: ARG002
        return self._read(data)


UPPERCASE = Mapped(lambda value: str(value).upper(), lambda data: data)
WRAPPED = Mapped(lambda value: json.dumps({"wrapped": value}), lambda data: json.loads(data)["wrapped"])
