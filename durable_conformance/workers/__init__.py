"""Where executions run: processes that make one at a time, forked from a template that has imported the handler.

The engine's own process imports no handler. It gives experiments to a `Pool`, and hears what came of them; every wait
is bounded, and what a run has started ends with it.
"""

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
from durable_conformance.workers.interpreters import HASH_SEEDS as HASH_SEEDS
from durable_conformance.workers.interpreters import Base as Base
from durable_conformance.workers.interpreters import Templates as Templates
from durable_conformance.workers.interpreters import of_this_process as of_this_process
from durable_conformance.workers.pool import MAX_LOST as MAX_LOST
from durable_conformance.workers.pool import OTHER_SEEDS as OTHER_SEEDS
from durable_conformance.workers.pool import RUNS_A_WORKER as RUNS_A_WORKER
from durable_conformance.workers.pool import Elsewhere as Elsewhere
from durable_conformance.workers.pool import Pool as Pool
from durable_conformance.workers.surroundings import is_local as is_local
from durable_conformance.workers.surroundings import offline as offline
from durable_conformance.workers.template import AVAILABLE as AVAILABLE
