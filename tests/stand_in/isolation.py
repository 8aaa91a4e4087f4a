"""Tests of boto3 that do not depend on the machine they run on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.stand_in.environment import LOOPBACK


def forget_aws_configuration(monkeypatch: pytest.MonkeyPatch, empty_folder: Path) -> None:
    """For this test, boto3 finds no configuration, no credentials, and no proxy before the loopback interface.

    Args:
        monkeypatch: Undoes it after the test.
        empty_folder: Where boto3 is sent to look for its files.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(empty_folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(empty_folder / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # or boto3 asks the network for a role
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, LOOPBACK)
