"""What Bedrock's model calls ask and answer, as bytes on the wire and in neutral words. Pure functions, no client.

`asked` reads a request of Converse, ConverseStream, InvokeModel or InvokeModelWithResponseStream. A `Reply` says what
the model answers: `made_up` from the request alone, or `from_answer` what a user gave. `rendered` is the HTTP response
that boto3 parses into that reply, `failed` and `interrupted` are the service's errors.

What a request asks, and what a body looks like, is a matter of the model's *dialect*: one module for each.
"""

from durable_conformance.model.bedrock.asked import Asked as Asked
from durable_conformance.model.bedrock.asked import Tool as Tool
from durable_conformance.model.bedrock.families import OPERATIONS as OPERATIONS
from durable_conformance.model.bedrock.families import asked as asked
from durable_conformance.model.bedrock.families import asked_again as asked_again
from durable_conformance.model.bedrock.families import model_in as model_in
from durable_conformance.model.bedrock.given import from_answer as from_answer
from durable_conformance.model.bedrock.making import made_up as made_up
from durable_conformance.model.bedrock.making import varied as varied
from durable_conformance.model.bedrock.reply import Reply as Reply
from durable_conformance.model.bedrock.reply import ToolUse as ToolUse
from durable_conformance.model.bedrock.wire import CODES as CODES
from durable_conformance.model.bedrock.wire import Wire as Wire
from durable_conformance.model.bedrock.wire import failed as failed
from durable_conformance.model.bedrock.wire import interrupted as interrupted
from durable_conformance.model.bedrock.wire import rendered as rendered
