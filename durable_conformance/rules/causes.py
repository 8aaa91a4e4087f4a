"""Why a run differs from the baseline: what code outside steps has read, and what it has changed.

Each finding that says that two runs differ has one cause, as far as that can be told: what was read and is in what
differs; else what was changed where replay does not change it, or a call that no checkpoint protects; else what was
read last. Findings of other rules say themselves what is wrong; some have a line that is nearer to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from durable_conformance.choices import Severity
from durable_conformance.execution import (
    BATCHES,
    EXECUTION,
    Caught,
    Checkpointed,
    ModuleChanged,
    OperationBegan,
    OperationKind,
    ReadOutside,
    Run,
    Source,
    VariableChanged,
)
from durable_conformance.model import ANSWERED, Call
from durable_conformance.rules.calls import DURABLE_CALLS, NO_REPEATED_CALL, unprotected
from durable_conformance.rules.endings import SUSPENSION
from durable_conformance.rules.findings import Cause, Finding, finding
from durable_conformance.rules.model_faults import FAILURE_VISIBLE, RETRY_POLICY
from durable_conformance.rules.side_effects import SIDE_EFFECTS
from durable_conformance.rules.stability import (
    COMPLETION_ORDER,
    ENVIRONMENT,
    HISTORY_STABILITY,
    NO_INVOCATION_STATE,
    REPLAY_IDENTITY,
    REQUEST_STABILITY,
    RESULT_STABILITY,
)

DIFFER = frozenset(
    {
        one.name
        for one in (
            REPLAY_IDENTITY,
            RESULT_STABILITY,
            HISTORY_STABILITY,
            REQUEST_STABILITY,
            NO_INVOCATION_STATE,
            ENVIRONMENT,
        )
    }
)
"""The rules whose findings say that two runs differ."""

TOLD_ALONE = frozenset({Source.CLOCK, Source.CHANCE, Source.PROCESS})
"""What is warned of though nothing depended on it. Other sources are read by what logs, or differ in each run made."""

MAX_EXPRESSION_CHARS = 80
INJECTED = "Injected: "
"""What the message of an error begins with that the engine has calls fail with."""


def cause_of(found: Finding, run: Run, baseline: Run) -> Cause | None:
    """The cause of `found`, which a `run` has shown; None where its own line is it, or nothing is known."""
    events = (*run.events, *baseline.events)
    batches = _batches(run, baseline)
    causes: Iterable[Cause] = ()
    match found.rule:
        case SUSPENSION.name:
            caught = (_caught(one) for one in events if isinstance(one, Caught) and one.suspension)
            causes = itertools.chain(caught, _of_difference(found, run, baseline))
        case FAILURE_VISIBLE.name:
            causes = _hidden(run)
        case DURABLE_CALLS.name:
            causes = (_called(one) for path, calls in unprotected(run) if path == found.path for one in calls)
        case NO_REPEATED_CALL.name if run.repeated_calls:
            causes = (_called(one, again=True) for one in run.repeated_calls)
        case COMPLETION_ORDER.name:
            causes = (_variable(one, batches) for one in _changed(events) if f"{one.path}/".startswith(batches))
        case NO_INVOCATION_STATE.name if found.severity is Severity.WARNING:
            causes = (_variable(one, batches) for one in _changed(events) if one.path == found.path)
        case SIDE_EFFECTS.name:
            causes = (_read(one) for one in events if isinstance(one, ReadOutside) and _is_all(one, found))
        case RETRY_POLICY.name:
            causes = _of_failure(found, run, baseline)
        case name if name in DIFFER or name == NO_REPEATED_CALL.name:
            causes = _of_difference(found, run, baseline)
    return next(iter(causes), None)


def besides(found: Finding, run: Run, baseline: Run) -> Iterator[Cause]:
    """What else is in what differs than the cause of `found`: once that is mended, it would be the next cause."""
    if found.rule in DIFFER and (reached := _reached(found, run, baseline)):
        marks = frozenset(reached[-1].marks)
        yield from (_read(one) for one in reached if marks.isdisjoint(one.marks))


def _is_all(read: ReadOutside, found: Finding) -> bool:
    """Whether all that `found` lists is done by asking somebody there."""
    return read.source is Source.SOCKET and {one.line for one in found.deeds} == {read.line}


def nothing_depended_on(runs: Sequence[Run], findings: Iterable[Finding]) -> Iterator[Finding]:
    """A warning for what was read outside steps in `runs` and is the cause of none of `findings`."""
    known = {one.cause.line for one in findings if one.cause}
    for run in runs:
        for read in _once(one for one in run.events if isinstance(one, ReadOutside)):
            if read.source in TOLD_ALONE and read.line not in known and not read.noted:
                known.add(read.line)
                what = f"`{_short(read.what)}` reads {read.source} outside any step"
                one = finding(
                    ENVIRONMENT,
                    EXECUTION,
                    "no interruption",
                    expected="a step that reads it",
                    actual=f"{what}; nothing depended on it in these runs",
                    severity=Severity.WARNING,
                    line=read.line,
                )
                yield one.caused_by(_read(read))


@dataclass(frozen=True)
class _Candidates:
    """What may be the cause of a difference, each kind in its own order."""

    reads: Sequence[ReadOutside]  # before what differs
    changed: Sequence[Cause]
    module: Sequence[Cause]
    calls: Sequence[Cause]

    def likeliest(self, rule: str) -> Iterator[Cause]:
        """Which kind comes first is a matter of how the difference was shown.

        That is, in a second execution, what the first has left in the module; in other sandboxes, what was read; after
        an interruption, what a step has changed.
        """
        files = [_read(one) for one in self.reads if one.source is Source.FILE]
        reads = [_read(one) for one in reversed(self.reads) if one.source is not Source.FILE]
        match rule:
            case NO_INVOCATION_STATE.name:
                kinds = [self.module, files, self.changed, self.calls, reads]
            case ENVIRONMENT.name:
                kinds = [reads, self.changed, self.module, self.calls, files]
            case _:
                kinds = [self.changed, self.module, self.calls, files, reads]
        alone = len({(one.what, one.line) for kind in kinds for one in kind}) == 1
        return (one.at_most_likely(likely=not alone) for kind in kinds for one in kind)


def _of_failure(found: Finding, run: Run, baseline: Run) -> Iterator[Cause]:
    """Why a passing error has ended an execution, if its step's retry strategy is not why."""
    if found.severity is Severity.ERROR:
        mine = (one for one in run.all_calls if (one.path or EXECUTION) == found.path)
        yield from (_called(one) for one in mine if one.operation_type != OperationKind.STEP)
        if run.error_message and INJECTED not in run.error_message:
            yield from _of_difference(found, run, baseline)


