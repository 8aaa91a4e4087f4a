"""Where executions run: processes that make one at a time, forked from a template that has imported the handler.

The engine's own process imports no handler. It gives experiments to a `Pool`, and hears what came of them; every wait
is bounded, and what a run has started ends with it.
"""

from durable_conformance.workers.channel import Channel, ClosedError, SilentError
from durable_conformance.workers.experiment import WARM, Experiment, Judge, Lost, Where, not_judged
from durable_conformance.workers.pool import HASH_SEEDS, MAX_LOST, OTHER_SEEDS, PATIENCE_SECONDS, Elsewhere, Pool
from durable_conformance.workers.template import AVAILABLE, Base, close_bases

__all__ = [
    "AVAILABLE",
    "HASH_SEEDS",
    "MAX_LOST",
    "OTHER_SEEDS",
    "PATIENCE_SECONDS",
    "WARM",
    "Base",
    "Channel",
    "ClosedError",
    "Elsewhere",
    "Experiment",
    "Judge",
    "Lost",
    "Pool",
    "SilentError",
    "Where",
    "close_bases",
    "not_judged",
]
