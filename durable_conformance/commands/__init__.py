"""The command line: a module for each command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_conformance.lazily import handed_on

if TYPE_CHECKING:
    from durable_conformance.commands.answers import GivenAnswer as GivenAnswer
    from durable_conformance.commands.answers import callback_answers as callback_answers
    from durable_conformance.commands.answers import invoke_results as invoke_results
    from durable_conformance.commands.answers import typed_answer as typed_answer
    from durable_conformance.commands.checks import Check as Check
    from durable_conformance.commands.checks import planned as planned
    from durable_conformance.commands.cli import COMMANDS as COMMANDS
    from durable_conformance.commands.cli import app as app
    from durable_conformance.commands.cli import main as main
    from durable_conformance.commands.crash_at import came_by as came_by
    from durable_conformance.commands.crash_at import not_reached as not_reached
    from durable_conformance.commands.crash_at import typed_point as typed_point
    from durable_conformance.commands.generating import EventsFile as EventsFile
    from durable_conformance.commands.options import Json as Json
    from durable_conformance.commands.options import can_be_written as can_be_written
    from durable_conformance.commands.options import model_of as model_of
    from durable_conformance.commands.sam_template import ACCOUNT as ACCOUNT
    from durable_conformance.commands.sam_template import SamFunction as SamFunction
    from durable_conformance.commands.sam_template import durable_functions as durable_functions
    from durable_conformance.commands.settings import Settings as Settings
    from durable_conformance.commands.settings import project_file as project_file
    from durable_conformance.commands.variables import typed_variable as typed_variable
    from durable_conformance.commands.variables import variables_in as variables_in
    from durable_conformance.commands.waiting import Waiting as Waiting
    from durable_conformance.commands.waiting import WaitingForSeveral as WaitingForSeveral
    from durable_conformance.commands.watching import looking as looking
    from durable_conformance.commands.watching import watched as watched

_MODULES = (
    "cli",
    "answers",
    "checks",
    "crash_at",
    "generating",
    "options",
    "sam_template",
    "settings",
    "variables",
    "waiting",
    "watching",
)
"""Where the names below are looked for; `cli` loads no command until one is named."""

__all__ = [
    "ACCOUNT",
    "COMMANDS",
    "Check",
    "EventsFile",
    "GivenAnswer",
    "Json",
    "SamFunction",
    "Settings",
    "Waiting",
    "WaitingForSeveral",
    "app",
    "callback_answers",
    "came_by",
    "can_be_written",
    "durable_functions",
    "invoke_results",
    "looking",
    "main",
    "model_of",
    "not_reached",
    "planned",
    "project_file",
    "typed_answer",
    "typed_point",
    "typed_variable",
    "variables_in",
    "watched",
]

__getattr__ = handed_on(__name__, _MODULES, __all__)  # who asks for help needs none of the others
