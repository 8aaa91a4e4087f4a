"""What a recording must not hold: account ids, which are masked, and secrets, for which a cassette is refused.

Key and account id formats: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

NO_ACCOUNT = "0" * 12
"""What stands for every account id."""

REQUEST_HEADERS = frozenset({"content-type"})
RESPONSE_HEADERS = frozenset({"content-type", "x-amzn-errortype"})
"""All that replaying needs. An allow-list, so that a header of the future is left out."""

_SEPARATOR = r"(?::|%(?:25)*3a)"
"""A colon as it stands in an ARN, in a URL's path, and in a path that was quoted twice."""

_ACCOUNT_IN_ARN = re.compile(rf"({_SEPARATOR})(\d{{12}})(?={_SEPARATOR})", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\d)\d{12}(?!\d)")

_VALUE = r"[\"']?\s*[:=]\s*[\"']?"
_SECRETS: Mapping[str, re.Pattern[str]] = {
    "an AWS access key id": re.compile(r"(?<![A-Za-z0-9])(?:ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "an AWS secret access key": re.compile(
        # Forty base64 characters; a SHA-1 in hex has as many, and no capital letters.
        r"(?<![\w/+=])(?=[a-z0-9/+]*[A-Z])(?=[A-Z0-9/+]*[a-z])(?=[A-Za-z/+]*\d|[A-Za-z0-9]*[/+])[A-Za-z0-9/+]{40}(?![\w/+=])"
        rf"|(?i:secret_?access_?key{_VALUE}[^\s\"']{{16}})"
    ),
    "an AWS session token": re.compile(
        r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+=]{20}"
        rf"|(?i:(?:x-amz-security-|aws_?session_?)token{_VALUE}[^\s\"']{{16}})"
    ),
    "an AWS request signature": re.compile(r"AWS4-HMAC-SHA256\s+Credential="),
    "a bearer token": re.compile(rf"(?i:authorization{_VALUE}bearer\s+[^\s\"']{{16}})"),
    "a Bedrock API key": re.compile(r"(?:ABSK[A-Za-z0-9/+=]{40}|bedrock-api-key-[A-Za-z0-9/+=]{20})"),
    "a GitHub token": re.compile(r"(?<![A-Za-z0-9])(?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})"),
    "a Slack token": re.compile(r"(?<![A-Za-z0-9])xox[a-z]-[A-Za-z0-9-]{10}"),
    "an Anthropic API key": re.compile(r"(?<![A-Za-z0-9])sk-ant-[a-z0-9]+-[\w-]{20}"),
    "an OpenAI API key": re.compile(r"(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin)-[\w-]{20}|[A-Za-z0-9]{20}T3BlbkFJ)"),
    "a JSON web token": re.compile(r"(?<![\w-])eyJ[\w-]{4,}\.eyJ[\w-]{4,}\.[\w-]{8}"),
    "a user's password": re.compile(rf"(?i:authorization{_VALUE}basic\s+[A-Za-z0-9+/=]{{8}})"),
    "a password in a URL": re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:@/\"']+:[^\s:@/\"']{3,}@[\w\[]"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an AWS account id": re.compile(rf"{_SEPARATOR}(?!{NO_ACCOUNT})\d{{12}}{_SEPARATOR}", re.IGNORECASE),
}


_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_MEANT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_OF_URLS = str.maketrans("-_", "+/")
_GZIP = b"\x1f\x8b"
MAX_LAYERS, MAX_UNPACKED_BYTES = 4, 1_000_000


@dataclass(frozen=True)
class Finding:
    """Something that must not be written down: where it stands and what it looks like, never the thing itself."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def masked(text: str) -> str:
    """`text` with `NO_ACCOUNT` wherever an account id stands as ARNs have it, quoted for a URL or not."""
    return _ACCOUNT_IN_ARN.sub(rf"\g<1>{NO_ACCOUNT}", text)


def masked_numbers(text: str) -> str:
    """`text` with `NO_ACCOUNT` for every number of twelve digits: for error messages, which name accounts in prose."""
    return _NUMBER.sub(NO_ACCOUNT, masked(text))


def account_ids(text: str) -> set[str]:
    """The account ids that stand in `text` as ARNs have them."""
    return {match[2] for match in _ACCOUNT_IN_ARN.finditer(text)} - {NO_ACCOUNT}


def unpacked(content: bytes) -> bytes:
    """`content`, decompressed if it is compressed by gzip.

    Raises:
        zlib.error: It looks compressed and is not.
    """
    if content[:2] != _GZIP:
        return content
    return zlib.decompressobj(wbits=31).decompress(content, MAX_UNPACKED_BYTES)


def findings(text: str, secrets: Iterable[str] = ()) -> tuple[Finding, ...]:
    """What in `text` looks like a secret, or is one of `secrets`, by line."""
    known = "|".join(re.escape(secret) for secret in secrets)
    patterns = {**_SECRETS, "a credential or account id in use": re.compile(known)} if known else _SECRETS
    return tuple(
        Finding(number, what)
        for number, line in enumerate(text.splitlines(), start=1)
        for what in _kinds(line, patterns)
    )


def _kinds(line: str, patterns: Mapping[str, re.Pattern[str]]) -> Iterator[str]:
    """What is found in a line, or in what it holds in another form: escaped, quoted for a URL, base64, compressed."""
    layers = list(_layers(line))
    for what, pattern in patterns.items():
        if any(pattern.search(layer) for layer in layers):
            yield what


def _layers(text: str) -> Iterator[str]:
    """`text`, and each text that it holds in another form, however often one stands within another."""
    seen = {text}
    pending = [(text, 0)]
    while pending:
        layer, depth = pending.pop()
        yield layer
        for inner in _inner(layer) if depth < MAX_LAYERS else ():
            if inner not in seen:
                seen.add(inner)
                pending.append((inner, depth + 1))


def _inner(text: str) -> Iterator[str]:
    if "\\" in text:
        yield _ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else _MEANT.get(match[2], match[2]), text)
    if "%" in text:
        yield unquote_plus(text)
    for match in _BASE64.finditer(text):
        run = match[0].rstrip("=")
        try:
            content = base64.b64decode((run + "=" * (-len(run) % 4)).translate(_OF_URLS))
            yield from unpacked(content).decode().splitlines()
        except (ValueError, zlib.error):  # no base64, or of no text
            continue
