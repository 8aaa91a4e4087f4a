"""The reports of all shards of a check, joined into the one that the check would have given whole."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from durable_conformance.choices import Shard
from durable_conformance.errors import CannotRunError
from durable_conformance.evidence import Explored, RunRecord
from durable_conformance.identity import short_digest
from durable_conformance.model import withheld
from durable_conformance.reporting.checked import Checked, Joining, Outcome, Runs
from durable_conformance.reporting.document import document_in
from durable_conformance.reporting.ignores import Ignores, unused_ignores
from durable_conformance.rules import Piece, Report, concluded, in_words, of_every_way, timed_out

GONE = "not there"


def digests(files: Iterable[str]) -> Mapping[str, str]:
    """What says whether each of `files`, named from the folder that people are in, is the same one elsewhere."""
    return {file: _digest(Path.cwd() / file) for file in dict.fromkeys(files)}


def _digest(file: Path) -> str:
    try:
        return short_digest(file.read_bytes())
    except (OSError, ValueError):
        return GONE


def packed(scenario: str, records: Iterable[RunRecord]) -> Runs:
    """The runs of an exploration, as a shard's report holds them."""
    text = json.dumps([dataclasses.asdict(one) for one in withheld(tuple(records))])
    return Runs(scenario, base64.b64encode(gzip.compress(text.encode(), mtime=0)))


def _unpacked(runs: Runs, file: Path) -> Sequence[RunRecord]:
    try:
        text = gzip.decompress(base64.b64decode(runs.packed))
        return TypeAdapter(list[RunRecord]).validate_python(json.loads(text))
    except (ValueError, EOFError, OSError, zlib.error, RecursionError) as error:  # what gzip, base64 and JSON raise
        raise _without_runs(file) from error


def _without_runs(file: Path) -> CannotRunError:
    return CannotRunError(
        f"The runs in {file}, which the page shows, cannot be read: it was changed, or is not all there. Give the file "
        "as the shard has written it, or run that shard again."
    )


@dataclass(frozen=True)
class Joined:
    """What all shards of a command's checks came to."""

    outcome: Outcome
    explored: tuple[Explored, ...]  # for the page; empty if there is none
    again: Mapping[str, str]  # by check, the command that makes one case of it again


@dataclass(frozen=True)
class _Part:
    """A shard's report of one check."""

    file: Path
    checked: Checked
    shard: Shard
    joining: Joining

    @property
    def report(self) -> Report:
        return self.checked.report

    @property
    def ways(self) -> Sequence[str]:
        """In which people answer, in what it has done."""
        return [one.way for one in self.report.pieces]

    @property
    def ended(self) -> bool:
        return bool(self.report.pieces) and not any(one.interrupted or one.enough for one in self.report.pieces)


def joined_shards(files: Sequence[Path], *, page: bool = False) -> Joined:
    """What the reports in `files` say together; with all runs, if there is to be a `page`.

    Raises:
        CannotRunError: One of them cannot be read, or they are not all shards of one check, each once.
    """
    by_file = [list(_parts(file)) for file in files]
    _see_that_all_are_there([parts[0] for parts in by_file])
    for parts in by_file:
        _see_that_all_were_made(parts)
    first, *others = by_file
    for other in others:
        _see_that_checks_are_alike(first, other)
    by_check = [sorted(parts, key=lambda one: one.shard.number) for parts in zip(*by_file, strict=True)]
    for parts in by_check:
        _see_that_they_fit(parts)
    return _joined(by_check, page=page)


def _parts(file: Path) -> Iterator[_Part]:
    checks = document_in(file).checks
    if not checks:
        raise CannotRunError(f"{file} holds no check: nothing had begun when it was written. Run that shard again.")
    for one in checks:
        if one.report.shard is None or one.joining is None:
            raise CannotRunError(
                f"{file} is the report of a whole check, and no shard's: `durable-ai check --shard K/N --json FILE` "
                "writes what can be merged."
            )
        if not (one.report.pieces or one.report.could_not_run or one.report.interrupted):
            raise CannotRunError(
                f"{file} does not say what {one.report.shard} of {one.check} has done: run that shard again."
            )
        yield _Part(file, one, one.report.shard, one.joining)


