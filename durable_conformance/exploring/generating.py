"""Events that nobody thought of: Hypothesis makes them up, and those that lead the handler further are kept.

Each is run once, undisturbed, in a process that has made nothing before: so it can be told which lines it reaches.
Events come of the schema of the event, where there is one, else of the shape of those that are given; in both cases
with the words of the source of what was run. What leads further is changed in turn.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable_conformance.errors import CannotRunError
from durable_conformance.execution import EXECUTION, UNDISTURBED, Run
from durable_conformance.exploring.coverage import coverage, names_counted, reached_statements
from durable_conformance.exploring.every_answer import USUAL, WAYS
from durable_conformance.exploring.other_sandboxes import scenario_of
from durable_conformance.exploring.source_words import Schema, SourceWords, source_words
from durable_conformance.exploring.undisturbed import why_not_checked
from durable_conformance.rules import FileCoverage, Generated, MadeUp
from durable_conformance.subject import OK, Answered, ByName, CallbackAnswer, Reference, Scenario
from durable_conformance.workers import PATIENCE_SECONDS, Experiment, Lost, Pool, Templates, Where, not_judged

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from durable_conformance.exploring.made_up import Shape

BATCH = 16
"""Events that are made up at a time: what they reach is known for the next ones."""

type Lines = frozenset[tuple[str, int]]


def checked_schema(schema: object, where: str) -> Schema:
    """`schema`, if it is one.

    Raises:
        CannotRunError: It is no JSON schema, or no object can stand for it.
    """
    from jsonschema import exceptions, validators  # type: ignore[import-untyped]  # noqa: PLC0415  # as below

    if not isinstance(schema, dict):
        raise CannotRunError(f"{where} is no JSON schema: it is no object.")
    try:
        validators.validator_for(schema, validators.Draft202012Validator).check_schema(schema)
    except exceptions.SchemaError as error:
        raise CannotRunError(f"{where} is no JSON schema: {error.message}.") from error
    return schema


class GenerationInterrupted(KeyboardInterrupt):
    """Somebody has interrupted it; `generated` is what was found by then."""

    def __init__(self, found: Generated) -> None:
        super().__init__("Making up events was interrupted.")
        self.generated = found


def generated(
    handler: Reference,
    scenario: Scenario,
    given: Sequence[MadeUp],
    count: int,
    *,
    check: str = "",
    schema: Schema | None = None,
    answers: bool = False,
    results: bool = False,
    patience: float = PATIENCE_SECONDS,
    listener: Callable[[int], None] = lambda _made: None,
    templates: Templates | None = None,
) -> Generated:
    """Make up `count` events, or fewer if no others can be made up, and run each.

    They are made of the `given` ones; `scenario` says what they meet besides. `schema` says what an event may be; None
    leaves that to the type of the handler's event, or to the events that are given. `answers` to callbacks, and
    `results` of chained invocations, are made up only if nobody has said them. The `listener` is told how many events
    have been run. `templates` keep what an exploration of the handler need not import again.

    Raises:
        CannotRunError: The handler cannot be imported, or there are no processes here that executions can run in.
        GenerationInterrupted: Somebody has interrupted it; it holds what was found by then.
    """
    with Pool(handler, scenario, patience=patience, max_lost=count + len(given), templates=templates) as pool:
        generator = _Generator(pool, scenario, check, answers=answers, results=results, listener=listener)
        try:
            pool.start()
            generator.begin(given)
            generator.make_up(count, schema if schema is not None else pool.event_schema)
        except KeyboardInterrupt as interruption:
            raise GenerationInterrupted(generator.told(interrupted=True)) from interruption
        return generator.told()


@dataclass(frozen=True)
class _Candidate:
    """An event to be run, and what people and other functions answer then."""

    event: Any
    usual: str = OK  # what a callback is answered that `answers` does not name
    answers: Mapping[str, str] = field(default_factory=dict)
    invokes: Mapping[str, str] = field(default_factory=dict)
    step: str = ""  # by which it differs from another one; empty if by several, or none

    @property
    def id(self) -> str:
        return json.dumps([self.event, self.usual, self.answers, self.invokes], sort_keys=True)


@dataclass(frozen=True)
class _Made:
    """A candidate that was run."""

    candidate: _Candidate
    fails: str
    reached: Lines
    callbacks: tuple[str, ...] = ()  # the names of those that it met
    chained: tuple[str, ...] = ()

    @property
    def told(self) -> MadeUp:
        of = self.candidate
        if not of.answers and not of.invokes:
            return MadeUp(of.event, fails=self.fails)
        answers = {name: of.answers.get(name, of.usual) for name in self.callbacks}
        return MadeUp(of.event, answers, dict(of.invokes), self.fails)


class _Generator:
    def __init__(
        self,
        pool: Pool,
        scenario: Scenario,
        check: str,
        *,
        answers: bool,
        results: bool,
        listener: Callable[[int], None],
    ) -> None:
        self._pool = pool
        self._meets = scenario
        self._check = check
        self._answers = answers
        self._results = results
        self._listener = listener
        self._given: list[_Made] = []
        self._kept: list[_Made] = []
        self._failing: list[_Made] = []
        self._before: Lines = frozenset()
        self._reached: Lines = frozenset()  # by what can be checked
        self._known: set[str] = set()  # the ids of what was run
        self._tried: set[str] = set()  # the steps of what has ended as expected
        self._count = 0
        self._could_not_run: dict[str, None] = {}
        self._file = ""  # the handler's

    # Events that are given

    def begin(self, given: Sequence[MadeUp]) -> None:
        """Run the events that are given, in the ways in which a check does."""
        for one in given:
            self._given += self._as_usual(_Candidate(one.event, answers=one.answers, invokes=one.invokes))
        unsaid = [one for one in self._given if not one.fails and one.callbacks and not one.candidate.answers]
        for made in unsaid if self._answers else ():
            for way, (run, lines) in zip(WAYS, self._runs([(made.candidate, way.answer) for way in WAYS]), strict=True):
                if isinstance(run, Run) and not why_not_checked(run, self._scenario(made.candidate, way.answer)):
                    self._before |= lines
        self._before = self._before.union(*(one.reached for one in self._given if not one.fails))
        self._reached = self._before

    def _as_usual(self, candidate: _Candidate) -> Iterator[_Made]:
        """The candidate with the first of the usual answers that it takes."""
        made = next(iter(self._all_made([candidate])), None)
        if made and made.fails and made.callbacks and self._answers and not candidate.answers:
            others = self._all_made([replace(candidate, usual=one) for one in USUAL])
            made = next((one for one in others if not one.fails), made)
        if made:
            yield made

    # Events that are made up

    def make_up(self, count: int, schema: Schema | None) -> None:
        from durable_conformance.exploring.made_up import drawn  # noqa: PLC0415  # half a second, for who needs it

        for number in itertools.count():
            size = min(BATCH, count - self._count)
            if size <= 0 or not self._given:
                return
            bases = [*self._given, *self._kept, *self._failing]
            words = self._words()
            shapes = _Shapes(schema, [one.candidate.event for one in bases], words)
            batch = list(itertools.islice(self._new(self._fresh(bases, shapes)), size))
            if len(batch) < size:
                more = drawn(self._strategy(bases, shapes), 5 * size, number)
                both = _by_turns([self._likely(bases, shapes), iter(more)])
                batch += itertools.islice(self._new(both), size - len(batch))
            if not batch:
                return
            for made in self._all_made(batch):
                self._take(made)
            self._count += len(batch)
            self._listener(self._count)

    def _take(self, made: _Made) -> None:
        """Keep what reaches a line that none before it has reached."""
        if not made.fails:
            self._tried.add(made.candidate.step)
        if not made.fails and not made.reached <= self._reached:
            self._kept.append(made)
            self._reached |= made.reached
        elif made.fails and not made.reached <= self._reached.union(
            *(one.reached for one in (*self._given, *self._failing))
        ):
            self._failing.append(made)

    def _new(self, candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
        for one in candidates:
            if one.id not in self._known:
                self._known.add(one.id)
                yield one

    def _fresh(self, bases: Sequence[_Made], shapes: _Shapes) -> Iterator[_Candidate]:
        """Each step, from what was found last and has not failed, the likely ones first: once if that has not."""
        sure = [one for one in bases if not one.fails]
        for several in ([one] for one in (*reversed(sure), *reversed([one for one in bases if one.fails]))):
            for steps in self._likely, self._plain:
                for one in steps(several, shapes):
                    if one.step not in self._tried:
                        if not several[0].fails:
                            self._tried.add(one.step)
                        yield one

    def _likely(self, bases: Sequence[_Made], shapes: _Shapes) -> Iterator[_Candidate]:
        for made in reversed(bases):
            yield from _by_turns(self._likely_of(made, shapes))

    def _plain(self, bases: Sequence[_Made], shapes: _Shapes) -> Iterator[_Candidate]:
        for of in (made.candidate for made in reversed(bases)):
            yield from (replace(of, event=one.to, step=one.key) for one in shapes.event.plain(of.event))

    def _likely_of(self, made: _Made, shapes: _Shapes) -> Iterator[Iterator[_Candidate]]:
        of = made.candidate
        yield (replace(of, event=one.to, step=one.key) for one in shapes.event.likely(of.event))
        for name in made.callbacks if self._answers else ():
            yield map(partial(_answered, of, name), shapes.answers(of.answers.get(name)))
        for name in made.chained if self._results else ():
            yield map(partial(_resulting, of, name), shapes.results(of.invokes.get(name)))

    def _strategy(self, bases: Sequence[_Made], shapes: _Shapes) -> SearchStrategy[_Candidate]:
        from hypothesis import strategies as st  # noqa: PLC0415  # as above

        def changed(made: _Made) -> SearchStrategy[_Candidate]:
            of = made.candidate
            return st.one_of(
                shapes.event.changed(of.event).map(lambda event: replace(of, event=event, step="")),
                *(shapes.any_answer().map(partial(_answered, of, name)) for name in made.callbacks if self._answers),
                *(shapes.any_result().map(partial(_resulting, of, name)) for name in made.chained if self._results),
            )

        of = bases[0].candidate
        whole = shapes.event.values().map(lambda event: replace(of, event=event, step=""))
        return st.one_of(st.sampled_from(bases).flatmap(changed), whole)

    def _words(self) -> SourceWords:
        """Those of the functions that were run, and of those that they name."""
        by_file: defaultdict[str, set[int]] = defaultdict(set)
        for file, line in self._reached.union(*(one.reached for one in (*self._given, *self._failing))):
            by_file[file].add(line)
        paths = {Path.cwd() / file: ran for file, ran in by_file.items()}
        return source_words({file: names_counted(file, ran) for file, ran in paths.items()})

    # Runs

    def _all_made(self, candidates: Sequence[_Candidate]) -> list[_Made]:
        """The candidates that could be run, in their order."""
        made: list[_Made] = []
        self._known |= {one.id for one in candidates}
        for candidate, (outcome, lines) in zip(
            candidates, self._runs([(one, None) for one in candidates]), strict=True
        ):
            if isinstance(outcome, Lost):
                self._could_not_run[f"{json.dumps(candidate.event)}: {outcome.why}"] = None
                continue
            scenario = self._scenario(candidate)
            asked = scenario_of(outcome, scenario)
            self._file = self._file or outcome.line_of(EXECUTION).rpartition(":")[0]
            fails = why_not_checked(outcome, scenario)
            made.append(_Made(candidate, fails, lines, tuple(asked.callbacks), tuple(asked.invokes)))
        return made

    def _runs(self, several: Sequence[tuple[_Candidate, CallbackAnswer | None]]) -> list[tuple[Run | Lost, Lines]]:
        """What comes of each, and the statements that it reaches."""
        experiments = [
            Experiment(
                f"made-up:{number}:{candidate.id}",
                f"the event {json.dumps(candidate.event)}",
                None,
                UNDISTURBED,
                not_judged,
                Where(way=0),  # a process that has made none before: it tells all lines that it runs
                scenario=self._scenario(candidate, answer),
            )
            for number, (candidate, answer) in enumerate(several)
        ]
        made: dict[str, tuple[Run | Lost, Lines]] = {}
        self._pool.reached.clear()
        for experiment, outcome in self._pool.run(experiments):
            made[experiment.id] = outcome, reached_statements(self._pool.reached)
            self._pool.reached.clear()  # what comes next is another's
        return [made[one.id] for one in experiments]

    def _scenario(self, candidate: _Candidate, answer: CallbackAnswer | None = None) -> Scenario:
        of = replace(self._meets, event=candidate.event)
        if self._results:
            of = replace(of, ask_invokes=ByName({name: Answered(text) for name, text in candidate.invokes.items()}))
        if self._answers:
            named = {name: Answered(text) for name, text in candidate.answers.items()}
            of = replace(of, ask=ByName({} if answer else named, answer or Answered(candidate.usual)))
        return of

    def _coverage(self, lines: Lines) -> tuple[FileCoverage, ...]:
        """Of the user's files, that of the handler first."""
        return tuple(one.counted for one in sorted(coverage(lines), key=lambda one: one.file != self._file))

    def told(self, *, interrupted: bool = False) -> Generated:
        failing = [one for one in self._failing if not one.reached <= self._reached]
        return Generated(
            self._check,
            self._count,
            tuple(one.told for one in self._kept),
            tuple(one.told for one in failing),
            tuple(one.told for one in self._given),
            self._coverage(self._before),
            self._coverage(self._reached),
            tuple(self._could_not_run),
            interrupted,
        )


