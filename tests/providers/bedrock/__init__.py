"""Tests of the Bedrock provider, over real HTTP to a stand-in."""
