"""A finding names its cause: what was read outside any step, or changed where replay does not change it."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect
import os
import random
import socket
import socketserver
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_durable_execution_sdk_python import ChildContextError, DurableContext, StepError, durable_execution
from aws_durable_execution_sdk_python.config import StepConfig
from aws_durable_execution_sdk_python.retries import RetryPresets

from durable_conformance import Exploration, Finding, Report, Scenario, Severity, explore, handler_factory
from durable_conformance.reporting import by_cause
from durable_conformance.rules import Cause
from durable_conformance.runtime import read_ahead, suspects
from durable_conformance.subject import Reference
from providers import ModelProvider
from tests.conformance.corpus.asking import say_in_step

HERE = Path(__file__).relative_to(Path.cwd()).as_posix()
SEEN: list[str] = []
COUNTS = {"runs": 0}
LIMIT = 3


def line_in(function: Callable[..., Any], text: str) -> str:
    """Where `text` stands in `function`."""
    source, first = inspect.getsourcelines(getattr(function, "__wrapped__", function))
    (number,) = [nth for nth, line in enumerate(source) if text in line]
    return f"{HERE}:{first + number}"


def report_of(handler: Any) -> Report:
    name = handler.__name__
    return explore(handler_factory(handler), Scenario({}), elsewhere=Reference(f"{__name__}:{name}"))


@durable_execution
def dated(event: Any, context: DurableContext) -> Any:
    started = time.time()
    day = dt.date.today()
    context.step(lambda _: started, "remember")
    return context.step(lambda _: "x", f"brief-{day}")


@durable_execution
def a_clock_that_harms_nothing(event: Any, context: DurableContext) -> Any:
    started = time.monotonic()
    key = f"order-{uuid.uuid4()}"
    context.step(lambda _: started and 1, "remember")
    return {"key": key, "later": context.step(lambda _: 2, "later")}


def coin() -> bool:
    return random.random() < 0.5


@durable_execution
def tosses(event: Any, context: DurableContext) -> Any:
    return [context.step(lambda _: 1, f"step-{nth}-{coin()}") for nth in range(8)]


@durable_execution
def tells_its_process(event: Any, context: DurableContext) -> Any:
    return [context.step(lambda _: 1, "first"), os.getpid()]


@durable_execution
def tells_its_stream(event: Any, context: DurableContext) -> Any:
    return [context.step(lambda _: 1, "first"), os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]]


@durable_execution
def tells_its_stream_if_there_is_one(event: Any, context: DurableContext) -> Any:
    return [context.step(lambda _: 1, "first"), os.getenv("AWS_LAMBDA_LOG_STREAM_NAME", "none")]


def notes_in_a_list(event: Any, context: DurableContext, model: ModelProvider) -> Any:
    notes: list[str] = []

    def look(_: Any) -> str:
        notes.append("found")
        return "looked"

    context.step(look, "look")
    return say_in_step(context, model, "sum-up", f"Sum up {notes}")


@durable_execution
def remembers_in_its_module(event: Any, context: DurableContext) -> Any:
    context.step(lambda _: 1, "first")
    SEEN.append("x")
    return len(SEEN)


@durable_execution
def counts_in_its_module(event: Any, context: DurableContext) -> Any:
    COUNTS["runs"] += 1
    context.step(lambda _: 1, f"run-{COUNTS['runs']}")
    return LIMIT


CASES = [
    (dated, "dt.date.today()", "dt.date.today()"),
    (a_clock_that_harms_nothing, "uuid.uuid4()", "uuid.uuid4()"),
    (tosses, "random.random()", "random.random()"),
    (tells_its_process, "os.getpid()", "os.getpid()"),
    (tells_its_stream, 'os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]', 'os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]'),
    (tells_its_stream_if_there_is_one, 'os.getenv("AWS_LAMBDA_LOG_STREAM_NAME", "none")', "os.getenv("),
    (notes_in_a_list, "notes", "notes.append"),
    (remembers_in_its_module, "SEEN", "SEEN.append"),
    (counts_in_its_module, "COUNTS", 'COUNTS["runs"] += 1'),
]


@pytest.mark.parametrize(("handler", "what", "text"), CASES, ids=lambda one: getattr(one, "__name__", None))
def test_the_first_cause_is_what_breaks_the_handler(handler: Any, what: str, text: str) -> None:
    errors = [one for one in report_of(handler).findings if one.severity is Severity.ERROR]
    assert errors
    at = line_in(coin if handler is tosses else handler, text)
    assert {_cause(one) for one in errors} == {(what, at)}


def _cause(found: Finding) -> tuple[str, str] | None:
    return (found.cause.what, found.cause.line) if found.cause else None


@durable_execution
def reads_in_steps(event: Any, context: DurableContext) -> Any:
    def work(_: Any) -> Any:
        return [time.time(), str(uuid.uuid4()), random.random(), os.getpid(), dt.datetime.now().isoformat()]

    return [context.step(work, "one"), context.step(work, "two")]


def test_what_a_step_reads_is_no_cause() -> None:
    report = report_of(reads_in_steps)
    assert report.conforms
    assert not [one for one in report.findings if one.cause]


def test_findings_with_one_cause_are_one_group_and_what_is_sure_comes_first() -> None:
    def found(rule: str, cause: Cause | None) -> Finding:
        return Finding(rule, "/1:ask", "dies", "x", "y", "do it", cause=cause)

    clock, id_ = Cause("now()", "app.py:1", "`now()` …", likely=True), Cause("uuid4()", "app.py:2", "`uuid4()` …")
    findings = [
        found("budget", None),
        found("environment", clock),
        found("result-stability", id_),
        found("history-stability", clock),
    ]
    groups = [(headline, [one.rule for one in group]) for headline, group in by_cause(findings)]
    assert groups == [
        ("`uuid4()` …", ["result-stability"]),
        ("likely: `now()` …", ["environment", "history-stability"]),
        ("budget: do it", ["budget"]),
    ]


def test_a_remedy_names_the_thing_and_what_to_do() -> None:
    ((headline, _),) = by_cause(report_of(dated).errors)
    at = line_in(dated, "dt.date.today()")
    assert headline.startswith(f"`dt.date.today()` at {at} reads the clock, again on every replay: read it in a step")
    assert "`context.step(lambda _: dt.date.today())`" in headline


@durable_execution
def tells_two_things(event: Any, context: DurableContext) -> Any:
    day = dt.date.today().isoformat()
    key = str(uuid.uuid4())[:8]
    return {"day": day, "key": key, "done": context.step(lambda _: 1, "work")}


def test_each_thing_that_is_in_what_differs_is_told() -> None:
    report = report_of(tells_two_things)
    assert {_cause(one) for one in report.errors} == {
        ("dt.date.today()", line_in(tells_two_things, "dt.date")),
        ("uuid.uuid4()", line_in(tells_two_things, "uuid.uuid4")),
    }
    assert not [one for one in report.findings if "nothing depended" in one.actual]


def test_a_remedy_reads_in_a_step_what_is_made_of_what_was_read() -> None:
    remedies = " ".join(headline for headline, _ in by_cause(report_of(tells_two_things).errors))
    assert "`context.step(lambda _: dt.date.today().isoformat())`" in remedies
    assert "`context.step(lambda _: str(uuid.uuid4())[:8])`" in remedies


@durable_execution
def reads_a_clock_for_nothing(event: Any, context: DurableContext) -> Any:
    now = dt.datetime.now()
    print(f"at {dt.datetime.now()}")  # noqa: T201  # as people do: it is logged
    return context.step(lambda _: 1 if now else 2, "work")


@durable_execution
def works_in_a_folder_of_its_own(event: Any, context: DurableContext) -> Any:
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder):
        pass
    return context.step(lambda _: 1, "work")


def test_a_temporary_folder_is_no_reading_of_chance() -> None:
    assert report_of(works_in_a_folder_of_its_own).findings == ()


def test_what_was_read_and_broke_nothing_is_a_warning_unless_it_is_logged() -> None:
    report = report_of(reads_a_clock_for_nothing)
    assert report.conforms
    (warning,) = report.warnings
    assert warning.line == line_in(reads_a_clock_for_nothing, "now = dt.datetime.now()")
    assert "nothing depended on it in these runs" in warning.actual


@durable_execution
def raises_an_error_from_itself(event: Any, context: DurableContext) -> str:
    none_again = StepConfig(retry_strategy=RetryPresets.none())

    def fails(_: object) -> str:
        raise LookupError("gone")

    def refused(child: DurableContext) -> Any:
        try:
            return child.step(fails, "look", none_again)
        except StepError as error:
            raise error from error

    with contextlib.suppress(StepError):
        context.step(fails, "look", none_again)
    try:
        return str(context.run_in_child_context(refused, "ask"))
    except ChildContextError:
        why = "refused"
    return context.step(lambda _: why, "note")


def test_an_error_that_is_raised_from_itself_keeps_nobody_waiting() -> None:
    """Its chain of causes has no end."""
    report = explore(handler_factory(raises_an_error_from_itself), Scenario({}), Exploration(patience=5))
    assert (report.findings, report.could_not_run) == ((), ())


class Counting(socketserver.StreamRequestHandler):
    """Answers each connection with how many there were."""

    def handle(self) -> None:
        PORT["asked"] += 1
        self.wfile.write(str(PORT["asked"]).encode())


PORT = {"asked": 0, "at": 0}


def number_over_a_socket() -> str:
    with socket.create_connection(("127.0.0.1", PORT["at"])) as asking:  # the cause
        return asking.recv(9).decode()


@durable_execution
def asks_over_a_socket(event: Any, context: DurableContext) -> Any:
    ticket = number_over_a_socket()
    return [ticket, context.step(lambda _: 1, "keep")]


@durable_execution
def asks_over_a_socket_in_a_step(event: Any, context: DurableContext) -> Any:
    return context.step(lambda _: number_over_a_socket(), "ask")


@pytest.fixture
def counting() -> Iterator[None]:
    """A server on the loopback interface, which workers that are forked from here find."""
    with socketserver.TCPServer(("127.0.0.1", 0), Counting) as server:
        PORT.update(asked=0, at=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("counting")
def test_a_socket_that_is_opened_outside_any_step_is_a_cause_with_its_line() -> None:
    report = explore(handler_factory(asks_over_a_socket), Scenario({}))
    assert {one.rule for one in report.errors} > {"side-effects"}
    ((headline, found),) = by_cause(report.errors)
    assert headline == (
        f'`socket.create_connection(("127.0.0.1", PORT["at"]))` at {line_in(number_over_a_socket, "the cause")} '
        "asks another program over a socket, again on every replay: ask it in a step of its own, with what is done "
        "with its answer"
    )
    assert len(found) == len(report.errors) > 1


@pytest.mark.usefixtures("counting")
def test_a_socket_that_a_step_opens_is_none() -> None:
    report = explore(handler_factory(asks_over_a_socket_in_a_step), Scenario({}))
    assert [one.cause for one in report.findings if one.rule == "side-effects" or one.cause] == []


def test_source_that_was_read_ahead_is_read_anew_once_it_changes(tmp_path: Path) -> None:
    """A session imports a file anew, and checks it in forks of the process that has read the file before."""
    file = tmp_path / "order.py"

    def read(expression: str) -> list[str]:
        file.write_text(f"VALUE = {expression}\n")
        read_ahead([str(file)])
        return [one.what for one in suspects(compile(file.read_text(), str(file), "exec"))]

    assert read("hash('a')") == ["hash('a')"]
    assert read("id('abc')") == ["id('abc')"]
