"""The durable functions of a template: found, configured as they would be deployed, and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable_conformance import CannotRunError
from durable_conformance.commands import ACCOUNT, SamFunction, Settings, durable_functions, planned, project_file
from durable_conformance.subject import pattern_names
from tests.conformance.command_line import DurableAi, command_line

ROOT = Path(__file__).parents[2]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: test}
  Secret: {Type: String}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
Mappings:
  Sizes: {test: {Size: 3}, live: {Size: 30}}
Conditions:
  Live: !Equals [!Ref Stage, live]
  Testing: !Not [!Condition Live]
Globals:
  Function:
    Runtime: python3.13
    CodeUri: code/
    Environment:
      Variables: {SHARED: all, OWN: shared}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub "orders-${Stage}"}
  Topic: {Type: AWS::SNS::Topic}
  OrderFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: src/app.handler
      DurableConfig: {ExecutionTimeout: 60}
      Environment:
        Variables:
          OWN: 1
          FLAG: true
          TABLE: !Ref Orders
          TABLE_ARN: !GetAtt Orders.Arn
          TOPIC: !Ref Topic
          SECRET: !Ref Secret
          ZONES: !Join ["-", !Ref Zones]
          SECOND: !Select [1, !Ref Zones]
          SIZE: !FindInMap [Sizes, !Ref Stage, Size]
          URL: !Sub
            - "https://${Host}/${!Literal}/${Topic.TopicName}/${AWS::Region}"
            - Host: !If [Live, live.example, !Sub "${Stage}.example"]
          GONE: !If [Live, x, !Ref "AWS::NoValue"]
          ELSEWHERE: !ImportValue other-stack
          BROKEN: !GetAtt Nowhere.Arn
          DATE: 2026-11-28
  OrderRefundFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: refund.handler
      DurableConfig: {ExecutionTimeout: 60}
      Layers: [!Ref Shared]
  Image:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      DurableConfig: {ExecutionTimeout: 60}
  OtherLanguage:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs24.x
      Handler: index.handler
      Code: {S3Bucket: b, S3Key: k}
      DurableConfig: {ExecutionTimeout: 60}
  OnlyLive:
    Type: AWS::Serverless::Function
    Condition: Live
    Properties:
      Handler: live.handler
      DurableConfig: {ExecutionTimeout: 60}
  Ordinary:
    Type: AWS::Serverless::Function
    Properties: {Handler: ordinary.handler}
"""
APP = """
import os
from aws_durable_execution_sdk_python import durable_execution
from shared import price

@durable_execution
def handler(event, context):
    return context.step(lambda _: price(event["order"]) and os.environ["TABLE"], "pay")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("code/src", "events"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "code" / "src" / "app.py").write_text(APP)
    (tmp_path / "code" / "shared.py").write_text("def price(order): return 12 * order")
    for name in ("order", "Order-big", "order_refund", "unrelated"):
        (tmp_path / "events" / f"{name}.json").write_text('{"order": 7}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


@pytest.fixture
def functions(project: Path) -> dict[str, SamFunction]:
    return {one.logical_id: one for one in durable_functions(Path("template.yaml"))}


def test_functions_are_durable_and_deployed(functions: dict[str, SamFunction]) -> None:
    assert list(functions) == ["OrderFunction", "OrderRefundFunction", "Image", "OtherLanguage"]
    assert functions["OrderFunction"].handler == "src.app:handler"
    assert functions["OrderRefundFunction"].not_checked == ("layers are not there: Shared",)
    assert functions["Image"].cannot == "its code is an image"
    assert functions["OtherLanguage"].cannot == "its runtime is nodejs24.x"


def test_variables_are_what_a_deployment_would_make_of_them(functions: dict[str, SamFunction]) -> None:
    assert functions["OrderRefundFunction"].environment == {"SHARED": "all", "OWN": "shared"}
    assert functions["OrderFunction"].environment == {
        "SHARED": "all",
        "OWN": "1",
        "FLAG": "true",
        "TABLE": "orders-test",
        "TABLE_ARN": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders-test",
        "TOPIC": f"arn:aws:sns:us-east-1:{ACCOUNT}:Topic",
        "SECRET": "secret",
        "ZONES": "a-b",
        "SECOND": "b",
        "SIZE": "3",
        "URL": "https://test.example/${Literal}/Topic/us-east-1",
        "ELSEWHERE": "other-stack",
        "BROKEN": "Nowhere.Arn",
        "DATE": "2026-11-28",
    }


def titles(**typed: str) -> list[str]:
    checks = planned(
        None,
        Settings.model_validate(typed),
        project_file(Path.cwd()),
        template=Path("template.yaml"),
        function=None,
        events=(),
    )
    return [one.title for one in checks]


def test_each_function_gets_the_events_that_bear_its_name(project: Path) -> None:
    assert titles() == ["OrderFunction, Order-big.json", "OrderFunction, order.json", *list(titles())[2:]]
    assert titles()[2:] == ["OrderRefundFunction", "Image", "OtherLanguage"]
    (project / "template.yaml").write_text(
        "Resources: {One: {Type: AWS::Serverless::Function, Properties: {DurableConfig: {}, Handler: a.b, CodeUri: .}}}"
    )
    assert len(titles()) == 4, "the only function is what every event is for"


def test_a_table_says_more_about_a_function_of_its_name(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.durable-ai]\ntemplate = "template.yaml"\nfunction = "OrderFunction"\n'
        'handlers.OrderFunction = { events = [{ order = 1 }], env = { OWN = "table" } }\n'
    )
    (check,) = planned(None, Settings(), project_file(project), template=None, function=None, events=())
    assert (check.title, check.event.value) == ("OrderFunction", {"order": 1})
    assert check.scenario.environment["OWN"] == "table"
    assert check.scenario.environment["SHARED"] == "all"


def test_a_function_is_imported_from_its_folder_and_checked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "check", "--template", "template.yaml", "--no-other-sandboxes", "--exit-first"
    output = command_line(capsys)(*command, "--function", "OrderFunction", "--event", '{"order": 7}')
    assert (output.code, output.err) == (0, "")
    assert "conforms: 6 crash points" in output.out
    assert "undisturbed" not in output.out


def test_an_execution_that_the_service_would_end_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "code" / "refund.py").write_text(
        "from aws_durable_execution_sdk_python import durable_execution\n"
        "from aws_durable_execution_sdk_python.config import Duration\n"
        "@durable_execution\n"
        "def handler(event, context):\n"
        "    context.wait(Duration.from_seconds(61), 'settle')\n"
    )
    command = "check", "--template", "template.yaml", "--no-other-sandboxes", "--function", "OrderRefundFunction"
    output = command_line(capsys)(*command)
    assert output.code == 2
    assert "undisturbed, it takes 61 s, and its ExecutionTimeout of 60 s ends it" in " ".join(output.out.split())
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("ExecutionTimeout: 60", "ExecutionTimeout: 61"))
    assert command_line(capsys)(*command).code == 0


def test_a_callback_that_outlasts_its_execution_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = project / "code" / "refund.py"
    handler.write_text(
        "from aws_durable_execution_sdk_python import durable_execution\n"
        "from aws_durable_execution_sdk_python.config import CallbackConfig, Duration\n"
        "@durable_execution\n"
        "def handler(event, context):\n"
        "    return context.create_callback('ok', CallbackConfig(timeout=Duration.from_seconds(60))).result()\n"
    )
    command = "check", "--template", "template.yaml", "--no-other-sandboxes", "--function", "OrderRefundFunction"
    output = command_line(capsys)(*command)
    assert output.code == 0
    told = " ".join(output.out.replace("│", " ").split())
    assert "warning: budget: have the callback time out before the execution does" in told
    assert "refund.py:5" in told
    handler.write_text(handler.read_text().replace("from_seconds(60)", "from_seconds(9)"))
    assert "warning" not in command_line(capsys)(*command).out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "Cannot read the template"),
        ("a: 1", "has no Resources"),
        ("Resources: {}", "has no durable function"),
    ],
)
def test_what_is_no_template_is_told(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "template.yaml").write_text(text)
    with pytest.raises(CannotRunError, match=problem):
        durable_functions(tmp_path / "template.yaml")
    with pytest.raises(CannotRunError, match="Cannot read the template"):
        durable_functions(tmp_path / "gone.yaml")


def test_a_function_that_is_not_there_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = command_line(capsys)("check", "--template", "template.yaml", "--function", "Gone")
    assert output.code == 2
    assert "has no durable function 'Gone'; it has OrderFunction, " in " ".join(output.err.split())


def test_a_property_that_comes_to_no_value_is_none(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        """\
Conditions:
  Traced: !Equals [a, b]
