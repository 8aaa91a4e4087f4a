"""A fresh interpreter in which executions run one to a process.

It is told what to run, and answers, over a socket (`fresh_processes` is the other end). For each
exploration it keeps a process that has imported the handler (`nursery`).
"""

from __future__ import annotations

from collections import OrderedDict
from multiprocessing.connection import Connection

from durable_conformance.runtime.sdk_logs import quiet_sdk_logs
from durable_conformance.workers.batch import Batch, Reply
from durable_conformance.workers.interpreter import connection_to_parent
from durable_conformance.workers.nursery import Nursery

KEPT = 8
"""Explorations that may go on side by side without importing their handlers again."""


def serve(connection: Connection) -> None:
    """Run batches until the other end closes. After the last reply to a batch comes None."""
    quiet_sdk_logs()
    nurseries: OrderedDict[object, Nursery] = OrderedDict()
    try:
        while True:
            batch: Batch = connection.recv()
            nursery = nurseries.pop(batch.exploration, None) or Nursery(batch.target, connection)
            if nursery.run(batch):
                nurseries[batch.exploration] = nursery
            else:
                why = f"the process that imports the handler ended with exit code {nursery.end()}"
                connection.send(Reply(None, why))
            while len(nurseries) > KEPT:
                nurseries.popitem(last=False)[1].end()
            connection.send(None)
    except (EOFError, ConnectionError):  # the other end has closed
        pass
    finally:
        while nurseries:
            nurseries.popitem()[1].end()


def main() -> None:
    """In the child: serve the parent."""
    serve(connection_to_parent())
