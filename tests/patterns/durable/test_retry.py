"""Retry delays: bounded by the policy, spread by the seed, and the same whenever they are worked out again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.durable.retry import MODEL_RETRY, NO_RETRY, TOOL_RETRY, jittered
from providers import (
    ModelAccessDeniedError,
    ModelNotFoundError,
    ModelOutputError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)

BASES = [4, 8, 16, 32, 60]


def delays(seed: str) -> list[int]:
    decide = jittered(MODEL_RETRY, seed)
    decisions = [decide(ModelThrottledError("x"), attempt) for attempt in range(1, 6)]
    assert all(decision.should_retry for decision in decisions)
    return [decision.delay_seconds for decision in decisions]


@given(st.text())
def test_every_delay_is_half_to_all_of_its_base(seed: str) -> None:
    assert all(base / 2 <= delay <= base for base, delay in zip(BASES, delays(seed), strict=True))


def test_the_same_seed_gives_the_same_delays_and_others_differ() -> None:
    assert delays("a") == delays("a")
    assert len({tuple(delays(str(n))) for n in range(50)}) > 40


def test_attempts_end() -> None:
    assert not jittered(MODEL_RETRY, "a")(ModelThrottledError("x"), 6).should_retry


@pytest.mark.parametrize("error", [ModelThrottledError, ModelUnavailableError, ModelTimeoutError])
def test_retryable_model_errors_are_retried(error: type[Exception]) -> None:
    assert jittered(MODEL_RETRY, "a")(error("x"), 1).should_retry


@pytest.mark.parametrize(
    "error",
    [ModelAccessDeniedError, ModelRequestError, ModelNotFoundError, ModelOutputError, ValueError, ConnectionError],
)
def test_nothing_else_is(error: type[Exception]) -> None:
    assert not jittered(MODEL_RETRY, "a")(error("x"), 1).should_retry


def test_an_effect_that_must_not_repeat_is_not_retried() -> None:
    assert not jittered(NO_RETRY, "a")(ConnectionError("x"), 1).should_retry


def test_a_repeatable_tool_is_retried_for_network_failures_only() -> None:
    decide = jittered(TOOL_RETRY, "a")
    assert decide(ConnectionResetError("x"), 1).should_retry
    assert not decide(ConnectionResetError("x"), 3).should_retry
    assert not decide(KeyError("x"), 1).should_retry
