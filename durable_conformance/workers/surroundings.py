"""Applies what may differ between two invocations of one execution to this process, which runs nothing else."""

from __future__ import annotations

import datetime as dt
import os
import random
import tempfile
from pathlib import Path

import time_machine

from durable_conformance.workers.perturbation import Perturbation

SANDBOX_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "_X_AMZN_TRACE_ID",
)
"""The environment variables that Lambda itself sets otherwise in each sandbox or invocation. What a function's own
configuration sets stays: an execution goes on on the version that it began on, and a version's variables do not change.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""


class Surroundings:
    """This process's clock, random numbers, variables and temporary folder, as `perturbation` has them.

    Args:
        perturbation: How they differ from invocation to invocation.
        folder: An empty folder that somebody else removes.
    """

    def __init__(self, perturbation: Perturbation, folder: Path) -> None:
        self._number = perturbation.number
        self._folder = folder
        self._journey: time_machine.travel | None = None
        self._apply(0)

    def before(self, invocation: int) -> None:
        """Change what may change before `invocation`: another sandbox may run it, later."""
        if self._number:
            self._apply(self._number * (invocation + 1))

    def _apply(self, step: int) -> None:
        random.seed(step)
        for name in SANDBOX_VARIABLES:
            os.environ[name] = f"sandbox-{step}"
        tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(dir=self._folder)
        if self._journey:
            self._journey.stop()
        if step:
            shift = dt.timedelta(days=step, hours=7 * step, minutes=13 * step)
            self._journey = time_machine.travel(dt.datetime.now(dt.UTC) + shift, tick=True)
            self._journey.start()
