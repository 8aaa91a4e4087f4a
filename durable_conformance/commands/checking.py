"""What `durable-ai check` does: explores handlers, several side by side, and tells what is found."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import typer
from rich.text import Text

from durable_conformance import reporting
from durable_conformance.choices import OutputFormat, Severity, Shard
from durable_conformance.commands import options
from durable_conformance.commands.again import again, typed_again
from durable_conformance.commands.checks import Check, planned
from durable_conformance.commands.generating import Generating, events_files, with_kept
from durable_conformance.commands.generating import event_schema as read_event_schema
from durable_conformance.commands.output import Output, exit_code
from durable_conformance.commands.settings import Settings, chosen_format, project_file
from durable_conformance.commands.waiting import Waiting, WaitingForSeveral
from durable_conformance.errors import CannotRunError, ExitCode
from durable_conformance.evidence import Explored, Records
from durable_conformance.execution import Run
from durable_conformance.exploring import (
    Exploration,
    ExplorationInterrupted,
    UnknownCaseError,
    bare,
    explore,
    explore_every_answer,
)
from durable_conformance.reporting import Checked, Joining, Named, Outcome, command
from durable_conformance.rules import Generated, Report
from durable_conformance.subject import Scenario
from durable_conformance.workers import Breakpoint, Experiment, Templates, pools_at_once


def checked(
    target: str | None,
    settings: Mapping[str, object],
    typed: Mapping[str, object],
    *,
    events: Sequence[options.Json],
    template: Path | None,
    function: str | None,
    generate: int | None,
    event_schema: Path | None,
    case: str | None,
    debug: bool,
    shard: Shard | None,
    output_format: OutputFormat | None,
    json_file: Path | None,
    html_file: Path | None,
    templates: Templates,
    told: Callable[[Outcome], None] | None = None,
    quiet: bool = False,
) -> None:
    """Check what `target`, `template` or the project names.

    Args:
        target: As it was typed.
        settings: Those that were typed, by name; None or nothing for the others.
        typed: By option, what the command that makes a case again is given.
        events: Those that were typed.
        template: A template whose functions are checked.
        function: Only this one of them.
        generate: How many events to make up.
        event_schema: A file with what they may be.
        case: Only this one is made.
        debug: It is debugged.
        shard: Only the cases that belong to it are made.
        output_format: What is printed; None leaves it to the project.
        json_file: Where the report is written, too.
        html_file: Where a page about it is written, too.
        templates: Where processes come from that have imported the handlers.
        told: Given what the checks came to.
        quiet: Nothing is printed.

    Raises:
        CannotRunError: Something that was typed names nothing, or the only check could not be run.
        typer.Exit: There are findings, or something was interrupted or could not be run.
    """
    given = Settings.model_validate({name: value for name, value in settings.items() if value not in (None, {})})
    project = project_file(Path.cwd())
    for folder in (Path.cwd(), *((project.folder,) if project else ())):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))  # where `package.module:NAME` is found
    checks = planned(target, given, project, template=template, function=function, events=events)
    _see_that_options_fit(generate=generate is not None, event_schema=event_schema, case=case, shard=shard)
    kept = events_files(checks)
    checks = with_kept(checks, kept)
    schema = read_event_schema(event_schema) if event_schema else None
    for one in checks:  # what names nothing is told at once
        one.reference.parts()
        _ = one.scenario
        if wrong := next(reporting.wrong_comments(one.file), None):
            raise CannotRunError(wrong)
    words = typed_again(typed)
    output = Output(chosen_format(output_format, project), json_file, html_file, quiet=quiet)
    generating = None
    if generate is not None:
        generating = Generating(generate, schema, kept, output.console, templates)
        checks = generating.added_to(checks)
    commands = {one.title: again(one, checks, target, template, words) for one in checks}
    made_up = generating.generated if generating else ()
    checking = _Checking(checks, commands, output, shard, generated=made_up, templates=templates, told=told)
    if generating and generating.interrupted:
        checking.not_begun(generating.interrupted)
    elif case is not None:
        checking.alone(case, debug=debug)
    elif debug:
        raise CannotRunError("--pdb debugs one run: say which with --case ID, as a report prints it.")
    else:
        checking.all()


def _see_that_options_fit(*, generate: bool, event_schema: Path | None, case: str | None, shard: Shard | None) -> None:
    if not generate and event_schema is not None:
        raise CannotRunError("--event-schema says what --generate N makes up; add it.")
    if generate and case is not None:
        raise CannotRunError("--case makes one run again, and no event is made up for it: leave --generate out.")
    if case is not None and shard:
        raise CannotRunError("--case makes one run again, whichever shard it belongs to: leave --shard out.")
    if generate and shard:
        raise CannotRunError(
            "--generate may make up other events on each machine: have it keep them once in a file, --events FILE, "
            "and check those with --shard and --events FILE."
        )


A_PERSONS_PATIENCE = 86_400.0
"""Seconds that a run may take which a person debugs."""

BASELINE = "the run it is held against"


class _Alone:
    """One case that is made again."""

    def __init__(self, check: Check, case: str) -> None:
        self.check = check
        self.case = case
        self.report: Report
        self.run: Named | None = None
        self.expected: Named | None = None  # what it is held against

    def saw(self, experiment: Experiment, run: Run) -> None:
        """The witness: takes the run of the case, of all that it takes."""
        if experiment.id == bare(self.case):
            against = experiment.against.run if experiment.against else experiment.like
            self.expected = Named(BASELINE, against) if against else None
            self.run = Named(experiment.name, run)


def _of_all(case: str, failed: Sequence[CannotRunError]) -> CannotRunError:
    """Why no check has made `case`: the ids that they have, or why they have none."""
    unknown = [one for one in failed if isinstance(one, UnknownCaseError)]
    return UnknownCaseError(case, {id_ for one in unknown for id_ in one.ids}) if unknown else failed[0]


class _Checking:
    """Explores handlers, each with its events, and tells what is found."""

    def __init__(
        self,
        checks: Sequence[Check],
        commands: Mapping[str, str],
        output: Output,
        shard: Shard | None,
        *,
        generated: Sequence[Generated],
        templates: Templates,
        told: Callable[[Outcome], None] | None,
    ) -> None:
        self._told = told
        self._checks = checks
        self._templates = templates
        self._generated = tuple(generated)
        self._commands = commands  # that make a case of a check again, by its title
        self._output = output
        self._console = output.console
        self._shard = shard
        self._keeps_runs = output.html or (shard is not None and output.json)
        self._explored: dict[str, dict[str, Explored]] = {}  # by the title of the check, by the scenario
        self._checked: list[Checked] = []

    def all(self) -> None:
        at_once = min(len(self._checks), pools_at_once())
        if at_once > 1:
            self._side_by_side(at_once)
        else:
            for check in self._checks:
                self._begin(check)
                try:
                    self._tell(check, self._report(check, partial(self._one, check)))
                except ExplorationInterrupted as stopped:
                    self._stopped(check, stopped)
        self._exit()

    def _side_by_side(self, at_once: int) -> None:
        """Explore so many checks at once, and tell of each as soon as all before it are told of."""
        waiting = WaitingForSeveral(len(self._checks))
        ours, theirs = socket.socketpair()
        with ours, theirs, options.interruptible(), ThreadPoolExecutor(at_once) as threads:
            explored: list[Future[Report]] = []
            interruption: KeyboardInterrupt | None = None
            try:
                explored += [threads.submit(self._in_a_thread, check, waiting, theirs) for check in self._checks]
                for check, its in zip(self._checks, explored, strict=True):
                    with self._console.status(waiting):
                        wait([its])
                    self._tell_as_it_ended(check, its)
            except KeyboardInterrupt as error:
                interruption = error
            finally:
                ours.close()  # the threads hear of that; signals reach this one alone
                threads.shutdown(cancel_futures=True)
            if interruption:
                for check, its in list(zip(self._checks, explored, strict=False))[len(self._checked) :]:
                    if not its.cancelled():
                        self._tell_as_it_ended(check, its)
                self._end(interruption)

    def _in_a_thread(self, check: Check, waiting: WaitingForSeveral, interruption: socket.socket) -> Report:
        with waiting.one() as its:
            return self._found(check, its, interruption=interruption)

    def _tell_as_it_ended(self, check: Check, explored: Future[Report]) -> None:
        self._begin(check)
        self._note(check)
        try:
            report = self._report(check, explored.result)
        except ExplorationInterrupted as stopped:
            report = stopped.report
        self._tell(check, report)

    def _begin(self, check: Check) -> None:
        if len(self._checks) > 1:
            self._console.rule(Text(check.title, "bold"), align="left")

    def _report(self, check: Check, explored: Callable[[], Report]) -> Report:
        """What `explored` returns, or why it could not be run."""
        try:
            return check.timed_out(explored())
        except CannotRunError as error:
            if len(self._checks) == 1 and self._output.full:
                raise
            traceback = (error.detail,) if error.detail else ()
            return Report(0, 0, (), 0.0, (), (str(error),), tracebacks=traceback, shard=self._shard)

    def not_begun(self, code: ExitCode) -> NoReturn:
        """Tell what there is to tell where somebody has interrupted what comes before."""
        self._write()
        raise typer.Exit(code)

    def alone(self, case: str, *, debug: bool = False) -> None:
        """Make one case again, of the check that has it, and what it takes."""
        made: list[_Alone] = []
        failed: list[CannotRunError] = []
        for check in self._checks:
            alone = _Alone(check, case)
            try:
                alone.report = check.timed_out(self._one(check, alone))
                made.append(alone)
            except CannotRunError as error:
                failed.append(error)
            except ExplorationInterrupted as stopped:
                self._stopped(check, stopped)
        if not made:
            raise _of_all(case, failed)
        having = [one for one in made if one.run]
        if len(having) > 1:
            several = " or ".join(f"{self._commands[one.check.title]} {command(('--case', case))}" for one in having)
            raise CannotRunError(f"{len(having)} checks have a case {case!r}; say which one: {several}")
        told = having or made  # those that could not be run, and may have it
        for alone in told:
            if alone.run:
                self._console.print(reporting.beside(alone.expected, alone.run, self._console.width))
            self._tell(alone.check, alone.report)
            if debug:
                self._debug(alone)
        self._exit()

    def _debug(self, alone: _Alone) -> None:
        """Make the run once more, and have it stop where the first finding's cause is."""
        report = alone.check.ignores.applied(alone.report)
        if not report.findings:
            self._console.print("--pdb: nothing is found in this run, so there is no line to stop at")
            return
        place = self._checked[-1].location(report.findings[0])
        if place.number is None:
            self._console.print("--pdb: no line is known for what is found in this run")
            return
        here = Breakpoint.here(place.file, place.number)
        self._console.print(f"--pdb: stopping at {place.seen_from(Path.cwd())}; q leaves", highlight=False)
        self._one(alone.check, _Alone(alone.check, alone.case), here)

    def _stopped(self, check: Check, stopped: ExplorationInterrupted) -> NoReturn:
        self._tell(check, stopped.report)
        self._end(stopped.__cause__)

    def _end(self, interruption: BaseException | None) -> NoReturn:
        terminated = isinstance(interruption, options.Terminated)
        self.not_begun(ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED)

    def _exit(self) -> None:
        self._write()
        if code := exit_code(self._checked):
            raise typer.Exit(code)

    def _one(self, check: Check, alone: _Alone | None = None, stops: Breakpoint | None = None) -> Report:
        self._note(check)
        waiting = Waiting()
        shown = contextlib.nullcontext() if stops else self._console.status(waiting)
        with options.interruptible(), shown:
            return self._found(check, waiting, alone, stops)

    def _note(self, check: Check) -> None:
        for note in () if check.cannot else check.notes:
            self._console.print(Text(f"{check.name}: {note}"))

    def _found(
        self,
        check: Check,
        waiting: Waiting,
        alone: _Alone | None = None,
        stops: Breakpoint | None = None,
        interruption: socket.socket | None = None,
    ) -> Report:
        if check.cannot:
            raise CannotRunError(f"{check.name} cannot be checked: {check.cannot}.")

        def made(scenario: Scenario, exploration: Exploration, words: str | None) -> Report:
            records = Records()
            try:
                report = explore(
                    check.reference,
                    scenario,
                    exploration,
                    elsewhere=None if check.settings.other_sandboxes is False else check.reference,
                    listener=waiting.heard,
                    recorder=records.add if self._keeps_runs and words is not None else None,
                    witness=alone.saw if alone and words is not None else None,
                    templates=self._templates,
                    interruption=interruption,
                )
            except ExplorationInterrupted as stopped:
                self._keep(check, words, stopped.report, records)
                raise
            self._keep(check, words, report, records)
            return report

        exploration = replace(check.exploration, only=alone.case if alone else None, shard=self._shard)
        if stops:
            exploration = replace(exploration, stops=stops, patience=A_PERSONS_PATIENCE)
        if check.everything_answered:
            return explore_every_answer(check.scenario, exploration, made)
        return made(check.scenario, exploration, "")

    def _keep(self, check: Check, words: str | None, report: Report, records: Records) -> None:
        """What has been explored with an answer that proved to be of no use makes place for what is."""
        if words is None or not self._keeps_runs:
            return
        scenario = ", ".join(filter(None, (f"event {check.event.text}", words)))
        file = reporting.shown(check.file, Path.cwd())
        explored = Explored(check.title, scenario, report, tuple(records), self._commands[check.title], file)
        self._explored.setdefault(check.title, {})[scenario] = check.ignores.shown(explored)

    def _tell(self, check: Check, report: Report) -> None:
        report = check.ignores.applied(report)
        fail_on = Severity(check.settings.fail_on or Severity.ERROR)
        file = reporting.shown(check.file, Path.cwd())
        joining = self._joining(check, report, file) if report.shard else None
        checked = Checked(check.title, file, fail_on, report, joining)
        self._checked.append(checked)
        self._output.check(checked, self._commands[check.title], alone=len(self._checks) == 1)
        title = check.name if len({one.name for one in self._checks}) == 1 else "durable-ai check"
        told = dict.fromkeys(one.check for one in self._checked)
        self._output.files(self._outcome, title, [one for each in told for one in self._of(each)])

    def _of(self, title: str) -> Collection[Explored]:
        return self._explored.get(title, {}).values()

    def _joining(self, check: Check, report: Report, file: str) -> Joining:
        files = [file, *(one.file for piece in report.pieces for one in piece.reached)]
        return Joining(
            check.made_with,
            reporting.digests(files),
            check.settings.ignore,
            check.execution_timeout,
            self._commands[check.title],
            tuple(one.title for one in self._checks),
            tuple(reporting.packed(one.scenario, one.records) for one in self._of(check.title)),
        )

    @property
    def _outcome(self) -> Outcome:
        """Of what has been checked so far."""
        stopped_early = any(check.settings.exit_first for check in self._checks)
        unused = () if stopped_early else reporting.unused_ignores(self._checked)
        return Outcome(tuple(self._checked), unused, self._generated)

    def _write(self) -> None:
        """What can be told when all is known."""
        if self._told:
            self._told(self._outcome)
        self._output.end(self._outcome, alone=len(self._checks) == 1)
