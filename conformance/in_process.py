"""Runs one execution on the in-process service, dying where it is told to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.lambda_service import CheckpointOutput, OperationUpdate, StateOutput
from aws_durable_execution_sdk_python_testing.invoker import create_test_lambda_context

from conformance.answering import Answering, ModelFault
from conformance.crash import MODEL_CALL, CrashKind, CrashPoint, DiedInCall, InvocationDied
from conformance.observer import DIED, Observer
from conformance.operations import place, recorded
from conformance.recorded import NOTHING_RECORDED, Recorded
from conformance.run import Death, Run, Start, finished
from conformance.scenario import Handler, HandlerFactory, Scenario
from conformance.service import InProcessService, merged
from providers import ModelProvider, ModelRequest, ModelResponse

MAX_INVOCATIONS = 500
"""More than any bounded workflow here needs; an execution that wants more does not end by itself."""


MAX_IDLE_INVOCATIONS = 3
"""Invocations in a row that may end pending with nothing to wait for. The SDK can do so when a retry comes due while a
sibling branch suspends; the next replay resolves it, and the testing SDK's own runner allows as many."""


def run_in_process(
    handler_for: HandlerFactory,
    scenario: Scenario,
    crashes: Sequence[CrashPoint] = (),
    start: Start | None = None,
    *,
    never_twice: bool = False,
    fault: ModelFault | None = None,
    baseline: Recorded = NOTHING_RECORDED,
    observer: Observer | None = None,
) -> Run:
    """Run `scenario` to its end, with the invocations dying at `crashes`.

    Args:
        handler_for: Makes the handler under test.
        scenario: What the execution meets.
        crashes: Each fires once, at its first opportunity.
        start: Where to begin: the start of an invocation of an earlier run of the same scenario. None is the
            execution's own start.
        never_twice: Have the model give every answer a tag of its own, as a real model never repeats itself.
        fault: Model calls that fail instead of being answered.
        baseline: Values to take on, where this execution comes to others.
        observer: Watches the execution; a new one unless given.
    """
    observer = observer or Observer()
    answering = Answering(observer, scenario.model(), never_twice=never_twice, fault=fault)
    return _Driver(handler_for, scenario, observer, answering, crashes, start, baseline).run()


def instrumented(handler_for: HandlerFactory, observer: Observer, provider: ModelProvider) -> Handler:
    """The handler under test with `observer` watching it: its function re-decorated, its provider wrapped."""
    handler = handler_for(observer.watched(provider))
    function = getattr(handler, "__wrapped__", None)
    if function is None:
        raise TypeError(f"{handler!r} is not a durable handler: decorate it with @durable_execution.")
    return durable_execution(function, plugins=[observer])


class _Driver:
    """The service's side of an execution: invoke, see how the invocation ended, let something happen, invoke again."""

    def __init__(  # noqa: PLR0917  # private, and made in one place
        self,
        handler_for: HandlerFactory,
        scenario: Scenario,
        observer: Observer,
        answering: Answering,
        crashes: Sequence[CrashPoint],
        start: Start | None,
        baseline: Recorded,
    ) -> None:
        self._observer = observer
        self._baseline = baseline
        self._service = InProcessService(scenario, observer)
        self._fate = _Fate(crashes)
        mortal = _MortalModel(self._fate, observer, answering)
        self._handler = instrumented(handler_for, self._observer, mortal)
        self._deaths: list[Death] = []
        self._starts: list[Start] = []
        self._first = start.invocation if start else 1
        if start is not None:
            self._service.resume(start)
            answering.resume(start.calls)

    def run(self) -> Run:
        idle = 0
        for invocation in range(self._first, MAX_INVOCATIONS + 1):
            self._observer.invocation = invocation
            self._starts.append(self._service.start())
            self._fate.begin()
            output = self._invoke()
            if output is None:
                self._deaths.append(Death(invocation, self._service.completed_paths()))
                continue
            if output["Status"] != "PENDING":
                return self._finish(output["Status"], output.get("Result"), output.get("Error"))
            idle = 0 if self._service.progress() else idle + 1
            if idle == MAX_IDLE_INVOCATIONS:
                return self._finish("STUCK: pending with nothing to wait for")
        return self._finish(f"ENDLESS: not finished after {MAX_INVOCATIONS} invocations")

    def _invoke(self) -> dict[str, Any] | None:
        """What the invocation returned; None if it died, whatever a dead process may still say."""
        client = _MortalClient(self._fate, self._observer, self._service, self._baseline)
        try:
            output: dict[str, Any] = self._handler(self._service.invocation_input(client), create_test_lambda_context())
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
            taken_on=self._fate.taken_on,
        )


