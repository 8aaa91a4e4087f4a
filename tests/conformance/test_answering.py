"""A model call is answered again as it was answered before, errors included."""

from __future__ import annotations

from durable_conformance.runtime.answering import raised_again
from providers import ModelError, ModelThrottledError


class QuotaError(ModelThrottledError):
    """A provider's own error, whose constructor takes more than a message."""

    def __init__(self, quota: str, *, seconds: int) -> None:
        super().__init__(f"{quota} is used up for {seconds} s")


def test_an_error_is_raised_again_whatever_its_constructor_takes() -> None:
    first = QuotaError("tokens", seconds=3)
    again = raised_again("QuotaError", str(first))
    assert (type(again), str(again)) == (QuotaError, "tokens is used up for 3 s")


def test_an_error_that_is_not_loaded_is_still_a_model_error() -> None:
    again = raised_again("UnheardOfError", "no")
    assert (type(again), str(again)) == (ModelError, "UnheardOfError: no")
