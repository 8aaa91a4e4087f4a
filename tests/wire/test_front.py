"""The front as Lambda and as a proxy: what it refuses, what it passes on, and what a fault makes of a checkpoint."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from durable_conformance import CrashKind, CrashPoint
from durable_conformance.execution import Checkpointed
from tests.loopback import Answer, HttpRequest, LoopbackServer
from tests.wire.execution import Execution
from tests.wire.faults import NO_FAULTS, Crash, Faults, ResponseLost
from tests.wire.front import Deployment, Front
from tests.wire.function import Function, FunctionDownError

HANDLER = """
def handler(event, context):
    with open(event["InitialExecutionState"], "w") as running:
        running.write("running")
    with open(event["InitialExecutionState"]) as goes_on:
        goes_on.read()
    return {"Status": "PENDING"}
"""

INVOKE = "/2015-03-31/functions/f%3Alive/invocations"
STEP = {"Id": "a" * 64, "Type": "STEP", "SubType": "Step", "Name": "ask", "Action": "START"}
STARTED = Checkpointed(1, "/?:ask", "START", 0, name="ask")
"""The same, persisted."""


class Stage:
    """A front, a stand-in for the runner behind it, and one function whose handler waits for its pipe."""

    def __init__(self, folder: Path, started: ExitStack) -> None:
        self.behind: list[HttpRequest] = []
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)
        (folder / "module.py").write_text(HANDLER)
        self.front = Front()
        function = started.enter_context(Function(folder, "module.handler", folder / "log"))
        self.front.deployed["f"] = Deployment(function)
        runner = started.enter_context(LoopbackServer(self._run, name="runner"))
        self.front.use(started.enter_context(urllib3.connection_from_url(runner.url, retries=False)))
        self._server = started.enter_context(LoopbackServer(self.front.handle, name="front"))
        self._pool = started.enter_context(ThreadPoolExecutor(1))

    def _run(self, request: HttpRequest) -> Answer:
        self.behind.append(request)
        if request.target == "/start-durable-execution":
            identifier = json.loads(request.body)["InvocationId"]
            return Answer(201, {}, json.dumps({"ExecutionArn": f"arn/{identifier}"}).encode())
        if request.target.startswith("/refuse"):
            return Answer(400, {}, b'{"Type": "InvalidParameterValueException"}')
        return Answer(200, {"content-type": "application/json"}, b'{"CheckpointToken": "next"}')

    def send(self, method: str, target: str, document: Any, **headers: str) -> tuple[int, http.client.HTTPMessage, Any]:
        """One request to the front."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection(urlsplit(self._server.url).netloc)) as client:
            client.request(method, target, json.dumps(document), sent)
            answer = client.getresponse()
            raw = answer.read()
            return answer.status, answer.headers, json.loads(raw) if raw else None

    def begin(self, faults: Faults = NO_FAULTS) -> Execution:
        """Start an execution, and invoke its handler as the runner does."""
        execution = Execution("e", faults)
        self.front.expect(execution)
        headers = {"X_Amz_Invocation_Type": "Event", "X_Amz_Durable_Execution_Name": "e"}
        status, answered, _ = self.send("POST", INVOKE, {}, **headers)
        assert status == 202
        self.arn = answered["X-Amz-Durable-Execution-Arn"]
        event = {"DurableExecutionArn": self.arn, "InitialExecutionState": str(self.pipe)}
        self.invocation: Future[Any] = self._pool.submit(self.send, "POST", INVOKE, event, X_Dex_Handler_Invoke="true")
        return execution

    def start(self, faults: Faults = NO_FAULTS) -> Execution:
        """The same, and return once the handler runs."""
        execution = self.begin(faults)
        assert self.pipe.read_text() == "running"
        return execution

    def checkpoint(self, token: str = "client-token", updates: Sequence[dict[str, str]] = (STEP,)) -> int:
        """Send the START of a step, as the handler would, or other updates; returns the status."""
        target = f"/2025-12-01/durable-executions/{self.arn.replace('/', '%2F')}/checkpoint"
        return self.send("POST", target, {"CheckpointToken": "t", "ClientToken": token, "Updates": updates})[0]

    def persisted(self) -> int:
        """How many checkpoints have reached the runner."""
        return sum("checkpoint" in request.target for request in self.behind)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as started:
        yield Stage(tmp_path, started)


