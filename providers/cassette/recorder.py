"""Records a conversation with a model into a cassette, by listening to boto3's client.

It uses botocore's public events only: `before-send` has the request, `before-parse` the answer as it came over the
wire, `response-received` the exception where none came. All three are emitted on the thread that makes the call.
"""

from __future__ import annotations

import datetime as dt
import http
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from providers.bedrock import DEFAULT_TIERS, BedrockProvider, make_client
from providers.cassette.file import (
    ENDPOINT,
    FAULT_STATUS,
    RECORD_ADVICE,
    Cassette,
    CassetteError,
    Interaction,
    Provenance,
    read_cassette,
    write_cassette,
)
from providers.cassette.match import Key
from providers.cassette.player import FAULTS, CassettePlayer, answer
from providers.scrub import NO_ACCOUNT, RESPONSE_HEADERS, account_ids, masked, masked_numbers

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

STAND_IN_HEADER = "x-durable-ai-stand-in"
"""The stand-in puts it on every answer."""

SHORTEST_SECRET = 16
"""Characters of a credential that is worth looking for: AWS's have more, and a made-up one may be any word."""

_AWS_HOST = re.compile(r".+\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)")
_CONVERSE_PATH = re.compile(r"/model/[^/]+/converse$")
_CREDENTIAL = re.compile(r"Credential=([^/]+)/|Bearer (\S+)")
_FIRST_ERROR_STATUS = 300

type Source = Literal["stand-in", "bedrock", "unknown"]


def utc_now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class _Sent:
    """A request on its way. The URL has the place of `ENDPOINT`, whichever was asked; the host is the one asked."""

    method: str
    url: str
    host: str
    body: bytes

    @property
    def key(self) -> Key:
        return Key.of(self.method, self.url, self.body)


@dataclass(frozen=True)
class _Exchange:
    """A request and what came of it, nothing masked yet. A fault has no source."""

    sent: _Sent
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    source: Source | None


