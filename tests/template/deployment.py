"""What a template deploys, for one choice of parameters."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnlint.decode import decode  # type: ignore[import-untyped]  # it has no types

from tests.template.intrinsics import Resolver

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"

type Template = dict[str, Any]
"""A parsed template, intrinsic functions in their long form."""


@functools.cache
def parsed(path: Path) -> Template:
    """The template in a file; not to be changed."""
    nodes, problems = decode(str(path))
    assert not problems, problems
    plain: Template = _plain(nodes)
    return plain


def _plain(value: Any) -> Any:
    """cfn-lint's nodes, which know their line, as plain dicts and lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def template() -> Template:
    """The project's template, to be changed at will."""
    return copy.deepcopy(parsed(TEMPLATE))


@dataclass(frozen=True)
class Statement:
    """One permission of a policy.

    Attributes:
        actions: What is allowed.
        resources: On what.
        condition: When; empty for always.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Any]


@dataclass(frozen=True)
class Function:
    """A function with what `Globals` gives it.

    Attributes:
        logical_id: Its name in the template.
        properties: Its properties, resolved.
        metadata: Its metadata.
    """

    logical_id: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def handler(self) -> str:
        return str(self.properties["Handler"])

    @property
    def pattern(self) -> str:
        """The module in `patterns` that its handler belongs to; empty if it is another."""
        found = re.fullmatch(r"patterns\.(\w+)\.handler", self.handler)
        return found[1] if found else ""

    @property
    def execution_timeout(self) -> int:
        """Seconds that an execution may take, waits included."""
        return int(self.properties["DurableConfig"]["ExecutionTimeout"])

    @property
    def timeout(self) -> int:
        """Seconds that an invocation may take."""
        return int(self.properties["Timeout"])

    @property
    def settings(self) -> dict[str, str]:
        """Its environment variables, as strings, as Lambda passes them."""
        return {name: str(value) for name, value in self.properties["Environment"]["Variables"].items()}


@dataclass(frozen=True)
class Series:
    """What an alarm looks at: a metric as (namespace, name), which statistic of it, and of what."""

    metric: tuple[str, str]
    statistic: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class Alarm:
    """An alarm: what it looks at, when it rings, and whom it tells."""

    logical_id: str
    series: tuple[Series, ...]
    operator: str
    threshold: float
    actions: tuple[str, ...]

    def rings_at(self, value: float) -> bool:
        """Whether it rings where one of its series has this value."""
        if self.operator == "GreaterThanThreshold":
            return value > self.threshold
        assert self.operator == "GreaterThanOrEqualToThreshold", self.operator
        return value >= self.threshold


class Deployment:
    """What `template` deploys with `parameters`."""

    def __init__(self, template: Template, parameters: Mapping[str, Any] | None = None) -> None:
        self.template = template
        self._resolver = Resolver(template, parameters or {})

    def parameter(self, name: str) -> str:
        """What a parameter is; empty if the template has none of this name."""
        return str(self._resolver.resolve({"Ref": name})) if name in self.template["Parameters"] else ""

    def alarms(self) -> tuple[Alarm, ...]:
        """The alarms, in the template's order."""
        found = []
        for name in self.resources("AWS::CloudWatch::Alarm"):
            alarm = self.properties(f"<{name}>")
            stats = [part["MetricStat"] for part in alarm.get("Metrics", []) if "MetricStat" in part]
            plain = [{"Metric": alarm, "Stat": alarm["Statistic"]}] if "Statistic" in alarm else []
            series = tuple(
                Series(
                    (of["Metric"]["Namespace"], of["Metric"]["MetricName"]),
                    of["Stat"],
                    {dimension["Name"]: dimension["Value"] for dimension in of["Metric"]["Dimensions"]},
                )
                for of in (*stats, *plain)
            )
            actions = tuple(alarm.get("AlarmActions", ()))
            found.append(Alarm(name, series, alarm["ComparisonOperator"], float(alarm["Threshold"]), actions))
        return tuple(found)

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions, in the template's order."""
        shared = self.template.get("Globals", {}).get("Function", {})
        return tuple(
            Function(
                name,
                self._resolver.resolve(_merged(shared, resource["Properties"])),
                resource.get("Metadata", {}),
            )
            for name, resource in self.resources("AWS::Serverless::Function").items()
        )

    def resources(self, kind: str) -> dict[str, Any]:
        """The resources of a type that are there, unresolved, by logical id."""
        return {
            name: resource
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == kind and ("Condition" not in resource or self._resolver.holds(resource["Condition"]))
        }

    def properties(self, reference: str) -> dict[str, Any]:
        """The resolved properties of the resource that a reference (`<LogicalId>` or `<LogicalId.Attribute>`) names.

        Raises:
            LookupError: It names none.
        """
        logical_id = reference.strip("<>").partition(".")[0]
        if not reference.startswith("<") or logical_id not in self.template["Resources"]:
            raise LookupError(f"{reference!r} is no resource of the template.")
        resolved: dict[str, Any] = self._resolver.resolve(self.template["Resources"][logical_id]["Properties"])
        return resolved

    def aws_policies(self, function: Function) -> frozenset[str]:
        """The names of AWS's own policies that its role has."""
        arns = self.properties(function.properties["Role"])["ManagedPolicyArns"]
        return frozenset(arn.rpartition("/")[2] for arn in arns if not arn.startswith("<"))

    def statements(self, function: Function) -> tuple[Statement, ...]:
        """What this template's policies allow its role."""
        role = self.properties(function.properties["Role"])
        documents = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
        documents += [
            self.properties(arn)["PolicyDocument"] for arn in role["ManagedPolicyArns"] if arn.startswith("<")
        ]
        return tuple(
            Statement(
                tuple(_listed(statement["Action"])),
                tuple(_listed(statement["Resource"])),
                statement.get("Condition", {}),
            )
            for document in documents
            for statement in document["Statement"]
        )


def _merged(shared: Any, own: Any) -> Any:
    """SAM's rule for `Globals`: maps are merged, lists are appended to, and of anything else the function's own wins.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    """
    if isinstance(shared, Mapping) and isinstance(own, Mapping):
        return {**shared, **{key: _merged(shared[key], own[key]) if key in shared else own[key] for key in own}}
    return [*shared, *own] if isinstance(shared, list) and isinstance(own, list) else own


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
