"""What an execution may spend: tokens, counted from the answers that its checkpoints hold.

A replayed answer counts as it did when it was given, so whatever an execution was interrupted by, each counts once.
What a finished branch or agent spent stands in its own checkpoint, because a replay does not look inside.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from aws_durable_execution_sdk_python.exceptions import UnrecoverableError
from aws_durable_execution_sdk_python.serdes import EXTENDED_TYPES_SERDES, SerDes, SerDesContext

from providers import PermanentModelError, Usage

SETTING = "TOKEN_BUDGET"

_PACKED = frozenset({"branch", "spentTokens", "value"})
"""The keys of a result with what it cost."""

_MARK = re.compile(r" \[tokens ([0-9]+)\]$")


class ModelBudgetError(PermanentModelError):
    """The execution has spent its tokens: the model is not asked again."""


class InvalidBudgetError(ValueError):
    """What should be a number of tokens is none."""


def budget_from_environment(environment: Mapping[str, str]) -> int | None:
    """The tokens that an execution may spend, by `TOKEN_BUDGET`; None, without it, for as many as it takes.

    Raises:
        InvalidBudgetError: It is no whole number above 0.
    """
    value = environment.get(SETTING)
    if not value:
        return None
    if not re.fullmatch(r"0*[1-9][0-9]{0,17}", value):
        raise InvalidBudgetError(
            f"{SETTING}={value!r} is no whole number of tokens above 0. Leave it out for no bound."
        )
    return int(value)


def tokens(usage: Usage) -> int:
    """What a call counts: everything that was read and written, from a cache or not."""
    return usage.input_tokens + usage.output_tokens + usage.cache_read_input_tokens + usage.cache_write_input_tokens


class Spending:
    """What was spent in an execution with a budget, or in a part of it that has a checkpoint of its own."""

    def __init__(self, budget: int, whole: Spending | None = None) -> None:
        self._budget = budget
        self._whole: Spending = whole or self
        self._lock = threading.Lock()
        self._own = 0
        self._parts: list[Spending] = []

    def part(self) -> Spending:
        """A part of it, which has spent nothing yet."""
        with self._lock:
            self._parts.append(made := Spending(self._budget, self._whole))
        return made

    def add(self, usage: Usage) -> None:
        """Count an answer."""
        with self._lock:
            self._own += tokens(usage)

    def settle(self, spent: int) -> None:
        """Count what the checkpoint of this part says, in place of what was seen of it."""
        with self._lock:
            self._own, self._parts = spent, []

    @property
    def spent(self) -> int:
        """Tokens, parts included."""
        return self._own + sum(part.spent for part in tuple(self._parts))

    def check(self) -> None:
        """Make sure that the model may be asked.

        Raises:
            ModelBudgetError: The execution has spent its budget.
        """
        if (spent := self._whole.spent) >= self._budget:
            raise ModelBudgetError(
                f"The execution may spend {self._budget} tokens, and {spent} are spent: the model is not asked again. "
                f"Raise the budget ({SETTING}), or narrow the task."
            )


_current: ContextVar[Spending | None] = ContextVar("spending", default=None)


def current() -> Spending | None:
    """What the code that calls this adds to; None where nothing bounds it."""
    return _current.get()


@contextmanager
def counted_in(spending: Spending | None) -> Iterator[None]:
    """Counts in `spending` what is asked inside."""
    token = _current.set(spending)
    try:
        yield
    finally:
        _current.reset(token)


class Share:
    """A part of an execution whose checkpoint says what it spent, if there is a budget; else its result alone."""

    def __init__(self, branch: int = 0) -> None:
        self._branch = branch
        spending = current()
        self._spending = spending and spending.part()

    def run[T](self, function: Callable[[], T]) -> T:
        """What `function` returns or raises, as it goes into the checkpoint."""
        if self._spending is None:
            return function()
        with counted_in(self._spending):
            try:
                value = function()
            except UnrecoverableError:
                raise  # it ends the execution or the invocation, and no context records it
            except Exception as error:  # whatever it is will be recorded, and what it cost with it
                if len(error.args) == 1:
                    error.args = (f"{error.args[0]} [tokens {self._spending.spent}]",)
                raise
        return cast("T", {"branch": self._branch, "spentTokens": self._spending.spent, "value": value})

    def result[T](self, checkpointed: T) -> T:
        """What the function had returned, whether there was a budget then or not."""
        if not isinstance(checkpointed, dict) or checkpointed.keys() != _PACKED:
            return checkpointed
        if self._spending is not None:
            self._spending.settle(checkpointed["spentTokens"])
        return cast("T", checkpointed["value"])

    def error(self, message: str | None) -> str:
        """The message of what the function had raised."""
        if not message:
            return "no error was recorded"
        found = _MARK.search(message)
        if self._spending is not None and found:
            self._spending.settle(int(found[1]))
        return _MARK.sub("", message)


class Shares:
    """The shares of branches that run at once: one that had finished counts as soon as a replay comes by it."""

    def __init__(self, branches: int) -> None:
        self._shares = [Share(index) for index in range(branches)]

    def __getitem__(self, index: int) -> Share:
        return self._shares[index]

    @property
    def serdes(self) -> SerDes[Any] | None:
        """How branches are checkpointed; None for the SDK's own way."""
        return _Settling(self._shares) if current() is not None else None


class _Settling(SerDes[Any]):
    """The SDK's own, and counts what a finished branch had spent when it is read."""

    def __init__(self, shares: list[Share]) -> None:
        self._shares = shares

    def serialize(self, value: Any, serdes_context: SerDesContext) -> str:
        return EXTENDED_TYPES_SERDES.serialize(value, serdes_context)

    def deserialize(self, data: str, serdes_context: SerDesContext) -> Any:
        value = EXTENDED_TYPES_SERDES.deserialize(data, serdes_context)
        if isinstance(value, dict) and value.keys() == _PACKED:
            self._shares[value["branch"]].result(value)
        return value
