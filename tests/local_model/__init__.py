"""The seven patterns on a real model of this machine, and killed wherever they can be while it answers.

`python -m tests.local_model` runs it, in an environment that `tox -e local-model` makes: the model is
SmolLM2-135M-Instruct, which a package brings, behind llama-cpp-python's own OpenAI-compatible server. It is small: its
replies are often unusable, and never twice the same.
"""
