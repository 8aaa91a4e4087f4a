"""Golden histories of the seven patterns: `durable-ai replay` replays them on today's code.

`python -m tests.histories` records them from the catalogue of scenarios, and those in `tests/bad_histories`, which
today's code must not replay, from the older versions in `tests.histories.older`. It writes only what has changed.
"""
