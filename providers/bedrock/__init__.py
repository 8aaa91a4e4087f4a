"""Amazon Bedrock's Converse API as a model provider, on boto3. This is the room's door: the rest is private to it.

`BedrockProvider` answers requests; `make_client` makes the boto3 client that it wants. Who records, replays or imitates
Bedrock finds here, too, what it is asked and answers (`request_to_converse`, `response_from_converse`), and what the
errors of boto3 become (`from_boto` and its tables). What the service refuses in a request is a table, too (`RULES`).
"""

from providers.bedrock.acceptable import RULES, acceptable
from providers.bedrock.converse import request_to_converse, response_from_converse
from providers.bedrock.deadline import TooLateError, within
from providers.bedrock.errors import (
    BOTOCORE_ERRORS,
    ERROR_CODES,
    from_boto,
    is_unreadable_answer,
    unreadable_answer,
)
from providers.bedrock.json_schema import portable
from providers.bedrock.provider import (
    CONNECT_TIMEOUT_SECONDS,
    DEFAULT_TIERS,
    GRACE_SECONDS,
    LONGEST_READ_TIMEOUT_SECONDS,
    MAX_CONNECTIONS,
    BedrockConfigurationError,
    BedrockProvider,
    check_access,
    make_client,
)
from providers.settings import READ_TIMEOUT_SECONDS

__all__ = [
    "BOTOCORE_ERRORS",
    "CONNECT_TIMEOUT_SECONDS",
    "DEFAULT_TIERS",
    "ERROR_CODES",
    "GRACE_SECONDS",
    "LONGEST_READ_TIMEOUT_SECONDS",
    "MAX_CONNECTIONS",
    "READ_TIMEOUT_SECONDS",
    "RULES",
    "BedrockConfigurationError",
    "BedrockProvider",
    "TooLateError",
    "acceptable",
    "check_access",
    "from_boto",
    "is_unreadable_answer",
    "make_client",
    "portable",
    "request_to_converse",
    "response_from_converse",
    "unreadable_answer",
    "within",
]
