"""An exploration's experiments have ids of their own, and one that is interrupted reports what it knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import Exploration, Finding, Scenario, explore, handler_factory
from durable_conformance.evidence import Records
from durable_conformance.exploring import ExplorationInterrupted, Progress
from durable_conformance.subject import reference_to
from durable_conformance.workers import Experiment
from patterns.durable import ask
from providers import ModelProvider
from providers.scripted import ScriptedProvider

SCENARIO = Scenario({}, ScriptedProvider)


def greeting(event: object, context: DurableContext, model: ModelProvider) -> list[str]:
    first = ask(context, model, "greet", "Greet me").text
    branches = {name: f"Greet {name}" for name in ("Ada", "Alan")}
    return [first, *(ask(context, model, f"greet-{name}", prompt).text for name, prompt in branches.items())]


def in_branches(event: object, context: DurableContext, model: ModelProvider) -> list[str]:
    def branch(inner: DurableContext, item: str, _index: int, _items: object) -> str:
        return ask(inner, model, "greet", f"Greet {item}").text

    return list(context.map(["Ada", "Alan"], branch, "all").get_results())


@pytest.mark.parametrize("workflow", [greeting, in_branches])
def test_experiments_have_ids_of_their_own_which_stay(workflow: object) -> None:
    told: list[Counter[str]] = []
    for _ in range(2):
        records = Records()
        explore(
            handler_factory(workflow),
            SCENARIO,
            Exploration(pairs=workflow is greeting, horizon=2),
            elsewhere=reference_to(workflow) if workflow is greeting and not told else None,
            recorder=records.add,
        )
        told.append(Counter(record.id for record in records))
        names = Counter(record.name for record in records)
        assert max(told[-1].values()) == 1
        assert len(names) == len(told[-1]), "an id for each that a person can tell apart"
    here = {id_ for id_ in told[0] if "~way-" not in id_ and not id_.startswith("elsewhere")}
    assert here == set(told[1])


def interrupted_after(runs: int) -> ExplorationInterrupted:
    made: list[str] = []

    def listen(experiment: Experiment, _findings: Sequence[Finding], _progress: Progress) -> None:
        made.append(experiment.id)
        if len(made) == runs:
            raise KeyboardInterrupt

    with pytest.raises(ExplorationInterrupted) as interrupted:
        explore(handler_factory(greeting), SCENARIO, listener=listen)
    return interrupted.value


def test_an_exploration_that_is_interrupted_reports_what_it_knows() -> None:
    report = interrupted_after(10).report
    assert 10 <= report.runs < 30
    assert report.points == 21
    assert report.undisturbed == "SUCCEEDED"
    assert any(what.startswith("what had not been run when the check was interrupted") for what in report.left_out)
    assert not report.conforms, "nobody knows"


def test_one_that_is_interrupted_before_it_knows_anything_says_so() -> None:
    report = interrupted_after(1).report
    assert report.points == 0
    assert not report.conforms
