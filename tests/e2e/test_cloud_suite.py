"""The suite for deployed functions: right ones pass it, word for word; others do not."""

from __future__ import annotations

import pytest

from tests.e2e.cloud_suite import CloudSuite
from tests.wire.deployable import RECORDED, UNASKED


def test_the_patterns_pass(suites: dict[str, CloudSuite]) -> None:
    ended = suites["right"].end()
    assert (ended.code, ended.count("passed")) == (0, len(RECORDED) + len(UNASKED)), ended.output


def test_a_function_that_does_something_else_fails(suites: dict[str, CloudSuite]) -> None:
    ended = suites["swapped"].end()
    assert (ended.code, ended.count("failed")) == (1, 1), ended.output
    assert "validation errors for PromptChainingResult" in ended.output


def test_without_a_prefix_it_does_not_begin(suites: dict[str, CloudSuite]) -> None:
    ended = suites["unnamed"].end()
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: Say which functions to test: --function-prefix STACK-NAME." in ended.output
