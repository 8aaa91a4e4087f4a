"""Endpoints that stall, reset, throttle or cannot be reached for a while: the execution waits, and ends right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from durable_conformance.execution import OperationRecord
from tests.e2e.outages import MODEL_OUTAGES, Outages
from tests.loopback import Stall
from tests.wire.deployable import RECORDED, Deployable
from tests.wire.verdict import findings

each_recorded = pytest.mark.parametrize("what", RECORDED, ids=str)


@each_recorded
@pytest.mark.parametrize("name", MODEL_OUTAGES)
def test_a_model_endpoint_that_fails(outages: Outages, what: Deployable, name: str) -> None:
    outage, run = MODEL_OUTAGES[name], outages.model[name][what].playing.result().run
    assert (run.status, run.result) == (what.local.status, what.local.result)
    assert [as_at_first(record) for record in run.operations] == list(what.local.operations)
    for record in (record for record in run.operations if record.path in what.local.ledger):
        attempts, error = record.attempts or 0, f"{outage.error.__module__}.{outage.error.__qualname__}"
        if isinstance(outage.fault, Stall):  # and so does a machine that is busy for longer than the timeout
            assert attempts > outage.times, record.path
        else:
            assert (attempts, record.error_type) == (outage.times + 1, error), record.path


def as_at_first(record: OperationRecord) -> OperationRecord:
    """An operation that succeeded, without its earlier attempts and what the last of them failed with."""
    if record.type != "STEP":
        return record
    return replace(record, attempts=1, error_type=None, error_message=None)


@each_recorded
def test_a_service_that_is_cut_off_once_there_is_something_to_persist(outages: Outages, what: Deployable) -> None:
    outage = outages.cut_off[what]
    played = outage.playing.result()
    assert findings(what.local, played) == []
    assert outage.faults.refused > 1, "boto3 has tried again"
    assert played.run.deaths


@each_recorded
def test_a_service_that_refuses_connections_at_first(outages: Outages, what: Deployable) -> None:
    outage = outages.closed[what]
    played = outage.playing.result()
    assert findings(what.local, played) == []
    assert outage.faults.refused
    assert played.run.deaths
