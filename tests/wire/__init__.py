"""Durable functions served on this machine over real HTTP, each invocation in a process that can really be killed.

The testing SDK's HTTP runner keeps the executions; one HTTP front stands before it and is Lambda to both sides: it runs
handlers on the built artifact, and it is where checkpoints can be lost and processes killed. Models answer over HTTP.
`python -m tests.wire` serves it to other programs; `tests/e2e` and `tests/cloud` use it.
"""
