"""Every error that boto3 can raise about a model call has its place in the model layer's errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.exceptions as bx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import create_parser

from providers.bedrock import BOTOCORE_ERRORS, ERROR_CODES, from_boto, is_unreadable_answer, unreadable_answer
from providers.errors import (
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    PermanentModelError,
    RetryableModelError,
)
from providers.model import StopReason
from providers.stop_reasons import STOP_OUTCOMES
from tests.stand_in.service_model import error_statuses, service_model

MODEL = "amazon.nova-lite-v1:0"


def service_error(
    code: str, status: int | None = 400, message: str = "No.", operation: str = "Converse"
) -> ClientError:
    response: dict[str, Any] = {"Error": {"Code": code, "Message": message}}
    if status is not None:
        response["ResponseMetadata"] = {"HTTPStatusCode": status}
    return ClientError(response, operation)  # type: ignore[arg-type]  # a response as a service may send it


def mapped(error: ClientError | BotoCoreError, label: str = "judge") -> ModelError:
    return from_boto(error, MODEL, label)


def subclasses(kind: type[BotoCoreError]) -> Iterator[type[BotoCoreError]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith("botocore."):
            yield subclass
            yield from subclasses(subclass)


def test_every_error_of_the_installed_service_model_is_in_the_table() -> None:
    assert set(error_statuses()) <= set(ERROR_CODES)
    assert len(error_statuses()) >= 12, "the walk must find the errors"


def test_every_stop_reason_of_the_installed_service_model_is_known() -> None:
    modelled: Any = service_model().shape_for("StopReason")
    assert {reason.value for reason in StopReason} == set(modelled.enum)
    assert set(STOP_OUTCOMES) == set(StopReason)


@pytest.mark.parametrize("root", [bx.HTTPClientError, bx.ConnectionError])
def test_every_transport_error_of_the_installed_botocore_is_in_the_table(root: type[BotoCoreError]) -> None:
    found = {root, *subclasses(root)}
    assert found <= set(BOTOCORE_ERRORS)
    assert len(found) >= 4
    assert all(issubclass(BOTOCORE_ERRORS[error].error, RetryableModelError) for error in found)


def test_every_sign_in_error_of_the_installed_botocore_is_access_denied() -> None:
    words = ("Credential", "Token", "SSO", "Login", "Profile")
    found = [error for error in subclasses(BotoCoreError) if any(word in error.__name__ for word in words)]
    assert len(found) >= 15
    for error in found:
        assert issubclass(mapped(error.__new__(error)).__class__, ModelAccessDeniedError), error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDeniedException", ModelAccessDeniedError),
        ("ConflictException", ModelRequestError),
        ("InternalServerException", ModelUnavailableError),
        ("ModelErrorException", ModelUnavailableError),
        ("ModelNotReadyException", ModelUnavailableError),
        ("ModelStreamErrorException", ModelUnavailableError),
        ("ModelTimeoutException", ModelTimeoutError),
        ("ResourceNotFoundException", ModelNotFoundError),
        ("ServiceQuotaExceededException", ModelThrottledError),
        ("ServiceUnavailableException", ModelUnavailableError),
        ("ThrottlingException", ModelThrottledError),
        ("ValidationException", ModelRequestError),
        ("UnrecognizedClientException", ModelAccessDeniedError),
        ("ExpiredTokenException", ModelAccessDeniedError),
        ("ExpiredToken", ModelAccessDeniedError),
        ("InvalidSignatureException", ModelAccessDeniedError),
        ("SignatureDoesNotMatch", ModelAccessDeniedError),
        ("IncompleteSignature", ModelAccessDeniedError),
        ("IncompleteSignatureException", ModelAccessDeniedError),
        ("MissingAuthenticationToken", ModelAccessDeniedError),
        ("MissingAuthenticationTokenException", ModelAccessDeniedError),
        ("InvalidClientTokenId", ModelAccessDeniedError),
        ("AccessDenied", ModelAccessDeniedError),
        ("NotAuthorized", ModelAccessDeniedError),
        ("OptInRequired", ModelAccessDeniedError),
        ("RequestExpired", ModelAccessDeniedError),
        ("TooManyRequestsException", ModelThrottledError),
        ("RequestTimeout", ModelTimeoutError),
        ("RequestTimeoutException", ModelTimeoutError),
        ("UnknownOperationException", ModelRequestError),
    ],
)
def test_error_codes(code: str, expected: type[ModelError]) -> None:
    error = mapped(service_error(code, 418))
    assert type(error) is expected
    assert code in str(error)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, ModelRequestError),
        (401, ModelAccessDeniedError),
        (403, ModelAccessDeniedError),
        (404, ModelNotFoundError),
        (408, ModelTimeoutError),
        (413, ModelRequestError),
        (429, ModelThrottledError),
        (500, ModelUnavailableError),
        (502, ModelUnavailableError),
        (503, ModelUnavailableError),
        (504, ModelUnavailableError),
        (599, ModelUnavailableError),
        (301, ModelRequestError),
        (None, ModelRequestError),
    ],
)
def test_an_unknown_code_is_judged_by_its_status(status: int | None, expected: type[ModelError]) -> None:
    assert type(mapped(service_error("NovelException", status))) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (bx.ReadTimeoutError(endpoint_url="http://x"), ModelTimeoutError),
        (bx.ConnectTimeoutError(endpoint_url="http://x"), ModelTimeoutError),
        (bx.EndpointConnectionError(endpoint_url="http://x", error="refused"), ModelUnavailableError),
        (bx.ConnectionClosedError(endpoint_url="http://x"), ModelUnavailableError),
        (bx.ProxyConnectionError(proxy_url="http://x"), ModelUnavailableError),
        (bx.SSLError(endpoint_url="http://x", error=OSError("no")), ModelUnavailableError),
        (bx.HTTPClientError(error="odd"), ModelUnavailableError),
        (bx.ResponseStreamingError(error="cut"), ModelUnavailableError),
        (bx.IncompleteReadError(actual_bytes=1, expected_bytes=2), ModelUnavailableError),
        (bx.NoCredentialsError(), ModelAccessDeniedError),
        (bx.PartialCredentialsError(provider="env", cred_var="secret"), ModelAccessDeniedError),
        (bx.CredentialRetrievalError(provider="sso", error_msg="expired"), ModelAccessDeniedError),
        (bx.ProfileNotFound(profile="nope"), ModelAccessDeniedError),
        (bx.ConfigParseError(path="config"), ModelAccessDeniedError),
        (bx.SSOTokenLoadError(error_msg="no token"), ModelAccessDeniedError),
        (bx.UnauthorizedSSOTokenError(), ModelAccessDeniedError),
        (bx.TokenRetrievalError(provider="sso", error_msg="expired"), ModelAccessDeniedError),
        (bx.CapacityNotAvailableError(), ModelThrottledError),
        (bx.ParamValidationError(report="bad"), ModelRequestError),
        (bx.NoRegionError(), ModelRequestError),
        (bx.BotoCoreError(), ModelRequestError),
        (bx.DataNotFoundError(data_path="x"), ModelRequestError),
    ],
)
def test_botocores_own_errors(error: BotoCoreError, expected: type[ModelError]) -> None:
    assert type(mapped(error)) is expected


def test_a_subclass_that_a_later_botocore_adds_is_treated_as_its_nearest_ancestor() -> None:
    class SlowReadError(bx.ReadTimeoutError):
        pass

    assert type(mapped(SlowReadError(endpoint_url="http://x"))) is ModelTimeoutError


def test_the_message_says_what_where_and_what_to_do() -> None:
    text = str(mapped(service_error("ThrottlingException", 429, "Too many tokens per day.")))
    for part in ("ThrottlingException", "HTTP 429", "Too many tokens per day.", MODEL, "'judge'", "quota"):
        assert part in text
    assert "ListModels" in str(mapped(service_error("X", operation="ListModels")))


def test_the_message_of_a_request_without_a_label_names_the_model_alone() -> None:
    text = str(mapped(service_error("ThrottlingException", 429), label=""))
    assert MODEL in text
    assert "label" not in text


def test_the_message_of_a_botocore_error_says_what_where_and_what_to_do() -> None:
    text = str(mapped(bx.NoCredentialsError()))
    for part in ("Unable to locate credentials", MODEL, "'judge'", "aws configure"):
        assert part in text
    assert "MODEL_READ_TIMEOUT" in str(mapped(bx.ReadTimeoutError(endpoint_url="http://x")))
    assert "AWS_DEFAULT_REGION" in str(mapped(bx.NoRegionError()))


@pytest.mark.parametrize("treatment", [*ERROR_CODES.values(), *BOTOCORE_ERRORS.values()])
def test_every_treatment_has_advice(treatment: Any) -> None:
    assert issubclass(treatment.error, RetryableModelError | PermanentModelError)
    assert treatment.advice.endswith(".")


def test_a_message_is_one_line_of_bounded_length() -> None:
    text = str(mapped(bx.ParamValidationError(report="first\nsecond " + "x" * 10_000)))
    assert "\n" not in text
    assert "first second" in text
    assert len(text) < 1_000


def test_what_a_service_says_about_a_signature_is_not_repeated_whole() -> None:
    """It may quote the signed headers, the session token among them."""
    said = "The signature does not match.\n\nThe Canonical String should have been\n'x-amz-security-token:SECRET'"
    text = str(mapped(service_error("InvalidSignatureException", 403, said)))
    assert "The signature does not match." in text
    assert "SECRET" not in text


def test_a_service_error_without_a_message_still_reads_well() -> None:
    text = str(mapped(service_error("403", 403, "")))
    assert "403" in text
    assert ": ." not in text
    assert "  " not in text


def test_no_boto3_error_is_left_out() -> None:
    """Every error class botocore defines maps, whatever its constructor wants."""
    found = list(subclasses(BotoCoreError))
    assert len(found) >= 50
    for error in found:
        assert isinstance(mapped(error.__new__(error)), ModelError)


def test_an_answer_that_botocores_parser_chokes_on_is_told_from_other_defects() -> None:
    parser = create_parser("rest-json")
    shape = service_model().operation_model("Converse").output_shape
    assert shape is not None
    with pytest.raises(AttributeError) as caught:
        parser.parse({"status_code": 200, "headers": {}, "body": b'{"output": "x"}'}, shape)
    assert is_unreadable_answer(caught.value)
    assert MODEL in str(unreadable_answer(MODEL, "judge", repr(caught.value)))
    with pytest.raises(AttributeError) as elsewhere:
        object().nothing  # type: ignore[attr-defined]  # noqa: B018
    assert not is_unreadable_answer(elsewhere.value)
