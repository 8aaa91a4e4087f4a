"""Runs a command that ends when whoever started it does: `python tether.py COMMAND …`.

The command is interrupted, and killed if that does not help, when standard input ends. That is how it is stopped, and
what happens to it when the process at the other end is killed: it cannot be left behind.
"""

import os
import signal
import subprocess
import sys
import threading

PATIENCE_SECONDS = 10
"""How long an interrupted command may take to end."""


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of standard input, then end the process."""
    while os.read(0, 1024):
        pass
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # or the command would ignore it, if we were started so
    tethered = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the command by itself
    threading.Thread(target=end, args=(tethered,), daemon=True).start()
    sys.exit(tethered.wait())
