"""Messages between the engine and its processes: pickled, each in a frame of its own, with descriptors beside them.

Whoever receives never waits for the rest of a message: a handler may do to its end whatever it likes.
"""

from __future__ import annotations

import array
import contextlib
import math
import os
import pickle
import select
import socket
import struct
import time
from collections import deque
from typing import Any

_HEADER = struct.Struct(">4sQ")
_MAGIC = b"DAI1"
_MOST = 1 << 33
_PIECE = 1 << 16
_BESIDE = socket.CMSG_SPACE(16 * array.array("i").itemsize)


class ClosedError(Exception):
    """The other end says nothing any more: it has closed, or what came is no message."""


class SilentError(Exception):
    """The other end has said nothing in time."""


class Channel:
    """One end of a connection between two processes. To be used by one thread."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._bytes = bytearray()
        self._messages: deque[Any] = deque()
        self._descriptors: deque[int] = deque()
        self._closed = False

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        one, other = socket.socketpair()
        return cls(one), cls(other)

    @classmethod
    def of(cls, descriptor: int) -> Channel:
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: object, descriptor: int | None = None) -> None:
        """Send `message`, and a descriptor beside it.

        Raises:
            ClosedError: Nobody is there to hear it.
        """
        body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        header = _HEADER.pack(_MAGIC, len(body))
        try:
            if descriptor is not None:
                socket.send_fds(self._socket, [header], [descriptor])
                self._socket.sendall(body)
            else:
                self._socket.sendall(header + body)
        except OSError as error:
            raise ClosedError(str(error)) from error

    def read(self) -> bool:
        """Take in what has come, without waiting; returns False if nothing more will."""
        if self._closed:
            return False
        try:
            # Not `socket.recv_fds`: it passes no flags on (CPython 3.13), and so waits.
            data, beside, _flags, _address = self._socket.recvmsg(_PIECE, _BESIDE, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            data, beside = b"", []
        for level, kind, packed in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors = array.array("i")
                descriptors.frombytes(packed[: len(packed) - len(packed) % descriptors.itemsize])
                self._descriptors.extend(descriptors)
        if not data:
            self._closed = True
            return False
        self._bytes += data
        self._split()
        return not self._closed

    def next(self) -> Any:
        """The next message that has come whole; None if there is none."""
        return self._messages.popleft() if self._messages else None

    def receive(self, patience: float | None = None) -> Any:
        """Wait for the next message, `patience` seconds; None waits for as long as the other end is there.

        Raises:
            ClosedError: It has closed.
            SilentError: Nothing has come in time.
        """
        until = None if patience is None else time.monotonic() + patience
        while not self._messages:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise SilentError
            waiting = select.poll()
            waiting.register(self._socket, select.POLLIN)
            if (
                waiting.poll(None if left is None else math.ceil(left * 1_000))
                and not self.read()
                and not self._messages
            ):
                raise ClosedError
        return self.next()

    def descriptor(self) -> int:
        """The descriptor that came beside the message that was received last."""
        return self._descriptors.popleft()

    def close(self) -> None:
        """Close this end, and the descriptors that came and were not asked for."""
        while self._descriptors:
            os.close(self._descriptors.popleft())
        with contextlib.suppress(OSError):
            self._socket.close()

    def _split(self) -> None:
        while len(self._bytes) >= _HEADER.size:
            magic, size = _HEADER.unpack_from(self._bytes)
            if magic != _MAGIC or size > _MOST:
                self._closed = True  # a handler has written here
                return
            end = _HEADER.size + size
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_HEADER.size : end])
            del self._bytes[:end]
            try:
                self._messages.append(pickle.loads(body))  # noqa: S301  # from a process of ours
            except Exception:  # noqa: BLE001  # whatever a message made of other bytes does
                self._closed = True
                return


OURS: set[Channel] = set()
"""The ends that this process holds: a fork of it closes them, so that nobody else keeps a connection open."""
