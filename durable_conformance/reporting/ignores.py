"""Findings that people have decided about: `# durable: ignore[rule]` on their line, or a rule ignored everywhere.

They are counted, and not told. A comment that keeps nothing from being told is told itself: it outlives its reason, and
hides the next finding on its line.
"""

from __future__ import annotations

import difflib
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from durable_conformance.errors import CannotRunError
from durable_conformance.evidence import Explored
from durable_conformance.reporting.checked import Checked, Ignore, Location, located, places_of
from durable_conformance.rules import NAMES, Deed, Finding, Report, side_effects

_COMMENT = re.compile(r"#\s*durable:\s*ignore\b(?:\[([^\]]*)\])?")


def known_rule(name: str) -> str:
    """`name`, which is to be a rule's.

    Raises:
        CannotRunError: It is none.
    """
    if name in NAMES:
        return name
    if not name:
        raise CannotRunError(f"an ignore names its rule, as in ignore[{NAMES[0]}]; the rules are {', '.join(NAMES)}.")
    near = difflib.get_close_matches(name, NAMES, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise CannotRunError(f"ignore[{name}] names no rule; {hint}the rules are {', '.join(NAMES)}.")


def _comments(file: Path) -> Iterator[tuple[Location, str]]:
    """Each line with such a comment, and each rule that it names. What is no Python has none."""
    try:
        with tokenize.open(file) as source:
            comments = [one for one in tokenize.generate_tokens(source.readline) if one.type == tokenize.COMMENT]
    except (
        OSError,
        SyntaxError,
        ValueError,
        tokenize.TokenError,
    ):  # whoever imports the file says what is wrong with it
        return
    for comment in comments:
        for found in _COMMENT.finditer(comment.string):
            for rule in (found[1] or "").split(","):
                yield Location(file, comment.start[0]), rule.strip()


def wrong_comments(file: Path) -> Iterator[str]:
    """What is wrong with the comments in `file`."""
    for location, rule in _comments(file):
        try:
            known_rule(rule)
        except CannotRunError as error:
            yield f"{location.seen_from(Path.cwd())}: {error}"


@dataclass(frozen=True)
class Ignores:
    """Which findings of a handler are not told."""

    handler: Path  # the file it is in
    rules: frozenset[str] = frozenset()  # on any line
    _known: dict[Path, frozenset[tuple[Location, str]]] = field(default_factory=dict, compare=False)

    @property
    def may_hide(self) -> frozenset[str]:
        """The rules of which findings may not be told: on any line, or by a comment in the handler's file."""
        return self.rules | {rule for _, rule in self._comments_in(self.handler)}

    def told(self, finding: Finding) -> Finding | None:
        """What is told of `finding`: all of it, what no comment hides of the things that it lists, or nothing."""
        if finding.deeds and finding.rule not in self.rules:
            told = [one for one in finding.deeds if not self._hides(located(one.line, self.handler), finding.rule)]
            return self._listing(finding, told)
        hidden = any(self._hides(place, finding.rule) for place in places_of(finding, self.handler))
        return None if hidden or finding.rule in self.rules else finding

    def _hidden(self, finding: Finding) -> Finding | None:
        """The rest of it."""
        if (told := self.told(finding)) is None or told is finding:
            return None if told else finding
        return self._listing(finding, [one for one in finding.deeds if one not in told.deeds])

    def _listing(self, finding: Finding, deeds: Sequence[Deed]) -> Finding | None:
        if len(deeds) == len(finding.deeds):
            return finding
        left = side_effects.listing(finding.path, finding.crash, deeds) if deeds else None
        return left and replace(finding, actual=left.actual, severity=left.severity, line=left.line, deeds=left.deeds)

    def _hides(self, place: Location, rule: str) -> bool:
        return (place, rule) in self._comments_in(place.file)

    def _comments_in(self, file: Path) -> frozenset[tuple[Location, str]]:
        if file not in self._known:
            self._known[file] = frozenset(_comments(file))
        return self._known[file]

    def applied(self, report: Report) -> Report:
        """`report` without the findings that are not told. A comment that names no rule could mean any."""
        told = tuple(filter(None, map(self.told, report.findings)))
        ignored = tuple(filter(None, map(self._hidden, report.findings)))
        wrong = (one for file in {self.handler, *self._known} for one in wrong_comments(file))
        return replace(
            report,
            findings=told,
            ignored=(*report.ignored, *ignored),
            could_not_run=(*report.could_not_run, *wrong),
        )

    def shown(self, explored: Explored) -> Explored:
        """The same without them: neither report nor run has them."""
        told = [replace(one, findings=tuple(filter(None, map(self.told, one.findings)))) for one in explored.records]
        return replace(explored, report=self.applied(explored.report), records=told)


def unused_ignores(checks: Sequence[Checked]) -> tuple[Ignore, ...]:
    """The comments that kept nothing from being told, in the files of `checks` and of their findings.

    Nothing is said of a rule that had nothing to look at, nor if a check has not come to its end, or made one case or
    one shard.
    """
    reports = [one.report for one in checks]
    if any(one.interrupted or one.could_not_run or one.case or one.shard for one in reports):
        return ()
    looked_for: dict[Path, set[str]] = {}
    used: set[tuple[Location, str]] = set()
    for one in checks:
        ignored = {(place, finding.rule) for finding in one.report.ignored for place in one.places(finding)}
        used |= ignored
        told = {place.file for finding in one.report.findings for place in one.places(finding)}
        for file in {one.handler.file, *told, *(place.file for place, _ in ignored)}:
            looked_for.setdefault(file, set()).update(one.report.rules)
    return tuple(
        Ignore(place.seen_from(Path.cwd()), rule)
        for file, rules in sorted(looked_for.items())
        for place, rule in _comments(file)
        if rule in rules and (place, rule) not in used
    )
