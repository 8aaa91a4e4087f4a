"""The fixture `recorded_model` from outside: whole pytest runs that record against the stand-in, and replay.

Each run is a process with an environment of its own, in a folder with tests of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from providers.cassette import read_cassette, read_provenance
from tests.cassette_fixture.project import KEY_ID, SECRET, TOKEN, Project
from tests.stand_in import (
    Behaviour,
    ConverseStandIn,
    Drop,
    Fail,
    ReceivedRequest,
    Reply,
    Sequenced,
    Stall,
)
from tests.stand_in.environment import LOOPBACK

# Processes are started through a socket of this machine's.
pytestmark = pytest.mark.block_network(allowed_hosts=[re.escape(LOOPBACK), f".*{os.sep}pymp-.*"])

ACCOUNT = "1234" * 3
ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abc"

type ProjectOf = Callable[[str], Project]


@pytest.fixture
def project_of(tmp_path: Path) -> ProjectOf:
    def project(tests: str) -> Project:
        project = Project(tmp_path)
        project.add(tests)
        return project

    return project


def replying(*behaviours: Behaviour) -> Callable[[ReceivedRequest], Behaviour]:
    """Plays these in order for the label `ask`, and answers everything else with its label."""
    return Sequenced({"ask": behaviours}, lambda request: Reply(text=f"To {request.label}."))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def undated(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: re.sub(rb"recorded: \d{4}-\d\d-\d\d\n", b"", content) for name, content in files.items()}


CONVERSATIONS = """
    @pytest.mark.cassette("human_review/default")
    def test_named_by_its_marker(recorded_model):
        assert ask(recorded_model, tier="medium", label="extract") == "To extract."

    @pytest.mark.parametrize("mood", ["so-so", "a/b [c]"])
    def test_named_after_itself(recorded_model, mood):
        assert ask(recorded_model, label="mood", prompt=mood) == "To mood."
        assert os.environ.get("FAIL_LATE") is None

    def test_failures(recorded_model):
        seen = []
        for _ in range(3):
            try:
                seen.append(ask(recorded_model))
            except ModelError as error:
                seen.append(type(error).__name__)
        assert seen == ["ModelThrottledError", "ModelUnavailableError", "At last."]
