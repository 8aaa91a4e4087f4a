"""What is kept of each run for a report, if somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from durable_conformance import CrashKind, Exploration, Report, explore, handler_factory
from durable_conformance.evidence import NOT_RUN, Arrival, Place, Records, RunRecord, Section, Trace
from durable_conformance.execution import UNDISTURBED
from durable_conformance.workers import Experiment, not_judged
from tests.browser.support_desk import SCENARIO, answer_ticket
from tests.conformance.made_up_runs import made_up

pytestmark = pytest.mark.xdist_group("run records")

CRASHES = Exploration(kinds=[CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL])


@dataclass(frozen=True)
class Recorded:
    report: Report
    records: Mapping[str, RunRecord]

    def trace(self, name: str) -> Trace:
        found = self.records[name].trace
        assert found is not None
        return found


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    records = Records()
    report = explore(handler_factory(answer_ticket), SCENARIO, CRASHES, recorder=records.add)
    return Recorded(report, {record.name: record for record in records})


def test_every_run_is_there_and_what_showed_a_finding_has_it(recorded: Recorded) -> None:
    assert len(recorded.records) == recorded.report.runs
    assert all(record.trace for record in recorded.records.values())
    found = [finding for record in recorded.records.values() for finding in record.findings]
    assert recorded.report.findings
    told = {replace(one, cause=None, line="") for one in recorded.report.findings}  # these are worked out afterwards
    assert told <= {replace(one, line="") for one in found}
    assert {record.place.section for record in recorded.records.values()} == {
        Section.WHOLE, Section.CRASHES, Section.FAULTS,
    }  # fmt: skip


def test_a_crash_shows_what_died_what_was_replayed_and_what_was_called_again(recorded: Recorded) -> None:
    made = recorded.trace("/2:draft-reply SUCCEED before it persists")
    died, again, last = made.invocations
    assert (died.ended, died.why) == ("died", "/2:draft-reply SUCCEED before it persists")
    assert [(moment.label, moment.path, moment.again) for moment in died.moments if moment.what == "CALL"] == [
        ("CALL", "/1:classify", False), ("CALL", "/2:draft-reply", False),
    ]  # fmt: skip
    order = [(moment.path, moment.what) for moment in died.moments]
    assert order.index(("/1:classify", "CALL")) < order.index(("/1:classify", "SUCCEED"))
    assert order.index(("/1:classify", "SUCCEED")) < order.index(("/2:draft-reply", "CALL"))
    assert again.replayed == ("/1:classify",)
    assert [(moment.label, moment.again) for moment in again.moments if moment.what == "CALL"] == [("CALL #2", True)]
    assert again.ended == "suspended"
    assert last.arrived == (Arrival("/3:sleep-on-it", "WAIT SUCCEEDED"),)
    assert 12 * 3600 <= last.at_seconds < 12 * 3600 + 60
    assert last.replayed == ("/1:classify", "/2:draft-reply", "/3:sleep-on-it")
    assert last.ended == made.status == "SUCCEEDED"


def test_a_run_that_began_like_another_shows_that_ones_beginning(recorded: Recorded) -> None:
    made = recorded.trace("/4:polish SUCCEED after it persisted, the response lost")
    assert made.first == 3
    assert [one.ended for one in made.invocations] == ["suspended", "died", "SUCCEEDED"]
    assert made.invocations[1].arrived == (Arrival("/3:sleep-on-it", "WAIT SUCCEEDED"),)
    assert made.invocations[1].why == "after /4:polish SUCCEED persisted"


def test_retries_are_kept_with_their_delays(recorded: Recorded) -> None:
    made = recorded.trace("ModelThrottledError in every call of /1:classify")
    assert [(one.path, one.delays) for one in made.retries] == [("/1:classify", (2, 4, 8, 16))]
    died = recorded.records[
        "ModelThrottledError in every call of /1:classify, and /1:classify RETRY after it persisted, the response lost"
    ]
    assert died.place == Place(Section.FAULTS, "/1:classify", column="throttled every time, dies in between")


def test_a_prompt_that_drifted_is_kept_whole_beside_the_other(recorded: Recorded) -> None:
    drifted = recorded.records["/1:classify SUCCEED after it persisted, the response lost"]
    (prompt,) = [one for one in drifted.comparisons if "asks the model" in one.what]
    assert prompt.what.startswith("What /2:draft-reply asks")
    assert "A delivery that is late." in prompt.expected
    assert "A delivery that is late." not in prompt.actual
    assert all(not record.comparisons for record in recorded.records.values() if not record.findings)


def test_what_became_of_a_run_replaces_its_plan_and_no_plan_replaces_that() -> None:
    experiment = Experiment("an id", "a run", Place(Section.WHOLE, "undisturbed"), UNDISTURBED, not_judged)
    plan, records = experiment.planned(), Records()
    made = plan.made(made_up(), ())
    records.add(plan)
    assert list(records) == [plan]
    assert plan.could_not_run == NOT_RUN
    records.add(experiment.planned("the process ended"))
    assert [record.could_not_run for record in records] == ["the process ended"]
    records.add(made)
    records.add(experiment.planned())
    assert list(records) == [made]
    assert (made.id, made.name, made.place) == (plan.id, plan.name, plan.place)
    assert made.trace
    assert not made.could_not_run
