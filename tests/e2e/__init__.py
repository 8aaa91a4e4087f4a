"""The built artifact over a real wire, its processes killed for real. Run by `tox -e e2e`, not by `tox -e py313`."""
