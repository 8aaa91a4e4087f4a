"""How often a declared side effect may happen, and where what is done to the machine may stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from durable_conformance.choices import Severity
from durable_conformance.effects import Semantics
from durable_conformance.execution import EXECUTION, EffectHappened, Run, with_parents
from durable_conformance.identity import alike
from durable_conformance.rules.findings import Deed, Finding, Rule, finding
from durable_conformance.rules.normal_form import Canonical
from durable_conformance.rules.stability import GUIDE

SIDE_EFFECTS = Rule(
    "side-effects",
    breaks_it="an effect happened more often than its declared semantics allow, or outside any step",
    matters="a customer is charged twice, or gets two mails",
    remedy="put the effect into a step of its own; if it must not happen twice, into one with at-most-once semantics",
    source=GUIDE,
)

MOST_NAMED = 3
"""What is done outside steps: as many are told."""


def too_often(run: Run, crash: str) -> Iterable[Finding]:
    """The first effect that happened a second time though it may not, or because the code around it was replayed."""
    before: dict[tuple[str, str], EffectHappened] = {}
    for one in _declared(run):
        earlier = before.setdefault((one.name, one.key), one)
        if earlier is one:
            continue
        if one.semantics is Semantics.AT_MOST_ONCE:
            yield _again(one, crash, f"{one.semantics}")
            return
        if not one.in_step and earlier.path == one.path and earlier.invocation < one.invocation:
            yield _again(one, crash, "once, in a step")
            return


def outside_any_step(run: Run, crash: str) -> Iterable[Finding]:
    """What was done to the machine that no checkpoint protects: for each context, all of it, the grave first."""
    bodies = {parent for operation in run.operations for parent in with_parents(operation.path.rpartition("/")[0])}
    done: dict[str | None, set[Deed]] = {}
    for one in run.effects:
        if one.seen and (one.path is None or one.path in bodies):
            deed = Deed(one.line, f"{one.line} {one.name} {one.key}", one.grave)
            done.setdefault(one.path, set()).add(deed)
    for path, deeds in done.items():
        yield listing(path or EXECUTION, crash, deeds)


def listing(path: str, crash: str, deeds: Iterable[Deed]) -> Finding:
    """One finding of all of `deeds`, the grave first."""
    told = tuple(sorted(deeds, key=lambda one: (not one.grave, one.text)))
    more = f", and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    actual = f"{', '.join(one.text for one in told[:MOST_NAMED])}{more}: in every invocation"
    severity = Severity.ERROR if told[0].grave else Severity.WARNING
    expected = "once, in a step"
    found = finding(SIDE_EFFECTS, path, crash, expected=expected, actual=actual, severity=severity, line=told[0].line)
    return replace(found, deeds=told)


def side_effects(baseline: Canonical, run: Canonical, crash: str) -> Iterable[Finding]:
    """The first effect of a step that happened more often than in the baseline, and that no interruption explains."""
    known = Counter((one.name, alike(one.key)) for one in _declared(baseline.run))
    seen: Counter[tuple[str, str]] = Counter()
    for one in _declared(run.run):
        effect = one.name, alike(one.key)
        seen[effect] += 1
        if one.in_step and seen[effect] > known[effect] and not _interrupted(one, run.run):
            yield _again(one, crash, f"{known[effect]} times, and again for each interruption of its step")
            return


def _declared(run: Run) -> Iterator[EffectHappened]:
    return (one for one in run.effects if not one.seen)


def _interrupted(one: EffectHappened, run: Run) -> bool:
    """Whether an earlier invocation died before the operation of `one` had ended."""
    deaths = [death for death in run.deaths if death.invocation < one.invocation]
    ended = any(f"{one.path}/".startswith(f"{path}/") for death in deaths for path in death.completed)
    return bool(deaths) and not ended


def _again(one: EffectHappened, crash: str, expected: str) -> Finding:
    what = f"{one.name} {one.key}".strip()
    where = "" if one.in_step else ", outside any step"
    actual = f"{what} again in invocation {one.invocation}{where}"
    return finding(
        SIDE_EFFECTS, one.path or EXECUTION, crash, expected=f"{what} {expected}", actual=actual, line=one.line
    )
