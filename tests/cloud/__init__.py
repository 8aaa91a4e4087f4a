"""The catalogue against deployed functions: `tox -e cloud -- --function-prefix STACK`. Never part of another run."""
