"""`python -m tests.stand_in`: a server for other programs, or a program run against one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from providers import Message, ModelRequest
from providers.bedrock import BedrockProvider, make_client
from tests.stand_in import environment_for
from tests.stand_in.__main__ import main

ROOT = Path(__file__).parents[2]

ASK = """
import json
from providers import Message, ModelRequest
from providers.bedrock import BedrockProvider
question = Message.user("What is the capital of France?")
print(json.dumps(BedrockProvider().converse(ModelRequest(messages=[question])).text))
"""


def test_a_command_is_run_against_the_stand_in(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--", sys.executable, "-c", ASK]) == 0
    assert json.loads(capfd.readouterr().out) == "The capital of France is Paris."


def test_the_commands_exit_code_is_ours() -> None:
    assert main(["--", sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_a_command_that_a_signal_ended_exits_as_in_a_shell() -> None:
    assert main(["--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 128 + 9


def test_a_command_that_does_not_exist_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--", "no-such-command"]) == 127
    assert capsys.readouterr().err == "no-such-command: No such file or directory\n"


def test_it_serves_until_interrupted_and_says_what_to_export() -> None:
    command = [sys.executable, "-m", "tests.stand_in", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            export, _, setting = server.stdout.readline().strip().partition(" ")
            variable, _, url = setting.partition("=")
            assert (export, variable) == ("export", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
            keys = boto3.session.Session("stand-in", "stand-in", region_name="us-east-1")
            provider = BedrockProvider(client_factory=lambda: make_client(session=keys, endpoint_url=url))
            assert provider.converse(ModelRequest(messages=(Message.user("Make a joke about tea"),))).text
        except BaseException:
            server.kill()
            raise
        server.send_signal(signal.SIGINT)
        assert server.wait() == 0


def test_the_environment_leads_to_the_stand_in_only() -> None:
    base = {
        "PATH": "/bin",
        "AWS_PROFILE": "broken",
        "AWS_SESSION_TOKEN": "theirs",
        "AWS_BEARER_TOKEN_BEDROCK": "theirs",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ACCESS_KEY_ID": "theirs",
        "AWS_SECRET_ACCESS_KEY": "theirs",
        "HTTP_PROXY": "http://proxy.example",
        "NO_PROXY": "internal.example",
    }
    environment = environment_for("http://127.0.0.1:1234", base)
    assert "theirs" not in environment.values()
    assert "AWS_PROFILE" not in environment
    assert "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" not in environment
    assert environment["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == "http://127.0.0.1:1234"
    assert environment["NO_PROXY"] == environment["no_proxy"] == "internal.example,127.0.0.1"
    assert environment["PATH"] == "/bin"
    assert base["AWS_PROFILE"] == "broken", "the base is left as it was"