class _Fate:
    """Which crash points are still to fire, and whether the running invocation is dead already."""

    def __init__(self, crashes: Sequence[CrashPoint]) -> None:
        self._lock = threading.Lock()
        self._pending = list(crashes)
        self.fired: list[CrashPoint] = []
        self.taken_on: list[str] = []
        self.dead = False

    def begin(self) -> None:
        """A new invocation: alive again."""
        self.dead = False

    def take_on(self, path: str) -> None:
        """The invocation dies, because the checkpoint now holds another value than it knows."""
        with self._lock:
            self.taken_on.append(path)
            self.dead = True

    def strikes(self, path: str | None, action: str, occurrence: int, *kinds: CrashKind) -> CrashKind | None:
        """How the invocation dies here, if it does."""
        with self._lock:
            for point in self._pending:
                same = (place(point.path), point.action, point.occurrence) == (place(path or ""), action, occurrence)
                if same and point.kind in kinds:
                    self._pending.remove(point)
                    self.fired.append(point)
                    self.dead = True
                    return point.kind
        return None


class _MortalClient:
    """The service client of one invocation: refuses everything once the invocation is dead."""

    def __init__(self, fate: _Fate, observer: Observer, service: InProcessService, baseline: Recorded) -> None:
        self._fate = fate
        self._observer = observer
        self._service = service
        self._baseline = baseline

    def checkpoint(
        self,
        durable_execution_arn: str,  # noqa: ARG002  # there is one
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,  # noqa: ARG002  # nothing is sent twice in process
    ) -> CheckpointOutput:
        self._check_alive()
        if not updates:
            return self._service.refresh(checkpoint_token)
        outputs: list[CheckpointOutput] = []
        token = checkpoint_token
        for update in updates:
            self._check_alive()
            path, action = self._observer.path_of(update), update.action.value
            occurrence = self._observer.occurrences(path, action)
            if self._fate.strikes(path, action, occurrence, CrashKind.BEFORE_PERSIST):
                raise InvocationDied("before the update persisted")
            theirs = self._baseline.taken_on(update, path, interrupted=bool(self._fate.fired))
            outputs.append(self._service.persist(token, theirs or update))
            token = outputs[-1].checkpoint_token or token
            match self._fate.strikes(path, action, occurrence, CrashKind.AFTER_PERSIST, CrashKind.TOKEN_REVOKED):
                case CrashKind.AFTER_PERSIST:
                    raise InvocationDied("after the update persisted")
                case CrashKind.TOKEN_REVOKED:
                    return merged(outputs, None)
            if theirs:
                self._fate.take_on(path)
                raise InvocationDied("after it took on the value that the baseline recorded")
        return merged(outputs, token)

    def get_execution_state(
        self, durable_execution_arn: str, checkpoint_token: str, next_marker: str, max_items: int = 1000
    ) -> StateOutput:
        del durable_execution_arn, checkpoint_token, next_marker, max_items  # one execution, one page
        self._check_alive()
        return self._service.state()

    def _check_alive(self) -> None:
        if self._fate.dead:
            raise InvocationDied("this invocation is dead")


class _MortalModel:
    """The model as the handler sees it: calls die with the invocation, and a dead invocation gets no answers."""

    def __init__(self, fate: _Fate, observer: Observer, provider: ModelProvider) -> None:
        self._fate = fate
        self._observer = observer
        self._provider = provider

    def converse(self, request: ModelRequest) -> ModelResponse:
        info = self._observer.running()
        path = self._observer.seen(info) if info else None
        earlier = sum(call.path == path and call.outcome != DIED for call in self._observer.calls)
        if self._fate.dead or self._fate.strikes(path, MODEL_CALL, earlier, CrashKind.DURING_CALL):
            raise DiedInCall(f"died during a call in {path}")
        return self._provider.converse(request)
