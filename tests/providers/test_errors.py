"""The kinds of errors, by what a workflow should do about them."""

from __future__ import annotations

from providers import FatalModelError, ModelError
from providers.cassette import CassetteMiss
from providers.scripted import ScriptExhaustedError


def test_what_is_fatal_is_no_error_of_the_model() -> None:
    """A workflow that handles errors of the model, or retries them, must not take it for one of them."""
    assert not issubclass(FatalModelError, ModelError)


def test_the_errors_of_a_test_that_asks_too_much_are_fatal() -> None:
    assert issubclass(CassetteMiss, FatalModelError)
    assert issubclass(ScriptExhaustedError, FatalModelError)
