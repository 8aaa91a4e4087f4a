"""The plumbing behind the patterns: what a workflow calls so that its own file shows nothing but the workflow.

`patterns.durable.strands_agent` is not named here: it needs Strands, which only one pattern should load.
"""

from patterns.durable.asking import PromptDriftError, ask, ask_for, converse
from patterns.durable.budget import ModelBudgetError
from patterns.durable.fan_out import EveryBranchFailedError, fan_out
from patterns.durable.handler import InvalidEventError, durable_handler
from patterns.durable.human import ask_human
from patterns.durable.quoting import listed, quoted
from patterns.durable.results import InvalidResultError
from patterns.durable.signature import InvalidWorkflowError
from patterns.durable.tools import Tool, run_tool, run_tools, tool
from patterns.durable.turns import Turn, ask_turn
from patterns.durable.values import Event, Result, Text

__all__ = [
    "Event",
    "EveryBranchFailedError",
    "InvalidEventError",
    "InvalidResultError",
    "InvalidWorkflowError",
    "ModelBudgetError",
    "PromptDriftError",
    "Result",
    "Text",
    "Tool",
    "Turn",
    "ask",
    "ask_for",
    "ask_human",
    "ask_turn",
    "converse",
    "durable_handler",
    "fan_out",
    "listed",
    "quoted",
    "run_tool",
    "run_tools",
    "tool",
]
