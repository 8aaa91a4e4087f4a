"""A rule is added as CONTRIBUTING.md says: that operations are not called as if somebody shouted."""

from __future__ import annotations

from pathlib import Path

from tests.guides.guide import Copy, follow

RULE = '''
"""How operations are called."""

from __future__ import annotations

from collections.abc import Iterable

from durable_conformance import Finding
from durable_conformance.execution import Run
from durable_conformance.rules import Rule, finding

LOUDNESS = Rule(
    "loudness",
    breaks_it="an operation is called in capitals",
    matters="whoever reads the history is shouted at",
    remedy="write its name in small letters",
)


def loudness(run: Run, crash: str) -> Iterable[Finding]:
    """Each operation that shouts."""
    for operation in run.operations:
        name = operation.path.rpartition(":")[2]
        if name.isupper():
            yield finding(LOUDNESS, operation.path, crash, expected=name.lower(), actual=name)
'''

TEST = """

def test_loudness() -> None:
    assert found(loudness.loudness(run(operations=(step("/1:ASK"),)), CRASH)) == [("loudness", "/1:ASK")]
    assert found(loudness.loudness(run(operations=(step("/1:ask"),)), CRASH)) == []
"""

BROKEN = '''
"""Handlers that shout."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution

from tests.conformance.corpus.entry import Shelf

SHELF = Shelf()


def shouting(name: str) -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "done", name)

    return handler


@SHELF.broken("loudness")
def one_word() -> object:
    return shouting("SAVE")


@SHELF.broken("loudness")
def two_words() -> object:
    return shouting("SAVE-IT")


@SHELF.broken("loudness")
def three_words() -> object:
    return shouting("SAVE-IT-NOW")
'''

PAGE = """# loudness

An operation is called in capitals.

## Why it breaks

Nobody reads it.

## Broken

```python
from aws_durable_execution_sdk_python import durable_execution


@durable_execution
def handler(event, context):
    return context.step(lambda _: "done", "SAVE")
```

## Mended

```python
from aws_durable_execution_sdk_python import durable_execution


@durable_execution
def handler(event, context):
    return context.step(lambda _: "done", "save")
```

## In production

It hurts the eyes.
"""

CORRECT = """

@SHELF.correct()
def a_name_that_begins_with_a_capital() -> object:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> str:
        return context.step(lambda _: "done", "Save")

    return handler
"""


def written(copy: Copy) -> None:
    copy.write("durable_conformance/rules/loudness.py", RULE)
    copy.append("tests/conformance/test_rules.py", TEST)
    copy.insert(
        "tests/conformance/test_rules.py",
        "from durable_conformance.rules import (",
        "from durable_conformance.rules import loudness\n",
    )


def named_and_broken(copy: Copy) -> None:
    judge = "durable_conformance/rules/judge.py"
    copy.insert(judge, "model_faults, side_effects, stability\n", "loudness, ")
    copy.insert(judge, "    side_effects.outside_any_step,\n)", "    loudness.loudness,\n")
    copy.insert(judge, ')\n"""The rules that', "    loudness.LOUDNESS,\n")
    corpus = "tests/conformance/corpus"
    copy.write(f"{corpus}/broken_loudness.py", BROKEN)
    copy.insert(
        f"{corpus}/__init__.py",
        "from tests.conformance.corpus.entry",
        f"from {corpus.replace('/', '.')} import broken_loudness\n",
    )
    copy.insert(f"{corpus}/__init__.py", "}\nCORRECT", '    "loudness": broken_loudness.SHELF,\n')
    copy.append(f"{corpus}/correct_values.py", CORRECT)


def told(copy: Copy) -> None:
    row = "| [`loudness`](rules/loudness.md) | an operation is called in capitals |\n"
    copy.insert("docs/check.md", "| `upgrade` |", row)
    copy.write("docs/rules/loudness.md", PAGE)
    *_, counted = copy.run("python -m tests.conformance.one_run").stdout.splitlines()
    copy.put_right("README.md", r"^one run finds .*$", counted)


def test_a_rule_is_added_as_the_list_says(tmp_path: Path) -> None:
    follow("Add a rule", Copy.made(tmp_path, "loudness"), {1: written, 2: named_and_broken, 3: told})
