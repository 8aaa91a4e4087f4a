"""One second service for all tests here, every scenario played on it side by side; all are skipped without Node."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pytest

from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.description import committed
from tests.second_service.agreement import differences
from tests.second_service.modelled import Modelled
from tests.second_service.peer import NO_NODE, VARIABLE, node
from tests.second_service.playing import Played, Stage
from tests.wire.artifacts import Artifacts, build
from tests.wire.deployable import Deployable

SIDE_BY_SIDE = 16
"""Executions at the same time."""

EVERY_SCENARIO = tuple(Deployable(pattern.name, name) for pattern in CATALOGUE.values() for name in pattern.scenarios)


class Comparison:
    """The selected scenarios, played side by side. Made by a `with` block.

    Attributes:
        agreed: How many ended as their snapshots say, of those that were waited for.
        differed: How many did not.
    """

    def __init__(self, stage: Stage, artifacts: Artifacts, scenarios: tuple[Deployable, ...]) -> None:
        self._stage = stage
        self._artifacts = artifacts
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="second-service")
        self._began = time.monotonic()
        self._played: dict[Deployable, Future[Played]] = {one: self._pool.submit(self._play, one) for one in scenarios}
        self.agreed = self.differed = self.invocations = 0
        self._ended = self._began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def differences(self, what: Deployable) -> list[str]:
        """Where a scenario and its snapshot differ."""
        found = ["it was not played to its end"]
        try:
            played = self._played[what].result()
            found = differences(committed(what.pattern, what.name), played.described())
            self.invocations += len(played.invocations)
        finally:
            self.agreed += not found
            self.differed += bool(found)
            self._ended = time.monotonic()
        return found

    def played(self, what: Deployable) -> Played:
        """A scenario's execution."""
        return self._played[what].result()

    def told(self) -> str:
        """What it came to."""
        return (
            f"{self.agreed + self.differed} scenarios in {self.invocations} invocations: {self.agreed} end as their "
            f"snapshots say, {self.differed} do not; {self._ended - self._began:.0f} s"
        )

    def _play(self, what: Deployable) -> Played:
        function = self._stage.function(self._artifacts.of(what.pattern), f"patterns.{what.pattern}.handler")
        scenario = what.scenario
        return self._stage.play(function, scenario.event, scenario.answer, Modelled(scenario, what.local))


COMPARISON = pytest.StashKey[Comparison]()


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """What is deployed, built anew, where there is a second service to run it."""
    if node() is None:
        pytest.skip(NO_NODE)
    return build(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="session")
def stage(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The second service."""
    if VARIABLE not in os.environ:
        pytest.fail(f"{VARIABLE} names no folder with a second service: `tox -e second-service` installs one")
    with Stage(Path(os.environ[VARIABLE]), tmp_path_factory.mktemp("logs")) as stage:
        yield stage


@pytest.fixture(scope="session")
def comparison(stage: Stage, artifacts: Artifacts, request: pytest.FixtureRequest) -> Iterator[Comparison]:
    """Every selected scenario."""
    functions = (item for item in request.session.items if isinstance(item, pytest.Function))
    chosen = {item.callspec.params.get("what") for item in functions if hasattr(item, "callspec")}
    scenarios = tuple(what for what in EVERY_SCENARIO if what in chosen)
    with Comparison(stage, artifacts, scenarios) as comparison:
        request.config.stash[COMPARISON] = comparison
        yield comparison


@pytest.fixture(scope="session")
def beside(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is deployed, and handlers of these tests."""
    folder = tmp_path_factory.mktemp("beside")
    for entry in artifacts.of("prompt_chaining").iterdir():
        (folder / entry.name).symlink_to(entry)
    shutil.copy(Path(__file__).with_name("waiting_handlers.py"), folder)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints what the comparison came to."""
    if COMPARISON in config.stash:
        terminalreporter.section("on the second service")
        terminalreporter.write_line(config.stash[COMPARISON].told())
