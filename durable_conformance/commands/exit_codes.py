"""What the commands' exit codes mean, besides 0."""

FINDINGS = 1
"""Something was found."""

FAILED = 1
"""An execution that was to succeed did not."""

CANNOT_RUN = 2
"""Something could not be run: the command as a whole, or a part of what it was to do."""

INTERRUPTED = 130
"""Ctrl-C has ended it, as shells have it."""
