"""Which functions to test, and where."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from tests.wire.deployable import function_name
from tests.wire.wire import ALIAS


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `tox -e cloud`."""
    group = parser.getgroup("cloud", "deployed functions")
    group.addoption("--function-prefix", help="what the functions' names begin with: the stack's name")
    group.addoption("--function-alias", default=ALIAS, help="the alias or version to invoke (default: %(default)s)")
    group.addoption("--function-region", help="the functions' region (default: AWS_REGION or AWS_DEFAULT_REGION)")
    group.addoption("--lambda-endpoint", help="another Lambda than AWS's, such as `python -m tests.wire` serves")
    group.addoption("--execution-wait", type=int, default=300, help="seconds to wait for an execution (default: 300)")
    group.addoption(
        "--same-words",
        action="store_true",
        help="the model behind the functions answers as in the recordings: compare every word, too",
    )


@dataclass(frozen=True)
class Deployed:
    """The functions under test.

    Attributes:
        prefix: What their names begin with.
        alias: What they are invoked by.
        region: Where they are.
        endpoint: Lambda's endpoint; None is AWS's.
        wait: Longest wait for an execution, in seconds.
        same_words: Whether their model answers as in the recordings.
    """

    prefix: str
    alias: str
    region: str
    endpoint: str | None
    wait: int
    same_words: bool

    def name(self, pattern: str) -> str:
        """The qualified name of a pattern's function."""
        return f"{function_name(self.prefix, pattern)}:{self.alias}"


def pytest_configure(config: pytest.Config) -> None:
    """Refuses to begin before it is known what to test."""
    options = config.option
    options.function_region = (
        options.function_region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    )
    if not options.function_prefix:
        raise pytest.UsageError("Say which functions to test: --function-prefix STACK-NAME.")
    if not options.function_region:
        raise pytest.UsageError("Say where the functions are: --function-region REGION, or set AWS_REGION.")


@pytest.fixture(scope="session")
def deployed(pytestconfig: pytest.Config) -> Deployed:
    """What the options say."""
    options = pytestconfig.option
    return Deployed(
        options.function_prefix,
        options.function_alias,
        options.function_region,
        options.lambda_endpoint,
        options.execution_wait,
        options.same_words,
    )
