"""How a report comes of what was done and found: by one exploration, by the shards of one, in several ways to answer.

A shard hands on what it knows before anything is left out as told already: what another one has shown may come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from durable_conformance.choices import Shard
from durable_conformance.rules.findings import FileCoverage, Finding, Piece, Report, Told, joined
from durable_conformance.rules.judge import NAMES
from durable_conformance.rules.model_faults import grouped


def concluded(pieces: Sequence[Piece], shard: Shard | None = None) -> Report:
    """The report of one exploration, of which `pieces` are all, or that of one `shard`."""
    first = next((one for one in pieces if one.explored), pieces[0])
    ended = not any(one.interrupted or one.enough for one in pieces)
    told = _told(pieces)
    broken = {one.rule for one in told}
    unused = tuple(one for one in first.unused if one.rule not in broken)
    not_used = {one.rule for one in unused}
    if first.explored and ended and not first.case and not shard:
        known = {one.cause.line for one in told if one.cause}
        told += [one for one in first.read if one.cause and one.cause.line not in known]
    could_not_run, tracebacks = _could_not_run(pieces)
    return Report(
        max(one.points for one in pieces),
        sum(one.runs for one in pieces) + sum(_most(one.common for one in pieces).values()),
        tuple(name for name in NAMES if first.explored and name not in not_used),
        sum(one.seconds for one in pieces),
        tuple(told),
        could_not_run,
        tuple(dict.fromkeys(_left_out(pieces, shard, len(could_not_run)))),
        first.undisturbed,
        _left_behind(pieces),
        tracebacks,
        first.callbacks,
        timeouts=first.timeouts,
        waited=first.waited,
        interrupted=any(one.interrupted for one in pieces),
        seen=first.seen,
        case=first.case,
        unused=unused,
        coverage=_coverage(pieces),
        shard=shard,
    )


def _told(pieces: Sequence[Piece]) -> list[Finding]:
    """Each rule and place once, and what is shown besides by what is no other's cause."""
    kept = _first(one for piece in pieces for one in piece.told)
    findings = [one.finding for one in kept.values()]
    known = {one.cause.line for one in findings if one.cause}
    besides = _first((one for piece in pieces for one in piece.besides), by_line=True)
    findings += [one.finding for (line, *_), one in besides.items() if line not in known]
    return _sorted(grouped(_sorted(findings)))


def _first(several: Iterable[Told], *, by_line: bool = False) -> dict[tuple[str, ...], Told]:
    """Of those that tell the same, which is told."""
    first: dict[tuple[str, ...], Told] = {}
    for one in sorted(several, key=lambda one: one.order):
        cause = one.finding.cause
        key = (cause.line if cause else "",) if by_line else one.finding.told_as
        if key not in first or one.comes_before(first[key]):
            first[key] = one
    return first


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (NAMES.index(one.rule), one.path))


def _could_not_run(pieces: Sequence[Piece]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What could not be run, and the tracebacks. What a process has told, others that tell alike say nothing new of."""
    known: set[str] = set()
    told: dict[str, None] = {}
    tracebacks: dict[str, None] = {}
    for one in sorted((one for piece in pieces for one in piece.not_made), key=lambda one: one.order):
        if not (one.telling and one.why in known):
            told[one.what] = None
            tracebacks |= dict.fromkeys(filter(None, [one.traceback]))
        known |= {one.why} if one.why else set()
    return tuple(told), tuple(tracebacks)


def _left_out(pieces: Sequence[Piece], shard: Shard | None, lost: int) -> Iterator[str]:
    if shard:
        yield f"what the other shards run: this is {shard}"
    if any(one.interrupted for one in pieces):
        unmade = sum(one.unmade for one in pieces)
        yield f"what had not been run when the check was interrupted: at least {unmade} runs"
    if any(one.enough for one in pieces):
        yield "what comes after the first finding"
    if any(one.not_begun for one in pieces):
        yield f"what had not been run by then: too many runs hang or end the process ({lost})"
    if horizon := max(one.stopped_after for one in pieces):
        operations = f"{horizon} operation{'' if horizon == 1 else 's'}"
        yield f"what an interruption shows only more than {operations} later, and one that dies everywhere does not"
    kinds = {kind for one in pieces for kind in one.plan}
    if any(len({one.plan[kind] for one in pieces if kind in one.plan}) > 1 for kind in kinds):
        yield "what no shard took for its own: undisturbed, the handler has other operations in each"
    for one in pieces:
        yield from one.left_out


def _most(several: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    """Of what several have done, each for itself: once."""
    most: Counter[str] = Counter()
    for one in several:
        most |= Counter(one)
    return most


def _left_behind(pieces: Sequence[Piece]) -> tuple[str, ...]:
    left = Counter(_most(one.left_in_common for one in pieces))
    for one in pieces:
        left.update(one.left_behind)
    return tuple(f"{what}, in {times} runs" for what, times in sorted(left.items()))


def _coverage(pieces: Sequence[Piece]) -> tuple[FileCoverage, ...]:
    """What all have reached together, the handler's file first."""
    lines: dict[str, set[int]] = {}
    ran: dict[str, set[int]] = {}
    for one in (one for piece in pieces for one in piece.reached):
        lines.setdefault(one.file, set()).update(one.lines)
        ran.setdefault(one.file, set()).update(set(one.lines).difference(one.missed))
    its = next(iter(lines), "")
    return tuple(
        FileCoverage(file, len(lines[file]), tuple(sorted(lines[file] - ran[file])))
        for file in sorted(lines, key=lambda file: (file != its, file))
    )


def in_words(way: str, report: Report) -> Report:
    """`report`, which says that people answer this way."""
    findings = tuple(replace(found, crash=f"{found.crash}; {way}") for found in report.findings)
    whys = tuple(f"{way}: {why}" for why in report.could_not_run)
    pieces = tuple(replace(one, way=way) for one in report.pieces)
    return replace(report, findings=findings, could_not_run=whys, answers=(way,), pieces=pieces)


def of_every_way(reports: Sequence[Report]) -> Report:
    """One report of several explorations of one handler. What several show, the first does."""
    findings: dict[tuple[str, ...], Finding] = {}
    for found in sorted((found for report in reports for found in report.findings), key=lambda one: one.severity):
        findings.setdefault((*found.told_as, found.cause.line if found.cause else ""), found)  # the errors first
    rules = tuple(name for name in NAMES if any(name in report.rules for report in reports))

    def each(what: str) -> Iterator[str]:
        return iter(dict.fromkeys(text for report in reports for text in getattr(report, what)))

    return replace(
        reports[0],
        points=sum(report.points for report in reports),
        runs=sum(report.runs for report in reports),
        seconds=sum(report.seconds for report in reports),
        rules=rules,
        unused=tuple(one for one in reports[0].unused if one.rule not in rules),
        findings=tuple(_sorted(findings.values())),
        could_not_run=tuple(each("could_not_run")),
        left_out=tuple(each("left_out")),
        left_behind=tuple(each("left_behind")),
        tracebacks=tuple(each("tracebacks")),
        answers=tuple(each("answers")),
        coverage=joined([report.coverage for report in reports]),
        interrupted=any(report.interrupted for report in reports),
        pieces=tuple(piece for report in reports for piece in report.pieces),
    )
