"""One execution as plain data: what it met, what it did, and where it can be interrupted.

A `Run` is an execution that was made. Its `events` are the one record of what happened, in order; calls, updates,
effects and deaths are read off them, and so are the timeline, the trace and the golden history.
"""

from durable_conformance.execution.conditions import MAX_INVOCATIONS as MAX_INVOCATIONS
from durable_conformance.execution.conditions import UNDISTURBED as UNDISTURBED
from durable_conformance.execution.conditions import Conditions as Conditions
from durable_conformance.execution.conditions import Order as Order
from durable_conformance.execution.crash_points import ALL_KINDS as ALL_KINDS
from durable_conformance.execution.crash_points import CRASH_WORDS as CRASH_WORDS
from durable_conformance.execution.crash_points import DURING_CALL as DURING_CALL
from durable_conformance.execution.crash_points import MODEL_CALL as MODEL_CALL
from durable_conformance.execution.crash_points import CrashKind as CrashKind
from durable_conformance.execution.crash_points import CrashPoint as CrashPoint
from durable_conformance.execution.crash_points import DiedInCall as DiedInCall
from durable_conformance.execution.crash_points import InvocationDied as InvocationDied
from durable_conformance.execution.events import AnswerCame as AnswerCame
from durable_conformance.execution.events import Checkpointed as Checkpointed
from durable_conformance.execution.events import Death as Death
from durable_conformance.execution.events import EffectHappened as EffectHappened
from durable_conformance.execution.events import Event as Event
from durable_conformance.execution.events import InvocationBegan as InvocationBegan
from durable_conformance.execution.events import InvocationEnded as InvocationEnded
from durable_conformance.execution.events import Listener as Listener
from durable_conformance.execution.events import ModelAsked as ModelAsked
from durable_conformance.execution.events import ModuleChanged as ModuleChanged
from durable_conformance.execution.events import OperationBegan as OperationBegan
from durable_conformance.execution.events import OperationReplayed as OperationReplayed
from durable_conformance.execution.events import ProcessDied as ProcessDied
from durable_conformance.execution.events import ReadOutside as ReadOutside
from durable_conformance.execution.events import Source as Source
from durable_conformance.execution.events import TimePassed as TimePassed
from durable_conformance.execution.events import TimeSpent as TimeSpent
from durable_conformance.execution.events import VariableChanged as VariableChanged
from durable_conformance.execution.operations import BATCHES as BATCHES
from durable_conformance.execution.operations import BRANCHES as BRANCHES
from durable_conformance.execution.operations import ENDED as ENDED
from durable_conformance.execution.operations import ENDINGS as ENDINGS
from durable_conformance.execution.operations import ENDS as ENDS
from durable_conformance.execution.operations import EXECUTION as EXECUTION
from durable_conformance.execution.operations import OPEN as OPEN
from durable_conformance.execution.operations import TERMINAL as TERMINAL
from durable_conformance.execution.operations import Action as Action
from durable_conformance.execution.operations import OperationKind as OperationKind
from durable_conformance.execution.operations import OperationPaths as OperationPaths
from durable_conformance.execution.operations import OperationRecord as OperationRecord
from durable_conformance.execution.operations import Status as Status
from durable_conformance.execution.operations import callbacks_in_order as callbacks_in_order
from durable_conformance.execution.operations import comes_later as comes_later
from durable_conformance.execution.operations import in_order as in_order
from durable_conformance.execution.operations import numbered as numbered
from durable_conformance.execution.operations import path_order as path_order
from durable_conformance.execution.operations import place as place
from durable_conformance.execution.operations import recorded as recorded
from durable_conformance.execution.operations import with_parents as with_parents
from durable_conformance.execution.pinned import Pinned as Pinned
from durable_conformance.execution.pinned import pinned_by as pinned_by
from durable_conformance.execution.pinned import values_of as values_of
from durable_conformance.execution.run import AT_HORIZON as AT_HORIZON
from durable_conformance.execution.run import EPOCH as EPOCH
from durable_conformance.execution.run import Awaited as Awaited
from durable_conformance.execution.run import Prefix as Prefix
from durable_conformance.execution.run import Raised as Raised
from durable_conformance.execution.run import Run as Run
from durable_conformance.execution.run import Start as Start
from durable_conformance.execution.run import parsed_result as parsed_result
