"""The deployment template held against the code, and what SAM builds from it: `tox -e template`."""
