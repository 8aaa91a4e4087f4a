"""The environment in which a program's boto3 talks to the stand-in, and to nothing else."""

from __future__ import annotations

from collections.abc import Mapping

LOOPBACK = "127.0.0.1"

_MISLEADING = frozenset(
    {
        "AWS_PROFILE",  # a broken one stops boto3 before it looks at keys
        "AWS_DEFAULT_PROFILE",
        "AWS_SESSION_TOKEN",  # belongs to other keys
        "AWS_BEARER_TOKEN_BEDROCK",  # would be sent instead of a signature
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",  # would lead to Bedrock after all
        "AWS_ENDPOINT_URL",
    }
)


def environment_for(url: str, base: Mapping[str, str]) -> dict[str, str]:
    """`base`, changed so that boto3's Bedrock Runtime client reaches the stand-in at `url`."""
    kept = {name: value for name, value in base.items() if name not in _MISLEADING}
    direct = ",".join(filter(None, (base.get("NO_PROXY") or base.get("no_proxy"), LOOPBACK)))
    return kept | {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "stand-in",
        "AWS_SECRET_ACCESS_KEY": "stand-in",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
