"""Where an execution can be struck, and that a blow falls once."""

from __future__ import annotations

import pytest

from durable_conformance.execution.run import Run
from tests.patterns.catalogue import CATALOGUE
from tests.wire.fates import CALL, Blow, CutOff, Moment, Struck, every_blow

START, SUCCEED, ASKED = Moment("/1:a", "START"), Moment("/1:a", "SUCCEED"), Moment("/1:a", CALL)


@pytest.fixture(scope="module")
def clean() -> Run:
    return CATALOGUE["structured_output"].run("default event")


def test_every_checkpoint_and_every_call_can_be_struck_in_every_way(clean: Run) -> None:
    step = "/1:extract-contact"
    at_checkpoints = (Blow.KILLED_BEFORE_PERSIST, Blow.KILLED_AFTER_PERSIST, Blow.RESPONSE_LOST)
    assert [(struck.moment, struck.blow) for struck in every_blow(clean)] == [
        *((Moment(step, "START"), blow) for blow in at_checkpoints),
        *((Moment(step, "SUCCEED"), blow) for blow in at_checkpoints),
        (Moment(step, CALL), Blow.KILLED_DURING_CALL),
    ]


def test_a_blow_falls_once_and_only_at_its_moment() -> None:
    struck = Struck(SUCCEED, Blow.RESPONSE_LOST)
    assert struck.at_checkpoint([START]) is None
    assert struck.at_call(ASKED) is None
    assert not struck.fell
    assert struck.at_checkpoint([START, SUCCEED]) is Blow.RESPONSE_LOST
    assert struck.fell
    assert struck.at_checkpoint([SUCCEED]) is None


def test_a_blow_names_its_moment() -> None:
    assert str(Struck(Moment("/1:a", "RETRY", 1), Blow.RESPONSE_LOST)) == (
        "/1:a RETRY #2, persisted, the response lost"
    )


def test_who_is_cut_off_persists_nothing_that_was_done_until_an_invocation_has_failed_of_it() -> None:
    fate = CutOff()
    fate.invocation_failed()
    assert fate.at_checkpoint([START]) is None
    assert fate.at_checkpoint([SUCCEED]) is fate.at_checkpoint([SUCCEED]) is Blow.UNREACHABLE
    fate.invocation_failed()
    assert fate.at_checkpoint([SUCCEED]) is None
    assert fate.refused == 2
