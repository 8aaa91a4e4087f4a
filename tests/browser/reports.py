"""Reports to open: one with findings, made by exploring a handler that has a defect."""

from __future__ import annotations

from durable_conformance import explore, handler_factory
from durable_conformance.evidence import Explored, Records
from durable_conformance.runtime import quiet_sdk_logs
from durable_conformance.subject import Reference
from tests.browser import support_desk

FILE = "tests/browser/support_desk.py"
NAME = "support_desk.py:answer_ticket"


def support_desk_report(*, other_sandboxes: bool = True) -> Explored:
    """Explore `support_desk`, in every variant, or without going on in other processes."""
    quiet_sdk_logs()
    records = Records()
    reference = Reference(f"{support_desk.__name__}:{support_desk.answer_ticket.__name__}")
    report = explore(
        handler_factory(support_desk.answer_ticket),
        support_desk.SCENARIO,
        elsewhere=reference if other_sandboxes else None,
        recorder=records.add,
    )
    return Explored(NAME, support_desk.EVENT["ticket"], report, tuple(records), file=FILE)
