"""How an exploration is split over machines: which of its cases are made here.

What is shared out goes by the ids of the cases, which are the same on each machine: each shard has every N-th of them,
in their order. What everything else is held against, or depends on, each shard makes for itself: the baselines, whole
executions in other sandboxes, and most of those that are interrupted everywhere. What comes of a case, such as one that
dies between its attempts, is made where the case is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from durable_conformance.choices import Shard
from durable_conformance.exploring.cases import NEVER_TWICE_ID
from durable_conformance.exploring.sweep import MOST, Sweep
from durable_conformance.identity import short_digest


def mine(shard: Shard | None, ids: Collection[str], *, dealt: int = 0) -> frozenset[str]:
    """Those of `ids` that belong to `shard`, after so many others were dealt; all of them, if nothing is split."""
    return frozenset(sorted(set(ids))[(shard.number - 1 - dealt) % shard.of :: shard.of] if shard else ids)


def plan(ids: Collection[str]) -> str:
    """What says whether others share out the same: how many, and a digest of them."""
    different = sorted(set(ids))
    return f"{len(different)} cases, {short_digest('\0'.join(different).encode(errors='surrogatepass'))}"


def sweep_of(sweeps: Sequence[Sweep], *, pairs: bool) -> Mapping[str, str]:
    """By the id of a case, that of the one sweep it needs, where a workflow is so long that sweeps are shared out, too.

    Otherwise, and where a case is a pair of crash points, which may need any, each shard makes all sweeps.
    """
    if pairs or all(len(one.points) <= MOST // 2 for one in sweeps):
        return {}
    return {
        f"{point.id}{NEVER_TWICE_ID if one.experiment.conditions.never_twice else ''}": one.experiment.id
        for one in sweeps
        for point in one.points
    }
