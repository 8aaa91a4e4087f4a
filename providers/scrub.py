"""What a file must not hold: account ids, which are masked, and secrets.

A recording, a history, a script or a snapshot that would hold a secret is refused (`findings`). A report, which must
not be lost for it, says in the secret's place that it was withheld (`withheld`). There is one scan. It looks through
what a text holds in another form, one within another: escaped as in JSON, quoted for a URL or for HTML, base64,
compressed.

Beside the table here stand detectors of Yelp's detect-secrets, those that know a secret by its own format. Left out are
those that go by a name or by chance: `KeywordDetector` (`password = ` before anything), the two of high entropy (every
digest and id of this project is a find), `IPPublicDetector`, `IbmCloudIamDetector` (any 44 characters after `key` or
`token`: idempotency keys), `ArtifactoryDetector` (words that begin with AP); and those whose expression alone says less
than the table's: `BasicAuthDetector` (`https://u:p@host` of an example), `TelegramBotTokenDetector` (an ARN of a queue
with a long name), `DiscordBotTokenDetector` (dotted names of modules), `JwtTokenDetector`. They are loaded when
something is looked at, and nothing is sent anywhere: their expressions are used, not their verification.

Key and account id formats: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html.
"""

from __future__ import annotations

import base64
import bisect
import functools
import html
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
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
        rf"|(?i:secret_?access_?key{_VALUE}[^\s\"']{{16,}})"
    ),
    "an AWS session token": re.compile(
        r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+=]{20}"
        rf"|(?i:(?:x-amz-security-|aws_?session_?)token{_VALUE}[^\s\"']{{16,}})"
    ),
    "an AWS request signature": re.compile(r"AWS4-HMAC-SHA256\s+Credential="),
    "a bearer token": re.compile(rf"(?i:authorization{_VALUE}bearer\s+[^\s\"']{{16,}})"),
    "a Bedrock API key": re.compile(r"(?:ABSK[A-Za-z0-9/+=]{40}|bedrock-api-key-[A-Za-z0-9/+=]{20})"),
    "a GitHub token": re.compile(r"(?<![A-Za-z0-9])(?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})"),
    "a Slack token": re.compile(r"(?<![A-Za-z0-9])xox[a-z]-[A-Za-z0-9-]{10}"),
    "an Anthropic API key": re.compile(r"(?<![A-Za-z0-9])sk-ant-[a-z0-9]+-[\w-]{20}"),
    "an OpenAI API key": re.compile(r"(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin)-[\w-]{20}|[A-Za-z0-9]{20}T3BlbkFJ)"),
    "a JSON web token": re.compile(r"(?<![\w-])eyJ[\w-]{4,}\.eyJ[\w-]{4,}\.[\w-]{8}"),
    "a user's password": re.compile(rf"(?i:authorization{_VALUE}basic\s+[A-Za-z0-9+/=]{{8}})"),
    "a password in a URL": re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:@/\"']+:[^\s:@/\"']{3,}@[\w\[]"),
    "a Google API key": re.compile(r"(?<![\w-])AIza[\w-]{35}(?![\w-])"),
    "a Hugging Face token": re.compile(r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])"),
    "an npm token": re.compile(r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    "a Telegram bot token": re.compile(r"(?<![\w:])\d{8,10}:AA[\w-]{33}(?![\w-])"),
    "a Discord bot token": re.compile(
        r"(?<![\w-])[MNO](?=[A-Za-z]*\d)[A-Za-z\d]{23,25}\.[\w-]{6}\.(?=[\w-]*\d)[\w-]{27,38}(?![\w-])"
    ),
    "a private key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"
        r"(?:[\s\S]{,10000}?-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})*)"
    ),
    "an AWS account id": re.compile(rf"{_SEPARATOR}(?!{NO_ACCOUNT})\d{{12}}{_SEPARATOR}", re.IGNORECASE),
}

_DETECTORS = {
    "an AWS key": "aws.AWSKeyDetector",
    "an Azure storage key": "azure_storage_key.AzureStorageKeyDetector",
    "a Cloudant key": "cloudant.CloudantDetector",
    "a GitHub token": "github_token.GitHubTokenDetector",
    "a GitLab token": "gitlab_token.GitLabTokenDetector",
    "an IBM Cloud Object Storage key": "ibm_cos_hmac.IbmCosHmacDetector",
    "a Mailchimp key": "mailchimp.MailchimpDetector",
    "an npm token": "npm.NpmDetector",
    "an OpenAI API key": "openai.OpenAIDetector",
    "a private key": "private_key.PrivateKeyDetector",
    "a PyPI token": "pypi_token.PypiTokenDetector",
    "a SendGrid API key": "sendgrid.SendGridDetector",
    "a Slack token": "slack.SlackDetector",
    "a SoftLayer key": "softlayer.SoftlayerDetector",
    "a Square OAuth secret": "square_oauth.SquareOAuthDetector",
    "a Stripe key": "stripe.StripeDetector",
    "a Twilio key": "twilio.TwilioKeyDetector",
}
"""Those of detect-secrets that are asked, by what they find."""

