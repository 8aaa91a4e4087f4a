"""What holds for every test: offline, no AWS configuration, the same examples in every run, quiet SDKs."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import settings

from durable_conformance.runtime import quiet_sdk_logs
from tests.stand_in.environment import LOOPBACK
from tests.stand_in.isolation import forget_aws_configuration

pytest_plugins = ["tests.cassette_fixture"]

# Run by name, each in a tox environment of its own.
collect_ignore = ["browser", "cloud", "e2e", "guides", "second_service", "stranger"]

settings.register_profile("suite", deadline=None, derandomize=True, database=None, max_examples=40)
settings.register_profile("thorough", settings.get_profile("suite"), max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

quiet_sdk_logs()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: one more than the cores, as a test mostly computes, and waits at times."""
    return (os.process_cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    """Lets only those tests out of this machine, and at its AWS configuration, that record or test what is deployed."""
    recording = (config.getoption("--record-mode") or "none") != "none"
    if not recording and not config.getoption("--function-prefix", None):
        config.option.block_network, config.option.allowed_hosts = True, re.escape(LOOPBACK)
        forget_aws_configuration(pytest.MonkeyPatch(), Path(os.devnull))
