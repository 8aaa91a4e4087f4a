"""What an execution spends, and may spend: tokens, counted from the answers that its checkpoints hold.

A replayed answer counts as it did when it was given, so whatever an execution was interrupted by, each counts once.
What a finished branch or agent spent stands in its own checkpoint, because a replay does not look inside.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

from aws_durable_execution_sdk_python.exceptions import UnrecoverableError
from aws_durable_execution_sdk_python.serdes import EXTENDED_TYPES_SERDES, SerDes, SerDesContext

from providers import PermanentModelError, Usage

SETTING = "TOKEN_BUDGET"

_PACKED = frozenset({"branch", "spent", "repairs", "value"})
"""The keys of a result with what it cost."""

_MARK = re.compile(r" \[tokens ([0-9]+)\]$")


class Asked(NamedTuple):
    """A question: the operation that asks it, and the tier or the model that it asks."""

    operation: str
    model: str


class Used(NamedTuple):
    """What answers cost: how many there were, and their tokens."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    @classmethod
    def of(cls, usage: Usage) -> Used:
        """One answer's."""
        cached = usage.cache_read_input_tokens, usage.cache_write_input_tokens
        return cls(1, usage.input_tokens, usage.output_tokens, *cached)

    def __add__(self, other: object) -> Used:
        assert isinstance(other, Used)
        return Used(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def tokens(self) -> int:
        """Everything that was read and written, from a cache or not."""
        return sum(self[1:])


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


class Spending:
    """What was spent in an execution, or in a part of it with a checkpoint of its own, bounded by a budget or not.

    An operation's function adds to it, which replay does not: `settle` sets it anew from the checkpoint. The check
    cannot see that, so it is spared this: it does not look into slots.
    """

    __slots__ = "_budget", "_lock", "_own", "_parts", "_repairs", "_whole"

    def __init__(self, budget: int | None = None, whole: Spending | None = None) -> None:
        self._budget = budget
        self._whole: Spending = whole or self
        self._lock = threading.Lock()
        self._own: dict[Asked, Used] = {}
        self._repairs = 0
        self._parts: list[Spending] = []

    @property
    def bounded(self) -> bool:
        return self._budget is not None

    def part(self) -> Spending:
        """A part of it, which has spent nothing yet."""
        with self._lock:
            self._parts.append(made := Spending(self._budget, self._whole))
        return made

    def add(self, asked: Asked, usage: Usage) -> None:
        """Count an answer."""
        with self._lock:
            self._own[asked] = self._own.get(asked, Used()) + Used.of(usage)

    def repair(self) -> None:
        """Count a question that is asked again because its answer could not be used."""
        with self._lock:
            self._repairs += 1

    def settle(self, spent: Mapping[Asked, Used], repairs: int = 0) -> None:
        """Count what the checkpoint of this part says, in place of what was seen of it."""
        with self._lock:
            self._own, self._repairs, self._parts = dict(spent), repairs, []

    @property
    def used(self) -> dict[Asked, Used]:
        """What was spent on each question, parts included."""
        found = dict(self._own)
        for part in tuple(self._parts):
            for asked, used in part.used.items():
                found[asked] = found.get(asked, Used()) + used
        return found

    @property
    def repairs(self) -> int:
        """Questions that were asked again, parts included."""
        return self._repairs + sum(part.repairs for part in tuple(self._parts))

    @property
    def spent(self) -> int:
        """Tokens, parts included."""
        return sum(used.tokens for used in self.used.values())

    def check(self) -> None:
        """Make sure that the model may be asked.

        Raises:
            ModelBudgetError: The execution has spent its budget.
        """
        if self._budget is not None and (spent := self._whole.spent) >= self._budget:
            raise ModelBudgetError(
                f"The execution may spend {self._budget} tokens, and {spent} are spent: the model is not asked again. "
                f"Raise the budget ({SETTING}), or narrow the task."
            )


_current: ContextVar[Spending | None] = ContextVar("spending", default=None)


def current() -> Spending | None:
    """What the code that calls this adds to; None in a workflow that no handler runs."""
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
                if self._spending.bounded and len(error.args) == 1:
                    error.args = (f"{error.args[0]} [tokens {self._spending.spent}]",)
                raise
        if not self._spending.bounded:
            return value
        spent = [[asked.operation, asked.model, *used] for asked, used in self._spending.used.items()]
        return cast("T", {"branch": self._branch, "spent": spent, "repairs": self._spending.repairs, "value": value})

    def result[T](self, checkpointed: T) -> T:
        """What the function had returned, whether there was a budget then or not."""
        if not isinstance(checkpointed, dict) or checkpointed.keys() != _PACKED:
            return checkpointed
        if self._spending is not None:
            spent = {Asked(operation, model): Used(*used) for operation, model, *used in checkpointed["spent"]}
            self._spending.settle(spent, checkpointed["repairs"])
        return cast("T", checkpointed["value"])

    def error(self, message: str | None) -> str:
        """The message of what the function had raised."""
        if not message:
            return "no error was recorded"
        found = _MARK.search(message)
        if self._spending is not None and found:
            self._spending.settle({Asked("failed branches", "unknown"): Used(0, int(found[1]))})
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
        spending = current()
        return _Settling(self._shares) if spending is not None and spending.bounded else None


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