class _Shapes:
    """What events and answers may be."""

    def __init__(self, schema: Schema | None, events: Sequence[Any], words: SourceWords) -> None:
        from durable_conformance.exploring.made_up import Shape  # noqa: PLC0415  # half a second, for who needs it

        self.event: Shape = Shape(schema, events, words.event)
        self._answer: Shape = Shape(None, [{}], words.answers)
        self._texts = [one for one in words.answers.values.get((), ()) if isinstance(one, str)]
        self._others = [one for one in words.answers.values.get((), ()) if not isinstance(one, str)]

    def results(self, now: str | None) -> Iterator[str]:
        """What a chained invocation may come to instead of `now`, the likely first: JSON."""
        value = _object(now)
        steps = (*self._answer.likely(value), *self._answer.plain(value))
        yield from dict.fromkeys(map(json.dumps, [*self._texts, *self._others, *(one.to for one in steps)]))

    def answers(self, now: str | None) -> Iterator[str]:
        """What a callback may be answered instead of `now`: a text, which may be JSON."""
        yield from dict.fromkeys([*self._texts, *self.results(now)])

    def any_result(self) -> SearchStrategy[str]:
        return self._answer.values().map(json.dumps)

    def any_answer(self) -> SearchStrategy[str]:
        from hypothesis import strategies as st  # noqa: PLC0415  # as above

        return st.one_of(st.sampled_from([*self._texts, *USUAL]), self.any_result())


def _answered(of: _Candidate, name: str, text: str) -> _Candidate:
    return replace(of, answers={**of.answers, name: text}, step=f"{name} answered {text}")


def _resulting(of: _Candidate, name: str, text: str) -> _Candidate:
    return replace(of, invokes={**of.invokes, name: text}, step=f"{name} comes to {text}")


def _by_turns[T](several: Iterable[Iterator[T]]) -> Iterator[T]:
    """One of each, as long as they last."""
    waiting = deque(several)
    while waiting:
        one = waiting.popleft()
        with contextlib.suppress(StopIteration):
            yield next(one)
            waiting.append(one)


def _object(text: str | None) -> Any:
    """The JSON object of an answer; an empty one if it is none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
