"""Suite 3: child contexts."""

from typing import Any

from aws_durable_execution_sdk_python import DurableContext
from aws_durable_execution_sdk_python.config import ChildConfig

from tests.oracle.handlers.registry import NO_RETRY, SECOND, UPPERCASE, caught, fail, requirement, retrying
from tests.oracle.handlers.step import failing_before

LARGE = 300_000
"""Characters; more than a checkpoint holds."""


@requirement("3-1")
def basic(event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: child.step(lambda _: event))


@requirement("3-2")
def named(event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: child.step(lambda _: event["value"]), name=event["name"])


@requirement("3-3")
def sequential(event: Any, context: DurableContext) -> Any:
    def steps(child: DurableContext) -> Any:
        first = child.step(lambda _: event)
        return child.step(lambda _: first)

    return context.run_in_child_context(steps, name="steps")


@requirement("3-4")
def step_fails(_event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: child.step(fail, config=NO_RETRY), name="failing")


@requirement("3-5")
def error_caught(event: Any, context: DurableContext) -> Any:
    caught(lambda: context.run_in_child_context(lambda child: child.step(fail, config=NO_RETRY)), None)
    return context.step(lambda _: event)


@requirement("3-6")
def nested(event: Any, context: DurableContext) -> Any:
    def outer(child: DurableContext) -> Any:
        child.step(lambda _: event)
        return child.run_in_child_context(lambda inner: inner.step(lambda _: event), name="inner")

    return context.run_in_child_context(outer, name="outer")


@requirement("3-7")
def step_retried(event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(
        lambda child: child.step(failing_before(2, event), config=retrying(2)), name="retrying"
    )


@requirement("3-8")
def step_exhausted(_event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: child.step(fail, config=retrying(2)), name="exhausting")


@requirement("3-9")
def replayed(event: Any, context: DurableContext) -> Any:
    result = basic(event, context)
    context.wait(SECOND)
    return result


@requirement("3-10")
def step_and_wait(event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: _step_and_wait(event, child), name="both")


def _step_and_wait(event: Any, context: DurableContext) -> Any:
    result = context.step(lambda _: event)
    context.wait(SECOND)
    return result


@requirement("3-11")
def large(_event: Any, context: DurableContext) -> Any:
    result = context.run_in_child_context(lambda child: child.step(lambda _: "x") * LARGE, name="large")
    context.wait(SECOND)
    return len(result)


@requirement("3-12", dies="/1:interrupted/1:step")
def interrupted(event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda child: child.step(lambda _: event, name="step"), name="interrupted")


@requirement("3-13")
def wait_inside(event: Any, context: DurableContext) -> Any:
    def wait(child: DurableContext) -> Any:
        child.wait(SECOND)
        return event

    result = context.run_in_child_context(wait, name="waiting")
    return context.step(lambda _: result)


@requirement("3-14")
def custom_serdes(event: Any, context: DurableContext) -> Any:
    config: ChildConfig[Any] = ChildConfig(serdes=UPPERCASE)
    return context.run_in_child_context(lambda child: child.step(lambda _: event), name="upper", config=config)


@requirement("3-15")
def fails_itself(_event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(fail, name="failing")


@requirement("3-16")
def returns_nothing(_event: Any, context: DurableContext) -> Any:
    return context.run_in_child_context(lambda _: None, name="nothing")


@requirement("3-17")
def logs_only(event: Any, context: DurableContext) -> Any:
    def log(child: DurableContext) -> Any:
        child.logger.info("logged %s", event)
        return event

    result = context.run_in_child_context(log, name="logging")
    context.wait(SECOND)
    return result


@requirement("3-18")
def inside_and_after(event: Any, context: DurableContext) -> Any:
    step_and_wait(event, context)
    return _step_and_wait(event, context)
