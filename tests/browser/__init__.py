"""The HTML report in a browser: `tox -e browser`."""
