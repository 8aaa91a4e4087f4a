"""Puts every scenario through every outage, side by side: most of the time they wait, in real time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from providers import ModelError, ModelThrottledError, ModelTimeoutError, ModelUnavailableError
from tests.loopback import Drop, LoopbackServer, Stall
from tests.stand_in import Fail
from tests.wire.artifacts import Artifacts
from tests.wire.deployable import RECORDED, Deployable, function_name
from tests.wire.faults import EndpointFault, Faults, ModelOutage, NoFaults, ServiceOutage
from tests.wire.playing import Played, Player
from tests.wire.wire import Wire

READ_TIMEOUT_SECONDS = 3
"""For the functions whose model endpoint fails: short, because it is waited for, and enough on a busy machine."""


@dataclass(frozen=True)
class Outage:
    """What the model endpoint does to the first calls of every operation.

    Attributes:
        fault: What it does.
        times: To how many calls.
        error: What the step records of it.
    """

    fault: EndpointFault
    times: int
    error: type[ModelError]


MODEL_OUTAGES = {
    "stalls past the read timeout": Outage(Stall(), 1, ModelTimeoutError),
    "resets connections": Outage(Drop(reset=True), 1, ModelUnavailableError),
    "throttles": Outage(Fail("ThrottlingException"), 2, ModelThrottledError),
}


class Closed(NoFaults):
    """Nothing listens where the function looks for Lambda, until an invocation has failed of it.

    Args:
        endpoint: Where it looks, not serving yet.
        opened: Closes the endpoint in the end.

    Attributes:
        refused: Whether an invocation has failed.
    """

    def __init__(self, endpoint: LoopbackServer, opened: ExitStack) -> None:
        self._endpoint = endpoint
        self._opened = opened
        self.refused = False

    def invocation_failed(self) -> None:
        if not self.refused:
            self.refused = True
            self._opened.enter_context(self._endpoint)


@dataclass(frozen=True)
class InOutage[F: Faults]:
    """An execution in an outage."""

    faults: F
    playing: Future[Played]


class Outages:
    """All of them. Made by a `with` block.

    Args:
        wire: Where functions are deployed for them.
        artifacts: What is deployed.
        scenarios: What to put through them.

    Attributes:
        model: Of the model endpoint, by the outage's name.
        cut_off: Of the service, once there is something to persist.
        closed: Of the service, from the start.
    """

    def __init__(self, wire: Wire, artifacts: Artifacts, scenarios: Sequence[Deployable]) -> None:
        self._wire = wire
        self._artifacts = artifacts
        self._scenarios = scenarios
        self._opened = ExitStack()
        self._pool = ThreadPoolExecutor(len(RECORDED) * (len(MODEL_OUTAGES) + 2), thread_name_prefix="outages")

    def __enter__(self) -> Self:
        whats = self._scenarios
        self.model = {
            name: {what: self._model(what, outage) for what in whats} for name, outage in MODEL_OUTAGES.items()
        }
        self.cut_off = {
            what: self._begin(what, function_name("cut-off", what.pattern), ServiceOutage()) for what in whats
        }
        self.closed = {what: self._closed(what, number) for number, what in enumerate(whats)}
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.front.abandon()
        self._pool.shutdown(cancel_futures=True)
        self._opened.close()

    def _model(self, what: Deployable, outage: Outage) -> InOutage[ModelOutage]:
        function, faults = function_name("impatient", what.pattern), ModelOutage(outage.fault, outage.times)
        return self._begin(what, function, faults, MODEL_READ_TIMEOUT=str(READ_TIMEOUT_SECONDS))

    def _closed(self, what: Deployable, number: int) -> InOutage[Closed]:
        endpoint = LoopbackServer(self._wire.front.handle, name="late front")
        self._opened.callback(endpoint.close)
        function, faults = f"{function_name('closed', what.pattern)}-{number}", Closed(endpoint, self._opened)
        return self._begin(what, function, faults, AWS_ENDPOINT_URL_LAMBDA=endpoint.url)

    def _begin[F: Faults](self, what: Deployable, function: str, faults: F, **environment: str) -> InOutage[F]:
        artifact, handler = self._artifacts.of(what.pattern), f"patterns.{what.pattern}.handler"
        self._wire.deploy(function, artifact, handler, environment)
        player = Player(self._wire, function)
        return InOutage(faults, self._pool.submit(lambda: player.play(what.scenario, what.local, faults)))
