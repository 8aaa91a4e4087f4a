"""Which execution it is. Each has an ARN of its own, and what two runs did is compared without it."""

from __future__ import annotations

import hashlib
import json
import re

EXECUTION_ID = "execution"
"""What an execution is called where there is one alone, and in whatever is compared."""

_ARN = "arn:aws:lambda:us-east-1:000000000000:function:conformance:1/durable-execution/conformance/"
_UNIQUE = re.compile(rf"{EXECUTION_ID}-[0-9a-f]{{12}}(?![0-9a-z-])")


def arn_of(execution_id: str) -> str:
    """The ARN of an execution. The SDK finds its input in the operation whose id is the last part."""
    return _ARN + execution_id


ARN = arn_of(EXECUTION_ID)


def unique_id(experiment: str, event: object) -> str:
    """The id of the execution that is made for the experiment of this id with `event`: the same in every check."""
    made_for = json.dumps([experiment, event], default=repr)
    return f"{EXECUTION_ID}-{short_digest(made_for.encode())}"


def short_digest(data: bytes) -> str:
    """What tells `data` from anything else that it is compared with: twelve hex digits of its SHA-256."""
    return hashlib.sha256(data).hexdigest()[:12]


def alike(text: str) -> str:
    """`text` as it would be if all executions had the same ARN."""
    return _UNIQUE.sub(EXECUTION_ID, text) if f"{EXECUTION_ID}-" in text else text
