"""The world that a handler meets in a process of ours: clock, randomness, ids and threads, as the execution has them.

`install` patches this process, for good, before the handler's module is imported; a process that makes no executions
never does. Until one is under way, and for the SDK, the engine and what waits in threads, all is as it was.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime as dt
import functools
import os
import random
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from aws_durable_execution_sdk_python.exceptions import SuspendExecution

from durable_conformance.effects import WITNESS
from durable_conformance.execution import Source
from durable_conformance.runtime.current import current
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.scope import SECOND, Scope
from durable_conformance.runtime.sdk import keep_files_apart
from durable_conformance.runtime.watching import watch
from durable_conformance.users_code import calling_place

SDK = "aws_durable_execution_sdk_python"

REAL = frozenset(
    {
        SDK,
        f"{SDK}_testing",
        "_pytest",
        "asyncio",
        "concurrent",
        "durable_conformance",
        "logging",
        "multiprocessing",
        "queue",
        "selectors",
        "socket",
        "ssl",
        "subprocess",
        "threading",
    }
)
"""Packages whose own waits are real ones. The SDK holds its times against the service's, which lie far ahead."""

STARTED = 1_000 * SECOND
"""What a clock that counts from some moment shows when an execution begins."""

NODE = 0x02_00_00_00_00_01
"""The network address in time-based ids of a step: real ones differ between machines."""

SCALE = 0.001
"""Real seconds for each virtual one, where a thread of the handler's sleeps, or code that waits for such a thread, or a
coroutine: what sleeps longer ends later."""

LONGEST_PAUSE = 1.0
"""The most that a coroutine sleeps in real seconds."""

_TEMPORARY = tempfile.gettempdir()

MARK_CHARS = 8
"""Hexadecimal digits by which an id is known again: the first ones, which a UUID leaves as they were drawn."""

_real_sleep = time.sleep
_real_getpid = os.getpid
_real_stat = os.stat
_real_variable = type(os.environ).__getitem__
_real_urandom = os.urandom


SANDBOX_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "_X_AMZN_TRACE_ID",
)
"""The environment variables that Lambda itself sets otherwise in each sandbox or invocation. What a function's own
configuration sets stays: an execution goes on on the version that it began on, and a version's variables do not change.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""


@dataclass
class Outside:
    """How the clock of code outside any step differs from the service's."""

    nanoseconds: int = 0


outside = Outside()
"""Of the invocation that this process makes."""


class _Handlers:
    """Whether this process is one that the handler has forked: what that does is no part of the execution."""

    child = False

    def forked(self) -> None:
        self.child = self.child or current() is not None


_process = _Handlers()


def _observer() -> Observer | None:
    """Who observes the execution that this process makes now."""
    return None if _process.child else current()


def _caller() -> str:
    """The module of the code that has called our caller."""
    name: str = sys._getframe(2).f_globals.get("__name__", "")  # noqa: SLF001  # no public one is as quick
    return name


def _scope() -> Scope | None:
    """Where the code runs that has called our caller; None if it is not the handler's."""
    observer = _observer()
    if observer is None:
        return None
    caller: str = sys._getframe(2).f_globals.get("__name__", "")  # noqa: SLF001
    return None if caller.partition(".")[0] in REAL else observer.scopes.here()


class _Clock:
    """What `time_machine` asks for the time, whoever wants to know."""

    def time_ns(self) -> int:
        if (scope := _scope()) is None:
            real: int = _original_time_ns()
            return real
        observer = _observer()
        assert observer
        if scope.in_step:
            return observer.scopes.time(scope)
        now = observer.scopes.time(scope) + outside.nanoseconds
        observer.read_outside(Source.CLOCK, *_marks_of(now))
        return now


def _marks_of(nanoseconds: int) -> tuple[str, ...]:
    """Texts that stand in most of what is made of a time."""
    seconds = nanoseconds // SECOND
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return str(seconds), moment.strftime("%H:%M:%S"), moment.strftime("%Y-%m-%d")


def _original_time_ns() -> int:
    import _time_machine  # type: ignore[import-not-found] # noqa: PLC0415  # there once it is installed

    return int(_time_machine.original_time_ns())