def _of_difference(found: Finding, run: Run, baseline: Run) -> Iterator[Cause]:
    if reached := _reached(found, run, baseline):
        yield _read(reached[-1])  # the nearest, where several read the same, such as the time
    reads = _before(found, run, baseline)
    events = (*run.events, *baseline.events)
    module = [one for one in events if isinstance(one, ModuleChanged)]
    yield from _Candidates(
        reads,
        [_variable(one, _batches(run, baseline)) for one in _changed(events)],
        [_module(one) for one in sorted(module, key=lambda one: one.cache)],
        [_called(one) for _, calls in unprotected(run) for one in calls],
    ).likeliest(found.rule)


def _reached(found: Finding, run: Run, baseline: Run) -> list[ReadOutside]:
    """What was read, and is in what differs."""
    return [one for one in _before(found, run, baseline) if _shows(one, run, baseline, found)]


def _before(found: Finding, run: Run, baseline: Run) -> list[ReadOutside]:
    return list(_reads(found, run)) or list(_reads(found, baseline))


def _batches(*runs: Run) -> tuple[str, ...]:
    return tuple(f"{one.path}/" for run in runs for one in run.operations if one.sub_type in BATCHES)


def _changed(events: Iterable[object]) -> list[VariableChanged]:
    return [one for one in events if isinstance(one, VariableChanged)]


def _hidden(run: Run) -> Iterator[Cause]:
    """Where a failure is dropped: what caught it last; else the operation that failed."""
    caught = [one for one in run.events if isinstance(one, Caught) and not one.suspension]
    if caught:
        last = caught[-1]
        why = f"`{_short(last.what)}` at {last.line} takes a failure ({last.error}), and the result does not tell of it"
        yield Cause(last.what, last.line, why, remedy="raise it, or put what failed into the result")
    failed = next((one for one in run.all_calls if one.outcome != ANSWERED and one.path), None)
    if failed is None or failed.path is None:
        return
    operation = "/".join(failed.path.split("/")[:2])
    line = run.line_of(operation)
    if line:
        why = f"`{operation}` at {line} fails, and the result does not tell of it"
        do = "raise its failures (of a batch, `throw_if_error()`), or put what failed into the result"
        yield Cause(operation, line, why, remedy=do)


