"""Tests of cassettes: played, recorded, and as files."""
