"""CloudFormation's intrinsic functions, resolved for given parameters: as many as the template uses.

What only a deployment knows stays a name: `Ref` of a resource becomes `<LogicalId>`, `Fn::GetAtt` becomes
`<LogicalId.Attribute>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PSEUDO_PARAMETERS = {
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "stack",
}
_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{([^}!]+)\}")


class Resolver:
    """Resolves values of one template for one choice of parameters.

    Args:
        template: The parsed template.
        parameters: Values by name, as CloudFormation would pass them; the others have their defaults.

    Raises:
        LookupError: A name stands for nothing in the template, or a parameter has neither a value nor a default.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        self._resources = template["Resources"]
        self._conditions = template.get("Conditions", {})
        declared = template.get("Parameters", {})
        if unknown := parameters.keys() - declared.keys():
            raise LookupError(f"The template has no parameter {', '.join(sorted(unknown))}.")
        self._values = {
            name: _typed(parameters.get(name, declaration.get("Default")), declaration["Type"])
            for name, declaration in declared.items()
        } | PSEUDO_PARAMETERS

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function in it replaced by what it stands for."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def holds(self, condition: str) -> bool:
        """Whether the named condition is true."""
        return self._is_true(self._conditions[condition])

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._named(argument)
            case "Fn::GetAtt":
                attribute = argument if isinstance(argument, str) else ".".join(argument)
                return self._named(attribute)
            case "Fn::Sub":
                return _PLACEHOLDER.sub(lambda found: str(self._named(found[1])), argument)
            case "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self.holds(condition) else no)
            case _:
                raise NotImplementedError(f"The template now uses {name}: teach tests/template/intrinsics.py.")

    def _named(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._values:
            if self._values[name] is None:
                raise LookupError(f"Parameter {name} has neither a value nor a default.")
            return self._values[name]
        logical_id = name.partition(".")[0]
        if logical_id not in self._resources:
            raise LookupError(f"{name!r} is no parameter and no resource of the template.")
        if (condition := self._resources[logical_id].get("Condition")) and not self.holds(condition):
            raise LookupError(f"{name!r} is used, and its resource is not there: condition {condition} is false.")
        return f"<{name}>"

    def _is_true(self, expression: Mapping[str, Any]) -> bool:
        ((name, argument),) = expression.items()
        match name:
            case "Condition":
                return self.holds(argument)
            case "Fn::Equals":
                left, right = map(self.resolve, argument)
                return bool(left == right)
            case "Fn::Not":
                return not self._is_true(argument[0])
            case "Fn::And":
                return all(map(self._is_true, argument))
            case _:
                raise NotImplementedError(f"The template now uses {name}: teach tests/template/intrinsics.py.")


def _typed(value: Any, kind: str) -> Any:
    if kind == "CommaDelimitedList" and isinstance(value, str):
        return [item.strip() for item in value.split(",")]
    return value
