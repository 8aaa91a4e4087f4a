"""Plays scenarios on the second service: runs its invocations, answers its models and its callbacks."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from aws_durable_execution_sdk_python.lambda_service import Operation

from durable_conformance import Answered, Refused
from durable_conformance.execution import OperationPaths, Run, recorded
from durable_conformance.identity import ARN
from durable_conformance.subject import CallbackAnswer
from tests.loopback import Answer, HttpRequest, LoopbackServer
from tests.patterns.catalogue.description import described
from tests.second_service.modelled import Modelled
from tests.second_service.peer import Peer
from tests.stand_in import Behaviour, ConverseStandIn, ReceivedRequest, environment_for
from tests.wire.durable_runner import REGION
from tests.wire.function import Died, Function, Raised, Returned

INVOCATION_SECONDS = 60
EXECUTION_SECONDS = 120
"""Longest that they may take, in real time: a safety net."""

SILENT_SECONDS = 1
"""The timeout that a callback gets which nobody answers: the peer waits for it in real time."""

_TARGET = re.compile(r"/(\d+)/(invoke|callback)")
_KEY_ID = re.compile(r"Credential=EXECUTION(\d+)/")


@dataclass(frozen=True)
class Heartbeats:
    """Somebody lets a callback know that they are at it, `beats` times, and then answers it or is not heard of."""

    beats: int
    seconds: float
    then: CallbackAnswer | None


type Plan = CallbackAnswer | Heartbeats
type Answers = Callable[[str, int], Plan]


@dataclass
class Played:
    """An execution on the second service, while it runs and afterwards.

    Attributes:
        function: What is invoked.
        answers: What its callbacks are answered.
        modelled: Who answers its model calls; None refuses them.
        invocations: How each ended, in order.
        run: What it came to; its events are not known.
        retries: For each operation that was retried, the delays in seconds.
        errors: What the driver itself failed with.
    """

    function: Function
    answers: Answers
    modelled: Modelled | None
    invocations: list[str] = field(default_factory=list)
    run: Run | None = None
    retries: dict[str, list[int]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    errors: list[Exception] = field(default_factory=list)

    def described(self) -> dict[str, Any]:
        """As a snapshot says it."""
        assert self.run is not None
        modelled = self.modelled
        said: dict[str, Any] = described(self.run) | {
            "retry delays in seconds": dict(sorted(self.retries.items())),
            "model calls": dict(sorted(modelled.ledger.items())) if modelled else {},
        }
        return {key: modelled.as_scripted(value) for key, value in said.items()} if modelled else said


class Stage:
    """The second service, the models and the driver between them, for as long as the `with` block lasts.

    Args:
        peer: Where the second service is installed.
        folder: Where logs go.
    """

    def __init__(self, peer: Path, folder: Path) -> None:
        self._peer = Peer(peer, folder / "second-service.log")
        self._folder = folder
        self._started = ExitStack()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._playing: dict[str, Played] = {}
        self._functions: dict[tuple[Path, str], Function] = {}

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.enter_context(self._peer)
            self._models = started.enter_context(ConverseStandIn(self._converse))
            self._driver = started.enter_context(LoopbackServer(self._handle, name="driver"))
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._started.__exit__(kind, error, traceback)

    def function(self, artifact: Path, handler: str) -> Function:
        """A deployed function, whose processes are forked from one that has imported the handler."""
        with self._lock:
            if (artifact, handler) not in self._functions:
                log = self._folder / f"{artifact.name}-{handler}.log"
                function = self._started.enter_context(Function(artifact, handler, log, warm=["lambda"]))
                self._functions[artifact, handler] = function
            return self._functions[artifact, handler]

    def play(self, function: Function, event: Any, answers: Answers, modelled: Modelled | None = None) -> Played:
        """One execution.

        Raises:
            PeerError: It did not end as executions do.
            ExceptionGroup: The driver failed.
        """
        played = Played(function, answers, modelled)
        number = str(next(self._numbers))
        with self._lock:
            self._playing[number] = played
        # Every execution is called as the engine's: a retry's delay is derived from that.
        came = self._peer.run(f"{self._driver.url}/{number}", ARN, event, EXECUTION_SECONDS)
        if played.errors:
            raise ExceptionGroup("The driver of the second service failed.", played.errors)
        paths = OperationPaths()
        operations = recorded([Operation.from_json_dict(one) for one in came["operations"]], paths)
        error: Mapping[str, str] = came["error"] or {}
        played.run = Run(
            came["status"], came["result"], error.get("errorType"), error.get("errorMessage"), operations, events=()
        )
        played.retries = _retries(came["events"], paths)
        return played

    def _converse(self, received: ReceivedRequest) -> Behaviour:
        key = _KEY_ID.search(received.headers.get("authorization", ""))
        assert key is not None
        modelled = self._playing[key[1]].modelled
        assert modelled is not None
        return modelled(received)

    def _handle(self, request: HttpRequest) -> Answer:
        target = _TARGET.fullmatch(urlsplit(request.target).path)
        assert target is not None
        played, document = self._playing[target[1]], json.loads(request.body)
        try:
            if target[2] == "invoke":
                answer = self._invoke(target[1], played, document)
            else:
                answer = self._plan(played, document["name"] or "")
        except Exception as error:  # noqa: BLE001  # raised where the execution is waited for
            played.errors.append(error)
            return Answer(500, {"content-type": "text/plain"}, repr(error).encode())
        return Answer(200, {"content-type": "application/json"}, json.dumps(answer).encode())

    def _invoke(self, number: str, played: Played, document: Mapping[str, Any]) -> dict[str, Any]:
        context = {
            "aws_request_id": str(uuid.uuid4()),
            "function_name": "second",
            "function_version": "1",
            "invoked_function_arn": ARN.partition("/")[0],
            "deadline": time.time() + INVOCATION_SECONDS,
        }
        environment = environment_for(self._models.url, {}) | {
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_LAMBDA": document["endpoint"],
            "AWS_ACCESS_KEY_ID": f"EXECUTION{number}",
            **(played.modelled.environment if played.modelled else {}),
        }
        request = {"event": document["event"], "context": context, "environment": environment}
        match played.function.start().run(request, INVOCATION_SECONDS):
            case Returned(output):
                played.invocations.append(output["Status"])
                return {"output": output}
            case Raised(error):
                played.invocations.append(f"raised {error['errorType']}: {error['errorMessage']}")
                return {"error": dict(error)}
            case Died(why):
                played.invocations.append(why)
                return {"error": {"errorType": "Runtime.ExitError", "errorMessage": why}}

    def _plan(self, played: Played, name: str) -> dict[str, Any]:
        with self._lock:
            occurrence = played.asked[name]
            played.asked[name] += 1
        return plan_of(played.answers(name, occurrence))


def plan_of(plan: Plan) -> dict[str, Any]:
    """What the bridge is told about a callback."""
    match plan:
        case Answered(payload):
            return {"succeed": payload}
        case Refused(message, type_):
            return {"fail": message, "type": type_}
        case Heartbeats():
            return {"beats": plan.beats, "seconds": plan.seconds, **(plan_of(plan.then) if plan.then else {})}
        case _:
            return {"timeout": SILENT_SECONDS}


def _retries(events: Sequence[Mapping[str, Any]], paths: OperationPaths) -> dict[str, list[int]]:
    """What the history says about retries: an attempt that failed, and how long it is until the next."""
    retries: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        details = event.get("StepFailedDetails") or event.get("StepSucceededDetails") or {}
        delay = details.get("RetryDetails", {}).get("NextAttemptDelaySeconds")
        if delay is not None:
            retries[paths[event["Id"]]].append(delay)
    return dict(retries)
