"""Runs one execution on the simulated service, dying where it is told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from durable_conformance.errors import CannotRunError, in_words
from durable_conformance.execution import (
    AT_HORIZON,
    UNDISTURBED,
    Conditions,
    Death,
    InvocationEnded,
    Raised,
    Run,
    Start,
    Status,
    parsed_result,
    recorded,
)
from durable_conformance.identity import EXECUTION_ID
from durable_conformance.model import Gate, ProviderTap, tapping
from durable_conformance.runtime.branch_order import BranchOrder
from durable_conformance.runtime.crashing import Client, Crashes, Horizon
from durable_conformance.runtime.current import executing
from durable_conformance.runtime.gate import CallGate
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.sdk import lambda_context, quick_stops
from durable_conformance.runtime.service import Service
from durable_conformance.subject import Handler, HandlerFactory, Scenario, instrumented

MAX_IDLE_INVOCATIONS = 3
"""Invocations in a row that may end pending with nothing to wait for. The SDK can do so when a retry comes due while a
sibling branch suspends; the next replay resolves it, and the testing SDK's own runner allows as many."""


def nothing_changes(_invocation: int) -> None:
    """Between two invocations, all stays as it is."""


def run_in_process(
    handler_for: HandlerFactory,
    scenario: Scenario,
    conditions: Conditions = UNDISTURBED,
    observer: Observer | None = None,
    *,
    before_invocation: Callable[[int], None] = nothing_changes,
    execution_id: str = EXECUTION_ID,
) -> Run:
    """Run `scenario` to its end, or to where it is clear that it has none.

    An `observer` that is given leaves the order of branches to the threads. `before_invocation` is called with each
    invocation's number before it begins. `execution_id` tells it from others; one that goes on from a prefix has the
    prefix's.
    """
    driver = _Driver(handler_for, scenario, conditions, observer, conditions.execution_id or execution_id)
    with quick_stops(), executing(driver.observer), tapping(driver.gate):
        return driver.run(before_invocation)


def observed(handler_for: HandlerFactory, observer: Observer, gate: Gate) -> Handler:
    """The handler under test with `observer` watching it, and its model calls tapped."""
    handler = handler_for(ProviderTap(gate))
    watched = instrumented(handler, observer, observer.watching)
    if watched is None:
        raise CannotRunError(f"{handler!r} is not a durable handler: decorate it with @durable_execution.")
    return watched


class _Driver:
    """The service's side of an execution: invoke, see how the invocation ended, let something happen, invoke again."""

    def __init__(
        self,
        handler_for: HandlerFactory,
        scenario: Scenario,
        conditions: Conditions,
        observer: Observer | None,
        execution_id: str,
    ) -> None:
        self._conditions = conditions
        self.observer = observer = observer or Observer(BranchOrder(conditions.order) if conditions.order else None)
        self._service = Service(scenario, observer, keep_snapshots=conditions.keep_snapshots, execution_id=execution_id)
        prefix = conditions.prefix
        changed_elsewhere = prefix.updates[-1].path if prefix and prefix.updates else None
        horizon = Horizon(conditions.horizon, conditions.anchor or changed_elsewhere)
        self._crashes = Crashes(conditions.crashes, observer, horizon)
        if observer.order:
            observer.order.dead = lambda: self._crashes.dead
        self.gate = gate = CallGate(
            observer,
            self._crashes,
            scenario.source(),
            conditions.never_twice,
            conditions.fault,
            scenario.answers,
            live=scenario.live,
        )
        gate.know(conditions.answers)
        self._handler = observed(handler_for, observer, gate)
        self._starts: list[Start] = []
        self._first = 1
        self._interrupted = conditions.interrupted
        if prefix:
            self._first = prefix.start.invocation
            self._service.resume(prefix)
            gate.resume(prefix.events)
            self._interrupted |= prefix.died

    def run(self, before_invocation: Callable[[int], None]) -> Run:
        idle = 0
        most = self._conditions.max_invocations
        for invocation in range(self._first, self._first + most):
            start = self._service.start(invocation)
            self._starts.append(start)
            self.observer.begin(start)
            self._crashes.begin()
            before_invocation(invocation)
            output = self._invoke()
            if self.observer.refused:
                raise CannotRunError(self.observer.refused[0])
            if output is not None:
                self.observer.tell(InvocationEnded(output["Status"], self.observer.suspends))
            self.observer.settle()
            if self._crashes.far_enough:
                return self._finish(AT_HORIZON)
            if output is None:
                self.observer.tell(Death(invocation, self._service.completed_paths(), self._crashes.cause))
                continue
            if output["Status"] != Status.PENDING:
                return self._finish(output["Status"], output.get("Result"), output.get("Error"))
            idle = 0 if self._service.progress() else idle + 1
            if idle == MAX_IDLE_INVOCATIONS:
                return self._finish("STUCK: pending with nothing to wait for")
        return self._finish(f"ENDLESS: not finished after {most} invocations")

    def _invoke(self) -> dict[str, Any] | None:
        """What the invocation returned; None if it died, whatever a dead process may still say."""
        client = Client(self._crashes, self.observer, self._service, self._conditions.pinned, self._interrupted)
        try:
            output: dict[str, Any] = self._handler(self._service.invocation_input(client), lambda_context())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a handler lets out, and deaths the SDK passes on
            output = {"Status": f"RAISED {in_words(error)}"}
        return None if self._crashes.dead else output

    def _finish(self, status: str, result: str | None = None, error: dict[str, str] | None = None) -> Run:
        error = error or {}
        told = self.observer.raised
        if status == Status.FAILED and told is None:  # the handler has returned
            told = _after_return(f"{error.get('ErrorType')}: {error.get('ErrorMessage')}")
        return Run(
            status=status,
            result=parsed_result(result),
            error_type=error.get("ErrorType"),
            error_message=error.get("ErrorMessage"),
            operations=recorded(self._service.operations, self.observer.paths),
            events=tuple(self.observer.events),
            starts=tuple(self._starts),
            snapshots=tuple(self._service.snapshots),
            met=frozenset(self.observer.met),
            lines=dict(self.observer.lines),
            pinned=frozenset(self._crashes.pinned),
            raised=told if status == Status.FAILED else None,
        )


def _after_return(error: str) -> Raised:
    """What an execution failed with whose handler had returned: JSON cannot hold the result, or nobody can store it."""
    if error.startswith(("TypeError", "ValueError", "RecursionError")):
        return Raised(f"the result cannot be serialised as JSON: {error}", advice="return what JSON can hold")
    return Raised(error)
