"""What a process that runs the user's code finds around it: Lambda's variables, and no way out of the machine.

A handler finds a region, credentials that are none, and what Lambda itself sets. What leads to the user's own account,
to another endpoint or to a proxy is gone; so it is for the processes that the handler starts.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Mapping

FALSE_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
}

REGION = "us-east-1"
"""Where nobody has said otherwise."""

_NOWHERE = {
    **FALSE_CREDENTIALS,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}

_WAYS_OUT = re.compile(
    r"AWS_(?:DEFAULT_)?PROFILE|AWS_(?:CONTAINER|WEB_IDENTITY|ROLE|SSO|BEARER_TOKEN|ENDPOINT_URL)(?:_.*)?"
    r"|AWS_SECURITY_TOKEN|AWS_CREDENTIAL_.*|BOTO_CONFIG|(?:ALL|FTP|HTTPS?|WSS?)_PROXY",
    re.IGNORECASE,
)
"""What leads to an account or to somewhere else. A proxy may listen on the loopback interface: it hands on."""

_FUNCTION = "conformance"
_LAMBDA = {
    "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_FUNCTION_NAME": _FUNCTION,
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{_FUNCTION}",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2040/01/01/[1]conformance",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "TZ": ":UTC",
    "_HANDLER": f"{_FUNCTION}.handler",
}
"""What Lambda sets, where nobody has said otherwise; the function is the one of `runtime.sdk.lambda_context`.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""


_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})


def offline(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment`, as a handler finds it that is to reach nobody."""
    kept = {name: value for name, value in environment.items() if not _WAYS_OUT.fullmatch(name)}
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or REGION
    regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": environment.get("AWS_DEFAULT_REGION") or region}
    return {"LAMBDA_TASK_ROOT": os.getcwd()} | _LAMBDA | kept | regions | _NOWHERE  # noqa: PTH109


def is_local(host: str | bytes | None) -> bool:
    """Whether `host` is this machine's loopback interface, by its name or an address."""
    name = text_of(host).partition("%")[0].rstrip(".").lower()
    if not name or name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified  # a connection to "any address" is one to this machine


def text_of(host: object) -> str:
    """A host as sockets take it, as text."""
    return host.decode(errors="replace") if isinstance(host, bytes | bytearray) else str(host or "")
