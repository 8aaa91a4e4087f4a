"""Plays a scenario on the wire: starts the execution, answers as its reviewer, waits for its end."""

from __future__ import annotations

import itertools
import json
import queue
from dataclasses import dataclass

from aws_durable_execution_sdk_python_testing import DurableFunctionCloudTestRunner

from durable_conformance import Scenario
from durable_conformance.execution import ENDED, Run, parsed_result
from durable_conformance.subject import CALLBACK_SUFFIX
from tests.wire.answering import send
from tests.wire.durable_runner import REGION
from tests.wire.execution import Execution, Requests
from tests.wire.faults import NO_FAULTS, Faults
from tests.wire.history import History
from tests.wire.wire import ALIAS, Wire

PATIENCE_SECONDS = 120
"""How long nothing may happen to an execution before it counts as stuck. A safety net: what is tested takes seconds,
but for botocore's retries of an endpoint that is away, which add up to a quarter of a minute."""

DEATHS_IN_A_ROW = 5
"""After so many failed invocations in a row the runner fails the execution."""


class StuckExecutionError(AssertionError):
    """An execution neither ends nor goes on. The message says what it did until then."""


@dataclass(frozen=True)
class Played:
    """A scenario as it went on the wire.

    Attributes:
        run: What was observed, comparable with a run on this machine.
        execution: More of it.
        notifications: How often the reviewer was told, for each callback that they answered.
    """

    run: Run
    execution: Execution
    notifications: tuple[int, ...]


class Player:
    """Plays one function's scenarios. Safe from any number of threads.

    Args:
        wire: Where the function is deployed.
        function: Its name.
    """

    _numbers = itertools.count(1)

    def __init__(self, wire: Wire, function: str) -> None:
        self._wire = wire
        self._function = function
        self._runner = DurableFunctionCloudTestRunner(
            f"{function}:{ALIAS}", region=REGION, lambda_endpoint=wire.url, poll_interval=0.1
        )

    def play(self, scenario: Scenario, local: Run, faults: Faults = NO_FAULTS) -> Played:
        """One execution.

        Args:
            scenario: Its event and callbacks; models answer as the stand-in does.
            local: The same scenario's run on this machine: it knows which operation asks what.
            faults: What it meets.

        Raises:
            FunctionDownError: The function cannot be invoked.
            StuckExecutionError: It does not end.
        """
        execution = Execution(f"{self._function}-{next(self._numbers)}", faults, Requests(local))
        self._wire.front.expect(execution)
        started = self._runner.lambda_client.invoke(
            FunctionName=self._runner.function_name,
            InvocationType="Event",
            Payload=json.dumps(scenario.event),
            DurableExecutionName=execution.name,
        )
        arn: str = started["DurableExecutionArn"]
        notifications = self._see_through(execution, arn, scenario)
        history = History.of(self._runner, arn)
        error_type, error_message = history.error
        run = Run(
            status=history.status,
            result=parsed_result(history.result),
            error_type=error_type,
            error_message=error_message,
            operations=history.operations,
            events=tuple(execution.observer.events),
        )
        return Played(run, execution, notifications)

    def _see_through(self, execution: Execution, arn: str, scenario: Scenario) -> tuple[int, ...]:
        """Answer callbacks until the execution has ended."""
        answered: list[int] = []
        failures = 0
        while failures < DEATHS_IN_A_ROW:
            try:
                ended = execution.happened.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                raise StuckExecutionError(
                    f"{execution.name}: nothing happened for {PATIENCE_SECONDS} s; {execution.transcript()}."
                ) from None
            if isinstance(ended, Exception):
                raise ended
            if ended in ENDED:
                break
            failures = 0 if ended == "PENDING" else failures + 1
            if ended == "PENDING":
                for number, callback in enumerate(execution.callbacks()[len(answered) :], len(answered)):
                    answered.append(self._answer(arn, callback.removesuffix(CALLBACK_SUFFIX), scenario, number))
        return tuple(answered)

    def _answer(self, arn: str, name: str, scenario: Scenario, occurrence: int) -> int:
        told = self._wire.inbox.callbacks(arn, name)
        assert told, f"the reviewer of {name!r} was not told"
        assert len(set(told)) == 1, f"the reviewer of {name!r} was told of several callbacks: {told}"
        answer = scenario.answer(name, occurrence)
        if not send(self._runner, told[0], answer):
            raise NotImplementedError(f"{answer}: it would last as long as the callback's timeout, in real time.")
        return len(told)
