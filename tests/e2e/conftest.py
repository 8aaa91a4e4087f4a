"""One wire for the whole session, with the seven patterns deployed on it, and what happened, counted, at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from rich.console import Console

from tests.e2e.campaign import Campaign
from tests.e2e.cloud_suite import CloudSuite
from tests.e2e.outages import Outages
from tests.patterns.catalogue import CATALOGUE
from tests.stand_in import environment_for
from tests.wire.artifacts import Artifacts, build
from tests.wire.deployable import RECORDED, Deployable, function_name
from tests.wire.wire import Wire

PREFIX = "local"

CAMPAIGN = pytest.StashKey[Campaign]()


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """What is deployed, built anew."""
    return build(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="session")
def wire(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Everything around the functions, and the seven functions. Afterwards, not one process is left."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server tells of every request
    with pytest.MonkeyPatch.context() as environment, Wire(tmp_path_factory.mktemp("logs")) as wire:
        for name, value in environment_for("http://127.0.0.1:9", {}).items():
            environment.setenv(name, value)
        for pattern in CATALOGUE:
            wire.deploy(function_name(PREFIX, pattern), artifacts.of(pattern), f"patterns.{pattern}.handler")
        yield wire


@pytest.fixture(scope="session")
def campaign(wire: Wire, request: pytest.FixtureRequest) -> Iterator[Campaign]:
    """Every fault in every selected scenario, side by side."""
    with Campaign(wire, PREFIX, selected(request.session, "campaign")) as campaign:
        request.config.stash[CAMPAIGN] = campaign
        yield campaign


@pytest.fixture(scope="session")
def outages(wire: Wire, artifacts: Artifacts, request: pytest.FixtureRequest) -> Iterator[Outages]:
    """Every outage of every selected scenario, side by side."""
    with Outages(wire, artifacts, selected(request.session, "outages")) as outages:
        yield outages


@pytest.fixture(scope="session")
def suites(wire: Wire, artifacts: Artifacts) -> Iterator[dict[str, CloudSuite]]:
    """Runs of the suite for deployed functions."""
    other = "structured_output"
    wire.deploy(function_name("swapped", "prompt_chaining"), artifacts.of(other), f"patterns.{other}.handler")
    with ExitStack() as running:
        yield {
            name: running.enter_context(CloudSuite(wire, *arguments))
            for name, arguments in {
                "right": ("-n", "2", "--function-prefix", PREFIX, "--same-words"),
                "swapped": ("--function-prefix", "swapped", "-k", "prompt_chaining and default"),
                "unnamed": (),
            }.items()
        }


@pytest.fixture(scope="session", autouse=True)
def under_way(request: pytest.FixtureRequest) -> None:
    """Begins what any selected test waits for before the first test waits for anything."""
    for name in ("outages", "suites", "campaign"):
        if any(name in item.fixturenames for item in functions(request.session)):
            request.getfixturevalue(name)


def functions(session: pytest.Session) -> Iterator[pytest.Function]:
    """The selected tests."""
    return (item for item in session.items if isinstance(item, pytest.Function))


def selected(session: pytest.Session, fixture: str) -> tuple[Deployable, ...]:
    """The scenarios of the selected tests that use a fixture."""
    chosen = {item.callspec.params.get("what") for item in functions(session) if fixture in item.fixturenames}
    return tuple(what for what in RECORDED if what in chosen)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints what the campaign came to."""
    if CAMPAIGN in config.stash:
        terminalreporter.section("killed on the wire")
        Console(width=160, no_color=True).print(config.stash[CAMPAIGN].table())
