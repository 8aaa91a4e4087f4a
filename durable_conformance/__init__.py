"""The conformance engine: runs a durable handler, interrupts it everywhere, and reports what breaks.

What others may use stands here; everything else is the engine's own. The words, one meaning each:

handler     What Lambda invokes: a function that `durable_execution` has wrapped.
operation   A step, wait, callback, chained invocation, map, parallel or child context, named by its *path*.
checkpoint  What the service has persisted of an operation. An *update* persists one change of it.
invocation  One call of the handler. An *execution* has one or more; each after the first *replays* it from the top.
attempt     One try of a step. A crash is none: the step begins again.
scenario    What an execution meets: its event, who answers model calls, what people answer.
conditions  What it meets besides: where it is interrupted, and how.
run         An execution that was made, with all its *events* in order.
baseline    The run that nothing disturbs. Others are held against it.
experiment  An execution to be made, with an *id* that is the same in each exploration of the same handler.
shard       One of the parts that an exploration is split into, each for another machine.
crash point Where an invocation can die: an operation, an action of it, which one of those, and a *kind* of death.
sandbox     The process, variables and folders that an invocation finds: *warm*, *cold*, or another one.
effect      What a handler does to the world outside. A double that a test provides *declares* it.
history     A golden file of one execution, which code of a later day must be able to go on with.
rule        What must hold for a durable handler. A *finding* is one way in which a run broke a rule.
report      What an exploration did and found, and what it left out.

Where things are: `commands` and `durable_check` are the ways in. `exploring` plans experiments and `histories` replays
golden files; `workers` has processes make them; in those, `runtime` plays the durable service to the `subject`, and
`model` stands where its model calls leave. `execution` is what a run is, as plain data; `rules` judge it, `evidence`
compares it, `reporting` shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_conformance.lazily import handed_on

if TYPE_CHECKING:
    from durable_conformance.effects import Effect, Semantics
    from durable_conformance.errors import CannotRunError
    from durable_conformance.execution import CrashKind, CrashPoint
    from durable_conformance.exploring import Exploration, Shard, explore
    from durable_conformance.rules import Finding, Report, Severity
    from durable_conformance.subject import Answered, Refused, Scenario, Silence, handler_factory

_ROOMS = ("errors", "effects", "execution", "subject", "rules", "exploring")
"""Where the names below are looked for; what needs the least is imported first."""

__all__ = [
    "Answered",
    "CannotRunError",
    "CrashKind",
    "CrashPoint",
    "Effect",
    "Exploration",
    "Finding",
    "Refused",
    "Report",
    "Scenario",
    "Semantics",
    "Severity",
    "Shard",
    "Silence",
    "explore",
    "handler_factory",
]

__getattr__ = handed_on(__name__, _ROOMS, __all__)  # half a second of imports is for who needs them
