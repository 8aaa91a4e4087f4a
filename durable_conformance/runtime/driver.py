"""Runs one execution on the in-process service, dying where it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_durable_execution_sdk_python import durable_execution

from durable_conformance.execution.crash_points import CrashPoint
from durable_conformance.execution.events import InvocationEnded
from durable_conformance.execution.operations import recorded
from durable_conformance.execution.pinned import NOTHING_RECORDED, Recorded
from durable_conformance.execution.run import Death, Prefix, Run, Start, finished
from durable_conformance.runtime.answering import Answering, ModelFault
from durable_conformance.runtime.branch_order import CompletionOrder, Order
from durable_conformance.runtime.crashing import Fate, MortalClient, MortalModel
from durable_conformance.runtime.horizon import AT_HORIZON, Horizon
from durable_conformance.runtime.lambda_context import lambda_context
from durable_conformance.runtime.observer import ModelCall, Observer
from durable_conformance.runtime.sdk_polling import quick_stops
from durable_conformance.runtime.service import InProcessService
from durable_conformance.subject.scenario import Handler, HandlerFactory, Scenario
from providers import ModelProvider

MAX_INVOCATIONS = 500
"""More than any bounded workflow here needs; an execution that wants more does not end by itself."""


MAX_IDLE_INVOCATIONS = 3
"""Invocations in a row that may end pending with nothing to wait for. The SDK can do so when a retry comes due while a
sibling branch suspends; the next replay resolves it, and the testing SDK's own runner allows as many."""


def nothing_changes(_invocation: int) -> None:
    """Between two invocations, all stays as it is."""


@dataclass(frozen=True)
class Conditions:
    """What an execution meets besides its scenario.

    Attributes:
        crashes: Where invocations die. Each fires once, at its first opportunity.
        prefix: What is taken as done already; None begins at the beginning.
        never_twice: Have the model give every answer a tag of its own, as a real model never repeats itself.
        fault: Model calls that fail instead of being answered.
        answers: Model calls that are answered as they were in another execution, without asking the provider.
        baseline: Values to take on, where this execution comes to others.
        interrupted: Whether the execution counts as interrupted from its start, so that only volatile values are taken
            on. One that dies, or begins where another died, does so anyway.
        order: In which order the branches of a batch end; None leaves that to the threads.
        keep_snapshots: Whether to keep the state after each update.
        before_invocation: Called with an invocation's number before it begins.
        max_invocations: How many invocations the execution may take.
        horizon: How many operations it is followed past its last interruption; None follows it to its end.
        anchor: The operation past which these are counted, where it is not a crash that interrupts it.
    """

    crashes: Sequence[CrashPoint] = ()
    prefix: Prefix | None = None
    never_twice: bool = False
    fault: ModelFault | None = None
    answers: Sequence[ModelCall] = ()
    baseline: Recorded = NOTHING_RECORDED
    interrupted: bool = False
    order: Order | None = None
    keep_snapshots: bool = False
    before_invocation: Callable[[int], None] = nothing_changes
    max_invocations: int = MAX_INVOCATIONS
    horizon: int | None = None
    anchor: str | None = None


UNDISTURBED = Conditions()


def run_in_process(
    handler_for: HandlerFactory,
    scenario: Scenario,
    conditions: Conditions = UNDISTURBED,
    observer: Observer | None = None,
) -> Run:
    """Run `scenario` to its end, or to where it is clear that it has none.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
        conditions: What it meets besides.
        observer: Watches the execution; a new one unless given. One that is given leaves the order to the threads.
    """
    with quick_stops():
        return _Driver(handler_for, scenario, conditions, observer).run()


def instrumented(handler_for: HandlerFactory, observer: Observer, provider: ModelProvider) -> Handler:
    """The handler under test with `observer` watching it: its function re-decorated, its provider wrapped."""
    handler = handler_for(observer.watched(provider))
    function = getattr(handler, "__wrapped__", None)
    if function is None:
        raise TypeError(f"{handler!r} is not a durable handler: decorate it with @durable_execution.")
    return durable_execution(function, plugins=[observer])


class _Driver:
    """The service's side of an execution: invoke, see how the invocation ended, let something happen, invoke again."""

    def __init__(
        self, handler_for: HandlerFactory, scenario: Scenario, conditions: Conditions, observer: Observer | None
    ) -> None:
        self._conditions = conditions
        observer = observer or Observer(CompletionOrder(conditions.order) if conditions.order else None)
        self._observer = observer
        self._service = InProcessService(scenario, observer, keep_snapshots=conditions.keep_snapshots)
        self._fate = Fate(conditions.crashes, observer, Horizon(conditions.horizon, _anchor(conditions)))
        answering = Answering(observer, scenario.model(), never_twice=conditions.never_twice, fault=conditions.fault)
        answering.know(conditions.answers)
        self._handler = instrumented(handler_for, observer, MortalModel(self._fate, observer, answering))
        self._deaths: list[Death] = []
        self._starts: list[Start] = []
        self._first = 1
        self._interrupted = conditions.interrupted
        if prefix := conditions.prefix:
            self._first = prefix.start.invocation
            self._service.resume(prefix)
            answering.resume(prefix.calls)
            if prefix.death:
                self._deaths.append(prefix.death)
                self._interrupted = True

    def run(self) -> Run:
        idle = 0
        most = self._conditions.max_invocations
        for invocation in range(self._first, self._first + most):
            start = self._service.start(invocation)
            self._starts.append(start)
            self._observer.begin(invocation, start.completed)
            self._fate.begin()
            self._conditions.before_invocation(invocation)
            output = self._invoke()
            if output is not None:
                self._observer.tell(InvocationEnded(output["Status"]))
            self._observer.settle()
            if self._fate.far_enough:
                return self._finish(AT_HORIZON)
            if output is None:
                self._deaths.append(Death(invocation, self._service.completed_paths(), self._fate.cause))
                continue
            if output["Status"] != "PENDING":
                return self._finish(output["Status"], output.get("Result"), output.get("Error"))
            idle = 0 if self._service.progress() else idle + 1
            if idle == MAX_IDLE_INVOCATIONS:
                return self._finish("STUCK: pending with nothing to wait for")
        return self._finish(f"ENDLESS: not finished after {most} invocations")

    def _invoke(self) -> dict[str, Any] | None:
        """What the invocation returned; None if it died, whatever a dead process may still say."""
        client = MortalClient(
            self._fate, self._observer, self._service, self._conditions.baseline, interrupted=self._interrupted
        )
        try:
            output: dict[str, Any] = self._handler(self._service.invocation_input(client), lambda_context())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a handler lets out, and deaths the SDK passes on
            output = {"Status": f"RAISED {type(error).__name__}: {error}"}
        return None if self._fate.dead else output

    def _finish(self, status: str, result: str | None = None, error: dict[str, str] | None = None) -> Run:
        error = error or {}
        operations = recorded(self._service.operations, self._observer.paths)
        return finished(
            self._observer,
            operations,
            status,
            result,
            (error.get("ErrorType"), error.get("ErrorMessage")),
            crashes=[str(point) for point in self._fate.fired],
            deaths=self._deaths,
            starts=self._starts,
            snapshots=self._service.snapshots,
            taken_on=self._fate.taken_on,
        )


def _anchor(conditions: Conditions) -> str | None:
    """The operation past which a horizon begins: at first, the last one that was changed elsewhere."""
    prefix = conditions.prefix
    return conditions.anchor or (prefix.updates[-1].path if prefix and prefix.updates else None)
