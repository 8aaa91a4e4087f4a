"""Nothing leaves the machine, real credentials reach no handler, and what is done outside steps is seen."""

from __future__ import annotations

import os
import socket
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from durable_conformance import CannotRunError, Exploration, Report, Scenario, explore
from durable_conformance.durable_check import DurableCheck
from durable_conformance.execution import Conditions, Run
from durable_conformance.rules import Severity, judged_alone
from durable_conformance.subject import OK, Always, HandlerFactory, Reference, handler_factory
from durable_conformance.workers import Experiment, Lost, Pool, Where, is_local, not_judged, of_this_process, offline
from tests.conformance.command_line import DurableAi, command_line

WAY_OUT = "give a double with --setup MODULE:FUNCTION, or allow it with --live"
PRELUDE = """\
import asyncio, http.client, os, shutil, socket, sqlite3, subprocess, sys, tempfile, threading, urllib.request
from pathlib import Path
import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryPresets
ONCE = StepConfig(RetryPresets.none())
"""
LINES = PRELUDE.count("\n")
ONE_RUN = Conditions()


@pytest.fixture
def durable_ai(capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Reference]:
    """A file `handler.py` of its own, whose prelude has `LINES` lines."""

    def write(source: str) -> Reference:
        (tmp_path / "handler.py").write_text(PRELUDE + textwrap.dedent(source).lstrip("\n"))
        return Reference(f"{tmp_path / 'handler.py'}:handler")

    return write


def a_handler(*body: str, first: str = "") -> str:
    """A handler of these lines, the first of which is line `LINES + 3`."""
    lines = "\n".join(f"    {line}" for line in body)
    return f"{first}@durable_execution\ndef handler(event, context: DurableContext):\n{lines}\n"


def runs(handler: Reference | HandlerFactory, *scenarios: Scenario) -> list[Run | Lost]:
    """What comes of one undisturbed execution of each scenario; what is live is so for all."""
    with Pool(handler, scenarios[0], at_once=1, patience=30) as pool:
        pool.start()
        made = pool.run([Experiment("one", "one", None, ONE_RUN, not_judged, scenario=each) for each in scenarios])
        return [outcome for _, outcome in made]


def one_run(handler: Reference | HandlerFactory, scenario: Scenario | None = None) -> Run | Lost:
    (outcome,) = runs(handler, scenario or Scenario({}))
    return outcome


def result_of(handler: Reference, scenario: Scenario | None = None) -> Any:
    outcome = one_run(handler, scenario)
    assert isinstance(outcome, Run), outcome
    assert outcome.status == "SUCCEEDED", outcome.error_message
    return outcome.result


def checked(handler: Reference) -> Report:
    return explore(handler, Scenario({}, ask=Always(OK)), Exploration(patience=30))


