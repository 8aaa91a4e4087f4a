"""Where code runs: in a step's function, in that of a context, or in the handler outside any; with its time and chance.

In a step's function, clock and randomness are those of the operation and its attempt: the same in every run, whatever
crashed before, and whatever other threads do. Everywhere else they are the invocation's, as in Lambda.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from aws_durable_execution_sdk_python.plugin import OperationType, UserFunctionStartInfo

from durable_conformance.execution import BATCHES, EPOCH, place, sub_type_of

SECOND = 1_000_000_000
"""Nanoseconds, in which all times are counted here."""

TICK = 1_000
"""What a reading of the clock takes: each is later than the one before."""

READINGS = 1_000
"""Readings of an operation's clock after which each takes longer, so that a loop that only looks at it ends."""

DOUBLED_AFTER = 50
"""Readings after which they take twice as long, from then on, up to a second."""

STEPS_APART = (10_000_000, 100_000, 1_000)
"""How much later the clock of an operation begins than that of its neighbour's, by depth: code that was written later
reads a later time. Deeper operations are not told apart."""

_EPOCH = int(EPOCH.timestamp()) * SECOND


@dataclass(eq=False)
class Scope:
    """Where code runs. It is used by one thread."""

    info: UserFunctionStartInfo | None  # the operation whose function it is; None in the handler outside any
    seed: str  # the operation's place and attempt, the same in every run
    begins: int  # when, in nanoseconds since the invocation's start
    offset: int = 0  # how much later than its begin its place is; grows with what has run in it
    spent: int = 0  # what sleeping, or looking at the clock very often, has taken
    readings: int = 0
    threads: int = 0  # how many it has started
    waits_for: int = 0  # how many of those have not ended
    of_thread: bool = False  # it is a thread's, or a pool's task, which the handler has started
    uuid_times: dict[str, int | None] = field(default_factory=dict)  # what `uuid` keeps to make its times unique
    _random: random.Random | None = field(default=None, init=False)

    @property
    def task(self) -> str:
        """Which of the threads that the operation's function has started it is of; empty for the function itself."""
        return self.seed.partition("~")[2]

    @property
    def in_step(self) -> bool:
        """Whether what it does is the same in every run."""
        return self.info is not None and self.info.operation_type is OperationType.STEP

    @property
    def random(self) -> random.Random:
        """The operation's own randomness."""
        if self._random is None:
            self._random = random.Random(self.seed)  # noqa: S311  # no secret
        return self._random

    def read(self) -> int:
        """The time since the invocation's start, a little later with each reading."""
        self.readings += 1
        if (often := self.readings - READINGS) > 0:
            self.spent += min(TICK << min(often // DOUBLED_AFTER, 30), SECOND)
        return self.begins + self.offset + self.spent + TICK * self.readings

    def thread(self) -> Scope:
        """That of a thread, or a pool's task, which code in this one starts: the same operation's."""
        self.threads += 1
        self.waits_for += 1
        seed = f"{self.seed}~{self.threads}"
        return replace(self, seed=seed, threads=0, waits_for=0, of_thread=True, uuid_times={})

    def joined(self, thread: Scope) -> None:
        """A thread of it has ended."""
        self.waits_for -= 1
        self.spent = max(self.spent, thread.spent)


class Scopes:
    """The scopes of one execution. Safe from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = threading.local()
        self._now = 0
        self._outside = Scope(None, "", 0)
        self._contexts: dict[str, Scope] = {}  # by operation id
        self._spent: dict[str, dict[tuple[tuple[int, ...], int], int]] = defaultdict(dict)
        # by the place of a context, and an operation's position in it and attempt, what that took

    def begin(self, now: dt.datetime) -> None:
        """An invocation begins. Fractions of seconds tell how often the service read its clock: they are dropped."""
        self._now = int(now.timestamp()) * SECOND
        self._outside = Scope(None, "", 0)
        self._contexts = {}

    def enter(self, info: UserFunctionStartInfo, path: str) -> None:
        """The function of the operation at `path` begins, on this thread."""
        context, _, last = place(path).rpartition("/")
        position, attempt = _position(last), info.attempt or 0
        parent = self._contexts.get(info.parent_id or "", self._outside)
        offset = _offset(place(path))
        alongside = _is_batch(parent)
        with self._lock:
            before = sum(
                spent
                for (other, nth), spent in self._spent[context].items()
                if (other, nth) < (position, attempt) and (not alongside or other[:-1] == position[:-1] != ())
            )
            parent.offset = max(parent.offset, offset)
        began = parent.begins + parent.spent + before
        scope = Scope(info, f"{place(path)}#{attempt}", began, offset)
        self._contexts[info.operation_id] = scope
        self.stack().append(scope)

    def leave(self, path: str) -> int:
        """The function has ended; returns what it took, if that is more than looking at the clock now and then."""
        if not (stack := self.stack()):
            return 0
        scope = self._threads.last = stack.pop()
        spent = scope.spent + (0 if scope.in_step else self._of_children(scope, place(path)))
        if spent:
            self.took(path, scope.info.attempt if scope.info else None, spent)
        return spent

    def _of_children(self, scope: Scope, context: str) -> int:
        """What the operations in a context took: one after the other, but for the branches of a batch."""
        branches: Counter[object] = Counter()
        with self._lock:
            for (position, attempt), spent in self._spent[context].items():
                alone = position[:-1] or (position, attempt)
                branches[alone if _is_batch(scope) else None] += spent
        return max(branches.values(), default=0)

    def took(self, path: str, attempt: int | None, spent: int) -> None:
        """The attempt of the operation at `path` took so long, here or in the run that this one goes on from."""
        context, _, last = place(path).rpartition("/")
        with self._lock:
            self._spent[context][_position(last), attempt or 0] = spent

    def here(self) -> Scope:
        """That of the code that this thread runs."""
        stack = self.stack()
        return stack[-1] if stack else self._outside

    def last(self) -> Scope | None:
        """That of the function that this thread ran last."""
        last: Scope | None = self._threads.__dict__.get("last")
        return last

    def time(self, scope: Scope) -> int:
        """What the clock shows in `scope`: nanoseconds since 1970."""
        return self._now + scope.read()

    def elapsed(self, scope: Scope) -> int:
        """The same since the execution began."""
        return self._now - _EPOCH + scope.read()

    def stack(self) -> list[Scope]:
        """The operations whose functions run on this thread, the innermost last."""
        stack: list[Scope] = self._threads.__dict__.setdefault("stack", [])
        return stack

    def swap(self, stack: list[Scope]) -> list[Scope]:
        """Have this thread run code of other operations; returns those before."""
        before = self.stack()
        self._threads.stack = stack
        return before


def _is_batch(scope: Scope) -> bool:
    """Whether what stands in it runs side by side."""
    return scope.info is not None and sub_type_of(scope.info) in BATCHES


def _position(last: str) -> tuple[int, ...]:
    """An operation's position in its context; in a branch that is no operation, the branch and the position there."""
    parts = last.split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else (-1,)


def _offset(place_: str) -> int:
    levels = (_position(part)[-1] for part in place_.split("/")[1:])
    return sum(apart * (level + 1) for apart, level in zip(STEPS_APART, levels, strict=False))
