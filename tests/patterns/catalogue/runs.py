"""Every scenario's run, made side by side once a process: tests of one pattern share a worker (`--dist loadgroup`)."""

from __future__ import annotations

import functools
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from durable_conformance import CrashKind, Exploration, Report, Scenario, Silence
from durable_conformance.execution import Run
from tests.oracle.public_runner import run_on_public_runner
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.catalogue.novelty import new_points

SIDE_BY_SIDE = 32
"""Executions at the same time: each spends most of its time waiting for the SDK's checkpoint thread to close."""


def each_pattern(but: Collection[str] = ()) -> list[Any]:
    """Parameters for a test of every pattern."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in CATALOGUE if name not in but]


_made: set[str] = set()
_in_background = ThreadPoolExecutor(len(CATALOGUE), thread_name_prefix="public-runner")


@functools.cache
def in_process(pattern: str) -> dict[str, Run]:
    """Every scenario of a pattern, run in process; the public runner, which mostly waits, starts on them meanwhile."""
    _public(pattern)
    under_test = CATALOGUE[pattern]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        runs = dict(zip(under_test.scenarios, pool.map(under_test.run, under_test.scenarios), strict=True))
    _made.add(pattern)
    return runs


IN_A_MINUTE = Exploration(
    # A revoked token ends an invocation as a lost response does; one that dies before an update persists leaves what
    # one leaves that dies after the update before, but for the call it made; and what a model shows that never answers
    # twice the same is all that repeatable answers show, and more. `tox -e explore` tries the rest.
    kinds=(CrashKind.AFTER_PERSIST,),
    pure=False,
    faults=False,
    orders=False,
    side_by_side=2,
    horizon=None,
)
WHEN_ALL_GOES_WELL = replace(
    IN_A_MINUTE,
    kinds=(CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL),
    faults=True,
    orders=True,
)


@functools.cache
def explored(pattern: str) -> dict[str, Report]:
    """What the engine says of every scenario of a pattern, each crash point once (`novelty`)."""
    under_test = CATALOGUE[pattern]
    runs = in_process(pattern)
    points = new_points({under_test.happy: runs[under_test.happy]} | runs)

    def report(name: str) -> Report:
        if name == under_test.happy:
            return under_test.explored(name, WHEN_ALL_GOES_WELL)
        return under_test.explored(name, replace(IN_A_MINUTE, points=points[name]))

    return {name: report(name) for name in under_test.scenarios}


def one(pattern: str, scenario: str) -> Run:
    """One scenario's run: the one that `in_process` made, where this worker has made them."""
    if pattern in _made:
        return in_process(pattern)[scenario]
    return CATALOGUE[pattern].run(scenario)


def on_public_runner(pattern: str) -> dict[str, Run]:
    """Every scenario of a pattern that does not wait in real time, on the public runner."""
    return _public(pattern).result()


@functools.cache
def _public(pattern: str) -> Future[dict[str, Run]]:
    return _in_background.submit(_run_on_public_runner, pattern)


def _run_on_public_runner(pattern: str) -> dict[str, Run]:
    under_test = CATALOGUE[pattern]
    names = [name for name, scenario in under_test.scenarios.items() if not waits_for_nobody(scenario)]

    def run(name: str) -> Run:
        return run_on_public_runner(under_test.handler_for, under_test.scenarios[name])

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return dict(zip(names, pool.map(run, names), strict=True))


def waits_for_nobody(scenario: Scenario) -> bool:
    """A callback that times out: the public runner would wait for it in real time."""
    return any(isinstance(answer, Silence) for answers in scenario.callbacks.values() for answer in answers)