"""
FAILURES = (Fail("ThrottlingException", f"Account {ACCOUNT} asks too much."), Drop(), Reply(text="At last."))


def test_recording_replaying_and_recording_again(project_of: ProjectOf) -> None:
    project = project_of(CONVERSATIONS)

    with ConverseStandIn(replying(*FAILURES)) as stand_in:
        recorded = project.record(stand_in, MODEL_MEDIUM=ARN)
        signed = stand_in.requests[0].headers
    assert recorded.outcome == "4 passed", recorded.output
    first = contents(project.cassettes)
    assert sorted(first) == [
        "human_review/default.yaml",
        "prompt_chaining/failures.yaml",
        "prompt_chaining/named_after_itself-a-b-c.yaml",
        "prompt_chaining/named_after_itself-so-so.yaml",
    ]
    assert read_provenance(project.cassettes / "human_review/default.yaml").source == "stand-in"
    assert [
        item.status for item in read_cassette(project.cassettes / "prompt_chaining/failures.yaml").interactions
    ] == [
        429,
        599,
        200,
    ]

    assert KEY_ID in signed["authorization"], "the credentials were used"
    assert signed["x-amz-security-token"] == TOKEN
    written = b"".join(first.values()).decode()
    for secret in (KEY_ID, SECRET, TOKEN, ACCOUNT, "uthorization", "AWS4-HMAC", "x-amz-", "!!binary", "127.0.0.1"):
        assert secret not in written

    replayed = project.run("--block-network", AWS_PROFILE="no-such-profile", AWS_ENDPOINT_URL="not a url")
    assert replayed.outcome == "4 passed", replayed.output
    assert contents(project.cassettes) == first, "a replay writes nothing"

    with ConverseStandIn(replying(*FAILURES)) as stand_in:
        again = project.record(stand_in, MODEL_MEDIUM=ARN)
    assert again.outcome == "4 passed", again.output
    assert undated(contents(project.cassettes)) == undated(first)

    with ConverseStandIn(replying(*FAILURES[::-1])) as stand_in:
        failed = project.record(stand_in, MODEL_MEDIUM=ARN, FAIL_LATE="1")
    assert failed.outcome == "3 failed, 1 passed", failed.output
    kept = contents(project.cassettes)
    assert sorted(kept) == sorted(first)
    assert {name: kept[name] for name in kept if name.startswith("prompt_chaining")} == {
        name: first[name] for name in first if name.startswith("prompt_chaining")
    }, "a failed test leaves its cassette as it was, to the byte"


def test_a_timeout_is_recorded_and_times_out_in_the_replay(project_of: ProjectOf) -> None:
    project = project_of("""
        def test_slow(recorded_model):
            with pytest.raises(ModelError) as caught:
                ask(recorded_model)
            assert type(caught.value).__name__ == "ModelTimeoutError"
    """)
    with ConverseStandIn(lambda _: Stall()) as stand_in:
        assert project.record(stand_in, MODEL_READ_TIMEOUT="1").outcome == "1 passed"
    assert project.run().outcome == "1 passed"
    (item,) = read_cassette(project.cassettes / "prompt_chaining/slow.yaml").interactions
    assert (item.status, item.reason) == (599, "ReadTimeoutError")


def test_what_went_otherwise_than_recorded_fails_the_test(project_of: ProjectOf) -> None:
    project = project_of("""
        PROMPT = os.environ.get("PROMPT", "What?")

        def test_miss(recorded_model):
            ask(recorded_model, PROMPT)

        def test_hidden_miss(recorded_model):
            with contextlib.suppress(Exception):
                ask(recorded_model, PROMPT)

        def test_stale(recorded_model):
            if PROMPT == "What?":
                ask(recorded_model)

        def test_failed_for_another_reason(recorded_model):
            assert PROMPT == "What?"
            ask(recorded_model)
    """)
    with ConverseStandIn(lambda _: Reply(text="That.")) as stand_in:
        assert project.record(stand_in).outcome == "4 passed"

    ran = project.run("-rA", PROMPT="Why?")
    assert ran.outcome == "2 failed, 2 passed, 3 errors", ran.output
    assert re.findall(r"^(FAILED|ERROR) \S+::(\w+)", ran.output, re.MULTILINE) == [
        ("ERROR", "test_miss"),
        ("ERROR", "test_hidden_miss"),
        ("ERROR", "test_stale"),
        ("FAILED", "test_miss"),
        ("FAILED", "test_failed_for_another_reason"),
    ]
    assert 'messages[0].content[0].text: recorded "What?", asked "Why?"' in ran.output
    assert "1 of 1 recorded interactions were not asked for" in ran.output


def test_the_modes_between_replaying_and_recording_anew(project_of: ProjectOf) -> None:
    project = project_of("""
        def talk(model, labels):
            for label in os.environ[labels].split():
                ask(model, label=label)

        def test_talk(recorded_model):
            talk(recorded_model, "LABELS")

        def test_steady(recorded_model):
            talk(recorded_model, "STEADY")
    """)

    def asked_in(mode: str, labels: str) -> tuple[str, list[str]]:
        with ConverseStandIn(replying()) as stand_in:
            ran = project.record(stand_in, mode=mode, LABELS=labels, STEADY="steady")
            return ran.outcome, [request.label for request in stand_in.requests]

    assert asked_in("once", "one") == ("2 passed", ["one", "steady"]), "there were no cassettes"
    assert asked_in("once", "two") == ("1 failed, 1 passed, 1 error", []), "what is there is replayed, nothing is added"
    assert asked_in("new_episodes", "one two") == ("2 passed", ["two"]), "what is there is kept, the rest is added"
    assert asked_in("new_episodes", "two one") == ("2 passed", []), "it was"
    assert asked_in("all", "two") == ("2 passed", ["two", "steady"]), "everything anew"
    assert project.run(LABELS="two", STEADY="steady").outcome == "2 passed"


def test_what_cannot_be_recorded_safely_is_refused_and_says_why(project_of: ProjectOf) -> None:
    project = project_of("""
        @pytest.mark.vcr
        def test_vcr(recorded_model):
            ask(recorded_model)

        @pytest.mark.block_network
        def test_blocked(recorded_model):
            ask(recorded_model)

        @pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
        def test_allowed(recorded_model):
            ask(recorded_model)

        @pytest.mark.cassette("../elsewhere")
        def test_outside(recorded_model):
            ask(recorded_model)

        @pytest.mark.cassette
        def test_unnamed(recorded_model):
            ask(recorded_model)

        def test_secret(recorded_model):
            ask(recorded_model, os.environ["AWS_SECRET_ACCESS_KEY"])

        def test_silent(recorded_model):
            pass
    """)
    with ConverseStandIn(replying()) as stand_in:
        ran = project.record(stand_in, "-rA")
        assert len(stand_in.requests) == 2
    assert set(re.findall(r"^ERROR \S+::(\w+) - ", ran.output, re.MULTILINE)) == {
        "test_vcr",
        "test_blocked",
        "test_outside",
        "test_unnamed",
        "test_secret",
        "test_silent",
    }
    for why in (
        "@pytest.mark.vcr cannot record.*signed headers",
        "leave out --block-network.*--allowed-hosts",
        r"cassette\('../elsewhere'\) must name one cassette as <pattern>/<name>",
        r"cassette\(\) must name one cassette",
        "secret.yaml is not written.*an AWS secret access key",
        "silent.yaml is not written.*no model was asked",
    ):
        assert re.search(why, ran.output), why
    assert SECRET not in ran.output
    assert sorted(contents(project.cassettes)) == ["prompt_chaining/allowed.yaml"]
    assert not list(project.folder.rglob("cassettes/test_prompt_chaining")), "vcrpy recorded nothing of its own"
