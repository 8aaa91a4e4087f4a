"""What the simulated service is held against: who else plays the durable service, and what AWS requires of it.

`public_runner` is the testing SDK's own. The requirements are AWS's, for the real service and its SDKs: `requirements`
reads them, `handlers` are what they describe, `holding` runs those and compares their histories, `exceptions` says what
does not hold and why. `tox -e oracle` prints all that.
"""
