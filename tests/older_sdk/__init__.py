"""Executions that began on an older durable SDK, and go on on this one.

`tox -e older-sdk` runs patterns on the oldest SDK of the major before, in an environment of its own, exports what its
local runner kept, and replays that here. `histories/` holds what it recorded; the suite replays these, too.

What was found on SDK 2.0.0: a subtype that is text, as SDK 3 takes it (`ChildConfig(sub_type="…")`), hangs the
execution for ever. `OperationUpdate.to_dict` reads its `value` (`lambda_service.py:526`), and the checkpoint thread
calls it for the update's size in `_collect_checkpoint_batch` (`state.py:1082`), outside the `try` that tells
those who wait (`state.py:842`). So the thread ends with an `AttributeError` that nobody sees, and the next synchronous
checkpoint waits (`state.py:719`). Members of `OperationSubType` work on both.
"""