def _see_that_all_are_there(parts: Sequence[_Part]) -> None:
    known: dict[int, _Part] = {}
    first = parts[0]
    for one in parts:
        if one.shard.of != first.shard.of:
            raise CannotRunError(
                f"{first.file} is {first.shard}, and {one.file} is {one.shard}: "
                "give the reports of as many shards as each says there are."
            )
        if one.shard.number in known:
            twice = known[one.shard.number].file
            raise CannotRunError(f"{one.shard} is there twice, as {twice} and as {one.file}: leave out one of them.")
        known[one.shard.number] = one
    of = first.shard.of
    if missing := [str(number) for number in range(1, of + 1) if number not in known]:
        which = f"shard {missing[0]} of {of} is" if len(missing) == 1 else f"shards {_listed(missing)} of {of} are"
        raise CannotRunError(
            f"{which} missing: make {'it' if len(missing) == 1 else 'them'} with --shard {missing[0]}/{of} --json FILE"
            f"{'' if len(missing) == 1 else ' and so on'}, and give "
            f"{'that report' if len(missing) == 1 else 'those reports'}, too."
        )


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _see_that_all_were_made(parts: Sequence[_Part]) -> None:
    """See that a shard came to its last check: its report is written after each, and somebody may have ended it."""
    last, to_make = parts[-1], parts[-1].joining.checks
    if len(parts) < len(to_make):
        raise CannotRunError(
            f"{last.file} has {len(parts)} of the {len(to_make)} checks of {last.shard}, which ended before "
            f"{to_make[len(parts)]}: run that shard again."
        )


def _see_that_checks_are_alike(first: Sequence[_Part], other: Sequence[_Part]) -> None:
    mine, theirs = ([one.checked.check for one in parts] for parts in (first, other))
    if mine == theirs:
        return
    raise CannotRunError(
        f"{first[0].file} is about {', '.join(mine)}, and {other[0].file} about {', '.join(theirs)}: "
        "give the reports of one command's shards."
    )


def _see_that_they_fit(parts: Sequence[_Part]) -> None:
    """See that shards of one check were made of the same, and what they checked is what stands here."""
    first, *others = parts
    for other in others:
        for name, (mine, theirs) in _differing(first.joining.made_with, other.joining.made_with):
            _refuse(first, other, f"{name} is not the same ({mine}, {theirs})")
        common = first.joining.sources.keys() & other.joining.sources.keys()
        for file in sorted(common):
            if first.joining.sources[file] != other.joining.sources[file]:
                _refuse(first, other, f"they have checked different versions of {file}")
    ended = [one for one in parts if one.ended]
    for other in ended[1:]:
        if ended[0].report.answers != other.report.answers:
            _refuse(ended[0], other, "callbacks are not answered alike, or the execution ends otherwise when they are")
        if ended[0].ways != other.ways:
            _refuse(ended[0], other, "they have not explored the same ways to answer callbacks")
    ways = {piece.way for one in parts for piece in one.report.pieces}
    for way in sorted(ways):
        known = [(one, piece) for one in parts for piece in one.report.pieces if piece.way == way and piece.plan]
        for other, piece in known[1:]:
            differing = any(_differing(known[0][1].plan, piece.plan, both=True))
            if differing and not (known[0][1].shows_otherwise and piece.shows_otherwise):
                _refuse(
                    known[0][0],
                    other,
                    "they do not share out the same runs, since their undisturbed executions have other operations: "
                    "has their code changed?",
                )
    sources = {file: digest for one in parts for file, digest in one.joining.sources.items()}
    here = digests(sources)
    for file, (theirs, mine) in _differing(sources, here):
        what = "is not here" if mine == GONE else f"is another one here ({mine}, {theirs})"
        raise CannotRunError(
            f"{file}, which the shards have checked, {what}: merge in the folder that they were checked in, "
            "with the same code; its comments and lines belong to the report."
        )


