"""Replaying: every answer once and in order, nothing from outside the file, and a miss that nobody can overlook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from providers import (
    ModelProvider,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from providers.bedrock import DEFAULT_TIERS
from providers.cassette import (
    FAULTS,
    CassetteError,
    CassetteMiss,
    CassetteProvider,
)
from providers.selection import provider_from_environment
from tests.providers.cassette.interactions import PROVENANCE, ProviderOf, fault, recorded, throttled
from tests.providers.contract import EXPLICIT_MODEL, Sighting, question

THREADS, CALLS = 20, 50

# What is played -------------------------------------------------------------------------------------------------------


def test_a_recorded_request_is_answered(provider_of: ProviderOf) -> None:
    provider = provider_of(recorded(question()))
    response = provider.converse(question())
    assert (response.text, response.model, response.usage.output_tokens) == ("A cat.", DEFAULT_TIERS["small"], 1)
    provider.verify()


def test_equal_requests_are_answered_in_the_recorded_order(provider_of: ProviderOf) -> None:
    provider = provider_of(throttled(question()), recorded(question(), "One."), recorded(question(), "Two."))
    with pytest.raises(ModelThrottledError, match="Too many requests"):
        provider.converse(question())
    assert [provider.converse(question()).text for _ in range(2)] == ["One.", "Two."]
    provider.verify()


def test_other_requests_are_answered_in_any_order(provider_of: ProviderOf) -> None:
    one, two = question(label="one"), question(label="two")
    provider = provider_of(recorded(one, "One."), recorded(two, "Two."))
    assert [provider.converse(request).text for request in (two, one)] == ["Two.", "One."]


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_a_recorded_fault_is_raised_as_botocore_raised_it(provider_of: ProviderOf, kind: str) -> None:
    provider = provider_of(fault(question(), kind), recorded(question()))
    with pytest.raises((ModelTimeoutError, ModelUnavailableError), match=kind) as caught:
        provider.converse(question())
    assert type(caught.value.__cause__) is FAULTS[kind]
    assert isinstance(caught.value, ModelTimeoutError) == kind.endswith("TimeoutError")
    assert provider.converse(question()).text == "A cat."


def test_faults_are_told_by_name_which_includes_the_common_ones() -> None:
    assert {"ReadTimeoutError", "ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError"} <= set(
        FAULTS
    )


def test_a_fault_that_botocore_does_not_have_is_refused_at_once(provider_of: ProviderOf) -> None:
    with pytest.raises(CassetteError, match=r"around\.yaml, interaction 2: .*'TypeError'.*--record-mode=rewrite"):
        provider_of(recorded(question()), fault(question(), "TypeError"))


def test_the_account_of_a_recorded_model_was_masked_and_still_matches(provider_of: ProviderOf) -> None:
    arn = "arn:aws:bedrock:us-east-1:{}:application-inference-profile/abc"
    provider = provider_of(recorded(question(), model=arn.format("0" * 12)))
    assert provider.converse(question(model=arn.format("1234" * 3))).text == "A cat."


def test_the_settings_that_were_recorded_with_are_replayed_with(provider_of: ProviderOf, path: Path) -> None:
    plain = question()
    request = question(output_schema=Sighting)
    settings = PROVENANCE.model_copy(update={"tiers": {"small": EXPLICIT_MODEL}, "structured_output": False})
    recording = recorded(plain, model=EXPLICIT_MODEL)
    assert provider_of(recording, provenance=settings).converse(request).model == EXPLICIT_MODEL
    changes: list[dict[str, Any]] = [{"tiers": {}}, {"structured_output": True}]
    for options in changes:
        with pytest.raises(CassetteMiss, match=r"model: recorded|outputConfig: recorded nothing"):
            CassetteProvider(path, **options).converse(request)


def test_the_environment_can_choose_a_cassette(provider_of: ProviderOf, path: Path) -> None:
    provider_of(recorded(question()))
    chosen: ModelProvider = provider_from_environment({"MODEL_PROVIDER": "cassette", "MODEL_CASSETTE": str(path)})
    assert chosen.converse(question()).text == "A cat."


# Nothing from outside -------------------------------------------------------------------------------------------------

HOSTILE = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_DEFAULT_PROFILE": "no-such-profile",
    "AWS_REGION": "not a region",
    "AWS_DEFAULT_REGION": "not a region",
    "AWS_ENDPOINT_URL": "not a url",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "not a url",
    "AWS_BEARER_TOKEN_BEDROCK": "a-token",
    "AWS_ACCESS_KEY_ID": "half-a-pair",
    "AWS_CA_BUNDLE": "/no/such/file",
    "AWS_RETRY_MODE": "no-such-mode",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "no-such-choice",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "no-such-choice",
    "AWS_AUTH_SCHEME_PREFERENCE": "no-such-scheme",
    "AWS_CSM_ENABLED": "true",
    "AWS_CSM_PORT": "no-port",
    "AWS_SDK_UA_APP_ID": "x" * 99,
    "HTTPS_PROXY": "::no-proxy",
    "https_proxy": "::no-proxy",
}


def test_no_aws_setting_of_the_environment_matters(
    provider_of: ProviderOf, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").write_text("[[[ no configuration")
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "broken"))
    provider_of(recorded(question()))
    code = (  # in a process of its own: this one's session was made before
        "import sys; from providers.cassette import CassetteProvider; from tests.providers.contract import question; "
        "print(CassetteProvider(sys.argv[1]).converse(question()).text)"
    )
    ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("A cat.\n", "")


def test_no_socket_is_opened(provider_of: ProviderOf) -> None:
    events: list[str] = []
    me: int | None = threading.get_ident()

    def note(event: str, _: Any) -> None:
        if threading.get_ident() == me:
            events.append(event)

    sys.addaudithook(note)
    try:
        assert provider_of(recorded(question())).converse(question()).text == "A cat."
    finally:
        me = None  # a hook cannot be removed
    assert "open" in events, "the hook works: the cassette was opened"
    assert [event for event in events if event.startswith("socket.")] == []


def test_the_environment_is_left_alone(provider_of: ProviderOf) -> None:
    before = dict(os.environ)
    provider_of(recorded(question())).converse(question())
    assert dict(os.environ) == before


# Many threads, many recordings ----------------------------------------------------------------------------------------


def test_many_threads_get_all_recordings_each_once_and_its_own(provider_of: ProviderOf) -> None:
    """Half of the requests are a thread's own; the other half are equal in every thread."""
    own = [
        [question(f"{thread}, {call}?", f"own-{thread}-{call}") for call in range(CALLS // 2)]
        for thread in range(THREADS)
    ]
    shared = [question(f"{call}?", f"shared-{call}") for call in range(CALLS // 2)]
    interactions = [recorded(request, request.label) for requests in own for request in requests]
    interactions += [recorded(request, f"{request.label} #{n}") for request in shared for n in range(THREADS)]
    together = threading.Barrier(THREADS)

    with provider_of(*interactions) as provider:

        def ask(thread: int) -> list[tuple[str, str]]:
            together.wait()
            requests = [request for pair in zip(own[thread], shared, strict=True) for request in pair]
            return [(request.label, provider.converse(request).text) for request in requests]

        with ThreadPoolExecutor(THREADS) as pool:
            answers = [answer for thread in pool.map(ask, range(THREADS)) for answer in thread]

    assert len(answers) == THREADS * CALLS
    assert sorted(text for label, text in answers if label.startswith("own")) == sorted(
        request.label for requests in own for request in requests
    )
    assert all(text == label or text.startswith(f"{label} #") for label, text in answers)
    assert sorted(text for label, text in answers if label.startswith("shared")) == sorted(
        f"{request.label} #{n}" for request in shared for n in range(THREADS)
    )


def test_playing_costs_the_same_in_a_large_cassette(provider_of: ProviderOf) -> None:
    """Counted in Python calls, which do not depend on the machine."""

    def calls_of_one_play(others: int) -> int:
        warm_up = recorded(question(label="warm-up"))
        provider = provider_of(
            warm_up, *[recorded(question(label=f"l{number}")) for number in range(others)], recorded(question())
        )
        provider.converse(question(label="warm-up"))
        count = 0

        def counting(_frame: Any, event: str, _argument: Any) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(counting)
        try:
            provider.converse(question())
        finally:
            sys.setprofile(None)
        return count

    small, large = calls_of_one_play(0), calls_of_one_play(400)
    assert small > 100, "the counting works"
    assert abs(large - small) < small * 0.05


def test_what_is_written_holds_json(provider_of: ProviderOf, path: Path) -> None:
    provider_of(recorded(question()))
    assert json.loads(path.read_text().split("string: |-")[1])["stopReason"] == "end_turn"
