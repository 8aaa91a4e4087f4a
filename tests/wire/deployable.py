"""The catalogue's scenarios that a deployed function can go through: its model cannot be told what to answer."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from durable_conformance import Scenario
from durable_conformance.execution import Run
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.pattern import Recorded


@dataclass(frozen=True)
class Deployable:
    """One scenario of one pattern."""

    pattern: str
    name: str

    def __str__(self) -> str:
        return f"{self.pattern}: {self.name}"

    @property
    def scenario(self) -> Scenario:
        """What the execution meets."""
        return CATALOGUE[self.pattern].scenarios[self.name]

    @property
    def local(self) -> Run:
        """Its run on this machine, in process; made once."""
        return _local(self.pattern, self.name)


@functools.cache
def _local(pattern: str, name: str) -> Run:
    return CATALOGUE[pattern].run(name)


RECORDED = tuple(
    Deployable(pattern.name, name)
    for pattern in CATALOGUE.values()
    for name, scenario in pattern.scenarios.items()
    if isinstance(scenario, Recorded)
)
"""Those with a recorded conversation: a model is asked, and answers in its own words."""

UNASKED = tuple(
    Deployable(pattern.name, name)
    for pattern in CATALOGUE.values()
    for name in pattern.scenarios
    if name.startswith("bad input: ")
)
"""Those that end before a model is asked."""


def function_name(prefix: str, pattern: str) -> str:
    """The name that the template gives a pattern's function, in a stack named `prefix`."""
    return f"{prefix}-{pattern.replace('_', '-')}"
