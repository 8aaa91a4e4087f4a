"""Tests of the model layer. The contract holds assertions without being a test module: pytest must be told."""

import pytest

pytest.register_assert_rewrite("tests.providers.contract")
