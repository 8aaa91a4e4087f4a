"""The template deployed whole, as a stranger would: with SAM, to an emulator of AWS that was not written for it.

`tox -e stranger` installs MiniStack, starts it on the loopback interface, and has SAM build and deploy `template.yaml`
to it as `docs/deploy.md` says. Nothing is invoked. What the emulator refuses or forgets is listed in `left_out.py`, and
tests hold the list: they fail when more is missing, and when something no longer is.
"""
