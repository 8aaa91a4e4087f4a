"""The one HTTP endpoint between handlers and the runner: Lambda's Invoke for both, and a proxy that knows what passes.

Handlers take it for Lambda (their checkpoints go through it), the runner takes it for Lambda (it invokes handlers
here), and so does whoever starts executions. Faults are injected here: a checkpoint can be lost before or after the
runner has it, its response can be lost, and the process that sent it can be killed.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from aws_durable_execution_sdk_python.lambda_service import OperationUpdate

from durable_conformance import CrashKind
from durable_conformance.model import DIED
from tests.loopback import Answer, Drop, HttpRequest
from tests.stand_in import Behaviour, Fail, ReceivedRequest, plausible
from tests.wire.durable_runner import REGION
from tests.wire.execution import Execution, Invocation
from tests.wire.faults import ConnectionFault
from tests.wire.function import Died, Function, FunctionDownError, Outcome, Raised, Returned

ACCOUNT = "000000000000"

RUN_THE_HANDLER = "x-dex-handler-invoke"
"""The header with which the testing SDK's runner marks an Invoke that is to run the handler, not start an execution."""

UPSTREAM_CONNECTIONS = 4
"""Connections to the runner at a time: its listen backlog is 5, and what comes beyond it is reset."""

EXECUTION_TIMEOUT_SECONDS = 3_600
"""What the runner is told. Real time there: a stuck execution is found by who waits for it, sooner."""

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_CHECKPOINT = re.compile(r"/2025-12-01/durable-executions/([^/]+)/checkpoint")
_KEY_ID = re.compile(r"Credential=([^/]+)/")


@dataclass(frozen=True)
class Deployment:
    """A function as it is configured.

    Attributes:
        function: What runs.
        environment: Its own variables; they may replace the front's.
        timeout: Its timeout, in seconds.
    """

    function: Function
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60


class AbandonedError(RuntimeError):
    """Nobody waits any longer for the execution that the message names."""


