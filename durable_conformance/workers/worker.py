"""The roles that processes of ours play: a base forks templates, a template forks workers, a worker makes executions.

A base has imported the SDK, and no handler: an interpreter with a hash seed of its own, or the process of a test. A
template has imported one handler, and runs nothing. A worker is as the template left it, until its first execution.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import sys
from functools import partial
from pathlib import Path

from durable_conformance.errors import CannotRunError, in_words
from durable_conformance.runtime import quiet_sdk_logs, run_in_process
from durable_conformance.subject import HandlerFactory, Reference, Scenario, users_traceback
from durable_conformance.workers.channel import Channel
from durable_conformance.workers.messages import FATAL, Failed, Hire, Imported, Load, Made, Task
from durable_conformance.workers.processes import Forker, adopt_orphans, die_with_parent
from durable_conformance.workers.sandbox import Sandbox


def base() -> None:
    """In an interpreter that the engine has started: fork templates until it closes the connection."""
    import time_machine  # noqa: F401, PLC0415  # so that no fork has to

    channel = Channel.of(int(sys.argv[1]))
    sys.path[:] = json.loads(sys.argv[2])
    quiet_sdk_logs()
    Forker(channel, _template_ordered).serve()


def _template_ordered(channel: Channel, order: object) -> None:
    assert isinstance(order, Load)
    template(channel, order)


def template(channel: Channel, order: Load) -> None:
    """Import the handler, and fork workers until the other end closes."""
    if order.process:
        order.process.take_over()
    try:
        handler = order.handler
        handler_for = handler.handler_factory() if isinstance(handler, Reference) else handler
    except CannotRunError as error:
        channel.send(Failed(str(error), error.detail))
        return
    gc.freeze()  # so that no collection in a worker touches these objects, whose pages it shares
    channel.send(Imported())
    Forker(channel, partial(_worker, handler_for, order.scenario, Path(order.folder))).serve()


def _worker(handler_for: HandlerFactory, scenario: Scenario, folder: Path, channel: Channel, order: object) -> None:
    """Make the executions that the engine asks for, until it closes the connection."""
    assert isinstance(order, Hire)
    die_with_parent()
    adopt_orphans()  # so that it is known whose they are
    scratch = folder / str(order.number)
    scratch.mkdir(parents=True, exist_ok=True)
    fatal = (scratch / FATAL).open("w")
    faulthandler.enable(fatal)
    sandbox = Sandbox(scratch)
    while True:
        task: Task = channel.receive()
        channel.send(_made(handler_for, scenario, sandbox, task))


def _made(handler_for: HandlerFactory, scenario: Scenario, sandbox: Sandbox, task: Task) -> Made | Failed:
    sandbox.enter(task.number, task.way)
    failed = None
    try:
        run = run_in_process(handler_for, task.scenario or scenario, task.conditions, before_invocation=sandbox.before)
    except CannotRunError as error:
        failed = Failed(str(error), error.detail)
    except BaseException as error:  # noqa: BLE001  # told to the engine, whatever it is
        failed = Failed(in_words(error), users_traceback(error))
    left: tuple[str, ...] = ()
    spoilt = True
    with contextlib.suppress(Exception):  # a handler may have taken away whatever this needs
        left, spoilt = sandbox.leave()
    return failed or Made(run, left, spoilt)
