"""A stand-in for Bedrock Runtime: `with ConverseStandIn() as bedrock: make_client(endpoint_url=bedrock.url, …)`.

Real HTTP, real boto3, no account: it answers Converse requests with plausible content, or misbehaves as told.
`python -m tests.stand_in` serves it to other programs.
"""

from tests.loopback import Drop, Stall
from tests.stand_in.answer import MARK
from tests.stand_in.behaviour import (
    Behave,
    Behaviour,
    Fail,
    Malformed,
    ReceivedRequest,
    Reply,
    Sequenced,
    ToolUse,
)
from tests.stand_in.content import plausible
from tests.stand_in.environment import environment_for
from tests.stand_in.server import ConverseStandIn
from tests.stand_in.service_model import error_statuses

__all__ = [
    "MARK",
    "Behave",
    "Behaviour",
    "ConverseStandIn",
    "Drop",
    "Fail",
    "Malformed",
    "ReceivedRequest",
    "Reply",
    "Sequenced",
    "Stall",
    "ToolUse",
    "environment_for",
    "error_statuses",
    "plausible",
]
