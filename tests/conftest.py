"""What holds for every test: the same examples in every run, no deadline, and quiet SDKs."""

import logging

from hypothesis import settings

pytest_plugins = ["tests.cassette_fixture"]

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

for name in ("aws_durable_execution_sdk_python", "aws_durable_execution_sdk_python_testing"):
    # They log the traceback of every failure, and here most failures are scripted.
    logging.getLogger(name).setLevel(logging.CRITICAL + 1)
