"""Stands between the user's code and the machine: nothing leaves it, and what is done to it outside steps is seen.

An audit hook hears of every connection, file and process that Python code is about to make, by whatever library, and
stops a call by raising. A hook cannot be removed: so it is put into processes that run the user's code and end with it,
never into the engine's or a test's own. It does not hear C code that opens sockets by itself, nor other programs.
"""

from __future__ import annotations

import functools
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_conformance.execution import Source
from durable_conformance.runtime import current, is_of_a_sandbox
from durable_conformance.users_code import place_of, waiting_place
from durable_conformance.workers.deeds import Deed, Deeds
from durable_conformance.workers.surroundings import is_local, text_of

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_STAYS = frozenset(getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name))
"""Address families that end in this machine. Of others but the internet's nothing is known."""

_PROTOCOLS = {
    22: "SSH",
    25: "SMTP",
    53: "DNS",
    80: "HTTP",
    443: "HTTPS",
    465: "SMTP",
    587: "SMTP",
    1433: "SQL Server",
    3306: "MySQL",
    5432: "PostgreSQL",
    5672: "AMQP",
    6379: "Redis",
    9092: "Kafka",
    9200: "Elasticsearch",
    11211: "memcached",
    27017: "MongoDB",
}

_MOST_NAMED = 3
_WRITES = os.O_WRONLY | os.O_RDWR

CONNECTS = "socket.connect"
"""The audit event."""


class ConnectionRefusedByCheckError(RuntimeError):
    """The handler may not connect to where it wants to.

    No `OSError`: libraries take those for a bad network, and try again.
    """


@dataclass(frozen=True)
class _Refused:
    """A connection that was refused."""

    who: str  # the user's line, as far as it is known
    host: str
    port: int | None

    def __str__(self) -> str:
        if self.port is None:
            return f"{self.who} looked up {self.host}"
        over = f"over {_PROTOCOLS[self.port]}" if self.port in _PROTOCOLS else f"on port {self.port}"
        return f"{self.who} called {self.host} {over}"


class Guard:
    """Refuses what would leave the machine, unless it is `live`, and tells of what is done outside steps."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._home = Path.cwd()
        self._deeds = Deeds(self._home)
        self._refused: dict[_Refused, None] = {}
        self._opened: set[str] | None = set()

    def install(self) -> None:
        """Stand in this process, and in all that it forks, until they end."""
        hears: dict[str, Callable[..., Deed | None]] = {**self._deeds.read, CONNECTS: self._connects}
        if not self._live:
            for name, position in {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}.items():
                self._check_before(name, position)
            hears |= {
                "socket.sendto": self._sends,
                "socket.sendmsg": self._sends,
                "socket.getaddrinfo": self._looks_up,
                "socket.gethostbyname": self._looks_up,
                "socket.gethostbyaddr": self._looks_up,
                "socket.getnameinfo": lambda address: self._looks_up(*address),
            }

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open":
                _reads(*arguments)
                if self._opened is not None:
                    self._opens(*arguments)
            if hear := hears.get(event):
                deed = hear(*arguments)
                if deed and (observer := current()):
                    place = place_of(sys._getframe(1), __file__)  # noqa: SLF001  # documented
                    if deed.is_of(place):
                        observer.saw(deed.verb, deed.to, place.line(self._home), grave=deed.grave)
                        if event == CONNECTS and not observer.scopes.here().in_step:
                            observer.read_at(Source.SOCKET, place.expression, place)

        sys.addaudithook(hook)

    def opened_until_now(self) -> frozenset[str]:
        """The files that were opened to be read. From now on, nobody takes note of any."""
        opened, self._opened = self._opened, None
        return frozenset(opened or ())

    def _opens(self, path: object, _mode: object, flags: int) -> None:
        if self._opened is not None and isinstance(path, str | bytes | os.PathLike) and not flags & _WRITES:
            self._opened.add(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100  # text, and no `Path` for each

    def refused(self, when: str = "") -> str:
        """What was refused since this was asked last, and what to do about it; empty if nothing was."""
        calls = list(self._refused)
        self._refused.clear()
        if not calls:
            return ""
        named = ", ".join(map(str, calls[:_MOST_NAMED]))
        more = f", and {len(calls) - _MOST_NAMED} more such calls" if len(calls) > _MOST_NAMED else ""
        return (
            f"{named}{more}{when}, and nothing answers {'it' if len(calls) == 1 else 'them'}: "
            "give a double with --setup MODULE:FUNCTION, or allow it with --live (in a test: setup= and live=)"
        )

    def _connects(self, connecting: socket.socket, address: Any) -> Deed:
        if not self._live:
            self._sends(connecting, address)
        host, port = _host_and_port(address)
        return Deed("connected to", host if port is None else f"{host}:{port}", grave=True)

    def _sends(self, sender: socket.socket, address: Any) -> None:
        if address is None or sender.family in _STAYS:
            return
        host, port = _host_and_port(address)
        if sender.family not in _INTERNET or not is_local(host):
            self._refuse(host, port)

    def _looks_up(self, host: str | bytes | None, port: object = None, *_: object) -> None:
        if not is_local(host) and text_of(host) != socket.gethostname():
            self._refuse(text_of(host), _number(port))

    def _check_before(self, method: str, position: int) -> None:
        """Have a method of sockets look at the address it is given: CPython asks DNS for a name before a hook hears."""
        unchecked = getattr(socket.socket, method)

        @functools.wraps(unchecked)
        def checked(sender: socket.socket, *arguments: Any) -> Any:
            if arguments[position:]:
                self._sends(sender, arguments[position])
            return unchecked(sender, *arguments)

        setattr(socket.socket, method, checked)

    def _refuse(self, host: str, port: int | None) -> None:
        place = place_of(sys._getframe(1), __file__)  # noqa: SLF001  # documented
        line = place.line(self._home) or waiting_place().line(self._home)
        refused = _Refused(line or (place.library and f"the library {place.library}") or "the handler", host, port)
        self._refused[refused] = None
        raise ConnectionRefusedByCheckError(f"{refused}: a check lets nothing leave this machine.")


def _reads(path: object, _mode: object, flags: int) -> None:
    """A file that another sandbox may not have is read, perhaps by the handler outside steps."""
    observer = current()
    if observer is None or flags & _WRITES or observer.scopes.here().in_step:
        return
    if is_of_a_sandbox(path):
        observer.read_outside(Source.FILE)


def _number(port: object) -> int | None:
    """A port, which may be given as a service's name."""
    try:
        return int(port)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        return None


def _host_and_port(address: Any) -> tuple[str, int | None]:
    """What an address of any family says."""
    if isinstance(address, tuple) and len(address) > 1:
        return text_of(address[0]), _number(address[1])
    return text_of(address), None
