"""The named retry policies of the patterns, on the durable SDK's own strategies."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from aws_durable_execution_sdk_python.config import Duration, JitterStrategy
from aws_durable_execution_sdk_python.retries import RetryDecision, RetryStrategyConfig, create_retry_strategy

from providers import RetryableModelError

type RetryStrategy = Callable[[Exception, int], RetryDecision]

MODEL_RETRY = RetryStrategyConfig(
    max_attempts=6,
    # 4, 8, 16, 32 and 60 s sum to two minutes, at least one after jitter: longer than the one-minute windows in which
    # Bedrock counts requests and tokens, so a throttled call meets a fresh window before its attempts run out.
    initial_delay=Duration.from_seconds(4),
    max_delay=Duration.from_seconds(60),
    backoff_rate=2,
    jitter_strategy=JitterStrategy.NONE,  # `jittered` spreads the delays, so that they are the same on every replay
    retryable_error_types=[RetryableModelError],
)
"""For a model call: retryable model errors only. Waiting suspends the function, so the delays cost nothing."""

TOOL_RETRY = RetryStrategyConfig(
    max_attempts=3,
    initial_delay=Duration.from_seconds(2),
    backoff_rate=2,
    jitter_strategy=JitterStrategy.NONE,
    retryable_error_types=[ConnectionError, TimeoutError],
)
"""For a tool that is safe to repeat: transient network failures only. Anything else is the model's to handle."""

NOTIFY_RETRY = RetryStrategyConfig(
    max_attempts=6,
    initial_delay=Duration.from_seconds(4),
    max_delay=Duration.from_seconds(60),
    backoff_rate=2,
    jitter_strategy=JitterStrategy.NONE,
    retryable_error_types=[ConnectionError, TimeoutError],
)
"""For telling a person that an answer is wanted: as patient as a model call, since what is waited for takes days."""

NO_RETRY = RetryStrategyConfig(max_attempts=1)
"""For an effect that must not happen twice."""


def jittered(policy: RetryStrategyConfig, seed: str) -> RetryStrategy:
    """The strategy of `policy` with equal jitter (half to all of each delay) that depends on `seed` alone.

    Seeded jitter spreads executions as random jitter does, and the same failure has the same schedule in every run:
    in a test, in a replay and in a post-mortem.

    Args:
        policy: Attempts, delays in seconds, and the errors worth another attempt.
        seed: What tells this operation from others, such as the execution's ARN and the request's digest.
    """
    strategy = create_retry_strategy(policy)

    def decide(error: Exception, attempts_made: int) -> RetryDecision:
        decision = strategy(error, attempts_made)
        if not decision.should_retry:
            return decision
        share = 0.5 + random.Random(f"{seed}/{attempts_made}").random() / 2  # noqa: S311  # spread, not secrecy
        return RetryDecision.retry(Duration.from_seconds(math.ceil(decision.delay_seconds * share)))

    return decide