class CassetteRecorder:
    """Listens to clients, and writes what it heard when told to. Safe from any number of threads.

        recorder = CassetteRecorder("cassettes/prompt_chaining/default.yaml")
        model = recorder.provider(os.environ)
        ...  # ask
        recorder.save()

    Args:
        path: The file to write. It is not touched before `save`.
        keep: Play what the file holds instead of asking for it again, and add what it does not hold. What is not asked
            for any more is left out.
        clock: Tells when it is, with its time zone.

    Raises:
        CassetteError: With `keep`, the file exists and is no cassette.
    """

    def __init__(self, path: str | Path, *, keep: bool = False, clock: Callable[[], dt.datetime] = utc_now) -> None:
        self._path = Path(path)
        self._clock = clock
        self._lock = threading.Lock()
        self._asking: dict[int, _Sent] = {}  # by thread: one call at a time
        self._heard: list[_Exchange] = []
        self._played: list[Interaction] = []
        self._lost: list[str] = []
        self._secrets: set[str] = set()
        self._settings: BedrockProvider | None = None
        self._old = read_cassette(self._path) if keep and self._path.exists() else None
        self._player = CassettePlayer(self._path, self._old) if self._old else None

    def provider(self, environ: Mapping[str, str]) -> BedrockProvider:
        """A Bedrock provider with `environ`'s settings, whose calls are recorded. A replay will take those settings.

        Raises:
            BedrockConfigurationError: One of them is malformed.
        """
        self._settings = BedrockProvider.from_environment(
            environ, client_factory=lambda **options: self.attach(make_client(**options))
        )
        return self._settings

    def attach(self, client: BedrockRuntimeClient) -> BedrockRuntimeClient:
        """Record what `client` asks from now on, and return it."""
        events: Any = client.meta.events  # its stubs know only handlers that return nothing
        # First: another handler may answer, fail, or change what it is given.
        events.register_first("before-send.bedrock-runtime.Converse", self._before_send)
        events.register_first("before-parse.bedrock-runtime.Converse", self._before_parse)
        events.register_first("response-received.bedrock-runtime.Converse", self._response_received)
        return client

    def save(self) -> None:
        """Write the cassette, whole or not at all.

        Raises:
            CassetteError: Nothing was asked; a call has not ended, or in something that a cassette cannot hold; answers
                came from more than one source; or the file would hold a secret. It is then as it was.
        """
        with self._lock:
            asking = list(self._asking.values())
        if asking:
            raise CassetteError(
                f"{self._path} is not written: the request ({asking[0].key}) has no answer yet. Wait for its thread."
            )
        if self._lost:
            raise CassetteError(f"{self._path} is not written: {'; '.join(self._lost)}. No cassette can hold that.")
        if not self._heard and not self._played:
            raise CassetteError(f"{self._path} is not written: no model was asked, so there is nothing to record.")
        if self._old and not self._heard and len(self._played) == len(self._old.interactions):
            return
        accounts = self._accounts()
        interactions = [*self._played, *(_scrubbed(exchange, accounts) for exchange in self._heard)]
        interactions.sort(key=_place)
        cassette = Cassette(version=1, provenance=self._provenance(interactions), interactions=tuple(interactions))
        write_cassette(self._path, cassette, secrets=self._secrets | accounts)

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        self._note_secrets(request)
        url = urlsplit(request.url)
        path = _CONVERSE_PATH.search(url.path)
        assert path is not None, "the service model has Converse at this path"
        body = request.body
        assert isinstance(body, bytes | bytearray), "botocore serialises JSON to bytes"
        sent = _Sent(request.method, ENDPOINT + path[0], url.hostname or "", bytes(body))
        played = self._player.take(sent.key) if self._player else None
        with self._lock:
            if played is None:
                self._asking[threading.get_ident()] = sent
                return None
            self._played.append(played)
        return answer(played, request.url)

    def _before_parse(self, response_dict: Mapping[str, Any], **_: Any) -> None:
        sent = self._take_sent()
        if sent is not None:
            headers = {name.lower(): value for name, value in response_dict["headers"].items()}
            status = response_dict["status_code"]
            reason = http.HTTPStatus(status).phrase if status in http.HTTPStatus else ""
            self._hear(_Exchange(sent, status, reason, headers, response_dict["body"], _source(sent.host, headers)))

    def _response_received(self, exception: Exception | None, **_: Any) -> None:
        sent = self._take_sent()
        if sent is None or exception is None:
            return
        name = type(exception).__name__
        if name in FAULTS:
            self._hear(_Exchange(sent, FAULT_STATUS, name, {}, b"", None))
        else:
            with self._lock:
                self._lost.append(f"the request ({sent.key}) ended in {exception!r}")

    def _take_sent(self) -> _Sent | None:
        """The request that this thread sent; None if it was played, or was taken already."""
        with self._lock:
            return self._asking.pop(threading.get_ident(), None)

    def _hear(self, exchange: _Exchange) -> None:
        with self._lock:
            self._heard.append(exchange)

    def _note_secrets(self, request: AWSPreparedRequest) -> None:
        """Whatever signs the request must not be in the file, should a model or a prompt repeat it."""
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        signed = _CREDENTIAL.search(headers.get("authorization", ""))
        found = {headers.get("x-amz-security-token"), *(signed.groups() if signed else ())}
        with self._lock:
            self._secrets |= {secret for secret in found if secret and len(secret) >= SHORTEST_SECRET}

    def _accounts(self) -> set[str]:
        texts = [_text(part) for item in self._heard for part in (item.sent.url, item.sent.body, item.body)]
        return set().union(*(account_ids(text) for text in texts))

    def _provenance(self, interactions: list[Interaction]) -> Provenance:
        sources = {exchange.source for exchange in self._heard if exchange.source}
        if self._old and self._played:
            sources.add(self._old.provenance.source if self._old.provenance else "unknown")
        if len(sources) > 1:
            raise CassetteError(
                f"{self._path} is not written: its answers would come from {' and '.join(sorted(sources))}. "
                f"A cassette has one source. {RECORD_ADVICE}"
            )
        tiers = {tier: self._settings.model_id(tier) for tier in DEFAULT_TIERS} if self._settings else {}
        return Provenance(
            source=sources.pop() if sources else "unknown",
            recorded=self._clock().astimezone(dt.UTC).date(),
            boto3=boto3.__version__,
            model_ids=tuple(sorted({unquote(item.uri.split("/")[-2]) for item in interactions})),
            tiers={tier: masked(model_id) for tier, model_id in tiers.items() if model_id != DEFAULT_TIERS[tier]},
            structured_output=self._settings.structured_output if self._settings else True,
        )


def _source(host: str, headers: Mapping[str, str]) -> Source:
    if STAND_IN_HEADER in headers:
        return "stand-in"
    return "bedrock" if _AWS_HOST.fullmatch(host) else "unknown"


def _scrubbed(exchange: _Exchange, accounts: set[str]) -> Interaction:
    """The exchange as a cassette may hold it.

    An account id outside an ARN is masked where the service says it: in an error message, which may name any account,
    and in an answer that repeats one of the `accounts` in use.
    """
    mask = masked_numbers if exchange.status >= _FIRST_ERROR_STATUS else masked
    said = mask(_text(exchange.body))
    for account in accounts:
        said = re.sub(rf"(?<!\d){account}(?!\d)", NO_ACCOUNT, said)
    return Interaction(
        method=exchange.sent.method,
        uri=masked(exchange.sent.url),
        request_headers={"Content-Type": ["application/json"]},
        request_body=masked(exchange.sent.body.decode()),
        status=exchange.status,
        reason=exchange.reason,
        headers={name: [value] for name, value in sorted(exchange.headers.items()) if name in RESPONSE_HEADERS},
        body=said if _is_utf8(exchange.body) else said.encode("latin-1"),
    )


def _place(interaction: Interaction) -> tuple[str, int, str, str]:
    """Sorts by label (`turn-9` before `turn-10`), then by length of the conversation, then by content."""
    key = Key.of(interaction.method, interaction.uri, interaction.request_body)
    label = re.sub(r"\d+", lambda digits: digits[0].zfill(9), key.label)
    return label, len(key.document.get("messages", ())), key.path, key.body


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(raw: str | bytes) -> str:
    if isinstance(raw, str):
        return raw
    return raw.decode() if _is_utf8(raw) else raw.decode("latin-1")
