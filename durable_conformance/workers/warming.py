"""What a base does before it forks: everything that the first execution in a process costs more than later ones.

Pages that a fork touches are copied for it, and what is made when it is first needed is made in every fork: a first
execution costs three times as much as a later one. One execution in the base, of a handler of our own, spares all of
its forks a part of that. It leaves nothing for the user's handler to meet but what Python and the SDK keep to
themselves.
"""

from __future__ import annotations

import gc
import random

from durable_conformance.execution import Run
from durable_conformance.runtime import trial


def warm_up() -> Run:
    """Make one execution, which is interrupted once; and keep from the collector all that is there by then.

    A collection would touch every object of the base, in each of its forks; so it begins to collect only now.
    """
    state = random.getstate()
    run = trial()
    random.setstate(state)
    gc.freeze()
    gc.enable()
    return run
