"""Interpreters of ours, and who keeps them: what outlives one exploration stands here.

It imports next to nothing, so that whoever is about to explore can have interpreters started while the rest of the
engine is imported.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from durable_conformance.workers.channel import OURS, Channel
from durable_conformance.workers.sources import Stamp
from durable_conformance.workers.surroundings import offline

if TYPE_CHECKING:  # they load the SDK
    from durable_conformance.workers.messages import Load
    from durable_conformance.workers.template import Template

AVAILABLE = hasattr(os, "fork") and hasattr(os, "setsid")
"""Whether executions can have processes of their own here."""

HASH_SEEDS = (1, 2, 3, 4, 5)
"""`PYTHONHASHSEED` of each interpreter: the order of a set of strings differs between them.

Each seed tosses a coin for a set of two: of such sets, one in sixteen has the same order in all five. An interpreter
takes half a second of a core to start, once for those who share `Templates`, however much they explore.
"""

MOST_KEPT = 4 * len(HASH_SEEDS)
"""Templates that are kept at the same time: those of some four handlers. Each is a process that holds what the handler
imports."""

PARTING_SECONDS = 5.0
"""How long a process may take to end what it runs."""

_BOOT = """
import gc, json, sys
gc.disable()  # nothing that is imported is garbage: see `warming`
sys.path[:] = json.loads(sys.argv[2])
from durable_conformance.workers.worker import base
base()
"""


class Base:
    """An interpreter with a `PYTHONHASHSEED` of its own, which has imported the SDK, and forks templates."""

    def __init__(self, hash_seed: int) -> None:
        self.channel, theirs = Channel.pair()
        OURS.add(self.channel)
        path = json.dumps([folder or os.getcwd() for folder in sys.path])  # noqa: PTH109
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter, and a module of ours
            [sys.executable, "-c", _BOOT, str(theirs.fileno()), path],
            env=offline(os.environ) | {"PYTHONHASHSEED": str(hash_seed)},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self._owner = os.getpid()
        self.used = False  # it was asked for a template
        self.lock = threading.Lock()  # held by whoever talks to it: pools of several threads share it

    @property
    def exit_code(self) -> int | None:
        """How it has ended; None while it runs."""
        return self._process.poll()

    @property
    def usable(self) -> bool:
        """Whether it runs, and is this process's own."""
        return self._owner == os.getpid() and self.exit_code is None

    def part(self) -> None:
        """Say no more to it: if it was used, it ends itself, with all that it has forked."""
        if self._owner == os.getpid():  # a fork's copy is nobody's
            OURS.discard(self.channel)
            self.channel.close()

    def close(self) -> None:
        """End it, with all that it has forked."""
        if self._owner != os.getpid():
            return
        self.part()
        if self.used:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PARTING_SECONDS)
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()


class Templates:
    """Interpreters, and templates for the next exploration. A context manager: they end with it.

    A template that a pool gives back is handed to the next one that wants the same of it: the same handler, found on
    the same path, in the same folder, with the same variables and set-up. One that has read a file which is another one
    now is of no use any more. A template runs nothing, and what its workers do stays theirs, so that the next check
    finds the handler as it was imported. Pools of several threads may share them.
    """

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self.bases: dict[int, Base] = {}  # by hash seed
        self.read: dict[str, Stamp] = {}  # the files that imports have read, whether these came to an end or not
        self.run: set[str] = set()  # those whose code forks of this process have run
        self.pools: set[object] = set()  # that use these now
        self._most_kept = most_kept
        self._kept: list[Template] = []  # the one that was used last comes last
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, hash_seeds: Iterable[int]) -> None:
        """Have interpreters started. Nobody waits for them."""
        for hash_seed in hash_seeds:
            self.base(hash_seed)

    def start_meanwhile(self) -> None:
        """Start as many as there are cores that would have nothing to do while this process imports something."""
        if AVAILABLE:
            self.start(itertools.islice(HASH_SEEDS, (os.process_cpu_count() or 1) - 1))

    def base(self, hash_seed: int) -> Base:
        """An interpreter with this hash seed; the same one while it can be used."""
        with self._lock:
            if hash_seed not in self.bases or not self.bases[hash_seed].usable:
                self.bases[hash_seed] = Base(hash_seed)
            return self.bases[hash_seed]

    def taken(self, hash_seed: int, wanted: Load) -> Template | None:
        """A template that was kept, and has imported what `wanted` says; None if there is none. It is the caller's."""
        with self._lock:
            base = self.bases.get(hash_seed)
            fit = [one for one in self._kept if one.base is base and one.load.imports_as(wanted)]
            for template in sorted(fit, key=lambda one: one.load.handler != wanted.handler):
                self._kept.remove(template)
                if template.fresh:
                    return template
                template.close()
        return None

    def keep(self, template: Template) -> bool:
        """Take back a template that runs nothing; returns whether somebody may still want it."""
        if not self._most_kept:
            return False
        with self._lock:
            self._kept.append(template)
            while len(self._kept) > self._most_kept:
                self._kept.pop(0).close()
        return True

    def close(self) -> None:
        """End all of them now."""
        for template in self._kept:
            template.part()
        self._kept.clear()
        for base in self.bases.values():
            base.part()  # all of them, and then they end side by side
        while self.bases:
            self.bases.popitem()[1].close()


@functools.cache
def of_this_process(most_kept: int = 0) -> Templates:
    """For who has none of their own: interpreters, which end with this process. No template is kept, unless said."""
    templates = Templates(most_kept)
    atexit.register(templates.close)
    return templates