Resources:
  Plain:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: .
      Layers: !If [Traced, [arn], !Ref AWS::NoValue]
      Environment: !If [Traced, !Ref AWS::NoValue, {Variables: {TABLE: orders}}]
      DurableConfig: !If [Traced, !Ref AWS::NoValue, {ExecutionTimeout: 60}]
  Undurable:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: .
      DurableConfig: !If [Traced, {ExecutionTimeout: 60}, !Ref AWS::NoValue]
"""
    )
    (found,) = durable_functions(tmp_path / "template.yaml")
    assert (found.logical_id, found.not_checked, found.cannot) == ("Plain", (), "")
    assert (dict(found.environment), found.execution_timeout) == ({"TABLE": "orders"}, 60)


def test_this_projects_own_template_is_one(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = durable_functions(ROOT / "template.yaml")
    assert sorted(one.handler for one in found) == [f"patterns.{name}:handler" for name in pattern_names()]
    assert not any(one.cannot or one.not_checked for one in found)
    assert all("MODEL_SMALL" in one.environment for one in found)
    durable_ai: DurableAi = command_line(capsys)
    command = "check", "--template", "template.yaml", "--function", "PromptChainingFunction", "--no-other-sandboxes"
    output = durable_ai(*command)
    assert (output.code, output.err) == (0, "")