@contextmanager
def a_server() -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback interface: where it is, and what it was asked."""
    asked: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the standard library's name
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"fine")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# Nothing leaves the machine

CALLS = {
    "urllib.request.urlopen('https://api.example.com/orders').read()": "api.example.com over HTTPS",
    "http.client.HTTPConnection('api.example.com').request('GET', '/')": "api.example.com over HTTP",
    "socket.create_connection(('db.example.com', 5432))": "db.example.com over PostgreSQL",
    "socket.create_connection(('192.0.2.7', 6379))": "192.0.2.7 over Redis",
    "socket.socket().connect(('db.example.com', 4711))": "db.example.com on port 4711",
    "socket.socket().connect_ex(('192.0.2.7', 443))": "192.0.2.7 over HTTPS",
    "socket.socket(socket.AF_INET6).connect(('2001:db8::7', 443))": "2001:db8::7 over HTTPS",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'n:1|c', ('192.0.2.7', 8125))": "192.0.2.7 on port 8125",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'n:1|c', 0, ('statsd.example.com', 8125))": "statsd.example.com on",
    "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'n'], [], 0, ('statsd.example.com', 8125))": "statsd.example.com",
    "socket.gethostbyname('api.example.com')": "looked up api.example.com",
    "socket.gethostbyname_ex('api.example.com')": "looked up api.example.com",
    "socket.getaddrinfo(b'api.example.com', 'https')": "looked up api.example.com",
    "asyncio.run(asyncio.open_connection('api.example.com', 443))": "api.example.com over HTTPS",
    "urllib.request.urlopen(urllib.request.Request('https://169.254.169.254/'))": "169.254.169.254 over HTTPS",
}


def test_a_call_of_a_step_is_refused_by_its_line_and_its_host(written: Callable[[str], Reference]) -> None:
    calls = [f"    if event == {number}: {call}" for number, call in enumerate(CALLS)]
    handler = written(a_handler("def work(_):", *calls, "context.step(work, 'work', ONCE)"))
    outcomes = runs(handler, *map(Scenario, range(len(CALLS))))
    for number, (outcome, said) in enumerate(zip(outcomes, CALLS.values(), strict=True)):
        assert isinstance(outcome, Lost), outcome
        assert f"handler.py:{LINES + 4 + number} " in outcome.why
        assert said in outcome.why
        assert outcome.why.count("handler.py") == 1, "said once"
        assert WAY_OUT in outcome.why


SWALLOWS = a_handler(
    "def call(_):",
    "    try:",
    "        return urllib.request.urlopen('https://api.example.com').status",
    "    except Exception:",
    "        return 0",
    "return context.step(call, 'call')",
)


def test_it_could_not_run_whatever_the_handler_makes_of_the_error(
    written: Callable[[str], Reference], durable_ai: DurableAi
) -> None:
    output = durable_ai("check", written(SWALLOWS).text)
    assert output.code == 2
    said = " ".join(output.out.split())
    assert f"could not run: no interruption: handler.py:{LINES + 5} called api.example.com over HTTPS, and" in said
    assert WAY_OUT in said
    assert said.count("api.example.com") == 1


def test_what_is_called_while_the_handler_is_imported_is_refused_too(
    written: Callable[[str], Reference], durable_ai: DurableAi
) -> None:
    handler = written(
        a_handler(
            "return context.step(lambda _: 1, 'one')",
            first="try:\n    urllib.request.urlopen('http://api.example.com')\nexcept Exception:\n    pass\n",
        )
    )
    with pytest.raises(CannotRunError, match=r"cannot be imported: handler.py:9 called api.example.com over HTTP at"):
        one_run(handler)
    output = durable_ai("check", handler.text)
    assert output.code == 2
    assert "cannot be imported: handler.py:9 called api.example.com over HTTP at import" in " ".join(output.err.split())


def test_a_call_that_a_crash_alone_shows_is_said_once(written: Callable[[str], Reference]) -> None:
    handler = written(
        a_handler(
            "here = []",
            "context.step(lambda _: here.append(1), 'first')",
            "if not here:",
            "    urllib.request.urlopen('http://api.example.com')",
            "context.step(lambda _: 1, 'second')",
            "return context.step(lambda _: 1, 'third')",
        )
    )
    report = checked(handler)
    assert report.undisturbed == "SUCCEEDED"
    (why,) = report.could_not_run
    assert f"handler.py:{LINES + 6} called api.example.com over HTTP, and" in why


def test_a_handler_of_the_tests_own_process_is_guarded_and_the_process_is_not(durable_check: DurableCheck) -> None:
    def reports(event: Any, context: Any, model: object) -> Any:
        def call(_: object) -> None:
            with socket.socket(type=socket.SOCK_DGRAM) as sender:
                sender.sendto(b"n:1|c", ("192.0.2.7", 8125))

        return context.step(call, "call")

    ours = socket.socket.connect
    with pytest.raises(pytest.fail.Exception, match=r"test_guard.py:\d+ called\s+192.0.2.7 on port 8125, and"):
        durable_check(reports)
    assert socket.socket.connect is ours
    assert isinstance(socket.getaddrinfo(socket.gethostname(), None), list), "no hook stands here"


def test_a_server_on_this_machine_is_no_way_out(written: Callable[[str], Reference]) -> None:
    with a_server() as (url, asked):
        place = url.removeprefix("http://").replace("127.0.0.1", "localhost")
        handler = written(
            a_handler(f"return context.step(lambda _: urllib.request.urlopen('http://{place}').status, 'a')")
        )
        assert result_of(handler) == 200
        assert asked == ["/"]


def test_what_is_live_may_leave(written: Callable[[str], Reference], monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy stands for what is beyond: it is asked where calls may leave, and else nobody is."""
    with a_server() as (url, asked):
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        call = "urllib.request.urlopen('http://api.example.com/orders').status"
        handler = written(a_handler(f"return context.step(lambda _: {call}, 'call', ONCE)"))
        outcome = one_run(handler)
        assert isinstance(outcome, Lost)
        assert "called api.example.com over HTTP" in outcome.why
        assert asked == []
        assert result_of(handler, Scenario({}, live=True)) == 200
        assert asked == ["http://api.example.com/orders"]


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("LOCALHOST.", True),
        (b"localhost", True),
        ("bucket.localhost", True),
        (None, True),
        ("0.0.0.0", True),  # to connect to it is to connect to this machine
        ("localhost.example.com", False),
        ("notlocalhost", False),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("<broadcast>", False),
    ],
)
def test_who_is_this_machine(host: str | bytes | None, *, local: bool) -> None:
    assert is_local(host) is local


