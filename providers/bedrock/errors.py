"""What boto3 can raise about a model call, as the model layer's errors: tables, so that nothing goes unnoticed.

Codes and meanings: https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html. A test walks the installed service model and
the installed botocore: an error that is new there and missing here fails it.
"""

from __future__ import annotations

import traceback

import botocore.exceptions as bx
from botocore.exceptions import BotoCoreError, ClientError

from providers.errors import (
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from providers.treatment import Treatment, sentence

_THROTTLED = Treatment(
    ModelThrottledError,
    "Ask again later; if it lasts, raise the model's quota in Service Quotas or ask less at a time.",
)
_UNAVAILABLE = Treatment(ModelUnavailableError, "Ask again later; if it lasts, see the AWS Health Dashboard.")
_NOT_REACHED = Treatment(
    ModelUnavailableError, "Ask again later; if it lasts, check the region, the network and the endpoint settings."
)
_SLOW_SERVICE = Treatment(ModelTimeoutError, "Ask again later, or ask for less: a lower max_tokens, a shorter prompt.")
_SLOW_ANSWER = Treatment(
    ModelTimeoutError, "Ask again, ask for less, or raise MODEL_READ_TIMEOUT, but not to the function's own timeout."
)
_NO_CONNECTION = Treatment(
    ModelTimeoutError, "Ask again later; if it lasts, check the region, and that the network has a route to Bedrock."
)
_DENIED = Treatment(
    ModelAccessDeniedError,
    "Allow bedrock:InvokeModel on this model and its inference profile, and see that the account has access to it.",
)
_BAD_CREDENTIALS = Treatment(
    ModelAccessDeniedError,
    "Check the AWS credentials: a role that exists, keys that have not expired, a clock that is right.",
)
_NO_CREDENTIALS = Treatment(
    ModelAccessDeniedError,
    "Give boto3 credentials: a role, AWS_PROFILE naming a profile that exists, `aws configure`, or `aws sso login`.",
)
_NOT_FOUND = Treatment(
    ModelNotFoundError, "Check the model id (MODEL_SMALL, MODEL_MEDIUM, MODEL_LARGE) and that the region offers it."
)
_REFUSED = Treatment(ModelRequestError, "Correct the request; asking again as it is cannot help.")
_MISCONFIGURED = Treatment(ModelRequestError, "Correct boto3's configuration or the request, as the message says.")
_NO_REGION = Treatment(ModelRequestError, "Set AWS_DEFAULT_REGION, or a region in the AWS profile.")

ERROR_CODES: dict[str, Treatment] = {
    # The service model's own:
    "AccessDeniedException": _DENIED,
    "ConflictException": _REFUSED,
    "InternalServerException": _UNAVAILABLE,
    "ModelErrorException": _UNAVAILABLE,
    "ModelNotReadyException": _UNAVAILABLE,
    "ModelStreamErrorException": _UNAVAILABLE,
    "ModelTimeoutException": _SLOW_SERVICE,
    "ResourceNotFoundException": _NOT_FOUND,
    "ServiceQuotaExceededException": _THROTTLED,
    "ServiceUnavailableException": _UNAVAILABLE,
    "ThrottlingException": _THROTTLED,
    "ValidationException": _REFUSED,
    # Not in the model, and sent by every AWS service, or by STS when a role is assumed on the way:
    "AccessDenied": _DENIED,
    "NotAuthorized": _DENIED,
    "OptInRequired": _DENIED,
    "ExpiredToken": _BAD_CREDENTIALS,
    "ExpiredTokenException": _BAD_CREDENTIALS,
    "IncompleteSignature": _BAD_CREDENTIALS,
    "IncompleteSignatureException": _BAD_CREDENTIALS,
    "InvalidClientTokenId": _BAD_CREDENTIALS,
    "InvalidSignatureException": _BAD_CREDENTIALS,
    "MissingAuthenticationToken": _BAD_CREDENTIALS,
    "MissingAuthenticationTokenException": _BAD_CREDENTIALS,
    "RequestExpired": _BAD_CREDENTIALS,
    "SignatureDoesNotMatch": _BAD_CREDENTIALS,
    "UnrecognizedClientException": _BAD_CREDENTIALS,
    "RequestTimeout": _SLOW_SERVICE,
    "RequestTimeoutException": _SLOW_SERVICE,
    "TooManyRequestsException": _THROTTLED,
    "UnknownOperationException": _REFUSED,
}

_STATUSES: dict[int, Treatment] = {
    401: _BAD_CREDENTIALS,
    403: _DENIED,
    404: _NOT_FOUND,
    408: _SLOW_SERVICE,
    429: _THROTTLED,
}
_FIRST_SERVER_ERROR = 500

BOTOCORE_ERRORS: dict[type[BotoCoreError], Treatment] = {
    bx.ReadTimeoutError: _SLOW_ANSWER,
    bx.ConnectTimeoutError: _NO_CONNECTION,
    bx.HTTPClientError: _NOT_REACHED,
    bx.ConnectionClosedError: _NOT_REACHED,
    bx.ResponseStreamingError: _NOT_REACHED,
    bx.ConnectionError: _NOT_REACHED,
    bx.EndpointConnectionError: _NOT_REACHED,
    bx.ProxyConnectionError: _NOT_REACHED,
    bx.SSLError: _NOT_REACHED,
    bx.IncompleteReadError: _NOT_REACHED,
    bx.CapacityNotAvailableError: _THROTTLED,
    bx.NoCredentialsError: _NO_CREDENTIALS,
    bx.NoAuthTokenError: _NO_CREDENTIALS,
    bx.PartialCredentialsError: _NO_CREDENTIALS,
    bx.CredentialRetrievalError: _NO_CREDENTIALS,
    bx.UnknownCredentialError: _NO_CREDENTIALS,
    bx.TokenRetrievalError: _NO_CREDENTIALS,
    bx.UnknownTokenProviderError: _NO_CREDENTIALS,
    bx.MetadataRetrievalError: _NO_CREDENTIALS,
    bx.RefreshWithMFAUnsupportedError: _NO_CREDENTIALS,
    bx.SSOError: _NO_CREDENTIALS,
    bx.LoginError: _NO_CREDENTIALS,
    bx.ProfileNotFound: _NO_CREDENTIALS,
    bx.ConfigNotFound: _NO_CREDENTIALS,
    bx.ConfigParseError: _NO_CREDENTIALS,
    bx.InvalidConfigError: _NO_CREDENTIALS,
    bx.NoRegionError: _NO_REGION,
    bx.ParamValidationError: _REFUSED,
    BotoCoreError: _MISCONFIGURED,
}
"""By class; one that is not here is treated as its nearest ancestor, and `BotoCoreError` is everybody's."""


def from_boto(error: ClientError | BotoCoreError, model_id: str, label: str) -> ModelError:
    """The model layer's error for one of boto3's, which names the model and the label. Raise it `from` that one."""
    if isinstance(error, ClientError):
        treatment, what = _of_service(error)
    else:
        treatment = next(BOTOCORE_ERRORS[kind] for kind in type(error).__mro__ if kind in BOTOCORE_ERRORS)
        what = sentence(type(error).__name__, str(error))
    return treatment.failure(what, model_id, label)


def unreadable_answer(model_id: str, label: str, what: str) -> ModelError:
    """The error for an answer that is no Converse response: cut off, or sent by something between here and Bedrock."""
    return _NOT_REACHED.failure(sentence("The answer is not a Converse response", what), model_id, label)


def too_late(model_id: str, label: str, what: str) -> ModelError:
    """The error for a call that was still under way when its time was over."""
    return _SLOW_ANSWER.failure(what, model_id, label)


def is_unreadable_answer(error: Exception) -> bool:
    """Whether `error` comes from inside botocore's response parser.

    The parser does not check what it parses: a body that is no object, or holds a list where an object belongs, comes
    out as whatever Python raises there (`AttributeError`, `TypeError`, `UnicodeDecodeError`, `RecursionError`).
    """
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__") == "botocore.parsers" for frame, _ in frames)


def _of_service(error: ClientError) -> tuple[Treatment, str]:
    detail = error.response.get("Error", {})
    code = detail.get("Code", "an error without a code")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    by_status = _UNAVAILABLE if status >= _FIRST_SERVER_ERROR else _STATUSES.get(status, _REFUSED)
    said = detail.get("Message", "").partition("\n\n")[0]  # a signature error goes on with the signed headers
    return ERROR_CODES.get(code, by_status), sentence(f"{error.operation_name}: {code} (HTTP {status or '?'})", said)
