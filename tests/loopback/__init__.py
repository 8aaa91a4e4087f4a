"""HTTP on the loopback interface, for what tests stand in for: a server, a double that counts, programs that serve."""

from tests.loopback.double import HttpDouble
from tests.loopback.server import Answer, Drop, Handle, HttpRequest, LoopbackServer, Stall
from tests.loopback.serving import until_interrupted, while_running

__all__ = [
    "Answer",
    "Drop",
    "Handle",
    "HttpDouble",
    "HttpRequest",
    "LoopbackServer",
    "Stall",
    "until_interrupted",
    "while_running",
]
