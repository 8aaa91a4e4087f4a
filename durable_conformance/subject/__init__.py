"""What is checked, and what it meets: the handler, where it is found, and the scenario."""

from durable_conformance.subject.durable import instrumented as instrumented
from durable_conformance.subject.handlers import handler_factory as handler_factory
from durable_conformance.subject.importing import import_file as import_file
from durable_conformance.subject.importing import users_traceback as users_traceback
from durable_conformance.subject.patterns import find_pattern as find_pattern
from durable_conformance.subject.patterns import pattern_names as pattern_names
from durable_conformance.subject.raising import raised as raised
from durable_conformance.subject.reference import Reference as Reference
from durable_conformance.subject.reference import reference_to as reference_to
from durable_conformance.subject.scenario import APPROVE as APPROVE
from durable_conformance.subject.scenario import CALLBACK_SUFFIX as CALLBACK_SUFFIX
from durable_conformance.subject.scenario import OK as OK
from durable_conformance.subject.scenario import REJECT as REJECT
from durable_conformance.subject.scenario import Always as Always
from durable_conformance.subject.scenario import Answered as Answered
from durable_conformance.subject.scenario import Asker as Asker
from durable_conformance.subject.scenario import ByName as ByName
from durable_conformance.subject.scenario import CallbackAnswer as CallbackAnswer
from durable_conformance.subject.scenario import Handler as Handler
from durable_conformance.subject.scenario import HandlerFactory as HandlerFactory
from durable_conformance.subject.scenario import Refused as Refused
from durable_conformance.subject.scenario import Scenario as Scenario
from durable_conformance.subject.scenario import Silence as Silence
from durable_conformance.subject.scenario import silence as silence
from durable_conformance.subject.set_up import SetUp as SetUp
from durable_conformance.subject.set_up import set_variables as set_variables
