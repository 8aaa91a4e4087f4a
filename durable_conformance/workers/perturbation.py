"""What may differ between two invocations of one execution, because Lambda may run them in two sandboxes.

All of it is global to a process: `workers.surroundings` applies it to one that runs a single execution.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Perturbation:
    """How far the sandboxes of one execution differ.

    Attributes:
        number: Tells one way from another; 0 is a new process with the same clock, random numbers and variables.
    """

    number: int = 0

    def __str__(self) -> str:
        return f"other sandboxes, way {self.number}" if self.number else "a cold sandbox"
