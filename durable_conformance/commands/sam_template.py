"""The durable functions of a SAM or CloudFormation template: where their code is, and what they are configured with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_conformance.errors import CannotRunError

FUNCTIONS = {"AWS::Serverless::Function": "CodeUri", "AWS::Lambda::Function": "Code"}
"""The types of functions, and the property that says where their code is."""

REGION, ACCOUNT = "us-east-1", str(123_456_789_012)
"""Where it is deployed: as moto has it by default, so that what a set-up makes there has the ARNs that are made up."""
PSEUDO_PARAMETERS: dict[str, Any] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NotificationARNs": [],
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/stack/0",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS = {
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{}}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{{}}",
    "AWS::SQS::Queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{{}}",
}
"""What `Ref` gives where that is not the resource's name."""
_SERVICES = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Serverless::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Serverless::SimpleTable": "dynamodb:{region}:{account}:table/{name}",
}
_NAMES = ("FunctionName", "TableName", "BucketName", "QueueName", "TopicName", "Name")
_PLACEHOLDER = re.compile(r"\$\{([^}!]+)\}|\$\{!([^}]+)\}")
_NO_VALUE = object()


@dataclass(frozen=True)
class SamFunction:
    """A durable function of a template."""

    logical_id: str
    name: str  # as it is deployed; made up where the template leaves that to the deployment
    handler: str  # `package.module:FUNCTION`
    code: Path  # the folder that is deployed
    environment: Mapping[str, str]
    execution_timeout: int | None = None  # seconds; None if the template does not say
    not_checked: tuple[str, ...] = ()  # what of it a check cannot have, in words
    cannot: str = ""  # why it cannot be checked at all; empty if it can


def durable_functions(file: Path) -> list[SamFunction]:
    """The durable functions of a template, in its order.

    Raises:
        CannotRunError: It cannot be read, or has none.
    """
    template = _Template(_loaded(file))
    found = [_function(template, logical_id, file.parent) for logical_id in template.durable()]
    if not found:
        raise CannotRunError(f"{file} has no durable function: one whose DurableConfig is set.")
    return found


def events_for(function: SamFunction, functions: list[SamFunction], folder: Path) -> list[Path]:
    """The files of `folder` that hold events of `function`: their names begin with its name, or it is the only one."""
    files = sorted(folder.glob("*.json"))
    if len(functions) == 1:
        return files
    return [file for file in files if _whose(file, functions) is function]


def _whose(file: Path, functions: list[SamFunction]) -> SamFunction | None:
    """The function whose name the file's begins with, the longest of these."""
    stem = _plain(file.stem)
    names = [(name, one) for one in functions for name in _names(one) if stem.startswith(name)]
    return max(names, key=lambda one: len(one[0]), default=("", None))[1]


def _names(function: SamFunction) -> Iterator[str]:
    for name in (function.logical_id, function.name):
        plain = _plain(name).removeprefix(PSEUDO_PARAMETERS["AWS::StackName"])
        yield from filter(None, (plain, plain.removesuffix("function")))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _loaded(file: Path) -> Mapping[str, Any]:
    try:
        import yaml  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise CannotRunError("--template needs PyYAML; install durable-ai-patterns[cassettes].") from error

    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's short forms as what they are short for."""

    def short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
        value: Any
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            assert isinstance(node, yaml.MappingNode)
            value = loader.construct_mapping(node, deep=True)
        return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", short_form)
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        template = yaml.load(file.read_text(encoding="utf-8"), Loader)  # noqa: S506  # a safe loader
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise CannotRunError(f"Cannot read the template {file}: {error}.") from error
    if not isinstance(template, Mapping) or not isinstance(template.get("Resources"), Mapping):
        raise CannotRunError(f"{file} is no SAM or CloudFormation template: it has no Resources.")
    return template


