"""What the field's linters say of the template: nothing, or what is suppressed beside the resource with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.template.deployment import ROOT, TEMPLATE
from tests.template.tool import run

WIDE_OPEN = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Topic:
    Type: AWS::SNS::Topic
Outputs:
  Topic:
    Value: !Ref Topics
"""
"""A topic that is not encrypted, and a reference to nothing: each of them finds something, so they do look."""

REGION = "us-east-1"


@pytest.fixture
def wide_open(tmp_path: Path) -> Path:
    template = tmp_path / "template.yaml"
    template.write_text(WIDE_OPEN)
    return template


@pytest.mark.xdist_group("cfn-lint")
def test_cfn_lint_finds_nothing(wide_open: Path) -> None:
    program = str(Path(sys.executable).with_name("cfn-lint"))
    command = [program, "--format", "json", "--regions", REGION, "--", str(TEMPLATE), str(wide_open)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    assert [finding for finding in found if finding["Filename"] != str(wide_open)] == []
    assert {finding["Rule"]["Id"] for finding in found} == {"E6101"}, "it looks"


@pytest.mark.xdist_group("sam-validate")
def test_sam_validate_finds_nothing() -> None:
    assert "is a valid SAM Template" in run("SAM", "validate", "--lint", "--region", REGION)


@pytest.mark.xdist_group("checkov")
def test_checkov_finds_nothing_that_has_no_reason(wide_open: Path) -> None:
    # It is told not to ask its maker's service for guidelines.
    options = ("--framework", "cloudformation", "--skip-download", "--output", "json", "--soft-fail")
    report = json.loads(run("CHECKOV", "--file", str(TEMPLATE), "--file", str(wide_open), *options))
    of_template: dict[str, list[dict[str, Any]]] = {
        outcome: [finding for finding in found if finding["file_abs_path"] == str(TEMPLATE)]
        for outcome, found in report["results"].items()
        if outcome != "parsing_errors"
    }
    assert report["results"]["parsing_errors"] == []
    assert of_template["failed_checks"] == []
    assert len(of_template["passed_checks"]) > 50

    reasons = {f["check_id"]: f["check_result"]["suppress_comment"] for f in of_template["skipped_checks"]}
    assert set(reasons) == {"CKV_AWS_115", "CKV_AWS_117"}
    assert all(len(reason.split()) > 5 for reason in reasons.values())

    failed = {finding["check_id"] for finding in report["results"]["failed_checks"]}
    assert "CKV_AWS_26" in failed, "it looks: a topic that is not encrypted"
