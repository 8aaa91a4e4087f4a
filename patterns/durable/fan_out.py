"""The same question to many: every branch's outcome is kept, and all of them failing is a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from aws_durable_execution_sdk_python import BatchItemStatus, BatchResult, DurableContext
from aws_durable_execution_sdk_python.config import CompletionConfig, MapConfig

from patterns.durable.budget import Shares
from patterns.durable.recorded_errors import MAX_ERROR_CHARS, recordable
from providers import ModelError


class EveryBranchFailedError(ModelError):
    """No branch of a fan-out has a result."""


@dataclass(frozen=True)
class Succeeded[I, T]:
    """A branch that has a result."""

    item: I
    value: T


@dataclass(frozen=True)
class Failed[I]:
    """A branch that has none, and why."""

    item: I
    error: str


@dataclass(frozen=True)
class FanOut[I, T]:
    """What became of every branch, in the order of the items."""

    succeeded: tuple[Succeeded[I, T], ...]
    failed: tuple[Failed[I], ...]


def fan_out[I, T](
    context: DurableContext, name: str, items: Sequence[I], branch: Callable[[DurableContext, I, int], T]
) -> FanOut[I, T]:
    """Run `branch` for every item at once and wait for all of them, failures included.

    Args:
        context: Where the map operation belongs.
        name: The map operation's name; its branches are `<name>-<n>`, counted from 1.
        items: What to run over. Its order must be the same on every replay: a list or tuple, never a set.
        branch: Takes the branch's own context, the item and its position from 1. What it returns is checkpointed:
            JSON scalars, lists and dicts.

    Raises:
        EveryBranchFailedError: No branch succeeded; the message holds each one's error, or what of it has room.
    """
    shares = Shares(len(items))

    def run(branch_context: DurableContext, item: I, index: int, _: Sequence[I]) -> T:
        def recorded() -> T:
            with recordable():
                return branch(branch_context, item, index + 1)

        return shares[index].run(recorded)

    batch: BatchResult[T] = context.map(
        items,
        run,
        name,
        MapConfig(
            # Unless told otherwise a map stops at its first failure.
            completion_config=CompletionConfig(tolerated_failure_percentage=100),
            item_serdes=shares.serdes,
            item_namer=lambda _, index: f"{name}-{index + 1}",
        ),
    )
    succeeded = tuple(
        Succeeded(items[item.index], shares[item.index].result(cast("T", item.result)))
        for item in batch.all
        if item.status is BatchItemStatus.SUCCEEDED
    )
    failed = tuple(
        Failed(
            items[item.index], shares[item.index].error((item.error and item.error.message) or "no error was recorded")
        )
        for item in batch.all
        if item.status is not BatchItemStatus.SUCCEEDED
    )
    if not succeeded:
        share = MAX_ERROR_CHARS // max(1, len(failed))
        errors = (f.error if len(f.error) <= share else f"{f.error[:share]}…" for f in failed)
        raise EveryBranchFailedError(f"Every branch of {name!r} failed: " + " | ".join(errors))
    return FanOut(succeeded, failed)