def _counting(real: Callable[[], Any], unit: int) -> Callable[[], Any]:
    """A clock that counts from some moment, in so many nanoseconds."""

    @functools.wraps(real)
    def counted() -> Any:
        if (scope := _scope()) is None:
            return real()
        observer = _observer()
        assert observer
        elapsed = STARTED + observer.scopes.elapsed(scope)
        if not scope.in_step:
            elapsed += outside.nanoseconds
            observer.read_outside(Source.CLOCK, str(elapsed // SECOND))
        return elapsed if unit == 1 else elapsed / unit

    return counted


@functools.wraps(time.sleep)
def _sleep(seconds: float, /) -> None:
    if (scope := _scope()) is None or not seconds >= 0:
        return _real_sleep(seconds)
    scope.spent += int(seconds * SECOND)
    return _real_sleep(seconds * SCALE if scope.of_thread or scope.waits_for else 0)


_real_async_sleep = asyncio.sleep


@functools.wraps(asyncio.sleep)
async def _async_sleep(delay: float, result: Any = None) -> Any:
    observer = _observer()
    if observer is None or not delay > 0:
        return await _real_async_sleep(delay, result)
    scope = observer.scopes.here()
    until = scope.spent + int(delay * SECOND)
    await _real_async_sleep(min(delay * SCALE, LONGEST_PAUSE))
    scope.spent = max(scope.spent, until)
    return result


def _urandom(size: int, /) -> bytes:
    if scope := _step():
        return scope.random.randbytes(size)
    drawn = _real_urandom(size)
    if observer := _observer():
        observer.read_outside(Source.CHANCE, drawn.hex()[:MARK_CHARS])
    return drawn


@functools.wraps(os.stat)
def _stat(path: Any, **how: Any) -> os.stat_result:
    if (observer := _observer()) and is_of_a_sandbox(path) and not observer.scopes.here().in_step:
        observer.read_outside(Source.FILE)
    return _real_stat(path, **how)


def is_of_a_sandbox(path: object) -> bool:
    """Whether it is a file in the temporary folder, which a sandbox keeps for its next invocation, and others lack."""
    if not isinstance(path, str | os.PathLike) or not isinstance(file := os.fspath(path), str):
        return False
    own, shared = (f"{folder}{os.sep}" for folder in (tempfile.tempdir or _TEMPORARY, _TEMPORARY))
    return file.startswith(own) or (file.startswith(shared) and not file.startswith(_of_the_code()))


@functools.cache
def _of_the_code() -> tuple[str, ...]:
    """Where modules are imported from, their bytecode, and what lies beside them."""
    folders = (*filter(None, sys.path), sys.prefix, str(Path.cwd()), *filter(None, [sys.pycache_prefix]))
    return tuple(f"{folder.rstrip(os.sep)}{os.sep}" for folder in folders)


def _getpid() -> int:
    process = _real_getpid()
    if (scope := _scope()) and not scope.in_step and (observer := _observer()):
        observer.read_outside(Source.PROCESS, str(process))
    return process


def _variable(environ: Any, name: str) -> str:
    if name not in SANDBOX_VARIABLES or not (scope := _scope()) or scope.in_step:
        value: str = _real_variable(environ, name)
        return value
    marks: list[str] = []
    try:
        marks.append(_real_variable(environ, name))
        return marks[0]
    finally:
        if observer := _observer():
            observer.read_outside(Source.VARIABLE, *marks)


def _step() -> Scope | None:
    """The step whose function runs on this thread."""
    observer = _observer()
    scope = observer.scopes.here() if observer else None
    return scope if scope and scope.in_step else None


_process_random = random._inst  # noqa: SLF001  # what the module's functions ask
_real_seed = random.Random.seed


class _Chance(random.Random):
    """What the functions of `random` ask: a step's own randomness in it, and the process's elsewhere."""

    def __init__(self) -> None:
        """It has no state of its own to begin with."""

    def _source(self) -> random.Random:
        if scope := _step():
            return scope.random
        if observer := _observer():
            observer.read_outside(Source.CHANCE)
        return _process_random

    def random(self) -> float:
        observer = _observer()
        # The SDK spreads retries by chance. It does so after the step's function, on the same thread.
        if observer and _caller().startswith(SDK) and (last := observer.scopes.last()):
            return last.random.random()
        return self._source().random()

    def getrandbits(self, k: int, /) -> int:
        return self._source().getrandbits(k)

    def seed(self, *args: Any, **more: Any) -> None:
        self._source().seed(*args, **more)

    def getstate(self) -> tuple[Any, ...]:
        return self._source().getstate()

    def setstate(self, state: tuple[Any, ...]) -> None:
        self._source().setstate(state)

    @property
    def gauss_next(self) -> float | None:
        """What `gauss` keeps for its next number."""
        kept: float | None = self._source().gauss_next  # type: ignore[attr-defined]
        return kept

    @gauss_next.setter
    def gauss_next(self, value: float | None) -> None:
        self._source().gauss_next = value  # type: ignore[attr-defined]


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    """A generator that is made in a step without a seed is the step's, too."""
    if a is None and not isinstance(self, random.SystemRandom) and (scope := _step()):
        a = scope.random.getrandbits(256)
    _real_seed(self, a, version)


def _timed_id(real: Callable[..., uuid.UUID], last: str) -> Callable[..., uuid.UUID]:
    """`uuid1` and its like, whose times are those of the step, not one later than the process's last one."""

    @functools.wraps(real)
    def made(*args: Any, **more: Any) -> uuid.UUID:
        scope = _step()
        if scope is None:
            return real(*args, **more)
        if real.__name__ != "uuid7" and not args:
            more["node"] = NODE if more.get("node") is None else more["node"]
        with _uuid_lock:
            process_last = getattr(uuid, last)
            setattr(uuid, last, scope.uuid_times.get(last))
            try:
                return real(*args, **more)
            finally:
                scope.uuid_times[last] = getattr(uuid, last)
                setattr(uuid, last, process_last)

    return made


_uuid_lock = threading.Lock()

_real_start = threading.Thread.start
_real_submit: Any = concurrent.futures.ThreadPoolExecutor.submit


def _started(task: Callable[..., Any], scope: Scope) -> Callable[..., Any]:
    """`task`, which code in `scope` gives to another thread: what it does belongs to the same operation.

    Whoever gives it is who keeps a suspension that comes out of it from the SDK.
    """
    place = calling_place()
    observer = _observer()
    assert observer
    scopes, theirs = observer.scopes, scope.thread()

    @functools.wraps(task)
    def done(*args: Any, **more: Any) -> Any:
        before = scopes.swap([theirs])
        witness = WITNESS.set(observer.witnessed)
        try:
            return task(*args, **more)
        except SuspendExecution as suspension:
            if place.file and not place.library:
                observer.caught(suspension, place, suspension=True)
            raise
        finally:
            WITNESS.reset(witness)
            scopes.swap(before)
            scope.joined(theirs)

    return done


@functools.wraps(_real_start)
def _start(self: threading.Thread) -> None:
    observer = _observer()
    if observer and not _caller().startswith((SDK, "durable_conformance", "concurrent.futures")):
        self.run = _started(self.run, observer.scopes.here())  # type: ignore[method-assign]
    _real_start(self)


@functools.wraps(_real_submit)
def _submit(self: Any, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
    observer = _observer()
    if observer and not _caller().startswith((SDK, "durable_conformance")):
        fn = _started(fn, observer.scopes.here())
    return _real_submit(self, fn, *args, **more)


type Taker = tuple[ModuleType, str]
"""A module, and the name under which it holds a function that `install` replaces."""


def takers() -> tuple[Taker, ...]:
    """The modules that have taken by name what `install` replaces.

    Whoever forks processes finds them out before: to look through all modules in a fork copies every page that they
    lie in.
    """
    replaced = {id(getattr(module, name)) for module, name, _ in _replacements()}
    found: list[Taker] = []
    for name, module in list(sys.modules.items()):
        if (root := name.partition(".")[0]) in REAL or root in sys.stdlib_module_names:
            continue
        if type(module) is not ModuleType:
            continue  # some put an object of theirs there, which may refuse
        if not replaced.isdisjoint(map(id, vars(module).values())):
            found += ((module, bound) for bound, value in list(vars(module).items()) if id(value) in replaced)
    return tuple(found)


def _replacements() -> Iterator[tuple[ModuleType, str, Any]]:
    """Functions that code may have taken from their modules by name, each with ours."""
    for name, unit in (("monotonic", SECOND), ("monotonic_ns", 1), ("perf_counter", SECOND), ("perf_counter_ns", 1)):
        yield time, name, _counting(getattr(time, name), unit)
    yield time, "sleep", _sleep
    yield asyncio, "sleep", _async_sleep
    yield os, "urandom", _urandom
    yield os, "getpid", _getpid
    yield os, "stat", _stat
    chance = _Chance()
    for name in random.__all__:
        if getattr(getattr(random, name), "__self__", None) is _process_random:
            yield random, name, getattr(chance, name)
    for name, last in (("uuid1", ""), ("uuid6", "_v6"), ("uuid7", "_v7")):
        if hasattr(uuid, name):
            yield uuid, name, _timed_id(getattr(uuid, name), f"_last_timestamp{last}")


def install(takers: Iterable[Taker]) -> None:
    """Have this process be the world of the executions that it makes; `takers` are given our functions, too."""
    import time_machine  # noqa: PLC0415  # it imports pytest: a base has done so, for all its forks

    time_machine.travel(0).start()
    time_machine.traveller_stack[-1] = _Clock()  # type: ignore[call-overload]
    replaced: dict[int, Any] = {}
    for module, name, ours in list(_replacements()):
        replaced[id(getattr(module, name))] = ours
        setattr(module, name, ours)
    asyncio.tasks.sleep = _async_sleep
    for able in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
        if _real_stat in able:
            able.add(_stat)
    type(os.environ).__getitem__ = _variable  # type: ignore[method-assign]
    random._urandom = _urandom  # type: ignore[attr-defined]  # noqa: SLF001  # what SystemRandom, and so secrets, ask
    random.Random.seed = _seed  # type: ignore[method-assign]
    random._inst = random.random.__self__  # type: ignore[attr-defined]  # noqa: SLF001
    threading.Thread.start = _start  # type: ignore[method-assign]
    concurrent.futures.ThreadPoolExecutor.submit = _submit  # type: ignore[method-assign]
    keep_files_apart()
    watch()
    os.register_at_fork(after_in_child=_process.forked)
    for module, bound in takers:
        if (ours := replaced.get(id(vars(module).get(bound)))) is not None:
            setattr(module, bound, ours)
