"""Where an execution can be interrupted, and that a fault happens once."""

from __future__ import annotations

import pytest

from durable_conformance import CrashKind, CrashPoint
from durable_conformance.execution import MODEL_CALL, Checkpointed, Run
from tests.patterns.catalogue import CATALOGUE
from tests.wire.faults import (
    ConnectionFault,
    Crash,
    ResponseLost,
    ServiceOutage,
    SingleFault,
    every_fault,
)

AT_UPDATES = (CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST)

START, SUCCEED = ("/1:a", "START", 0), ("/1:a", "SUCCEED", 0)


def update(path: str, action: str, occurrence: int) -> Checkpointed:
    return Checkpointed(1, path, action, occurrence)


@pytest.fixture(scope="module")
def baseline() -> Run:
    return CATALOGUE["structured_output"].run("default event")


def test_every_checkpoint_and_every_call_can_be_interrupted_in_every_way(baseline: Run) -> None:
    step, faults = "/1:extract-contact", every_fault(baseline)
    assert [fault.point for fault in faults if isinstance(fault, Crash)] == [
        *(CrashPoint(step, "START", 0, kind) for kind in AT_UPDATES),
        *(CrashPoint(step, "SUCCEED", 0, kind) for kind in AT_UPDATES),
        CrashPoint(step, MODEL_CALL, 0, CrashKind.DURING_CALL),
    ]
    assert [(fault.update.path, fault.update.action) for fault in faults if isinstance(fault, ResponseLost)] == [
        (step, "START"),
        (step, "SUCCEED"),
    ]
    assert all(isinstance(fault, Crash | ResponseLost) for fault in faults)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (ResponseLost(update(*SUCCEED)), ConnectionFault.RESPONSE_LOST),
        (Crash(CrashPoint(*SUCCEED, CrashKind.AFTER_PERSIST)), CrashKind.AFTER_PERSIST),
    ],
    ids=str,
)
def test_a_fault_happens_once_and_only_at_its_place(fault: SingleFault, what: CrashKind | ConnectionFault) -> None:
    assert fault.at_update(*START) is None
    assert fault.at_call("/1:a", 0) is None
    assert not fault.fired
    assert fault.at_update(*SUCCEED) is what
    assert fault.fired
    assert fault.at_update(*SUCCEED) is None


def test_a_call_is_interrupted_and_no_update() -> None:
    crash = Crash(CrashPoint("/1:a", MODEL_CALL, 1, CrashKind.DURING_CALL))
    assert crash.at_update("/1:a", "SUCCEED", 1) is crash.at_call("/1:a", 0) is None
    assert crash.at_call("/1:a", 1) is CrashKind.DURING_CALL
    assert crash.at_call("/1:a", 1) is None


def test_a_fault_names_its_place() -> None:
    assert str(ResponseLost(update("/1:a", "RETRY", 1))) == "/1:a RETRY #2, persisted, the response lost"
    point = CrashPoint("/1:a", "RETRY", 1, CrashKind.BEFORE_PERSIST)
    assert str(Crash(point)) == str(point) == "/1:a RETRY #2 before it persists"


def test_a_token_is_not_revoked_here() -> None:
    with pytest.raises(ValueError, match="the token revoked: on the wire a process is killed before it persists"):
        Crash(CrashPoint(*SUCCEED, CrashKind.TOKEN_REVOKED))


def test_in_a_service_outage_nothing_that_was_done_persists_until_an_invocation_has_failed_of_it() -> None:
    outage = ServiceOutage()
    outage.invocation_failed()
    assert outage.at_update(*START) is None
    assert outage.at_update(*SUCCEED) is outage.at_update(*SUCCEED) is ConnectionFault.UNREACHABLE
    outage.invocation_failed()
    assert outage.at_update(*SUCCEED) is None
    assert outage.refused == 2