# Credentials and configuration

REAL = {
    "AWS_PROFILE": "R3AL",
    "AWS_DEFAULT_PROFILE": "R3AL",
    "AWS_ACCESS_KEY_ID": "AKIAR3AL",
    "AWS_SECRET_ACCESS_KEY": "R3AL-secret",
    "AWS_SESSION_TOKEN": "R3AL-token",
    "AWS_BEARER_TOKEN_BEDROCK": "R3AL-bearer",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/R3AL",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/R3AL",
    "AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/R3AL",
    "AWS_ENDPOINT_URL": "http://R3AL.example.com",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://R3AL.example.com",
    "https_proxy": "http://127.0.0.1:1/R3AL",
}
SEES = a_handler(
    "def look(_):",
    "    names = [name for name, value in os.environ.items() if 'R3AL' in value]",
    "    first = Path('/proc/self/environ').read_text()",
    "    child = subprocess.run(['env'], capture_output=True, text=True).stdout",
    "    mine = boto3.Session().get_credentials().access_key, CLIENT.meta.endpoint_url",
    "    return [sorted(names), 'R3AL' in first, 'R3AL' in child, *mine]",
    "return context.step(look, 'look')",
    first="CLIENT = boto3.client('bedrock-runtime')\n",
)


def test_real_credentials_and_endpoints_reach_no_handler(
    written: Callable[[str], Reference], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A client made at import needs no configuration, and has none of the user's but the region."""
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "config").write_text("[profile R3AL]\nregion = eu-west-1\nendpoint_url = http://R3AL.example.com\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    of_this_process().close()  # the next ones start with these variables
    endpoint = "https://bedrock-runtime.us-east-1.amazonaws.com"
    assert result_of(written(SEES)) == [[], False, False, "testing", endpoint]
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert result_of(written(SEES))[-1] == "https://bedrock-runtime.eu-west-3.amazonaws.com"


def test_a_handler_of_the_tests_process_has_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)

    def look(event: Any, context: Any, model: object) -> Any:
        return context.step(lambda _: [name for name in REAL if "R3AL" in os.environ.get(name, "")], "look")

    outcome = one_run(handler_factory(look))
    assert isinstance(outcome, Run)
    assert outcome.result == []
    assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIAR3AL"


