"""Lambda's runtime, as far as a handler can tell: a program that runs every invocation in a new process.

    python -I -S runtime.py ARTIFACT MODULE.FUNCTION [AWS-SERVICE …]

The handler is imported once, as when a sandbox starts; each invocation is then a fork of that state, with a process id
of its own to be killed by. For the services that are named, boto3 has read its files by then, as in a sandbox that has
served before. The program imports the standard library and what is in the artifact, and nothing else: it
is run by path, never imported with its package.

Standard input is a Unix socket over which the other side hands one connection for each invocation. On a connection the
new process first says its id, then gets the request, then answers: one JSON document a line. When standard input
ends, so does the program: whoever served the function is gone.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

type Handler = Callable[[Any, Any], Any]


class LambdaContext:
    """What Lambda gives a handler beside the event, under Lambda's names.

    Args:
        facts: The attributes that are known; `deadline` is in seconds since 1970.
    """

    log_group_name = log_stream_name = memory_limit_in_mb = None
    client_context = identity = tenant_id = None

    def __init__(self, facts: dict[str, Any]) -> None:
        self.aws_request_id: str = facts["aws_request_id"]
        self.function_name: str = facts["function_name"]
        self.function_version: str = facts["function_version"]
        self.invoked_function_arn: str = facts["invoked_function_arn"]
        self._deadline: float = facts["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: object) -> None:
        sys.stderr.write(str(message))


def load(artifact: str, target: str) -> Handler:
    """The handler, imported from the artifact; beside it, -I and -S leave the standard library on the path, alone."""
    sys.path.insert(0, artifact)
    module, _, name = target.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def warm(services: list[str]) -> None:
    """Have the artifact's boto3 read what it reads for a client of each service: two thirds of an invocation's work."""
    if services:
        boto3 = importlib.import_module("boto3")
        for service in services:
            boto3.client(service, region_name="us-east-1")
    gc.freeze()  # or the first collection in each fork copies everything that was imported


def serve(handler: Handler, control: socket.socket) -> None:
    """Fork for every connection that arrives, until nobody can send any more; then kill what still runs."""
    running: set[int] = set()
    while True:
        _, connections, _, _ = socket.recv_fds(control, 1, 1)
        running -= _ended()
        if not connections:
            break
        with socket.socket(fileno=connections[0]) as connection:
            process = os.fork()
            if process == 0:
                control.close()
                invocation(handler, connection)
                os._exit(0)  # and whatever threads the handler left behind
            running.add(process)
    for process in running:
        os.kill(process, signal.SIGKILL)


def _ended() -> set[int]:
    """The processes that have ended since the last look."""
    ended = set()
    with contextlib.suppress(ChildProcessError):  # there is none
        while (process := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            ended.add(process)
    return ended


def invocation(handler: Handler, connection: socket.socket) -> None:
    """One invocation, in a process of its own."""
    with connection.makefile("rwb", buffering=0) as stream:
        stream.write(_line({"pid": os.getpid()}))
        request = json.loads(stream.readline())
        os.environ.update(request["environment"])
        try:
            answer = _line({"output": handler(request["event"], LambdaContext(request["context"]))})
        except BaseException as error:  # noqa: BLE001  # Lambda's runtime reports whatever a handler lets out
            traceback.print_exc()
            answer = _line({"error": {"errorType": type(error).__name__, "errorMessage": str(error)}})
        sys.stdout.flush()
        stream.write(answer)
        stream.read()  # until the other side hangs up: so long this process's id is nobody else's


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode() + b"\n"


if __name__ == "__main__":
    os.dup2(2, 1)  # what a handler prints goes to the log
    loaded = load(*sys.argv[1:3])
    warm(sys.argv[3:])
    serve(loaded, socket.socket(fileno=0))
