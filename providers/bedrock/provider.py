"""Amazon Bedrock's Converse API as a model provider, on boto3."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from providers.bedrock.converse import request_to_converse, response_from_converse
from providers.bedrock.deadline import TooLateError, within
from providers.bedrock.errors import from_boto, is_unreadable_answer, too_late, unreadable_answer
from providers.errors import PermanentModelError
from providers.model import ModelRequest, ModelResponse
from providers.settings import READ_TIMEOUT_SECONDS, Settings, Terms

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

DEFAULT_TIERS: Mapping[str, str] = MappingProxyType(
    {
        "small": "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        "medium": "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "large": "global.anthropic.claude-opus-4-5-20251101-v1:0",
    }
)
"""The model id each tier stands for unless told otherwise: cross-region inference profiles."""

GRACE_SECONDS = 0.5
"""How much longer than the read timeout a whole call may take: so boto3's own error, which says more, is first."""

LONGEST_READ_TIMEOUT_SECONDS = 899
"""Just below the longest timeout that Lambda gives a function: 900 seconds."""

CONNECT_TIMEOUT_SECONDS = 5
"""Longest wait for a connection, in seconds: one that takes longer is not going to come."""

MAX_CONNECTIONS = 50
"""Connections kept open: one for each branch that may call at the same time."""


class BedrockConfigurationError(PermanentModelError):
    """A setting of the Bedrock provider makes no sense: the message says which, and what it may be."""


_TERMS = Terms(DEFAULT_TIERS, LONGEST_READ_TIMEOUT_SECONDS, "the function's timeout", BedrockConfigurationError)


def make_client(
    *, read_timeout: int = READ_TIMEOUT_SECONDS, session: Session | None = None, **client_kwargs: Any
) -> BedrockRuntimeClient:
    """A Bedrock Runtime client as this provider wants it: bounded waits, and not one retry.

    The durable step owns retrying. Its delays suspend the function instead of billing it, and botocore's retries would
    multiply with the step's: three times six calls instead of six.

    Args:
        read_timeout: Longest wait for an answer, in seconds.
        session: Where credentials and region come from; None is a new session with boto3's usual sources.
        client_kwargs: Further arguments of boto3's `Session.client`; a `config` is merged into this provider's own.

    Raises:
        BotoCoreError: boto3 cannot make a client: no region, a profile that does not exist.
    """
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},  # both, or AWS_RETRY_MODE=adaptive adds waits of its own
        read_timeout=read_timeout,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        max_pool_connections=MAX_CONNECTIONS,
    )
    if (more := client_kwargs.pop("config", None)) is not None:
        config = config.merge(more)
    client: BedrockRuntimeClient = (session or Session()).client("bedrock-runtime", config=config, **client_kwargs)
    return client


def check_access(session: Session | None = None) -> None:
    """Make sure, before anything is asked, that boto3 finds credentials and a region; what they allow is not checked.

    Args:
        session: Where credentials and region come from; None is a new session with boto3's usual sources.

    Raises:
        BedrockConfigurationError: One of them is missing, or boto3's settings are broken.
    """
    try:
        session = session or Session()
        credentials, region = session.get_credentials(), session.region_name
    except BotoCoreError as error:
        raise BedrockConfigurationError(f"Amazon Bedrock cannot be asked: {error}") from error
    if credentials is None:
        raise BedrockConfigurationError(
            "There are no AWS credentials; log in, or choose a provider that needs none, such as cassette."
        )
    if region is None:
        raise BedrockConfigurationError(
            "There is no AWS region; set AWS_DEFAULT_REGION, or choose a provider that needs none, such as cassette."
        )


class BedrockProvider:
    """Answers model requests with Bedrock's Converse API. Safe from any number of threads.

    Args:
        client_factory: Makes the client, at the first call and once; None is `make_client`.
        tiers: Model ids for some or all of the tiers; the others keep `DEFAULT_TIERS`.
        structured_output: Send a request's output schema to the service. Switch it off for a model that has no
            structured output: the prompt asks for JSON, and the reply is validated, all the same.
        read_timeout: Longest wait for a whole answer, in seconds; of the default client, also between two bytes of it.
        bounded: Whether a call may end with `read_timeout`. Where nothing is waited for, as when a recording is played,
            it need not be, which costs less.

    Raises:
        BedrockConfigurationError: A tier or the timeout makes no sense.
    """

    def __init__(
        self,
        *,
        client_factory: Callable[[], BedrockRuntimeClient] | None = None,
        tiers: Mapping[str, str] | None = None,
        structured_output: bool = True,
        read_timeout: int = READ_TIMEOUT_SECONDS,
        bounded: bool = True,
    ) -> None:
        self._settings = Settings(_TERMS, tiers or {}, structured_output, read_timeout)
        self._longest_call = read_timeout + GRACE_SECONDS if bounded else None
        self._client_factory = client_factory or (lambda: make_client(read_timeout=read_timeout))
        self._client: BedrockRuntimeClient | None = None
        self._lock = threading.Lock()

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], *, client_factory: Callable[..., BedrockRuntimeClient] = make_client
    ) -> Self:
        """A provider with the settings that `environ` holds, all optional; credentials and region are boto3's affair.

        `MODEL_SMALL`, `MODEL_MEDIUM` and `MODEL_LARGE` are model ids, `MODEL_READ_TIMEOUT` is in seconds,
        `MODEL_STRUCTURED_OUTPUT` is `on` or `off`. The factory is given a `read_timeout`, as `make_client` takes it.

        Raises:
            BedrockConfigurationError: One of them is malformed.
        """
        settings = Settings.of(environ, _TERMS)
        return cls(
            client_factory=lambda: client_factory(read_timeout=settings.read_timeout),
            tiers=settings.tiers,
            structured_output=settings.structured_output,
            read_timeout=settings.read_timeout,
        )

    @property
    def structured_output(self) -> bool:
        """Whether output schemas are sent."""
        return self._settings.structured_output

    def model_id(self, model: str) -> str:
        """The model id that a request's `model` stands for: a tier's, or the id itself."""
        return self._settings.model_id(model)

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer `request` with exactly one HTTP request.

        Raises:
            ModelError: Of the kind that `providers.bedrock.errors` says; `ModelOutputError` for an answer of a shape
                that this version does not know.
            BedrockConfigurationError: boto3 cannot make a client of what is configured.
        """
        model_id = self.model_id(request.model)
        arguments = request_to_converse(request, model_id, structured_output=self.structured_output)
        try:
            client = self._ready_client()
            raw = within(self._longest_call, lambda: client.converse(**arguments))
        except TooLateError as error:
            raise too_late(model_id, request.label, str(error)) from error
        except (ClientError, BotoCoreError) as error:
            raise from_boto(error, model_id, request.label) from error
        except Exception as error:  # only what botocore's parser trips over; anything else is somebody's defect
            if not is_unreadable_answer(error):
                raise
            raise unreadable_answer(model_id, request.label, type(error).__name__) from error
        if not {"output", "stopReason"} & raw.keys():  # botocore takes a body that is no JSON for an empty object
            raise unreadable_answer(model_id, request.label, "it holds neither an output nor a stop reason")
        return response_from_converse(raw, model_id)

    def _ready_client(self) -> BedrockRuntimeClient:
        with self._lock:
            if self._client is None:
                try:
                    self._client = self._client_factory()
                except ValueError as error:  # boto3 refuses an endpoint that is no URL in this way
                    raise BedrockConfigurationError(f"boto3 cannot make a Bedrock client: {error}.") from error
            return self._client
