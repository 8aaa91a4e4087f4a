"""The seven patterns on another implementation of the durable service: AWS's testing SDK for TypeScript.

What it knows of executions shares no code with the engine's service, nor with the testing SDK for Python. `bridge.cjs`
gives it Python handlers, each invocation in a process that finds only the built artifact; `package-lock.json` pins it.
`tox -e second-service` installs it and runs this folder; without Node, all of it is skipped.
"""
