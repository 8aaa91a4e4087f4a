"""The roles that processes of ours play: a base forks templates, a template forks workers, a worker makes executions.

A base has imported the SDK, and no handler: an interpreter with a hash seed of its own, or the process of a test. A
template has imported one handler, and runs nothing. A worker is as the template left it, until its first execution.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from durable_conformance.errors import CannotRunError, in_words
from durable_conformance.identity import unique_id
from durable_conformance.model import install_boto_tap, tap_clients
from durable_conformance.runtime import Taker, install, quiet_sdk_logs, run_in_process, takers, watch
from durable_conformance.subject import (
    HandlerFactory,
    Reference,
    Scenario,
    SetUp,
    event_schema,
    set_variables,
    users_traceback,
)
from durable_conformance.workers.channel import Channel
from durable_conformance.workers.debugging import stopping_at
from durable_conformance.workers.guard import Guard
from durable_conformance.workers.messages import FATAL, Failed, Hire, Imported, Load, Made, Task
from durable_conformance.workers.processes import Forker, adopt_orphans, die_with_parent
from durable_conformance.workers.reached import Reached
from durable_conformance.workers.sandbox import Sandbox
from durable_conformance.workers.sources import modules_since, stamps
from durable_conformance.workers.surroundings import FALSE_CREDENTIALS
from durable_conformance.workers.warming import warm_up


def base() -> None:
    """In an interpreter that the engine has started: fork templates until it closes the connection."""
    _import_time_machine()
    channel = Channel.of(int(sys.argv[1]))
    sys.path[:] = json.loads(sys.argv[2])
    quiet_sdk_logs()
    watch()  # first, so that the code that all forks run has been told so here
    warm_up()
    Forker(channel, partial(_template_ordered, takers())).serve()
    os._exit(0)  # taking down what was imported would take a while, and nobody needs it


def _import_time_machine() -> None:
    """So that no fork has to. It is a plugin of pytest, too, and imports that where it can: here nobody runs tests."""
    there = sys.modules.get("pytest")
    sys.modules["pytest"] = None  # type: ignore[assignment]  # documented: whoever imports it is told that it is not there
    try:
        import time_machine  # noqa: F401, PLC0415
    finally:
        del sys.modules["pytest"]
        if there:
            sys.modules["pytest"] = there


def _template_ordered(takers: Iterable[Taker], channel: Channel, order: object) -> None:
    assert isinstance(order, Load)
    template(channel, order, takers)


def template(channel: Channel, order: Load, takers: Iterable[Taker]) -> None:
    """Import the handler, and fork workers until the other end closes. `takers` are of the process it is a fork of."""
    order.process.take_over()
    gc.callbacks.clear()  # of libraries of a test's process, which read the clock whenever a collection comes
    reached = Reached()
    guard = Guard(live=order.scenario.live)
    guard.install()
    install_boto_tap()
    install(takers)
    held = _Held(order.scenario, guard)
    told = held.another(order.handler, first=True)
    channel.send(told)
    if isinstance(told, Failed):
        return
    if not isinstance(order.handler, Reference):
        tap_clients()  # of the test whose process this is a fork of

    def hired(channel: Channel, order: object) -> None:
        assert isinstance(order, Hire)
        _worker(held, channel, order, reached)

    Forker(channel, hired, lambda order: held.another(order.handler)).serve()


class _Held:
    """What a template has imported, for workers."""

    handler_for: HandlerFactory

    def __init__(self, scenario: Scenario, guard: Guard) -> None:
        self.scenario = scenario
        self.guard = guard
        self.set_up: SetUp | None = None

    def another(self, handler: Reference | HandlerFactory, *, first: bool = False) -> Imported | Failed:
        """Hold this handler from now on; returns what comes of importing it, which is done but once for a module."""
        began, known = time.time_ns(), tuple(sys.modules)
        failed = None
        try:
            if first:
                set_variables(self.scenario.environment)
                setup = self.scenario.setup
                # Before the handler: clients that its module makes are doubles.
                self.set_up = SetUp.found(setup) if setup else None
            self.handler_for = handler.handler_factory() if isinstance(handler, Reference) else handler
        except CannotRunError as error:
            failed = Failed(str(error), error.detail)
        if why := self.guard.refused(" at import"):
            name = handler.text if isinstance(handler, Reference) else "the handler"
            failed = Failed(f"{name} cannot be imported: {why}")
        read = stamps(began, modules_since(known), self.guard.opened_until_now())
        gc.freeze()  # so that no collection in a worker touches these objects, whose pages it shares
        return replace(failed, read=read) if failed else Imported(event_schema(self.handler_for), read)


def _worker(held: _Held, channel: Channel, order: Hire, reached: Reached) -> None:
    """Make the executions that the engine asks for, until it closes the connection."""
    scenario = order.scenario or held.scenario
    os.environ.update(order.variables)
    die_with_parent()
    adopt_orphans()  # so that it is known whose they are
    scratch = Path(order.folder) / str(order.number)
    scratch.mkdir(parents=True, exist_ok=True)
    fatal = (scratch / FATAL).open("w")
    faulthandler.enable(fatal)
    own = FALSE_CREDENTIALS if scenario.live else {}
    sandbox = Sandbox(scratch, keep=scenario.environment.keys() | own.keys())
    while True:
        task: Task = channel.receive()
        made = _made(held.handler_for, held.set_up, scenario, sandbox, task)
        why = held.guard.refused()  # whatever the handler has made of it
        if isinstance(made, Made):
            made = replace(made, reached=reached.taken())
        channel.send(Failed(why) if why else made)


def _made(
    handler_for: HandlerFactory, set_up: SetUp | None, scenario: Scenario, sandbox: Sandbox, task: Task
) -> Made | Failed:
    sandbox.enter(task.id, task.way)
    failed = None
    try:
        with set_up.entered() if set_up else contextlib.nullcontext(), stopping_at(task.stops):
            run = run_in_process(
                handler_for,
                task.scenario or scenario,
                task.conditions,
                before_invocation=sandbox.before,
                execution_id=unique_id(task.id, scenario.event),
            )
    except CannotRunError as error:
        failed = Failed(str(error), error.detail)
    except BaseException as error:  # noqa: BLE001  # told to the engine, whatever it is
        failed = Failed(in_words(error), users_traceback(error))
    left: tuple[str, ...] = ()
    spoilt = True
    with contextlib.suppress(Exception):  # a handler may have taken away whatever this needs
        left, spoilt = sandbox.leave()
    return failed or Made(run, left, spoilt)
