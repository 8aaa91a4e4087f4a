"""The first cause that a check names is the line of the fault: for nine of ten broken handlers, and in one group."""

from __future__ import annotations

import pytest

from tests.conformance.cause_table import Named, faults, measured
from tests.conformance.corpus import BROKEN
from tests.conformance.corpus.entry import Shelf
from tests.conformance.mutants import MUTANTS

SHELVES = {**BROKEN, **MUTANTS}
ALL = [entry for shelf in SHELVES.values() for entry in shelf.entries.values()]

NAMED_LATER = frozenset({"strands_as_one_step_with_default_retries"})
"""An error that leaves its library by the way of a `BaseException` is told first."""

NOT_NAMED = frozenset(
    {
        "approval_among_gathered_coroutines",  # the library's own task hands it to a thread
        # What is repeated is named, and not the decorator that allows it:
        "agent_calls_a_tool_twice_that_must_not_be",
        "strands_calls_a_tool_twice_that_must_not_be",
        "strands_runs_tools_in_threads",  # the operation in the thread, and not what chooses the threads
    }
)
TWO_FAULTS = frozenset(
    {
        "call_in_the_body_of_a_map_branch",
        "call_in_a_branch_whose_result_is_too_large",
        "call_in_a_map_whose_results_are_too_large",
    }
)
"""Their batches drop what failed, too: each fault is a group of its own."""

FIRST, SOMEWHERE, GROUPS = 0.95, 0.969, 1.2
"""At least: the shares of handlers whose fault is named first, and at all.

At most: the mean of groups where there is one fault.
"""


@pytest.mark.parametrize("shelf", SHELVES.values(), ids=SHELVES)
def test_the_line_of_the_fault_is_named_first(shelf: Shelf) -> None:
    all_ = list(measured({"": shelf}))
    by_name = {one.entry.name: one for one in all_ if one.named is not Named.FIRST}
    wrong = {name: one.lines for name, one in by_name.items() if name not in NAMED_LATER | NOT_NAMED}
    assert wrong == {}
    groups = {one.entry.name: one.groups for one in all_ if one.entry.name not in TWO_FAULTS}
    assert sum(groups.values()) <= GROUPS * len(groups), groups


def test_the_goals_are_met() -> None:
    assert len(NOT_NAMED | NAMED_LATER) <= (1 - FIRST) * len(ALL)
    assert len(NOT_NAMED) <= (1 - SOMEWHERE) * len(ALL)


def test_each_fault_is_marked() -> None:
    assert [entry.name for entry in ALL if not faults(entry)] == []
