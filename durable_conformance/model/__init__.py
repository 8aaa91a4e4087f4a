"""Where model calls leave a handler.

A tap stands where a library's calls leave the handler, and translates them: `provider_tap` for the project's own
`ModelProvider`, `boto_tap` for boto3. What passes a tap is a `Question`, or an `AwsQuestion`; what the run keeps of it
is a `ModelCall`, or an `AwsCall`. Whoever answers models is a `Source`. Nothing here imports `providers` before a
`ModelProvider` is at play.
"""

from durable_conformance.model.aws_answers import AwsResponse as AwsResponse
from durable_conformance.model.aws_answers import GivenAnswers as GivenAnswers
from durable_conformance.model.aws_answers import aws_error as aws_error
from durable_conformance.model.bedrock import CODES as CODES
from durable_conformance.model.bedrock import Reply as Reply
from durable_conformance.model.boto_tap import BedrockQuestion as BedrockQuestion
from durable_conformance.model.boto_tap import install_boto_tap as install_boto_tap
from durable_conformance.model.boto_tap import passing_through as passing_through
from durable_conformance.model.boto_tap import tap_clients as tap_clients
from durable_conformance.model.boto_tap import tapping as tapping
from durable_conformance.model.call import ANSWERED as ANSWERED
from durable_conformance.model.call import DIED as DIED
from durable_conformance.model.call import TAG as TAG
from durable_conformance.model.call import Answer as Answer
from durable_conformance.model.call import AnsweredBy as AnsweredBy
from durable_conformance.model.call import AwsCall as AwsCall
from durable_conformance.model.call import Call as Call
from durable_conformance.model.call import Failure as Failure
from durable_conformance.model.call import FaultKind as FaultKind
from durable_conformance.model.call import ModelCall as ModelCall
from durable_conformance.model.call import ModelFault as ModelFault
from durable_conformance.model.call import Request as Request
from durable_conformance.model.call import comparable as comparable
from durable_conformance.model.call import tag as tag
from durable_conformance.model.call import untagged as untagged
from durable_conformance.model.provider_tap import ProviderSource as ProviderSource
from durable_conformance.model.provider_tap import ProviderTap as ProviderTap
from durable_conformance.model.provider_tap import failure_of as failure_of
from durable_conformance.model.provider_tap import from_script as from_script
from durable_conformance.model.provider_tap import from_script_value as from_script_value
from durable_conformance.model.provider_tap import request_of as request_of
from durable_conformance.model.provider_tap import response_of as response_of
from durable_conformance.model.provider_tap import scripted as scripted
from durable_conformance.model.provider_tap import text_answer as text_answer
from durable_conformance.model.provider_tap import whole_answer as whole_answer
from durable_conformance.model.scan import masked as masked
from durable_conformance.model.scan import secrets_in as secrets_in
from durable_conformance.model.scan import withheld as withheld
from durable_conformance.model.sources import ScenarioSource as ScenarioSource
from durable_conformance.model.sources import question_of as question_of
from durable_conformance.model.tap import Asking as Asking
from durable_conformance.model.tap import AwsQuestion as AwsQuestion
from durable_conformance.model.tap import Gate as Gate
from durable_conformance.model.tap import Question as Question
from durable_conformance.model.tap import Source as Source
