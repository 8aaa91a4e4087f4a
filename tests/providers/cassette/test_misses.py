"""A request that was not recorded, and a recording that was not asked for, fail where nobody can overlook it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from providers import FatalModelError, ModelError
from providers.cassette import (
    CassetteError,
    CassetteMiss,
    CassetteProvider,
    CassetteStale,
)
from tests.providers.cassette.interactions import ProviderOf, recorded
from tests.providers.contract import question


def test_a_request_that_is_not_recorded_is_a_fatal_error_that_names_the_change(provider_of: ProviderOf) -> None:
    provider = provider_of(recorded(question("What do you see?")))
    with pytest.raises(CassetteMiss) as caught:
        provider.converse(question("What do you hear?"))
    assert not isinstance(caught.value, ModelError), "no handler may take it for the model's"
    assert "around.yaml holds no recording" in str(caught.value)
    assert 'messages[0].content[0].text: recorded "What do you see?", asked "What do you hear?"' in str(caught.value)
    assert provider.misses == (caught.value,)


def test_a_recording_is_never_played_twice(provider_of: ProviderOf) -> None:
    provider = provider_of(recorded(question()))
    provider.converse(question())
    with pytest.raises(CassetteMiss, match="the only recording of this request is used up"):
        provider.converse(question())


def test_a_miss_shows_what_is_played_and_what_is_not(provider_of: ProviderOf) -> None:
    provider = provider_of(recorded(question("One?")), recorded(question("Two?")))
    provider.converse(question("One?"))
    with pytest.raises(CassetteMiss, match="number 2:"):
        provider.converse(question("Three?"))


def test_an_empty_cassette_says_so(provider_of: ProviderOf) -> None:
    with pytest.raises(CassetteMiss, match=r"holds no recordings at all.*--record-mode=rewrite"):
        provider_of().converse(question())


def test_a_missing_cassette_says_how_to_record(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match=r"no cassette .*nowhere\.yaml.*--record-mode=rewrite"):
        CassetteProvider(tmp_path / "nowhere.yaml")


# Verifying ------------------------------------------------------------------------------------------------------------


def test_a_miss_that_a_handler_swallowed_is_raised_by_verify(provider_of: ProviderOf) -> None:
    provider = provider_of(recorded(question("What do you see?")))
    for prompt in ("What do you hear?", "What do you smell?"):
        with contextlib.suppress(Exception):  # as a careless handler does
            provider.converse(question(prompt))
    with pytest.raises(CassetteMiss, match="What do you hear"):
        provider.verify()
    assert len(provider.misses) == 2


def test_what_was_not_asked_for_is_stale_and_named(provider_of: ProviderOf) -> None:
    provider = provider_of(
        recorded(question("One?", "first")),
        recorded(question("Two? " * 50, "second")),
        recorded(question("One?", "first")),
    )
    provider.converse(question("One?", "first"))
    with pytest.raises(CassetteStale) as caught:
        provider.verify()
    message = str(caught.value)
    assert "around.yaml: 2 of 3 recorded interactions were not asked for" in message
    assert '\n  interaction 2: label "second", prompt "Two? Two?' in message
    assert '\n  interaction 3: label "first", prompt "One?"\n' in message
    assert "--record-mode=rewrite" in message
    assert len(message) < 600


def test_only_the_first_stale_interactions_are_listed(provider_of: ProviderOf) -> None:
    with pytest.raises(CassetteStale, match="and 15 more") as caught:
        provider_of(*[recorded(question(label=f"l{number}")) for number in range(25)]).verify()
    assert str(caught.value).count("interaction ") == 10


def test_leaving_the_context_verifies(provider_of: ProviderOf) -> None:
    with provider_of(recorded(question())) as provider:
        provider.converse(question())
    with pytest.raises(CassetteStale), provider_of(recorded(question())):
        pass


def after_a_miss(cassette: CassetteProvider, error: BaseException) -> None:
    with cassette as provider, contextlib.suppress(CassetteMiss):
        try:
            provider.converse(question("Other?"))
        except FatalModelError:
            raise error from None


def test_leaving_the_context_by_an_error_shows_the_miss_behind_it_and_nothing_stale(provider_of: ProviderOf) -> None:
    with pytest.raises(ZeroDivisionError), provider_of(recorded(question())):
        raise ZeroDivisionError
    with pytest.raises(CassetteMiss) as caught:
        after_a_miss(provider_of(recorded(question())), ZeroDivisionError())
    assert isinstance(caught.value.__context__, ZeroDivisionError)
    with pytest.raises(KeyboardInterrupt):
        after_a_miss(provider_of(recorded(question())), KeyboardInterrupt())
