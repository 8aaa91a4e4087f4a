"""Follows the lists of CONTRIBUTING.md to the letter, each in a copy of the repository: `tox -e guides`.

A step is what a person writes, which stands here, and the commands that show it done, which are read from the list.
"""
