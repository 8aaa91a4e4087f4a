"""What people answer: as it is typed, and what is tried where nobody says it."""

from __future__ import annotations

import pytest
from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration
from aws_durable_execution_sdk_python.exceptions import CallbackError

from durable_conformance import Answered, CannotRunError, Refused, Silence
from durable_conformance.commands import GivenAnswer, callback_answers, invoke_results, typed_answer
from durable_conformance.durable_check import DurableCheck
from durable_conformance.evidence import Explored

ANOTHER = CallbackConfig(timeout=Duration.from_hours(1))


@pytest.mark.parametrize(
    ("typed", "name", "text"),
    [
        ("Approved", "", "Approved"),
        ('{"approved": true}', "", '{"approved": true}'),
        ('{"a": "b=c"}', "", '{"a": "b=c"}'),
        ('"a=b"', "", '"a=b"'),
        ("approve=Approved", "approve", "Approved"),
        ('human-review.2={"a": "b=c"}', "human-review.2", '{"a": "b=c"}'),
        ("approve=", "approve", ""),
        ("=status=ok", "", "status=ok"),
        ("two words=ok", "", "two words=ok"),
        ("approve=line\nline", "approve", "line\nline"),
    ],
)
def test_an_answer_may_be_for_one_name(typed: str, name: str, text: str) -> None:
    assert typed_answer(typed) == GivenAnswer(name, text)


def test_what_is_sent_to_a_callback_is_what_was_typed() -> None:
    given = {"a": "Approved", "b": '{"approved": true}', "c": "!fail:no way", "d": "!silent", "": "else"}
    answers = callback_answers(GivenAnswer(*one) for one in given.items())
    expected = Answered("Approved"), Answered('{"approved": true}'), Refused("no way"), Silence(), Answered("else")
    assert tuple(answers(name, 0) for name in ("a", "b", "c", "d", "e")) == expected
    assert callback_answers([])("a", 0) == Answered('"ok"')
    with pytest.raises(CannotRunError, match="'!no' is no answer"):
        callback_answers([GivenAnswer("", "!no")])


def test_what_a_chained_invocation_comes_to_is_json() -> None:
    results = invoke_results([GivenAnswer("price", "12"), GivenAnswer("", "cheap")])
    assert results("price", 0) == Answered("12")
    assert results("other", 0) == Answered('"cheap"')


def wants_raw_text(event: object, context: DurableContext, model: object) -> str:
    if context.create_callback("approve", ANOTHER).result() != "Approved":
        raise ValueError("not approved")
    return context.step(lambda _: "paid", "pay")


def test_the_fixture_takes_texts_as_they_are_for_each_of_a_name_or_one_after_the_other(
    durable_check: DurableCheck,
) -> None:
    for given in ("Approved", ["Approved"], [Answered("Approved")], Answered("Approved")):
        report = durable_check(wants_raw_text, callbacks={"approve": given}, other_sandboxes=False)
        assert (report.undisturbed, report.answers) == ("SUCCEEDED", ())


def test_a_name_that_nobody_asks_for_is_told(durable_check: DurableCheck) -> None:
    report = durable_check(wants_raw_text, callbacks={"approve": "Approved", "aprove": "x"}, other_sandboxes=False)
    assert "the answer to 'aprove': no callback of that name is met; those that are: 'approve'" in report.left_out


def test_a_misspelt_name_is_no_answer(durable_check: DurableCheck) -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        durable_check(answers_any_way, callbacks={"aprove": "x"}, other_sandboxes=False)
    told = " ".join(str(failed.value).split())
    assert "'aprove': no callback of that name is met, and none is given to 'approve'" in told


def test_where_the_usual_answer_fails_another_usual_one_is_found_and_refusals_that_fail_are_named() -> None:
    kept: list[Explored] = []
    report = DurableCheck(in_other_processes=False, keep=kept.append)(wants_raw_text)
    assert report.undisturbed == "SUCCEEDED"
    assert [one.report.undisturbed for one in kept] == ["SUCCEEDED"], "a page shows what came of it alone"
    used, refused, unanswered = report.answers
    assert used == 'answered Approved, since the handler fails with "ok"'
    assert refused.startswith("every callback refused, which is not explored: the execution ends FAILED with ")
    assert unanswered.startswith("no callback answered in time, which is not explored: the execution ends FAILED with ")


def answers_any_way(event: object, context: DurableContext, model: object) -> object:
    return context.create_callback("approve", ANOTHER).result()


def careless_when_refused(event: object, context: DurableContext, model: object) -> str:
    notes: list[str] = []
    try:
        context.create_callback("approve", ANOTHER).result()
    except CallbackError:
        context.step(lambda _: notes.append("refused"), "note")
        context.step(lambda _: "told", "tell")
        return f"refused: {notes}"
    return context.step(lambda _: "paid", "pay")


def test_what_a_handler_does_about_refusals_is_explored_too() -> None:
    kept: list[Explored] = []
    check = DurableCheck(in_other_processes=False, keep=kept.append)
    with pytest.raises(pytest.fail.Exception) as failed:
        check(careless_when_refused)
    text = " ".join(str(failed.value).replace("│", " ").split())
    assert "callbacks: every callback refused" in text
    assert "callbacks: no callback answered in time" in text
    assert [one.scenario for one in kept] == [
        "event {}",
        "event {}, every callback refused",
        "event {}, no callback answered in time",
    ]
    assert [one.report.conforms for one in kept] == [True, False, False]
    check(careless_when_refused, callbacks={})  # what is answered is the usual, and nothing else


def waits_for_ever(event: object, context: DurableContext, model: object) -> object:
    return context.create_callback("approve").result()


def test_a_callback_that_nothing_ends_is_named(durable_check: DurableCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    with pytest.raises(pytest.fail.Exception, match=r"no callback answered in time, which is not explored: .* STUCK"):
        durable_check(waits_for_ever, other_sandboxes=False, fail_on="warning")
