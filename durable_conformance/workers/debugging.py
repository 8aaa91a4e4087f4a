"""A debugger in the process that makes an execution, on the terminal of the one that was asked for it."""

from __future__ import annotations

import bdb
import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from durable_conformance.errors import CannotRunError

_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Breakpoint:
    """Where an execution stops, and where its debugger is talked to."""

    file: str  # absolute
    line: int
    terminal: tuple[str, str]  # the files that stand for the standard input and output of who asks

    @classmethod
    def here(cls, file: Path, line: int) -> Breakpoint:
        """One whose debugger is talked to over this process's standard input and output.

        Raises:
            CannotRunError: Other processes cannot find these.
        """
        if _DESCRIPTORS.is_dir():
            process = os.getpid()
            return cls(str(file.absolute()), line, (f"/proc/{process}/fd/0", f"/proc/{process}/fd/1"))
        try:
            return cls(str(file.absolute()), line, (os.ttyname(0), os.ttyname(1)))
        except OSError as error:
            raise CannotRunError("--pdb needs a terminal: standard input or output is none.") from error


def _debugger(stdin: TextIO, stdout: TextIO) -> bdb.Bdb:
    import pdb  # noqa: PLC0415, T100  # for who asks; it loads readline, which changes how any process asks at a terminal

    class _Debugger(pdb.Pdb):
        """Ends its process where a person leaves it: an exception would be the handler's, and be retried."""

        def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
            super().__init__(stdin=stdin, stdout=stdout, nosigint=True)
            self.prompt = "(durable-ai) "

        def do_quit(self, arg: str) -> bool | None:  # noqa: ARG002  # as pdb calls it
            self.stdout.flush()
            os._exit(0)

        do_q = do_exit = do_EOF = do_quit  # noqa: N815  # as pdb names them

    return _Debugger(stdin, stdout)


@contextlib.contextmanager
def stopping_at(breakpoint_: Breakpoint | None) -> Iterator[None]:
    """In here, whatever thread comes to the line stops there. None stops nowhere."""
    if breakpoint_ is None:
        yield
        return
    asked, said = breakpoint_.terminal
    with Path(asked).open(encoding="utf-8") as stdin, Path(said).open("a", encoding="utf-8") as stdout:
        debugger = _debugger(stdin, stdout)
        debugger.set_break(breakpoint_.file, breakpoint_.line)
        debugger.reset()
        debugger.botframe = sys._getframe()  # noqa: SLF001  # documented; the frame to go on to, so that none is stopped in
        debugger.set_continue()
        threading.settrace(debugger.trace_dispatch)
        sys.settrace(debugger.trace_dispatch)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)
