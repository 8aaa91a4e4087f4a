"""Handlers that write files, start processes, or sleep; and their correct twins."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration

from tests.conformance.as_found.says import answered, cannot_run, says, tells


def outside(name):
    """Stands for a file that outlives an invocation, such as one of a mounted file system."""
    return Path(tempfile.gettempdir()) / f"durable-as-found-{name}"


def settled(context):
    context.wait(Duration.from_minutes(5), "settle")
    return context.step(lambda _: "done", "finish")


@tells("side-effects")
@durable_execution
def appends_to_a_file(event, context: DurableContext):
    with open(outside("orders.txt"), "a") as file:
        file.write("order 7\n")
    return settled(context)


@tells("side-effects")
@durable_execution
def writes_by_a_path(event, context: DurableContext):
    outside("event.json").write_text(json.dumps(event))
    return settled(context)


@tells("side-effects", callbacks={"done": answered(None)})
@durable_execution
def writes_the_id_of_a_callback(event, context: DurableContext):
    done = context.create_callback("done", CallbackConfig(timeout=Duration.from_hours(1)))
    with outside("callbacks.txt").open("a") as file:
        print(done.callback_id, file=file)
    return {"done": done.result()}


@tells("side-effects")
@durable_execution
def writes_a_database(event, context: DurableContext):
    with sqlite3.connect(outside("orders.db")) as database:
        database.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER)")
        database.execute("INSERT INTO orders VALUES (7)")
    database.close()
    return settled(context)


@tells("side-effects")
@durable_execution
def copies_a_file(event, context: DurableContext):
    shutil.copy(__file__, outside("copy.py"))
    return settled(context)


@tells("side-effects")
@durable_execution
def makes_and_removes_a_folder(event, context: DurableContext):
    folder = outside("folder")
    folder.mkdir(exist_ok=True)
    shutil.rmtree(folder)
    return settled(context)


@tells("side-effects")
@durable_execution
def starts_a_process(event, context: DurableContext):
    subprocess.run([sys.executable, "-S", "-c", "pass"], check=True)
    return settled(context)


@cannot_run("example.com")
@durable_execution
def fetches_a_page(event, context: DurableContext):
    with urllib.request.urlopen("https://example.com/rates.json") as page:
        rates = json.load(page)
    return context.step(lambda _: rates, "rates")


@cannot_run("example.com", unsure="the step fails six times by the SDK's default retries before the execution does")
@durable_execution
def fetches_a_page_in_a_step(event, context: DurableContext):
    def rates(_):
        with urllib.request.urlopen("https://example.com/rates.json") as page:
            return json.load(page)

    return context.step(rates, "rates")


@says()
@durable_execution
def writes_a_file_in_a_step(event, context: DurableContext):
    context.step(lambda _: outside("report.txt").write_text("nothing new") and None, "report")
    return settled(context)


@says()
@durable_execution
def works_in_a_temporary_folder_within_a_step(event, context: DurableContext):
    def pack(_):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.txt").write_text("a")
            shutil.make_archive(str(Path(folder) / "packed"), "zip", folder, "a.txt")
            return (Path(folder) / "packed.zip").stat().st_size > 0

    return context.step(pack, "pack")


@says()
@durable_execution
def starts_a_process_in_a_step(event, context: DurableContext):
    def version(_):
        return subprocess.run(
            [sys.executable, "-S", "-c", "print(7)"], check=True, capture_output=True, text=True
        ).stdout

    return context.step(version, "version")


@says()
@durable_execution
def reads_a_file_that_is_deployed_with_it(event, context: DurableContext):
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return context.step(lambda _: lines[0], "first-line")


@says()
@durable_execution
def prints_and_logs(event, context: DurableContext):
    print("invoked with", json.dumps(event))
    value = context.step(lambda _: print("in the step") or "done", "work")
    sys.stderr.write(f"result: {value}\n")
    return value


@says()
@durable_execution
def sleeps_in_a_step(event, context: DurableContext):
    return context.step(lambda _: time.sleep(2) or "done", "slow")


@says()
@durable_execution
def polls_with_sleep_in_a_step(event, context: DurableContext):
    def wait_for_it(_):
        began = time.monotonic()
        while time.monotonic() - began < 30:
            time.sleep(5)
        return "ready"

    return context.step(wait_for_it, "poll")


@says()
@durable_execution
def sleeps_on_an_event_loop_in_a_step(event, context: DurableContext):
    async def slow():
        await asyncio.sleep(3)
        return "done"

    return context.step(lambda _: asyncio.run(slow()), "slow")


@says(unsure="billed time is lost at each replay: a warning would be right")
@durable_execution
def sleeps_between_steps(event, context: DurableContext):
    context.step(lambda _: "begun", "begin")
    time.sleep(2)
    return context.step(lambda _: "done", "finish")


@cannot_run("ORDERS_TABLE")
@durable_execution
def needs_a_variable(event, context: DurableContext):
    table = os.environ["ORDERS_TABLE"]
    return context.step(lambda _: f"put into {table}", "put")


@says(environment={"SHOP_TABLE": "orders"})
@durable_execution
def is_given_its_variable(event, context: DurableContext):
    table = os.environ["SHOP_TABLE"]
    return context.step(lambda _: f"put into {table}", "put")


@says("environment", "replay-identity", environment={"SHOP_TABLE": "orders"}, elsewhere=True)
@durable_execution
def is_given_its_variable_and_names_a_step_by_chance(event, context: DurableContext):
    import uuid

    table = os.environ["SHOP_TABLE"]
    context.step(lambda _: f"put into {table}", "put")
    return context.step(lambda _: "x", uuid.uuid4().hex)
