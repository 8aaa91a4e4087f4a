"""Everything around deployed functions, on this machine: the runner, the front, the models, the reviewer's topic."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from tests.loopback import LoopbackServer
from tests.stand_in import ConverseStandIn, environment_for
from tests.wire.durable_runner import DurableRunner
from tests.wire.front import UPSTREAM_CONNECTIONS, Deployment, Front
from tests.wire.function import Function
from tests.wire.inbox import Inbox

ALIAS = "live"
"""The alias that functions are invoked by."""


class Wire:
    """Serves durable functions, for as long as the `with` block lasts. Leaving it ends every process it started.

    Args:
        folder: Where logs go.

    Attributes:
        front: The endpoint between all of them.
        inbox: What a reviewer is sent.
        models_url: Where models answer, for the functions alone.
    """

    def __init__(self, folder: Path) -> None:
        self.front = Front()
        self._folder = folder
        self._started = ExitStack()
        self._functions: dict[tuple[Path, str], Function] = {}

    def __enter__(self) -> Self:
        with ExitStack() as started:
            self._server = started.enter_context(LoopbackServer(self.front.handle, name="front"))
            models = started.enter_context(ConverseStandIn(self.front.converse))
            self.models_url = models.url
            self.inbox = started.enter_context(Inbox())
            runner = started.enter_context(DurableRunner(self.url, self._folder / "runner.log"))
            pool = urllib3.HTTPConnectionPool(
                "127.0.0.1", runner.port, maxsize=UPSTREAM_CONNECTIONS, block=True, retries=False, timeout=60
            )
            self.front.use(started.enter_context(pool))
            self.front.environment = environment_for(models.url, {}) | {
                "AWS_ENDPOINT_URL_LAMBDA": self.url,
                "AWS_ENDPOINT_URL_SNS": self.inbox.url,
                "REVIEW_TOPIC_ARN": self.inbox.topic_arn,
            }
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._started.__exit__(kind, error, traceback)

    @property
    def url(self) -> str:
        """The Lambda endpoint, for handlers and for whoever starts executions."""
        return self._server.url

    def deploy(self, name: str, artifact: Path, handler: str, environment: Mapping[str, str] | None = None) -> None:
        """Make a function that can be invoked as `name:ALIAS`.

        Args:
            name: Its name.
            artifact: The folder that is deployed.
            handler: `module.function`.
            environment: Its own variables.
        """
        if (artifact, handler) not in self._functions:
            log = self._folder / f"{artifact.name}-{handler}.log"
            function = self._started.enter_context(Function(artifact, handler, log, warm=["lambda"]))
            self._functions[artifact, handler] = function
        self.front.deployed[name] = Deployment(self._functions[artifact, handler], environment or {})
