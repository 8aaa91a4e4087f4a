"""What the engine and its processes say to one another."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from durable_conformance.execution import Conditions, Run
from durable_conformance.subject import HandlerFactory, Reference, Scenario
from durable_conformance.workers.debugging import Breakpoint
from durable_conformance.workers.sources import Stamps
from durable_conformance.workers.surroundings import offline

if TYPE_CHECKING:
    from durable_conformance.workers.reached import Lines  # it loads what executions are made by

_CHANGING = ("PYTEST_CURRENT_TEST",)
"""Variables that are others from one check to the next, and nothing that importing a handler depends on."""

FATAL = "fatal.txt"
"""The file in a worker's folder that says where it was when a signal ended it."""


@dataclass(frozen=True)
class ProcessState:
    """What a process that imports the user's code takes over from the one that was started for it."""

    folder: str  # the working folder
    path: tuple[str, ...]  # where modules are imported from
    environment: dict[str, str]

    @classmethod
    def here(cls, *, live: bool = False) -> ProcessState:
        """This process's; the user's own credentials, and other ways out of the machine, only if it is `live`."""
        environment = dict(os.environ) if live else offline(os.environ)
        return cls(os.getcwd(), tuple(folder or os.getcwd() for folder in sys.path), environment)  # noqa: PTH109

    @property
    def lasting(self) -> ProcessState:
        """What is the same for as long as nobody changes something."""
        kept = {name: value for name, value in self.environment.items() if name not in _CHANGING}
        return replace(self, environment=kept)

    def take_over(self) -> None:
        os.chdir(self.folder)
        sys.path[:] = self.path
        for name in os.environ.keys() - self.environment.keys():
            del os.environ[name]
        os.environ.update(self.environment)
        time.tzset()


def changing_variables() -> dict[str, str]:
    """Those of this process that may be others at the next check."""
    return {name: os.environ[name] for name in _CHANGING if name in os.environ}


@dataclass(frozen=True)
class Load:
    """To a base: fork a template of this handler."""

    handler: Reference | HandlerFactory  # where it is found; or, in a fork of the process that holds it, what makes it
    scenario: Scenario
    process: ProcessState

    def imports_as(self, other: Load) -> bool:
        """Whether a template of it has imported the same as one of `other` would, in the same surroundings."""
        return self._imported == other._imported

    @property
    def _imported(self) -> object:
        of, handler = self.scenario, self.handler
        if isinstance(handler, Reference) and not handler.makes:  # handlers of one module share it
            handler = replace(handler, text=handler.text.rpartition(":")[0] or handler.text)
        return handler, of.setup, dict(of.environment), of.live, self.process.lasting


@dataclass(frozen=True)
class Another:
    """To a template: from now on, fork workers for this handler of the module that it has imported."""

    handler: Reference


@dataclass(frozen=True)
class Hire:
    """To a template: fork a worker."""

    number: int  # tells it from the template's other workers
    folder: str  # where it may leave files; somebody else removes it
    scenario: Scenario | None  # None is the template's
    variables: Mapping[str, str]  # that are others by now than when the template was made


@dataclass(frozen=True)
class End:
    """To whoever has forked it: end a process, and all that it has started."""

    pid: int
    grace: float = 0.0  # seconds that it may take to end by itself
    told: bool = True  # how it ended is asked for


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int  # negative for the signal that ended it
    left: tuple[str, ...] = ()  # what it had started and left, in words
    unheard: bool = False  # nothing of it could be heard: it would have gone on, or ended because of that


@dataclass(frozen=True)
class Hello:
    """From a process that has just been forked."""

    pid: int


@dataclass(frozen=True)
class Imported:
    """From a template: it has the handler."""

    event_schema: dict[str, Any] | None = None  # what the handler's events may be, if their type says so
    read: Stamps = field(default_factory=dict)  # the files that importing it has read


@dataclass(frozen=True)
class Failed:
    """From a process of ours: what it was to do has raised an exception."""

    why: str  # the exception, on one line
    traceback: str = ""  # as far as it is the user's code
    read: Stamps = field(default_factory=dict)  # of a template: the files that importing has read by then


@dataclass(frozen=True)
class Task:
    """To a worker: make one execution."""

    id: str  # the experiment's: what is random in the execution, and its ARN, depend on that
    conditions: Conditions
    way: int | None  # see `Where`; None leaves the sandbox alone
    scenario: Scenario | None = None  # None is the template's
    stops: Breakpoint | None = None


@dataclass(frozen=True)
class Made:
    """From a worker: what the execution did."""

    run: Run
    left: tuple[str, ...] = ()  # behind in the process, in words
    spoilt: bool = False  # the process is of no use for another one
    reached: Lines = frozenset()  # that the process has run since it said so last
