"""Explores how an execution can be interrupted: plans experiments, has them made, and judges the runs."""

from durable_conformance.choices import HORIZON as HORIZON
from durable_conformance.choices import Shard as Shard
from durable_conformance.exploring.cases import MAX_FAULTY_INVOCATIONS as MAX_FAULTY_INVOCATIONS
from durable_conformance.exploring.cases import crash_cases as crash_cases
from durable_conformance.exploring.cases import decided_as as decided_as
from durable_conformance.exploring.cases import fault_cases as fault_cases
from durable_conformance.exploring.cases import model_group as model_group
from durable_conformance.exploring.cases import orders as orders
from durable_conformance.exploring.configured import configured as configured
from durable_conformance.exploring.every_answer import bare as bare
from durable_conformance.exploring.every_answer import explore_every_answer as explore_every_answer
from durable_conformance.exploring.exploration import EVERYTHING as EVERYTHING
from durable_conformance.exploring.exploration import Exploration as Exploration
from durable_conformance.exploring.explore import ExplorationInterrupted as ExplorationInterrupted
from durable_conformance.exploring.explore import Progress as Progress
from durable_conformance.exploring.explore import explore as explore
from durable_conformance.exploring.following import begun_before as begun_before
from durable_conformance.exploring.following import diverged as diverged
from durable_conformance.exploring.generating import GenerationInterrupted as GenerationInterrupted
from durable_conformance.exploring.generating import checked_schema as checked_schema
from durable_conformance.exploring.generating import generated as generated
from durable_conformance.exploring.one_case import UnknownCaseError as UnknownCaseError
from durable_conformance.exploring.other_sandboxes import scenario_of as scenario_of
from durable_conformance.exploring.sweep import MOST as MOST
from durable_conformance.exploring.sweep import crash_sweeps as crash_sweeps
from durable_conformance.exploring.sweep import fault_sweep as fault_sweep
