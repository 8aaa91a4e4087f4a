"""What is wrong with an execution that was struck: it must end, and pay, as if nothing had happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from durable_conformance.execution.run import Run
from tests.wire.playing import Played


def differences(local: Run, played: Played) -> list[str]:
    """How an execution on the wire differs from the same scenario on this machine; empty if it does not.

    It must have the same result and the same operations, payloads included. No model call may be made by an operation
    that had ended before an invocation died; the calls that died with one are made again, once, and no others.

    Args:
        local: The scenario's run on this machine, undisturbed.
        played: The execution.
    """
    return [*_ends(local, played.run), *_requests(played), *_repetitions(local, played.run)]


def _ends(local: Run, run: Run) -> Iterator[str]:
    ends = [(one.status, one.result, one.error_type, one.error_message) for one in (local, run)]
    if ends[0] != ends[1]:
        yield f"it ended with {ends[1]}, and should have with {ends[0]}"
    for missing in sorted(map(str, set(local.operations) - set(run.operations))):
        yield f"it lacks {missing}"
    for other in sorted(map(str, set(run.operations) - set(local.operations))):
        yield f"it has {other}"


def _requests(played: Played) -> Iterator[str]:
    for stranger in played.execution.strangers:
        yield f"it asked what no operation asks: {stranger.label} {stranger.body}"


def _repetitions(local: Run, run: Run) -> Iterator[str]:
    for call in run.repeated_calls:
        yield f"{call.path} had ended before a process died, and called the model again"
    made = Counter(call.path for call in run.calls)
    due = Counter(call.path for call in local.calls) + lost_calls(run)
    for path in sorted(path or "" for path in made.keys() | due.keys()):
        if made[path] != due[path]:
            yield f"{path} called the model {made[path]} times, and should have {due[path]} times"


def lost_calls(run: Run) -> Counter[str | None]:
    """The model calls that died with an invocation, by path: made, and their answers not checkpointed when it died."""
    return Counter(
        call.path
        for death in run.deaths
        for call in run.calls
        if call.invocation == death.invocation and call.path not in death.completed
    )
