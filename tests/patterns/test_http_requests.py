"""Over real HTTP: one attempt of a durable step is one request. Nothing below the step retries."""

from __future__ import annotations

import pytest

from conformance.in_process import run_in_process
from conformance.scenario import Scenario
from patterns.durable.retry import MODEL_RETRY
from tests.patterns.catalogue import CATALOGUE
from tests.providers.bedrock_stand_in import provider_at
from tests.stand_in import Behaviour, ConverseStandIn, Drop, Fail, Malformed


@pytest.mark.parametrize(
    ("behaviour", "requests"),
    [
        (Fail("ThrottlingException", "Too many requests."), MODEL_RETRY.max_attempts),
        (Fail("ServiceUnavailableException", "Not now."), MODEL_RETRY.max_attempts),
        (Drop(), MODEL_RETRY.max_attempts),
        (Malformed(), MODEL_RETRY.max_attempts),
        (Fail("AccessDeniedException", "No."), 1),
        (Fail("ValidationException", "What?"), 1),
    ],
    ids=lambda value: str(value)[:40],
)
def test_one_step_causes_no_more_requests_than_its_policy_has_attempts(behaviour: Behaviour, requests: int) -> None:
    with ConverseStandIn(lambda _: behaviour) as stand_in:
        run = run_in_process(CATALOGUE["prompt_chaining"].handler_for, Scenario({}, lambda: provider_at(stand_in.url)))
        assert run.status == "FAILED"
        assert len(stand_in.requests) == requests
        assert {request.label for request in stand_in.requests} == {"generate-joke"}


def test_a_fan_out_causes_as_many_for_each_branch() -> None:
    with ConverseStandIn(lambda _: Fail("ThrottlingException", "Too many requests.")) as stand_in:
        run = run_in_process(
            CATALOGUE["parallel_invocation"].handler_for, Scenario({}, lambda: provider_at(stand_in.url))
        )
        assert (run.status, len(stand_in.requests)) == ("FAILED", 3 * MODEL_RETRY.max_attempts)
