"""What each run of an exploration did, where it stands among the others, and how it differs."""

from durable_conformance.evidence.comparison import Comparison as Comparison
from durable_conformance.evidence.run_record import NO_INTERRUPTION as NO_INTERRUPTION
from durable_conformance.evidence.run_record import NOT_RUN as NOT_RUN
from durable_conformance.evidence.run_record import Explored as Explored
from durable_conformance.evidence.run_record import Place as Place
from durable_conformance.evidence.run_record import Records as Records
from durable_conformance.evidence.run_record import RunRecord as RunRecord
from durable_conformance.evidence.run_record import Section as Section
from durable_conformance.evidence.trace import Arrival as Arrival
from durable_conformance.evidence.trace import InvocationTrace as InvocationTrace
from durable_conformance.evidence.trace import Moment as Moment
from durable_conformance.evidence.trace import RetrySchedule as RetrySchedule
from durable_conformance.evidence.trace import Trace as Trace
