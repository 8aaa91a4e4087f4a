"""The performance targets: what is measured, against what, and the ratio to reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

FEW, MANY = 10, 60
"""Steps of a short workflow, and of a long one."""

SUITE_SECONDS = 60.0
CORE = "durable SDK, boto3, pydantic"
CORE_IN_USE = f"{CORE} with one model"
"""Pydantic loads most of itself when a program declares its first model, and every program that needs it does."""

STRANDS = f"{CORE}, Strands"
"""The libraries that a pattern needs. Strands declares models itself."""

STRANDS_PATTERN = "durable_strands_agent"


@dataclass(frozen=True)
class Target:
    """A row of the table, before anything is measured.

    Attributes:
        what: What is measured.
        against: What it is held against.
        bound: The ratio to reach.
        higher_is_better: Whether the ratio says how many times faster ours is, and `bound` is its least; else it says
            how many times the other's time ours takes, and `bound` is its most.
    """

    what: str
    against: str
    bound: float
    higher_is_better: bool

    def __str__(self) -> str:
        return f"{'≥' if self.higher_is_better else '≤'} {self.bound:g}"

    def ratio(self, ours: float, theirs: float) -> float:
        """The ratio that a pair of times makes."""
        return theirs / ours if self.higher_is_better else ours / theirs

    def met(self, ratio: float) -> bool:
        """Whether `ratio` reaches it."""
        return ratio >= self.bound if self.higher_is_better else ratio <= self.bound


THROUGHPUT = Target(
    "an execution that is interrupted, on all cores",
    "the public runner, one execution after another, none interrupted",
    bound=20.0,
    higher_is_better=True,
)
WATCHED = Target(
    "an execution of an exploration that finds causes",
    "the same without",
    bound=0.8,
    higher_is_better=True,
)
GROWTH = Target(
    f"a crash point among {MANY} steps",
    f"a crash point among {FEW} steps",
    bound=MANY / FEW / 2,
    higher_is_better=False,
)
REPLAYS: Mapping[int, Target] = {
    recorded: Target(
        f"cassette replay of a call, {recorded} recorded",
        "vcrpy patching the same boto3 call",
        bound=bound,
        higher_is_better=True,
    )
    for recorded, bound in {1: 2.0, 200: 20.0}.items()
}
"""By how many interactions the cassette holds."""

SENT = Target(
    "BedrockProvider call", "boto3's converse, to the same local endpoint", bound=1.10, higher_is_better=False
)
HELP = Target("durable-ai --help", "--help of a bare typer program", bound=2.0, higher_is_better=False)
TWO_STEPS = Target(
    "durable-ai check of a handler of two steps",
    "importing boto3 and the durable SDK",
    bound=5.0,
    higher_is_better=False,
)
FURTHER = Target(
    "a further check in one session of pytest", "the first, of the same handler", bound=0.3, higher_is_better=False
)
IMPORTS: Mapping[str, Target] = {
    name: Target(
        f"import of {name}",
        STRANDS if name == STRANDS_PATTERN else CORE_IN_USE,
        bound=1.15,
        higher_is_better=False,
    )
    for name in sorted(path.stem for path in (ROOT / "patterns").glob("[!_]*.py"))
}
"""By pattern."""

SUITE = Target(
    "the offline suite but for `tox -e engine`, on 2 cores",
    f"{SUITE_SECONDS:g} seconds",
    bound=1.0,
    higher_is_better=False,
)
