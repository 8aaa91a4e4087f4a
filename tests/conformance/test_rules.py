"""Each rule on runs made by hand: what it reports, and what it leaves alone."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from dataclasses import replace
from typing import Any

import pytest

from durable_conformance import Finding, Semantics, rules
from durable_conformance.execution import Checkpointed, Death, EffectHappened, OperationRecord, Run, place
from durable_conformance.model import ModelCall, tag
from durable_conformance.rules import (
    EXECUTION,
    Canonical,
    Rule,
    Severity,
    budget,
    calls,
    canonical,
    endings,
    model_faults,
    side_effects,
    stability,
)
from providers import Message, ModelRequest
from tests.conformance.made_up_runs import made_call
from tests.conformance.made_up_runs import made_up as run

CRASH = "a crash"


def step(path: str = "/1:ask", **changes: Any) -> OperationRecord:
    return dataclasses.replace(OperationRecord(path, "STEP", "Step", "SUCCEEDED", attempts=1), **changes)


def context(path: str, sub_type: str = "RunInChildContext", **changes: Any) -> OperationRecord:
    return dataclasses.replace(OperationRecord(path, "CONTEXT", sub_type, "SUCCEEDED"), **changes)


def call(path: str | None = "/1:ask", prompt: str = "Hi", answer: str | None = "Hello", **changes: Any) -> ModelCall:
    return dataclasses.replace(made_call(path, ModelRequest(messages=(Message.user(prompt),)), answer), **changes)


def update(path: str = "/1:ask", action: str = "SUCCEED", **changes: Any) -> Checkpointed:
    plain = Checkpointed(1, path, action, 0, type="STEP", payload_bytes=10, name="ask")
    return dataclasses.replace(plain, **changes)


def found(findings: Any) -> list[tuple[str, str]]:
    reported: list[Finding] = list(findings)
    assert all(finding.crash == CRASH and finding.remedy for finding in reported)
    return [(finding.rule, finding.path) for finding in reported]


def pair(baseline: Run, other: Run) -> tuple[Canonical, Canonical, str]:
    return canonical(baseline), canonical(other), CRASH


def test_every_rule_is_checked() -> None:
    """A rule that is written and not named in `durable_conformance.rules` would never be reported."""
    modules = [importlib.import_module(f"{rules.__name__}.{one.name}") for one in pkgutil.iter_modules(rules.__path__)]
    written = {value.name for module in modules for value in vars(module).values() if isinstance(value, Rule)}
    assert written == set(rules.NAMES)


def test_replay_identity_needs_no_crash() -> None:
    failed = run(status="FAILED", error_type="sdk.NonDeterministicExecutionError", error_message="another name")
    assert found(stability.replay_identity(failed, CRASH)) == [("replay-identity", EXECUTION)]
    other = run(status="FAILED", error_type="ValueError", error_message="NonDeterministicExecutionError")
    assert found(stability.replay_identity(other, CRASH)) == []


@pytest.mark.parametrize(
    "other",
    [
        run(result={"a": 2}),
        run(status="FAILED", error_type="ValueError", error_message="no"),
    ],
)
def test_result_stability(other: Run) -> None:
    assert found(stability.result_stability(*pair(run(result={"a": 1}), other))) == [("result-stability", EXECUTION)]
    assert found(stability.result_stability(*pair(other, other))) == []


def test_an_answer_that_died_must_not_be_seen_in_the_result() -> None:
    lived = run(result=f"Hello ~{tag(1)}", calls=(call(answer=f"Hello ~{tag(1)}"),))
    died = run(result=f"Hello ~{tag(7)}", calls=lived.calls)
    assert found(stability.request_stability(*pair(lived, died))) == [("result-stability", EXECUTION)]
    again = run(result=f"Hello ~{tag(9)}", calls=(call(answer=f"Hello ~{tag(9)}"),))
    assert found(stability.result_stability(*pair(lived, again))) == [], "the same call's answer, by another tag"


@pytest.mark.parametrize(
    "operations",
    [(), (step(status="FAILED"),), (step(), step("/2:more")), (step("/1:other"),)],
    ids=["missing", "ended otherwise", "one more", "another name"],
)
def test_history_stability(operations: tuple[OperationRecord, ...]) -> None:
    baseline = run(operations=(step(),))
    assert [rule for rule, _ in found(stability.history_stability(*pair(baseline, run(operations=operations))))] == [
        "history-stability"
    ]
    assert found(stability.history_stability(*pair(baseline, baseline))) == []


def test_attempts_count_in_the_history_and_interrupted_ones_do_not() -> None:
    baseline = run(operations=(step(),))
    retried = run(operations=(step(attempts=2),), updates=(update(action="RETRY"),))
    assert found(stability.history_stability(*pair(baseline, retried))) == [("history-stability", "/1:ask")]
    interrupted = run(operations=(step(attempts=2),), updates=(update(action="RETRY", interrupted=True),))
    assert found(stability.history_stability(*pair(baseline, interrupted))) == []


@pytest.mark.parametrize(("reason", "rules"), [("ALL_COMPLETED", 1), ("MIN_SUCCESSFUL_REACHED", 0)])
def test_only_a_batch_that_ended_early_may_leave_its_branches_anywhere(reason: str, rules: int) -> None:
    batch = context("/1:race", "Parallel", result=f'{{"completionReason": "{reason}"}}')
    baseline = run(operations=(batch, context("/1:race/0:a", "ParallelBranch")), calls=(call("/1:race/0:a"),))
    other = run(
        operations=(batch, context("/1:race/1:b", "ParallelBranch", status="STARTED")), calls=(call("/1:race/1:b"),)
    )
    assert len(found(stability.history_stability(*pair(baseline, other)))) == rules
    assert len(found(stability.request_stability(*pair(baseline, other)))) == rules


def test_request_stability() -> None:
    baseline = run(calls=(call(),))
    drifted = run(calls=(call(prompt="Hi again"),))
    assert found(stability.request_stability(*pair(baseline, drifted))) == [("request-stability", "/1:ask")]
    assert found(stability.request_stability(*pair(baseline, run(calls=(call(), call()))))) == []


def test_no_repeated_call() -> None:
    baseline = run(calls=(call(),))
    again = (call(), call(invocation=2))
    repeated = run(calls=again, deaths=(Death(1, frozenset({"/1:ask"})),))
    assert found(calls.no_repeated_call(*pair(baseline, repeated))) == [("no-repeated-call", "/1:ask")]
    in_flight = run(calls=again, deaths=(Death(1, frozenset()),))
    assert found(calls.no_repeated_call(*pair(baseline, in_flight))) == []
    unexplained = run(calls=(*again, call(invocation=2)), deaths=(Death(1, frozenset()),))
    assert found(calls.no_repeated_call(*pair(baseline, unexplained))) == [("no-repeated-call", "/1:ask")]


def test_what_stands_in_a_context_that_had_ended_had_ended_too() -> None:
    flat = call("/1:map/0:item", invocation=2)
    repeated = run(calls=(flat,), deaths=(Death(1, frozenset({"/1:map"})),))
    assert found(calls.no_repeated_call(*pair(run(calls=(flat,)), repeated))) == [("no-repeated-call", "/1:map/0:item")]
    namesake = run(calls=(flat,), deaths=(Death(1, frozenset({"/1:ma"})),))
    assert found(calls.no_repeated_call(*pair(run(calls=(flat,)), namesake))) == []


def test_durable_calls() -> None:
    assert found(calls.durable_calls(run(calls=(call(None),)), CRASH)) == [("durable-calls", EXECUTION)]
    body = call("/1:part", operation_type="CONTEXT")
    leaf = run(operations=(context("/1:part"),), calls=(body,))
    assert found(calls.durable_calls(leaf, CRASH)) == []
    parent = run(operations=(context("/1:part"), step("/1:part/1:save")), calls=(body,))
    assert found(calls.durable_calls(parent, CRASH)) == [("durable-calls", "/1:part")]
    assert found(calls.durable_calls(run(operations=(step(),), calls=(call(),)), CRASH)) == []


def test_suspension() -> None:
    waiting = step("/1:wait", type="WAIT", status="STARTED")
    assert found(endings.suspension(run(operations=(waiting,)), CRASH)) == [("suspension", "/1:wait")]
    assert found(endings.suspension(run(status="FAILED", operations=(waiting,)), CRASH)) == []
    assert found(endings.suspension(run(status="ENDLESS"), CRASH)) == [("suspension", EXECUTION)]


def test_a_batch_may_leave_branches_and_a_branch_may_not_leave_operations() -> None:
    batch, branch = context("/1:race", "Parallel"), context("/1:race/0:slow", "ParallelBranch", status="STARTED")
    waiting = step("/1:race/0:slow/1:wait", type="WAIT", status="STARTED")
    assert found(endings.suspension(run(operations=(batch, branch, waiting)), CRASH)) == []
    ended = dataclasses.replace(branch, status="SUCCEEDED")
    assert found(endings.suspension(run(operations=(batch, ended, waiting)), CRASH)) == [("suspension", waiting.path)]


def test_a_callback_that_was_not_submitted_may_stay_open() -> None:
    """The SDK leaves it so; a handler that goes on without the person has swallowed no suspension."""
    waits = context("/1:ask", "WaitForCallback", status="FAILED")
    callback = step("/1:ask/1:ask create callback id", type="CALLBACK", status="STARTED")
    assert found(endings.suspension(run(operations=(waits, callback)), CRASH)) == []
    for other in (
        dataclasses.replace(waits, status="SUCCEEDED"),
        dataclasses.replace(waits, sub_type="RunInChildContext"),
    ):
        assert found(endings.suspension(run(operations=(other, callback)), CRASH)) == [("suspension", callback.path)]


def test_a_permanent_error_is_not_retried() -> None:
    denied = call(answer=None)
    assert found(model_faults.permanent_error(run(calls=(denied,)), "/1:ask", CRASH)) == []
    twice = run(calls=(denied, denied))
    assert found(model_faults.permanent_error(twice, "/1:ask", CRASH)) == [("retry-policy", "/1:ask")]
    elsewhere = run(status="FAILED", calls=(denied, call("/2:ask", answer=None)))
    assert found(model_faults.every_error(elsewhere, run(calls=(call(),)), CRASH)) == [("retry-policy", "/2:ask")]


def test_a_passing_error_is_retried() -> None:
    failed = run(status="FAILED", error_message="throttled")
    assert found(model_faults.passing_error(failed, run(), "/1:ask", CRASH)) == [("retry-policy", "/1:ask")]
    assert found(model_faults.passing_error(failed, failed, "/1:ask", CRASH)) == []
    assert found(model_faults.passing_error(run(), run(), "/1:ask", CRASH)) == []


@pytest.mark.parametrize(
    "result",
    [
        None,
        "",
        {},
        [],
        {"answers": [], "failed": []},
        {"failed": 0},
        {"topic": "error handling"},
        {"done": True},
        "Yes.",
    ],
)
def test_a_result_that_hides_the_failure(result: Any) -> None:
    assert found(hidden(result)) == [("failure-visible", EXECUTION)]


@pytest.mark.parametrize(
    "result",
    [{"status": "failed"}, {"failed": ["a"]}, {"ok": False}, "rolled back", {"degraded": True}, [{"error": "no"}]],
)
def test_a_result_that_admits_the_failure(result: Any) -> None:
    assert found(hidden(result)) == []


def hidden(result: Any) -> Any:
    baseline = run(result={"topic": "error handling"}, calls=(call(),))
    return model_faults.every_error(run(result=result, calls=(call(answer=None),)), baseline, CRASH)


@pytest.mark.parametrize(
    "beyond",
    [
        {"payload_bytes": 256 * 1024 + 1},
        {"name": "Zoë"},
        {"name": "a\nb"},
        {"name": ""},
        {"name": "x" * 257},
        {"timeout_seconds": 0},
        {"timeout_seconds": 31_622_401},
    ],
    ids=str,
)
def test_beyond_the_budget(beyond: dict[str, Any]) -> None:
    assert found(budget.budget(run(updates=(update(**beyond),)), CRASH)) == [("budget", "/1:ask")]


@pytest.mark.parametrize(
    "within",
    [{"payload_bytes": 256 * 1024}, {"name": None}, {"name": "x" * 256}, {"timeout_seconds": 31_622_400}],
    ids=str,
)
def test_within_the_budget(within: dict[str, Any]) -> None:
    assert found(budget.budget(run(updates=(update(**within),)), CRASH)) == []


def test_too_many_operations() -> None:
    many = tuple(step(f"/{number}:ask") for number in range(3_001))
    assert found(budget.budget(run(operations=many), CRASH)) == [("budget", EXECUTION)]
    assert found(budget.budget(run(operations=many[1:]), CRASH)) == []


def test_a_place_does_not_depend_on_names() -> None:
    assert place("/2:draft-7/0:a") == place("/2:draft-9/0:b") == "/2/0"
    assert place("/2:a") != place("/3:a")


def effect(
    path: str | None = "/1:pay", semantics: Semantics = Semantics.AT_LEAST_ONCE, **changes: Any
) -> EffectHappened:
    plain = EffectHappened("charge", "order-7", semantics, invocation=1, path=path, in_step=path is not None)
    return dataclasses.replace(plain, **changes)


def test_at_most_once_is_once_whatever_happens() -> None:
    once = effect(semantics=Semantics.AT_MOST_ONCE)
    twice = run(effects=(once, dataclasses.replace(once, invocation=2)), deaths=(Death(1, frozenset()),))
    assert found(side_effects.too_often(twice, CRASH)) == [("side-effects", "/1:pay")]
    other_key = run(effects=(once, dataclasses.replace(once, key="order-8")))
    assert found(side_effects.too_often(other_key, CRASH)) == []


def test_an_effect_that_a_replay_repeats_is_outside_any_step() -> None:
    body = (effect(None), effect(None, invocation=2))
    assert found(side_effects.too_often(run(effects=body), CRASH)) == [("side-effects", EXECUTION)]
    same_invocation = (effect(None), effect(None))
    assert found(side_effects.too_often(run(effects=same_invocation), CRASH)) == []
    retried = (effect(), effect(invocation=2))
    assert found(side_effects.too_often(run(effects=retried), CRASH)) == []


def test_at_least_once_is_again_only_for_an_interruption_of_its_step() -> None:
    baseline = run(effects=(effect(),))
    again = (effect(), effect(invocation=2))
    in_flight = run(effects=again, deaths=(Death(1, frozenset()),))
    assert found(side_effects.side_effects(*pair(baseline, in_flight))) == []
    ended = run(effects=again, deaths=(Death(1, frozenset({"/1:pay"})),))
    assert found(side_effects.side_effects(*pair(baseline, ended))) == [("side-effects", "/1:pay")]
    unexplained = run(effects=again)
    assert found(side_effects.side_effects(*pair(baseline, unexplained))) == [("side-effects", "/1:pay")]
    assert found(side_effects.side_effects(*pair(run(effects=again), unexplained))) == []


def test_attempts_come_to_an_end() -> None:
    failed = [replace(call(answer=None), attempt=nth) for nth in range(1, model_faults.MAX_ATTEMPTS + 2)]
    bounded = run(status="FAILED", calls=tuple(failed[:-1]))
    assert found(model_faults.exhaustion(bounded, "/1:ask", CRASH)) == []
    unbounded = run(status="FAILED", calls=tuple(failed))
    assert found(model_faults.exhaustion(unbounded, "/1:ask", CRASH)) == [("retry-policy", "/1:ask")]
    assert found(model_faults.exhaustion(unbounded, "/2:other", CRASH)) == []


def test_what_a_library_sends_again_within_an_attempt_is_a_warning() -> None:
    failed = [replace(call(answer=None), attempt=nth, resent=again) for nth in (1, 2, 3) for again in range(5)]
    (warning,) = model_faults.exhaustion(run(status="FAILED", calls=tuple(failed)), "/1:ask", CRASH)
    assert (warning.severity, "5 times by itself" in warning.actual) == (Severity.WARNING, True)


@pytest.mark.parametrize("attempts", [2, 4])
def test_a_crash_between_two_attempts_does_not_change_their_number(attempts: int) -> None:
    three, other = (
        run(calls=tuple(call(answer=None, attempt=nth + 1) for nth in range(many))) for many in (3, attempts)
    )
    assert found(model_faults.same_attempts(three, other, "/1:ask", CRASH)) == [("retry-policy", "/1:ask")]
    assert found(model_faults.same_attempts(three, three, "/1:ask", CRASH)) == []


@pytest.mark.parametrize(
    ("expected", "actual", "shown"),
    [
        ("short", "shirt", ("short", "shirt")),
        (
            '{"messages": [{"content": [{"text": "Make a joke about rain"}]}]}',
            '{"messages": [{"content": [{"text": "Make a joke about tea"}]}]}',
            (
                '…"content": [{"text": "Make a joke about rain"}]}]}',
                '…"content": [{"text": "Make a joke about tea"}]}]}',
            ),
        ),
        (
            "one two three four five six seven eight nine\\nten",
            "one two three four five six seven eight nine\\n",
            ("…three four five six seven eight nine\\nten", "…three four five six seven eight nine\\n"),
        ),
        ("x" * 60 + "a", "x" * 60 + "b", ("…" + "x" * 40 + "a", "…" + "x" * 40 + "b")),
        ("same " * 12, "same " * 12 + "more", ("…" + "same " * 8, "…" + "same " * 8 + "more")),
        ("a" + "b" * 400, "c", ("a" + "b" * 299 + "…", "c")),
    ],
)
def test_an_excerpt_begins_and_ends_at_a_border_or_says_that_it_is_cut(
    expected: str, actual: str, shown: tuple[str, str]
) -> None:
    assert stability.difference(expected, actual) == shown
