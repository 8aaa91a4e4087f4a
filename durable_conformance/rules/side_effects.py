"""How often a declared side effect may happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from durable_conformance.effects import Semantics
from durable_conformance.execution import EffectHappened, Run
from durable_conformance.rules.findings import EXECUTION, Finding, Rule, finding
from durable_conformance.rules.normal_form import Canonical
from durable_conformance.rules.stability import GUIDE

SIDE_EFFECTS = Rule(
    "side-effects",
    breaks_it="an effect happened more often than its declared semantics allow",
    matters="a customer is charged twice, or gets two mails",
    remedy="put the effect into a step of its own; if it must not happen twice, into one with at-most-once semantics",
    source=GUIDE,
)


def too_often(run: Run, crash: str) -> Iterable[Finding]:
    """The first effect that happened a second time though it may not, or because the code around it was replayed."""
    before: dict[tuple[str, str], EffectHappened] = {}
    for one in run.effects:
        earlier = before.setdefault((one.name, one.key), one)
        if earlier is one:
            continue
        if one.semantics is Semantics.AT_MOST_ONCE:
            yield _again(one, crash, f"{one.semantics}")
            return
        if not one.in_step and earlier.path == one.path and earlier.invocation < one.invocation:
            yield _again(one, crash, "once, in a step")
            return


def side_effects(baseline: Canonical, run: Canonical, crash: str) -> Iterable[Finding]:
    """The first effect of a step that happened more often than in the baseline, and that no interruption explains."""
    known = Counter((one.name, one.key) for one in baseline.run.effects)
    seen: Counter[tuple[str, str]] = Counter()
    for one in run.run.effects:
        seen[one.name, one.key] += 1
        if one.in_step and seen[one.name, one.key] > known[one.name, one.key] and not _interrupted(one, run.run):
            yield _again(one, crash, f"{known[one.name, one.key]} times, and again for each interruption of its step")
            return


def _interrupted(one: EffectHappened, run: Run) -> bool:
    """Whether an earlier invocation died before the operation of `one` had ended."""
    deaths = [death for death in run.deaths if death.invocation < one.invocation]
    ended = any(f"{one.path}/".startswith(f"{path}/") for death in deaths for path in death.completed)
    return bool(deaths) and not ended


def _again(one: EffectHappened, crash: str, expected: str) -> Finding:
    what = f"{one.name} {one.key}".strip()
    where = "" if one.in_step else ", outside any step"
    actual = f"{what} again in invocation {one.invocation}{where}"
    return finding(SIDE_EFFECTS, one.path or EXECUTION, crash, expected=f"{what} {expected}", actual=actual)