class Front:
    """The endpoint's behaviour. Safe from any number of threads.

    Attributes:
        deployed: The functions that can be invoked, by name.
        environment: What every handler's process gets: where the services are.
    """

    def __init__(self) -> None:
        self.deployed: dict[str, Deployment] = {}
        self.environment: dict[str, str] = {}
        self._runner: urllib3.HTTPConnectionPool | None = None
        self._lock = threading.Lock()
        self._expected: dict[str, Execution] = {}
        self._executions: dict[str, Execution] = {}
        self._invocations: dict[str, tuple[Execution, Invocation]] = {}

    def use(self, runner: urllib3.HTTPConnectionPool) -> None:
        """The runner behind the front."""
        self._runner = runner

    def expect(self, execution: Execution) -> None:
        """An execution of this name is about to be started."""
        with self._lock:
            self._expected[execution.name] = execution

    def abandon(self) -> None:
        """Tell whoever still waits for an execution that nothing will come of it."""
        with self._lock:
            executions = list(self._executions.values())
        for execution in executions:
            execution.happened.put(AbandonedError(f"{execution.name} was abandoned."))

    def handle(self, request: HttpRequest) -> Answer | Drop:
        """Answer one HTTP request."""
        path = urlsplit(request.target).path
        if request.method == "POST" and (invoke := _INVOKE.fullmatch(path)):
            return self._invoke(request, unquote(invoke[1]))
        if request.method == "POST" and (checkpoint := _CHECKPOINT.fullmatch(path)):
            return self._checkpoint(request, unquote(checkpoint[1]))
        return self._forward(request.method, request.target, request.body, request.headers)

    def converse(self, received: ReceivedRequest) -> Behaviour:
        """What the model endpoint does with a request: the execution that sent it knows."""
        key = _KEY_ID.search(received.headers.get("authorization", ""))
        with self._lock:
            execution, invocation = self._invocations[key[1] if key else ""]
        asked = execution.call(received)
        if asked is None:
            return plausible(received)
        fault = Drop() if invocation.killed else execution.faults.at_call(asked.path, asked.occurrence)
        if isinstance(fault, CrashKind):
            execution.asked(invocation, asked.known, DIED)
            execution.kill(invocation)
            return Drop()
        execution.asked(invocation, asked.known, "answered" if fault is None else _name(fault))
        return plausible(received) if fault is None else fault

    def _invoke(self, request: HttpRequest, identifier: str) -> Answer:
        name, _, qualifier = identifier.rpartition(":function:")[2].partition(":")
        deployment = self.deployed.get(name)
        if deployment is None:
            return _error(404, "ResourceNotFoundException", f"Function not found: {identifier}")
        if request.headers.get(RUN_THE_HANDLER) == "true":
            return self._run_handler(json.loads(request.body), name, identifier, deployment)
        if not qualifier:
            message = f"{identifier}: a durable function is invoked by a qualified name; append :ALIAS or a version."
            return _error(400, "InvalidParameterValueException", message)
        if request.headers.get("x-amz-invocation-type") != "Event":
            message = "Executions are started with the invocation type Event here; their result is in their history."
            return _error(400, "InvalidParameterValueException", message)
        return self._start_execution(request, name, qualifier)

    def _start_execution(self, request: HttpRequest, function: str, qualifier: str) -> Answer:
        name = request.headers.get("x-amz-durable-execution-name") or str(uuid.uuid4())
        identifier = str(uuid.uuid4())
        with self._lock:
            self._executions[identifier] = self._expected.pop(name) if name in self._expected else Execution(name)
        start = {
            "AccountId": ACCOUNT,
            "FunctionName": function,
            "FunctionQualifier": qualifier,
            "ExecutionName": name,
            "ExecutionTimeoutSeconds": EXECUTION_TIMEOUT_SECONDS,
            "ExecutionRetentionPeriodDays": 1,
            "InvocationId": identifier,
            "Input": request.body.decode() or "{}",
        }
        started = self._forward(
            "POST", "/start-durable-execution", json.dumps(start).encode(), {"content-type": "application/json"}
        )
        if isinstance(started, Drop) or started.status != 201:
            return started if isinstance(started, Answer) else _error(503, "ServiceException", "The runner is gone.")
        arn = json.loads(started.body)["ExecutionArn"]
        return Answer(202, {"x-amz-durable-execution-arn": arn}, b"")

    def _run_handler(self, event: Any, name: str, identifier: str, deployment: Deployment) -> Answer:
        execution = self._execution(event["DurableExecutionArn"])
        request_id = str(uuid.uuid4())
        try:
            process = deployment.function.start()
        except FunctionDownError as error:
            execution.happened.put(error)
            return _function_error({"errorType": "Runtime.ImportModuleError", "errorMessage": str(error)})
        invocation = execution.begin(process)
        key = f"INVOCATION{request_id.replace('-', '').upper()}"
        with self._lock:
            self._invocations[key] = (execution, invocation)
        context = {
            "aws_request_id": request_id,
            "function_name": name,
            "function_version": "1",
            "invoked_function_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{identifier}",
            "deadline": time.time() + deployment.timeout,
        }
        environment = {**self.environment, **deployment.environment}
        environment |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "wire", "AWS_LAMBDA_FUNCTION_NAME": name}
        outcome = process.run(
            {"event": event, "context": context, "environment": environment}, timeout=deployment.timeout
        )
        execution.end(invocation, _described(outcome))
        return _answer_of(outcome, request_id)

    def _checkpoint(self, request: HttpRequest, arn: str) -> Answer | Drop:
        execution = self._execution(arn)
        invocation = execution.invocations[-1]
        if invocation.killed:
            return Drop()
        document = json.loads(request.body)
        updates = [OperationUpdate.from_dict(update) for update in document.get("Updates") or ()]
        fault = execution.fault_at(updates)
        if fault is CrashKind.BEFORE_PERSIST:
            execution.kill(invocation)
        if fault in {CrashKind.BEFORE_PERSIST, ConnectionFault.UNREACHABLE}:
            return Drop()
        answer = self._forward(request.method, request.target, request.body, request.headers)
        if isinstance(answer, Answer) and answer.status == 200:
            execution.persisted(updates, document.get("ClientToken"))
        if fault is CrashKind.AFTER_PERSIST:
            execution.kill(invocation)
        return answer if fault is None else Drop()

    def _execution(self, arn: str) -> Execution:
        identifier = arn.rpartition("/")[2]  # the runner's ARNs have nothing else of what it was told
        with self._lock:
            return self._executions[identifier]

    def _forward(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer | Drop:
        """Pass a request on to the runner and its answer back."""
        assert self._runner is not None
        passed = {"content-type": headers.get("content-type", "application/json")}
        try:
            answer = self._runner.urlopen(method, target, body=body, headers=passed)
        except urllib3.exceptions.HTTPError:
            return Drop()
        kept = {"content-type": answer.headers.get("content-type", "application/json")}
        if answer.status >= 400:  # the runner leaves the type in the body, where boto3 does not look
            kept["x-amzn-errortype"] = _error_type(answer.data)
        return Answer(answer.status, kept, answer.data)


def _error_type(body: bytes) -> str:
    try:
        return str(json.loads(body).get("Type") or "ServiceException")
    except (ValueError, AttributeError):
        return "ServiceException"


def _error(status: int, code: str, message: str) -> Answer:
    headers = {"content-type": "application/json", "x-amzn-errortype": code}
    return Answer(status, headers, json.dumps({"Type": "User", "Message": message}).encode())


def _function_error(error: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(200, {"x-amz-function-error": "Unhandled", **(headers or {})}, json.dumps(error).encode())


def _answer_of(outcome: Outcome, request_id: str) -> Answer:
    headers = {"content-type": "application/json", "x-amzn-requestid": request_id}
    match outcome:
        case Returned(output):
            return Answer(200, headers, json.dumps(output).encode())
        case Raised(error):
            return _function_error(error, headers)
        case Died(why):
            error = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {why}"}
            return _function_error(error, headers)


def _described(outcome: Outcome) -> str:
    match outcome:
        case Returned(output):
            return str(output["Status"])
        case Raised(error):
            return f"raised {error['errorType']}: {error['errorMessage']}"
        case Died(why):
            return f"died: {why}"


def _name(behaviour: Behaviour) -> str:
    return behaviour.code if isinstance(behaviour, Fail) else type(behaviour).__name__
