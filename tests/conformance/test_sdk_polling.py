"""The private setting that `sdk_polling` touches is still there, and still read at each look."""

from __future__ import annotations

import inspect

from aws_durable_execution_sdk_python import state

from durable_conformance.runtime.sdk_polling import QUICK_SECONDS, SETTING, quick_stops


def test_the_sdk_has_the_setting_and_reads_it_when_it_looks() -> None:
    usual = getattr(state, SETTING)
    assert isinstance(usual, float)
    assert usual > QUICK_SECONDS
    assert SETTING in inspect.getsource(state.ExecutionState), "read from the module, not copied at import"


def test_it_is_set_while_anybody_needs_it_and_restored_by_the_last() -> None:
    usual = getattr(state, SETTING)
    with quick_stops():
        with quick_stops():
            assert getattr(state, SETTING) == QUICK_SECONDS
        assert getattr(state, SETTING) == QUICK_SECONDS
    assert getattr(state, SETTING) == usual
