"""Executions that began on an older durable SDK, and go on on this one.

`tox -e older-sdk` runs patterns on the oldest SDK of the major before, in an environment of its own, exports what its
local runner kept, and replays that here. `histories/` holds what it recorded; the suite replays these, too.
"""
