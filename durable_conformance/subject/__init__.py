"""What is checked, and what it meets: the handler, where it is found, and the scenario."""

from durable_conformance.subject.answers import APPROVE, OK, REJECT, Always, Asker, silence
from durable_conformance.subject.handlers import handler_factory
from durable_conformance.subject.importing import import_file, import_module, users_traceback
from durable_conformance.subject.patterns import ModelledHandler, find_pattern, pattern_names
from durable_conformance.subject.reference import Reference, reference_to
from durable_conformance.subject.scenario import (
    CALLBACK_SUFFIX,
    Answered,
    CallbackAnswer,
    Handler,
    HandlerFactory,
    Refused,
    Scenario,
    Silence,
    UnansweredCallbackError,
)

__all__ = [
    "APPROVE",
    "CALLBACK_SUFFIX",
    "OK",
    "REJECT",
    "Always",
    "Answered",
    "Asker",
    "CallbackAnswer",
    "Handler",
    "HandlerFactory",
    "ModelledHandler",
    "Reference",
    "Refused",
    "Scenario",
    "Silence",
    "UnansweredCallbackError",
    "find_pattern",
    "handler_factory",
    "import_file",
    "import_module",
    "pattern_names",
    "reference_to",
    "silence",
    "users_traceback",
]