_MEANT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_REST = re.compile(r"[\w+/=.~-]+")
"""What goes on after the part of a secret that tells it."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_WRAPPED_BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]{60,76}\r?\n)+[A-Za-z0-9+/_-]+={0,2}")  # as in mail
_OF_URLS = str.maketrans("-_", "+/", "\r\n")
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
    """What in `text` looks like a secret, or is one of `secrets`, by line.

    Raises:
        ModuleNotFoundError: The extra `cassettes` is not installed.
    """
    known = "|".join(re.escape(secret) for secret in secrets)
    own = {**_SECRETS, "a credential or account id in use": re.compile(known)} if known else _SECRETS
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = {(bisect.bisect_right(starts, hit.start), hit.what): None for hit in _hits(text, own)}
    return tuple(Finding(line, what) for line, what in sorted(found, key=lambda one: one[0]))


def withheld(text: str) -> str:
    """`text` with account ids masked and, in the place of each secret, words that say what was withheld."""
    text = masked(text)
    hits = _hits(text, _SECRETS)
    if not hits:
        return text
    parts, done = [], 0
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        if hit.end > done:
            parts += [text[done : max(done, hit.start)], f"[withheld: {hit.what}]" if hit.start >= done else ""]
            done = hit.end
    shown = "".join([*parts, text[done:]])
    return "[withheld: " + ", ".join(sorted({hit.what for hit in hits})) + "]" if _hits(shown, _SECRETS) else shown


@functools.cache
def _detectors() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """What detect-secrets knows, by what it is."""
    try:
        return {
            what: tuple(getattr(import_module(f"detect_secrets.plugins.{module}"), name)().denylist)
            for what, (module, name) in ((what, place.split(".")) for what, place in _DETECTORS.items())
        }
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Looking for secrets needs detect-secrets: install durable-ai-patterns[cassettes]."
        ) from error


@dataclass(frozen=True)
class _Hit:
    """A secret, and where it stands: itself, or that which holds it in another form."""

    start: int
    end: int
    what: str
    own: bool  # it is of the table here


type _Place = Callable[[int, int], tuple[int, int]]
"""From where a part of a text stands in what the text was made of, to where it stands in the text."""


def _hits(text: str, own: Mapping[str, re.Pattern[str]]) -> list[_Hit]:
    """Every secret in `text`; of two names for one thing, the table's."""
    hits = set(_Scan(own).hits(text, 0))
    mine = [hit for hit in hits if hit.own]
    return [hit for hit in hits if hit.own or not any(hit.start < one.end and one.start < hit.end for one in mine)]


class _Scan:
    """Looks into a text, and into each text that it holds in another form, however often one stands within another."""

    def __init__(self, own: Mapping[str, re.Pattern[str]]) -> None:
        self._patterns = [(what, pattern, True) for what, pattern in own.items()]
        self._patterns += [(what, pattern, False) for what, some in _detectors().items() for pattern in some]
        self._seen: dict[tuple[str, int], list[_Hit]] = {}

    def hits(self, text: str, depth: int) -> list[_Hit]:
        """What is in `text`, which stands so deep."""
        if (text, depth) not in self._seen:
            self._seen[text, depth] = [*self._here(text), *(self._within(text, depth) if depth < MAX_LAYERS else ())]
        return self._seen[text, depth]

    def _here(self, text: str) -> Iterator[_Hit]:
        for what, pattern, own in self._patterns:
            for match in pattern.finditer(text):
                rest = _REST.match(text, match.end())
                yield _Hit(match.start(), rest.end() if rest else match.end(), what, own)

    def _within(self, text: str, depth: int) -> Iterator[_Hit]:
        for inner, place in _inner(text):
            if inner != text:
                for hit in self.hits(inner, depth + 1):
                    yield _Hit(*place(hit.start, hit.end), hit.what, hit.own)


def _inner(text: str) -> Iterator[tuple[str, _Place]]:
    """Each text that `text` holds in another form: the lines of it that do, and what is base64 in it."""
    offset = 0
    for line in text.splitlines(keepends=True):
        for form in _FORMS:
            if form.sign in line:
                yield form.plain(line), functools.partial(form.place, line, offset)
        offset += len(line)
    for match in (*_BASE64.finditer(text), *_WRAPPED_BASE64.finditer(text)):
        run = match[0].rstrip("=").translate(_OF_URLS)
        try:
            content = unpacked(base64.b64decode(run + "=" * (-len(run) % 4))).decode()
        except (ValueError, zlib.error):  # no base64, or of no text
            continue
        yield content, functools.partial(_whole, match.span())


def _whole(span: tuple[int, int], _start: int, _end: int) -> tuple[int, int]:
    return span


@dataclass(frozen=True)
class _Form:
    """A way to write a text otherwise: what tells it, what is replaced, and what that means."""

    sign: str
    pattern: re.Pattern[str]
    meaning: Callable[[re.Match[str]], str]

    def plain(self, line: str) -> str:
        """What `line` means."""
        return self.pattern.sub(self.meaning, line)

    def place(self, line: str, offset: int, start: int, end: int) -> tuple[int, int]:
        """Where that from `start` to `end` of what `line` means stands in the text that has `line` at `offset`."""
        first, last = start, end
        longer = 0  # than what it means is the line, up to here
        for match in self.pattern.finditer(line):
            begins = match.start() - longer  # in what it means
            ends = begins + len(self.meaning(match))
            longer = match.end() - ends
            if ends <= start:
                first = start + longer
            elif begins <= start:
                first = match.start()
            if ends <= end:
                last = end + longer
            elif begins < end:
                last = match.end()
        return offset + first, offset + last


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _MEANT.get(match[3], match[3])


_FORMS = (
    _Form("\\", re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))"), _unescaped),
    _Form("%", re.compile(r"(?:%[0-9a-fA-F]{2})+|\+"), lambda match: unquote_plus(match[0])),
    _Form(
        "&",
        re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});"),
        lambda match: html.unescape(match[0]),
    ),
)