def test_what_is_live_has_the_users_own(written: Callable[[str], Reference], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAR3AL")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    look = "os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_ENDPOINT_URL'], 'AWS_LAMBDA_FUNCTION_NAME' in os.environ"
    handler = written(a_handler(f"return context.step(lambda _: [{look}], 'look')"))
    assert result_of(handler, Scenario({}, live=True)) == ["AKIAR3AL", "http://127.0.0.1:9", False]


@pytest.mark.parametrize(("live", "key"), [(True, "AKIAR3AL"), (False, "sandbox-0")])
def test_another_sandbox_has_other_false_credentials_and_the_same_real_ones(
    written: Callable[[str], Reference], monkeypatch: pytest.MonkeyPatch, *, live: bool, key: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAR3AL")
    handler = written(a_handler("return context.step(lambda _: os.environ['AWS_ACCESS_KEY_ID'], 'look')"))
    with Pool(handler, Scenario({}, live=live), at_once=1, patience=30) as pool:
        pool.start()
        ((_, outcome),) = pool.run([Experiment("one", "one", None, ONE_RUN, not_judged, Where(0, 0))])
    assert isinstance(outcome, Run)
    assert outcome.result == key


def test_what_lambda_sets_is_there_unless_somebody_has_set_it_otherwise() -> None:
    made = offline({"AWS_LAMBDA_FUNCTION_NAME": "orders", "AWS_DEFAULT_REGION": "eu-west-1", "NO_PROXY": "a"})
    assert made["AWS_LAMBDA_FUNCTION_NAME"] == "orders"
    assert (made["AWS_REGION"], made["AWS_DEFAULT_REGION"]) == ("eu-west-1", "eu-west-1")
    assert made["TZ"] == ":UTC"
    assert made["NO_PROXY"] == "a"
    assert {"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "LAMBDA_TASK_ROOT"} <= made.keys()


# What is done outside steps

WAIT = "context.wait(Duration.from_minutes(5), 'settle')"
DONE = "return context.step(lambda _: 'done', 'finish')"
DEEDS = {
    "open(FILE, 'a').write('order 7')": "wrote $FOLDER/there.txt",
    "Path(FILE).write_text('order 7')": "wrote $FOLDER/there.txt",
    "os.close(os.open(FILE, os.O_WRONLY | os.O_CREAT))": "wrote $FOLDER/there.txt",
    "os.truncate(FILE, 1)": "wrote $FOLDER/there.txt",
    "shutil.copy(__file__, FILE)": "wrote $FOLDER/there.txt",
    "os.replace(shutil.copy(__file__, tempfile.mkstemp()[1]), FILE)": "moved a file to $FOLDER/there.txt",
    "os.remove(FILE)": "removed $FOLDER/there.txt",
    "os.makedirs(FOLDER + '/one')": "made the folder $FOLDER/one",
    "shutil.rmtree(FOLDER + '/one')": "removed $FOLDER/one",
    "sqlite3.connect(FILE).close()": "opened the database $FOLDER/there.txt",
    "(Path(tempfile.gettempdir()) / 'jobs.txt').write_text('7')": "wrote $TMPDIR/jobs.txt",
    "subprocess.run(['true', 'order', '7'])": "started `true order 7`",
    "subprocess.run('true order 7', shell=True, close_fds=False)": "started `/bin/sh -c true order 7`",
    "os.system('true')": "started `true`",
    "os.waitpid(os.fork() or os._exit(0), 0)": "started a fork of itself",
}
HARMLESS = (
    "open(__file__).read(); os.listdir(FOLDER); Path(__file__).read_bytes()",
    "sqlite3.connect(':memory:').execute('create table a (b)')",
    "sqlite3.connect('file:a.db?mode=ro&immutable=1', uri=True)",
    "tempfile.TemporaryFile().write(b'x')",
    "with tempfile.TemporaryDirectory() as there: Path(there, 'x').write_text('x')",
    "with tempfile.NamedTemporaryFile('w') as there: there.write('x')",
    "scratch = tempfile.mkdtemp(); Path(scratch, 'x').touch(); shutil.rmtree(scratch)",
    "os.makedirs(FOLDER, exist_ok=True); Path('not-there').unlink(missing_ok=True)",
    "import colorsys",
    "open(os.devnull, 'w').close()",
    "import logging; logging.FileHandler(FOLDER + '/log.txt').close()",
    "context.logger.info('hello')",
)


def run_in(folder: Path, written: Callable[[str], Reference], *body: str) -> Run:
    """A run of a handler whose first line is line `LINES + 5`."""
    (folder / "a.db").touch()
    first = f"FOLDER = {str(folder)!r}\nFILE = FOLDER + '/there.txt'\n"
    outcome = one_run(written(a_handler(*body, first=first)))
    assert isinstance(outcome, Run), outcome
    assert outcome.status == "SUCCEEDED", outcome.error_message
    return outcome


def actual(run: Run) -> list[str]:
    """What is found in it."""
    found = list(judged_alone(run, "no interruption"))
    assert {one.rule for one in found} <= {"side-effects"}
    return [one.actual for one in found]


def test_what_is_done_outside_any_step_is_seen_by_line_and_name(
    written: Callable[[str], Reference], tmp_path: Path
) -> None:
    run = run_in(tmp_path, written, *DEEDS, DONE)
    seen = {one.line: f"{one.name} {one.key}" for one in run.effects}
    for number, said in enumerate(DEEDS.values()):
        assert seen[f"handler.py:{LINES + 5 + number}"] == said.replace("$FOLDER", str(tmp_path))
    assert len(seen) == len(DEEDS)
    assert [one.name for one in run.effects if one.grave] == ["started"] * 5, "one has told twice"
    assert {(one.path, one.in_step, one.seen) for one in run.effects} == {(None, False, True)}


def test_the_same_in_a_step_is_none_of_our_business(written: Callable[[str], Reference], tmp_path: Path) -> None:
    body = ["def work(_):", *(f"    {deed}" for deed in DEEDS), "context.step(work, 'work')", DONE]
    assert run_in(tmp_path, written, *body).effects == ()


def test_what_is_harmless_is_not_seen(
    written: Callable[[str], Reference], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_in(tmp_path, written, *HARMLESS, WAIT, DONE).effects == ()


def test_a_check_finds_what_is_done_outside_any_step(
    written: Callable[[str], Reference], durable_ai: DurableAi
) -> None:
    deed = "(Path(tempfile.gettempdir()) / 'jobs.txt').write_text('7')"
    handler = written(a_handler(deed, WAIT, DONE))
    (found,) = checked(handler).findings
    assert (found.rule, found.path) == ("side-effects", "execution")
    assert found.actual == f"handler.py:{LINES + 3} wrote $TMPDIR/jobs.txt: in every invocation"
    assert found.severity is Severity.WARNING
    output = durable_ai("check", handler.text, "--fail-on", "warning")
    assert output.code == 1
    assert f"handler.py:{LINES + 3}" in output.out


def test_a_thread_of_a_step_works_for_the_step(written: Callable[[str], Reference], tmp_path: Path) -> None:
    work = ["def work(_):", "    thread = threading.Thread(target=lambda: Path(FILE).write_text('x'))"]
    more = ["    thread.start()", "    thread.join()", "context.step(work, 'work')"]
    assert run_in(tmp_path, written, *work, *more, DONE).effects == ()


def test_the_body_of_a_context_is_replayed_if_it_has_operations(
    written: Callable[[str], Reference], tmp_path: Path
) -> None:
    part = ["def part(child):", "    Path(FILE).write_text('x')"]
    alone = [*part, "context.run_in_child_context(part, 'part')", WAIT, DONE]
    assert actual(run_in(tmp_path, written, *alone)) == [], "its checkpoint protects it"
    (found,) = actual(run_in(tmp_path, written, *part, "    child.step(lambda _: 1, 'one')", *alone[2:]))
    assert found.startswith(f"handler.py:{LINES + 6} wrote")


def test_a_connection_outside_any_step_is_found(written: Callable[[str], Reference], tmp_path: Path) -> None:
    with a_server() as (url, asked):
        (found,) = actual(run_in(tmp_path, written, f"urllib.request.urlopen({url!r}).read()", DONE))
        assert found == f"handler.py:{LINES + 5} connected to {url.removeprefix('http://')}: in every invocation"
        assert asked


def test_what_is_grave_comes_first(written: Callable[[str], Reference], tmp_path: Path) -> None:
    run = run_in(tmp_path, written, "Path(FILE).write_text('x')", "os.system('true')", DONE)
    assert [one.grave for one in run.effects] == [False, True]
    (found,) = actual(run)
    assert found.index("started") < found.index("wrote")