def _differing(
    mine: Mapping[str, str], theirs: Mapping[str, str], *, both: bool = False
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The names under which they have something else, with that; or those alone that `both` have."""
    names = mine.keys() & theirs.keys() if both else mine.keys() | theirs.keys()
    for name in sorted(names):
        values = mine.get(name, "not given"), theirs.get(name, "not given")
        if values[0] != values[1]:
            yield name, values


def _refuse(first: _Part, other: _Part, why: str) -> None:
    raise CannotRunError(
        f"{first.shard} ({first.file}) and {other.shard} ({other.file}) do not belong together: "
        f"{first.checked.check}: {why}. Check all shards with the same code and options."
    )


def _joined(by_check: Sequence[Sequence[_Part]], *, page: bool) -> Joined:
    checks: list[Checked] = []
    explored: list[Explored] = []
    for parts in by_check:
        first = parts[0]
        ignores = Ignores(first.checked.handler.file, frozenset(first.joining.ignore))
        reports = {way: concluded(pieces) for way, pieces in _by_way(parts).items()}
        for way, report in reports.items() if page else ():
            scenario, records = _runs(parts, way)
            told = ignores.applied(report)
            of = first.checked
            explored.append(Explored(of.check, scenario, told, records, first.joining.again, of.file))
        report = timed_out(_report(parts, reports), first.joining.execution_timeout)
        checks.append(replace(first.checked, report=ignores.applied(report), joining=None))
    stopped_early = any(piece.enough for parts in by_check for one in parts for piece in one.report.pieces)
    unused = () if stopped_early else unused_ignores(checks)
    again = {parts[0].checked.check: parts[0].joining.again for parts in by_check}
    return Joined(Outcome(tuple(checks), unused), tuple(explored), again)


def _by_way(parts: Sequence[_Part]) -> Mapping[str, list[Piece]]:
    """What all shards have done, by the way in which people answer."""
    by_way: dict[str, list[Piece]] = {}
    for piece in (piece for one in parts for piece in one.report.pieces):
        by_way.setdefault(piece.way, []).append(piece)
    return by_way


def _report(parts: Sequence[_Part], reports: Mapping[str, Report]) -> Report:
    """That of the whole check, of those of each way to answer."""
    told = [in_words(way, report) if way else report for way, report in reports.items()]
    none = [one.report for one in parts if not one.report.pieces]  # nothing of theirs could be run
    whole = of_every_way(told) if told[1:] else told[0] if told else Report(0, 0, (), 0.0, ())
    return replace(
        whole,
        answers=max((one.report.answers for one in parts), key=len),
        interrupted=whole.interrupted or any(one.report.interrupted for one in parts),
        could_not_run=tuple(dict.fromkeys((*whole.could_not_run, *(why for one in none for why in one.could_not_run)))),
        tracebacks=tuple(dict.fromkeys((*whole.tracebacks, *(text for one in none for text in one.tracebacks)))),
    )


def _runs(parts: Sequence[_Part], way: str) -> tuple[str, Sequence[RunRecord]]:
    """What the executions met, and all runs: each once, in the order of the whole."""
    scenario, known = "", dict[str, RunRecord]()
    for one in parts:
        there = iter(one.joining.runs)
        for piece in one.report.pieces:
            runs = next(there, None)
            if runs is None and not piece.interrupted:
                raise _without_runs(one.file)
            if runs and piece.way == way:
                scenario = runs.scenario
                for record in _unpacked(runs, one.file):
                    if record.id not in known or known[record.id].trace is None:
                        known[record.id] = record
    return scenario, sorted(known.values(), key=lambda one: one.order)