@pytest.mark.parametrize(
    ("target", "kind", "status", "code"),
    [
        ("/2015-03-31/functions/g%3Alive/invocations", "Event", 404, "ResourceNotFoundException"),
        ("/2015-03-31/functions/f/invocations", "Event", 400, "InvalidParameterValueException"),
        (INVOKE, "RequestResponse", 400, "InvalidParameterValueException"),
    ],
)
def test_what_lambda_would_not_start_is_refused(stage: Stage, target: str, kind: str, status: int, code: str) -> None:
    answered, headers, _ = stage.send("POST", target, {}, X_Amz_Invocation_Type=kind)
    assert (answered, headers["x-amzn-errortype"]) == (status, code)
    assert stage.behind == []


def test_a_function_is_known_by_its_arn_too(stage: Stage) -> None:
    arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3Alive"
    assert stage.send("POST", f"/2015-03-31/functions/{arn}/invocations", {}, X_Amz_Invocation_Type="Event")[0] == 202


def test_everything_else_is_passed_on_as_it_is(stage: Stage) -> None:
    status, _, answer = stage.send("GET", "/2025-12-01/durable-executions/a%2Fb/history?MaxItems=1", None)
    assert (status, answer) == (200, {"CheckpointToken": "next"})
    assert [request.target for request in stage.behind] == ["/2025-12-01/durable-executions/a%2Fb/history?MaxItems=1"]


def test_the_runners_errors_get_the_header_that_boto3_reads(stage: Stage) -> None:
    status, headers, _ = stage.send("POST", "/refuse", {})
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidParameterValueException")


def test_an_undisturbed_checkpoint_persists(stage: Stage) -> None:
    execution = stage.start()
    assert stage.checkpoint() == 200
    assert [(update.path, update.action) for update in execution.told(Checkpointed)] == [("/?:ask", "START")]
    stage.pipe.write_text("")
    status, headers, answer = stage.invocation.result()
    assert (status, headers["x-amz-function-error"], answer) == (200, None, {"Status": "PENDING"})
    assert execution.happened.get_nowait() == "PENDING"


@pytest.mark.parametrize(("kind", "persisted"), [(CrashKind.BEFORE_PERSIST, 0), (CrashKind.AFTER_PERSIST, 1)], ids=str)
def test_a_kill_at_a_checkpoint(stage: Stage, kind: CrashKind, persisted: int) -> None:
    execution = stage.start(Crash(CrashPoint("/?:ask", "START", 0, kind)))
    with pytest.raises(http.client.RemoteDisconnected):
        stage.checkpoint()
    status, headers, answer = stage.invocation.result()
    assert (status, headers["x-amz-function-error"], answer["errorType"]) == (200, "Unhandled", "Runtime.ExitError")
    assert stage.persisted() == len(execution.told(Checkpointed)) == persisted
    assert execution.happened.get_nowait() == "died: Runtime exited with error: signal: killed"
    with pytest.raises(http.client.RemoteDisconnected):
        stage.checkpoint("what a dead process still says")
    assert stage.persisted() == persisted


def test_a_kill_at_one_update_of_a_checkpoint_loses_them_all(stage: Stage) -> None:
    execution = stage.start(Crash(CrashPoint("/?:other", "START", 0, CrashKind.BEFORE_PERSIST)))
    with pytest.raises(http.client.RemoteDisconnected):
        stage.checkpoint(updates=[STEP, STEP | {"Id": "b" * 64, "Name": "other"}])
    stage.invocation.result()
    assert stage.persisted() == len(execution.told(Checkpointed)) == 0


def test_a_checkpoint_whose_response_was_lost_persists_once(stage: Stage) -> None:
    execution = stage.start(ResponseLost(STARTED))
    with pytest.raises(http.client.RemoteDisconnected):
        stage.checkpoint()
    assert stage.checkpoint() == 200, "the same again, as boto3 does"
    assert (stage.persisted(), len(execution.told(Checkpointed))) == (2, 1)
    stage.pipe.write_text("")
    assert stage.invocation.result()[2] == {"Status": "PENDING"}


def test_a_function_that_does_not_run_is_told_to_whoever_waits(stage: Stage, tmp_path: Path) -> None:
    with Function(tmp_path, "module.missing", tmp_path / "log") as broken:
        stage.front.deployed["f"] = Deployment(broken)
        told = stage.begin().happened.get()
        assert isinstance(told, FunctionDownError)
        assert "AttributeError" in str(told)
        assert stage.invocation.result()[1]["x-amz-function-error"] == "Unhandled"