def _caught(one: Caught) -> Cause:
    if one.what.startswith(("except", "with ")):
        do = "let it through: catch `Exception` at most, or raise it again"
        does = "catches the suspension of an operation, and the handler goes on as if there was nothing to wait for"
    else:
        do = (
            "call durable operations on the handler's own thread: side by side with `context.parallel` or `context.map`"
        )
        does = "has another thread run a durable operation, whose suspension does not reach the SDK"
    return Cause(one.what, one.line, f"`{_short(one.what)}` at {one.line} {does}", remedy=do)


def _called(call: Call, *, again: bool = False) -> Cause:
    what = call.protectable or "a call"
    line = call.protectable_at or call.line
    where = "where no checkpoint keeps its answer" if again else "outside any step"
    why = f"`{_short(what)}` at {line} calls {where}, and so again on every replay"
    do = f"call it in a step of its own, `context.step(lambda _: {_short(what)})`"
    return Cause(what, line, why, remedy=do)


def _variable(changed: VariableChanged, batches: tuple[str, ...]) -> Cause:
    name, line = changed.name, changed.changed_at or changed.line
    who, do = (
        f"the function of {changed.path}",
        f"return what it holds from the operation, and set `{name}` from the result",
    )
    if f"{changed.path}/".startswith(batches):
        who = "whichever branch comes by"
        do = f"return what each branch finds, and make `{name}` from the batch's results, which are in the items' order"
    return Cause(name, line, f"`{name}` is changed at {line} by {who}, and replay skips that", remedy=do)


def _module(changed: ModuleChanged) -> Cause:
    name = changed.name
    by = f" by `{_short(changed.by)}`" if changed.by else ""
    why = f"`{name}` is changed at {changed.line}{by} in every invocation, and a warm process keeps it"
    do = f"make `{name}` anew in the handler, or keep what must be remembered in a step's result"
    return Cause(name, changed.line, why, remedy=do)


def _reads(found: Finding, run: Run) -> Iterator[ReadOutside]:
    """What was read before the finding's operation was come to, or at all; the same once."""
    before: list[ReadOutside] = []
    for event in run.events:
        if isinstance(event, OperationBegan | Checkpointed) and event.path == found.path != EXECUTION:
            break
        if isinstance(event, ReadOutside):
            before.append(event)
    return _once(before)


def _once(reads: Iterable[ReadOutside]) -> Iterator[ReadOutside]:
    return iter({(one.what, one.line): one for one in reads}.values())


def _shows(read: ReadOutside, run: Run, baseline: Run, found: Finding) -> bool:
    """Whether what differs holds what was read."""
    marks = {
        mark
        for one in (run, baseline)
        for other in one.events
        if isinstance(other, ReadOutside) and (other.what, other.line) == (read.what, read.line)
        for mark in other.marks
    }
    in_path = found.path != EXECUTION and any(mark in found.path for mark in marks)
    return in_path or any((mark in found.actual) is not (mark in found.expected) for mark in marks)


def _read(read: ReadOutside) -> Cause:
    what, whole = _short(read.what), _short(read.whole or read.what)
    at = f"`{what}` at {read.line}"
    match read.source:
        case Source.SET:
            why, do = (
                f"{at} is a set, and each process has its elements in another order",
                f"go through `sorted({what})`",
            )
        case Source.HASH:
            why = f"{at} reads {read.source}"
            do = "take a digest that is the same everywhere, such as `hashlib.sha256`"
        case Source.ADDRESS:
            why, do = f"{at} reads {read.source}, which each process has otherwise", "use a name that you give it"
        case Source.SOCKET:
            why = f"{at} asks another program over a socket, again on every replay"
            do = "ask it in a step of its own, with what is done with its answer"
        case _:
            why = f"{at} reads {read.source}, again on every replay"
            do = f"read it in a step, `context.step(lambda _: {whole})`"
    return Cause(read.what, read.line, why, remedy=do)


def _short(text: str) -> str:
    return text if len(text) <= MAX_EXPRESSION_CHARS else f"{text[:MAX_EXPRESSION_CHARS]}…"
