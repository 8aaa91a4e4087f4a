"""Durable handlers as others write them: boto3 and the durable SDK alone. What must be said stands above each.

They are plain on purpose, and untyped: `durable-ai check tests/conformance/as_found/own_clients.py:in_a_class` works.
"""
