"""What no test may reach, whoever starts it and however: another machine, and this one's AWS configuration."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from boto3.session import Session

from tests.repository.files import ROOT


def test_no_test_leaves_the_loopback_interface() -> None:
    with socket.socket() as outside, pytest.raises(RuntimeError, match=r"Network is disabled for host '127\.0\.0\.2'"):
        outside.connect(("127.0.0.2", 9))  # on this machine, too: nothing would leave it if this test failed


def test_no_test_sees_the_machines_aws_configuration() -> None:
    assert os.environ["AWS_EC2_METADATA_DISABLED"] == "true"
    session = Session()  # raises where a profile is named that does not exist
    assert session.get_credentials() is None
    assert not session.region_name
    assert session.available_profiles == []


def test_whatever_the_machine_has_configured(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    (tmp_path / "config").write_text("[default]\nregion = us-east-1\n")
    configured = {
        "AWS_PROFILE": "no-such-profile",
        "AWS_ACCESS_KEY_ID": "stand-in",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "not whatever"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | configured,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed, 1 deselected" in ran.stdout, ran.stdout
