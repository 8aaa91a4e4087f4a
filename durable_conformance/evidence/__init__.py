"""What each run of an exploration did, where it stands among the others, and how it differs."""

from durable_conformance.evidence.comparison import Comparison
from durable_conformance.evidence.explored import Explored
from durable_conformance.evidence.run_record import NOT_RUN, Place, Records, RunRecord, Section
from durable_conformance.evidence.trace import Arrival, InvocationTrace, Moment, RetrySchedule, Trace

__all__ = [
    "NOT_RUN",
    "Arrival",
    "Comparison",
    "Explored",
    "InvocationTrace",
    "Moment",
    "Place",
    "Records",
    "RetrySchedule",
    "RunRecord",
    "Section",
    "Trace",
]
