"""What MiniStack (1.5.33) leaves out of the template; `docs/testing-deployed.md` tells it."""

from __future__ import annotations

from typing import Any

REFUSAL = "Properties.Metrics (metric math) is not supported"
"""What it says of an alarm on an expression, and rolls the stack back."""


def refuses(resource: dict[str, Any]) -> bool:
    """Whether it refuses a resource of the template."""
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


OF_FUNCTIONS = frozenset({"DeadLetterQueue", "DurableConfig", "KmsKeyArn", "ReservedConcurrentExecutions"})
"""Properties of a function that it takes, and forgets."""

UNENCRYPTED = frozenset({"ReviewRequests"})
"""Resources whose key it forgets."""
