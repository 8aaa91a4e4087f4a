"""The template on MiniStack: built and deployed by SAM, and what is there then."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stranger.left_out import refuses
from tests.stranger.ministack import REGION, MiniStack
from tests.template.deployment import ROOT, TEMPLATE, Deployment, Template, parsed, template
from tests.template.intrinsics import PSEUDO_PARAMETERS
from tests.template.tool import run

NAME = PSEUDO_PARAMETERS["AWS::StackName"]

PARAMETERS = {
    "ReviewerEmail": "reviewer@example.com",
    "ReservedConcurrency": "5",
    "AlarmTopicArn": f"arn:aws:sns:{REGION}:000000000000:on-call",
}
"""With these, every resource of the template is made."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack.

    Attributes:
        resources: Each resource's type, id and status, by its name in the template as SAM has expanded that.
        outputs: By name.
    """

    ministack: MiniStack
    resources: Mapping[str, Mapping[str, str]]
    outputs: Mapping[str, str]

    def physical(self, logical_id: str) -> str:
        """The id of a resource."""
        return self.resources[logical_id]["PhysicalResourceId"]

    def is_there(self, expected: Any, found: Any) -> bool:
        """Whether all of a resolved property of the template is in what a service tells; it may tell more."""
        if isinstance(expected, Mapping):
            return isinstance(found, Mapping) and all(self.is_there(expected[key], found.get(key)) for key in expected)
        if isinstance(expected, list):
            return isinstance(found, list) and all(map(self.is_there, expected, found)) and len(expected) == len(found)
        wanted = str(expected)
        if wanted.startswith("<") and wanted.endswith(">"):  # a reference: by its id, or by an ARN that ends in it
            return str(found).endswith(self.physical(wanted.strip("<>").partition(".")[0]).rpartition("/")[2])
        return expected == found or wanted == str(found)


def described() -> Deployment:
    """What the template says that there is."""
    return Deployment(template(), PARAMETERS)


def deployed(ministack: MiniStack) -> Stack:
    """Build the template and deploy it, but for what MiniStack refuses."""
    folder = Path(os.environ["SAM_BUILD"])
    run("SAM", "build", "--build-dir", str(folder), "--region", REGION)
    left = without_refused(parsed(folder / TEMPLATE.name))
    (file := folder / "left.json").write_text(json.dumps(left))
    overrides = [f"{name}={value}" for name, value in PARAMETERS.items()]
    command = ["deploy", "--template-file", str(file), "--config-file", str(ROOT / "samconfig.toml")]
    command += ["--no-confirm-changeset", "--stack-name", NAME, "--region", REGION]
    run("SAM", *command, "--parameter-overrides", *overrides, environment=ministack.environment)
    return there(ministack)


def without_refused(whole: Template) -> Template:
    """A template without the resources that MiniStack refuses."""
    kept = {name: resource for name, resource in whole["Resources"].items() if not refuses(resource)}
    return whole | {"Resources": kept}


def there(ministack: MiniStack) -> Stack:
    """The stack, as CloudFormation tells of it."""
    cloudformation = ministack.client("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
    resources = {one["LogicalResourceId"]: one for page in pages for one in page["StackResourceSummaries"]}
    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    return Stack(ministack, resources, {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]})
