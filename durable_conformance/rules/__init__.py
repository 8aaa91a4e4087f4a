"""What must hold for a durable handler: a file for each group of rules, and the judge that holds runs against them.

A rule about one run looks at that run alone; a rule about two compares an interrupted run with the baseline, both in
their normal form.
"""

from durable_conformance.choices import Severity as Severity
from durable_conformance.execution import EXECUTION as EXECUTION
from durable_conformance.rules import budget as budget
from durable_conformance.rules import calls as calls
from durable_conformance.rules import endings as endings
from durable_conformance.rules import model_faults as model_faults
from durable_conformance.rules import side_effects as side_effects
from durable_conformance.rules import stability as stability
from durable_conformance.rules.budget import MAX_TIMEOUT_SECONDS as MAX_TIMEOUT_SECONDS
from durable_conformance.rules.budget import timed_out as timed_out
from durable_conformance.rules.causes import besides as besides
from durable_conformance.rules.causes import cause_of as cause_of
from durable_conformance.rules.causes import nothing_depended_on as nothing_depended_on
from durable_conformance.rules.endings import SUSPENSION as SUSPENSION
from durable_conformance.rules.findings import Cause as Cause
from durable_conformance.rules.findings import Deed as Deed
from durable_conformance.rules.findings import FileCoverage as FileCoverage
from durable_conformance.rules.findings import FileLines as FileLines
from durable_conformance.rules.findings import Finding as Finding
from durable_conformance.rules.findings import NotMade as NotMade
from durable_conformance.rules.findings import Piece as Piece
from durable_conformance.rules.findings import Report as Report
from durable_conformance.rules.findings import Rule as Rule
from durable_conformance.rules.findings import Told as Told
from durable_conformance.rules.findings import Unused as Unused
from durable_conformance.rules.findings import finding as finding
from durable_conformance.rules.findings import joined as joined
from durable_conformance.rules.generated import Generated as Generated
from durable_conformance.rules.generated import MadeUp as MadeUp
from durable_conformance.rules.joining import concluded as concluded
from durable_conformance.rules.joining import in_words as in_words
from durable_conformance.rules.joining import of_every_way as of_every_way
from durable_conformance.rules.judge import NAMES as NAMES
from durable_conformance.rules.judge import PAIR_RULES as PAIR_RULES
from durable_conformance.rules.judge import RULES as RULES
from durable_conformance.rules.judge import RUN_RULES as RUN_RULES
from durable_conformance.rules.judge import differences as differences
from durable_conformance.rules.judge import extrapolated as extrapolated
from durable_conformance.rules.judge import judged_alone as judged_alone
from durable_conformance.rules.model_faults import every_aws_error as every_aws_error
from durable_conformance.rules.model_faults import every_error as every_error
from durable_conformance.rules.model_faults import exhaustion as exhaustion
from durable_conformance.rules.model_faults import passing_error as passing_error
from durable_conformance.rules.model_faults import permanent_error as permanent_error
from durable_conformance.rules.model_faults import same_attempts as same_attempts
from durable_conformance.rules.normal_form import Canonical as Canonical
from durable_conformance.rules.normal_form import canonical as canonical
from durable_conformance.rules.stability import COMPLETION_ORDER as COMPLETION_ORDER
from durable_conformance.rules.stability import ENVIRONMENT as ENVIRONMENT
from durable_conformance.rules.stability import GUIDE as GUIDE
from durable_conformance.rules.stability import NO_INVOCATION_STATE as NO_INVOCATION_STATE
from durable_conformance.rules.stability import NONDETERMINISM as NONDETERMINISM
from durable_conformance.rules.stability import REQUEST_STABILITY as REQUEST_STABILITY
from durable_conformance.rules.stability import difference as difference
from durable_conformance.rules.stability import history_stability as history_stability
from durable_conformance.rules.stability import replay_identity as replay_identity
from durable_conformance.rules.stability import request_stability as request_stability
from durable_conformance.rules.stability import result_stability as result_stability
