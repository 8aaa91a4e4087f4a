"""Tests of the OpenAI provider, over real HTTP to a stand-in."""
