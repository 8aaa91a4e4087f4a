"""One case of an exploration, made again without the others: which experiments that takes."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from durable_conformance.errors import CannotRunError
from durable_conformance.exploring.cases import BETWEEN_ATTEMPTS, NEVER_TWICE_ID
from durable_conformance.exploring.other_sandboxes import WHOLE_ID, start_of
from durable_conformance.exploring.sweep import Sweep
from durable_conformance.workers import Experiment

BASELINES = frozenset({"baseline", "again"})
NEAREST = 3


class UnknownCaseError(CannotRunError):
    """An exploration has no case of this id. `ids` are those that it has."""

    def __init__(self, case: str, ids: Collection[str]) -> None:
        near = difflib.get_close_matches(case, ids, NEAREST, cutoff=0.5)
        named = f"the nearest are {', '.join(near)}" if near else "none is near"
        super().__init__(f"No case is {case!r}: {named}. Ids hold for the same handler, event and the same options.")
        self.case = case
        self.ids = frozenset(ids)

    def __reduce__(self) -> tuple[type[UnknownCaseError], tuple[str, frozenset[str]]]:  # type: ignore[override]
        return type(self), (self.case, self.ids)


def takes(case: str, experiment: Experiment) -> bool:
    """Whether to make `case` alone takes `experiment`: it is that case, a baseline, or what the case comes of."""
    id_ = experiment.id
    if id_ == case or experiment.place is None or id_.removesuffix(NEVER_TWICE_ID) in BASELINES:
        return True
    if case == f"{id_}{BETWEEN_ATTEMPTS}":
        return True
    if start := start_of(case):  # it goes on from the baseline there, and says nothing new if a cold one says the same
        return id_.startswith(WHOLE_ID) or id_ == f"{start}~way-0"
    return case.startswith(f"{WHOLE_ID}-") and id_ == WHOLE_ID


def swept(case: str, sweep: Sweep) -> bool:
    """Whether `sweep` may say how far `case` is followed."""
    return not sweep.points or any(point.id in case for point in sweep.points)
