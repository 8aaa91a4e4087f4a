"""Where executions run: processes that make one at a time, forked from a template that has imported the handler.

The engine's own process imports no handler. It gives experiments to a `Pool`, and hears what came of them; every wait
is bounded, and what a run has started ends with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_conformance.lazily import handed_on

if TYPE_CHECKING:
    from durable_conformance.choices import PATIENCE_SECONDS as PATIENCE_SECONDS
    from durable_conformance.workers.channel import Channel as Channel
    from durable_conformance.workers.channel import ClosedError as ClosedError
    from durable_conformance.workers.channel import SilentError as SilentError
    from durable_conformance.workers.debugging import Breakpoint as Breakpoint
    from durable_conformance.workers.experiment import Experiment as Experiment
    from durable_conformance.workers.experiment import Judge as Judge
    from durable_conformance.workers.experiment import Lost as Lost
    from durable_conformance.workers.experiment import Where as Where
    from durable_conformance.workers.experiment import not_judged as not_judged
    from durable_conformance.workers.interpreters import AVAILABLE as AVAILABLE
    from durable_conformance.workers.interpreters import HASH_SEEDS as HASH_SEEDS
    from durable_conformance.workers.interpreters import MOST_KEPT as MOST_KEPT
    from durable_conformance.workers.interpreters import Base as Base
    from durable_conformance.workers.interpreters import Templates as Templates
    from durable_conformance.workers.interpreters import of_this_process as of_this_process
    from durable_conformance.workers.pool import MAX_LOST as MAX_LOST
    from durable_conformance.workers.pool import OTHER_SEEDS as OTHER_SEEDS
    from durable_conformance.workers.pool import RUNS_A_WORKER as RUNS_A_WORKER
    from durable_conformance.workers.pool import Elsewhere as Elsewhere
    from durable_conformance.workers.pool import Pool as Pool
    from durable_conformance.workers.pool import pools_at_once as pools_at_once
    from durable_conformance.workers.sources import UNCERTAIN as UNCERTAIN
    from durable_conformance.workers.sources import Stamps as Stamps
    from durable_conformance.workers.sources import changed as changed
    from durable_conformance.workers.sources import stamp as stamp
    from durable_conformance.workers.surroundings import is_local as is_local
    from durable_conformance.workers.surroundings import offline as offline

_MODULES = ("interpreters", "channel", "sources", "surroundings", "debugging", "experiment", "pool")
"""Where the names below are looked for; what needs the least is imported first."""

__all__ = [
    "AVAILABLE",
    "HASH_SEEDS",
    "MAX_LOST",
    "MOST_KEPT",
    "OTHER_SEEDS",
    "PATIENCE_SECONDS",
    "RUNS_A_WORKER",
    "UNCERTAIN",
    "Base",
    "Breakpoint",
    "Channel",
    "ClosedError",
    "Elsewhere",
    "Experiment",
    "Judge",
    "Lost",
    "Pool",
    "SilentError",
    "Stamps",
    "Templates",
    "Where",
    "changed",
    "is_local",
    "not_judged",
    "of_this_process",
    "offline",
    "pools_at_once",
    "stamp",
]

__getattr__ = handed_on(__name__, _MODULES, __all__)  # who starts interpreters does so before all else is imported