class _Template:
    """A template's values, as far as they are known without a deployment; for all others stand made-up texts."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._resources: Mapping[str, Any] = {
            name: one for name, one in template["Resources"].items() if isinstance(one, Mapping)
        }
        self._conditions = template.get("Conditions") or {}
        self._mappings = template.get("Mappings") or {}
        self._globals = (template.get("Globals") or {}).get("Function") or {}
        declared = template.get("Parameters") or {}
        self._parameters = {name: _default(name, one) for name, one in declared.items()} | PSEUDO_PARAMETERS

    def durable(self) -> list[str]:
        """The logical ids of the durable functions that are deployed."""
        return [
            name
            for name, one in self._resources.items()
            if one.get("Type") in FUNCTIONS and "DurableConfig" in self.properties(name) and self._is_deployed(one)
        ]

    def kind(self, logical_id: str) -> str:
        return str(self._resources[logical_id].get("Type", ""))

    def properties(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties, with those that all functions share, as far as they come to a value."""
        own = self._resources[logical_id].get("Properties") or {}
        shared = self._globals if self.kind(logical_id) == "AWS::Serverless::Function" else {}
        resolved: dict[str, Any] = self.resolve(_under(shared, own))
        return resolved

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function in it replaced by what it stands for."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or str(name).startswith("Fn::"):
                return self._call(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def _is_deployed(self, resource: Mapping[str, Any]) -> bool:
        condition = resource.get("Condition")
        return condition is None or self._holds({"Condition": condition})

    def _call(self, name: str, argument: Any) -> Any:
        try:
            return self._known(name, argument)
        except (LookupError, TypeError, ValueError):  # not as CloudFormation has it: a made-up text stands for it
            return _made_up(argument)

    def _known(self, name: str, argument: Any) -> Any:  # noqa: PLR0911  # one for each function
        match name:
            case "Ref":
                return self._named(argument)
            case "Fn::GetAtt":
                parts = argument.split(".", 1) if isinstance(argument, str) else argument
                return self._attribute(*parts)
            case "Fn::Sub":
                return self._substituted(argument)
            case "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self._holds({"Condition": condition}) else no)
            case "Fn::Join":
                return str(argument[0]).join(map(str, self.resolve(argument[1])))
            case "Fn::Select":
                return self.resolve(argument[1])[int(self.resolve(argument[0]))]
            case "Fn::Split":
                return str(self.resolve(argument[1])).split(argument[0])
            case "Fn::FindInMap":
                first, second, third = map(self.resolve, argument[:3])
                return self.resolve(self._mappings[first][second][third])
            case "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not":
                return self._holds({name: argument})
            case _:
                return _made_up(self.resolve(argument))

    def _named(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        return _ARNS.get(self.kind(name), "{}").format(self._name_of(name))

    def _name_of(self, logical_id: str) -> str:
        own = self._resources[logical_id].get("Properties") or {}
        named = next((own[name] for name in _NAMES if name in own), None)
        return str(self.resolve(named)) if named is not None else logical_id

    def _attribute(self, logical_id: str, attribute: str) -> str:
        name, kind = self._name_of(logical_id), self.kind(logical_id)
        if attribute in {"Arn", "TopicArn", "QueueArn"} or attribute.endswith("Arn"):
            if kind in _SERVICES:
                return "arn:aws:" + _SERVICES[kind].format(region=REGION, account=ACCOUNT, name=name)
            if _ARNS.get(kind, "").startswith("arn:"):
                return _ARNS[kind].format(name)
            service = kind.split("::")[1].lower() if kind.count("::") > 1 else "cloudformation"
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
        return name if attribute.endswith("Name") else f"{name}.{attribute}"

    def _substituted(self, argument: Any) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else argument

        def one(found: re.Match[str]) -> str:
            if found[2]:
                return f"${{{found[2]}}}"
            name = found[1].strip()
            if name in local:
                return str(self.resolve(local[name]))
            return str(self._call("Fn::GetAtt", name) if "." in name else self._call("Ref", name))

        return _PLACEHOLDER.sub(one, text)

    def _holds(self, expression: Any) -> bool:  # noqa: PLR0911  # one for each function
        if not isinstance(expression, Mapping):
            return str(self.resolve(expression)).lower() == "true"
        ((name, argument),) = expression.items()
        match name:
            case "Condition":
                return self._holds(self._conditions[argument])
            case "Fn::Equals":
                left, right = map(self.resolve, argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(map(self._holds, argument))
            case "Fn::Or":
                return any(map(self._holds, argument))
            case _:
                return False


def _function(template: _Template, logical_id: str, folder: Path) -> SamFunction:
    properties = template.properties(logical_id)
    where = FUNCTIONS[template.kind(logical_id)]
    code, handler = properties.get(where), properties.get("Handler")
    environment = properties.get("Environment")
    variables = (environment.get("Variables") if isinstance(environment, Mapping) else None) or {}
    module, _, function = str(handler or "").rpartition(".")
    runtime = str(properties.get("Runtime") or "python")
    cannot = ""
    if properties.get("PackageType") == "Image" or "ImageUri" in properties:
        cannot = "its code is an image"
    elif not runtime.startswith("python"):
        cannot = f"its runtime is {runtime}"
    elif not module:
        cannot = f"its handler is {handler!r}, which is not module.function"
    elif not isinstance(code, str) or code.startswith("s3://"):
        cannot = f"its {where} is no folder of this machine"
    elif not (folder / code).is_dir():
        cannot = f"there is no folder {folder / code}"
    layers = properties.get("Layers") or []
    not_checked = (f"layers are not there: {', '.join(map(str, layers))}",) if layers else ()
    return SamFunction(
        logical_id,
        str(properties.get("FunctionName", logical_id)),
        f"{module.replace('/', '.')}:{function}",
        folder / code if isinstance(code, str) else folder,
        {str(name): _text(value) for name, value in variables.items()},
        _seconds(properties.get("DurableConfig")),
        not_checked,
        cannot,
    )


def _seconds(durable: Any) -> int | None:
    value = durable.get("ExecutionTimeout") if isinstance(durable, Mapping) else None
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None


def _under(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of one function over those of all: mappings are merged, lists joined, as SAM does it."""
    merged = dict(shared)
    for key, value in own.items():
        below = shared.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping) and not _is_call(value) and not _is_call(below):
            merged[key] = _under(below, value)
        elif isinstance(value, list) and isinstance(below, list):
            merged[key] = [*below, *value]
        else:
            merged[key] = value
    return merged


def _is_call(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and str(next(iter(value))).startswith(("Ref", "Fn::"))


def _default(name: str, declared: Mapping[str, Any]) -> Any:
    value = declared.get("Default")
    if value is None:
        allowed = declared.get("AllowedValues")
        return allowed[0] if allowed else "1" if declared.get("Type") == "Number" else name.lower()
    if "List" in str(declared.get("Type")) and isinstance(value, str):
        return [item.strip() for item in value.split(",")]
    return value


def _made_up(argument: Any) -> str:
    """A text for what only a deployment knows."""
    text = argument if isinstance(argument, str) else "-".join(map(str, argument)) if argument else "value"
    return re.sub(r"[^\w.:/-]+", "-", text)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
