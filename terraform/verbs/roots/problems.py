"""What Terraform and the clouds' programs say when they fail, as the line that a person needs and the next command."""

import re
from dataclasses import dataclass

from cli.console import clean_text

MAX_SHOWN = 300  # characters of the program's own words
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # Terraform underlines in a pipe, too
_LOCK_ID = re.compile(r"\bID:\s+([0-9a-zA-Z-]{8,})")
_LOCK_WHO = re.compile(r"\bWho:\s+(\S+)")
_LOCK_MADE = re.compile(r"\bCreated:\s+(\S+)")


@dataclass(frozen=True)
class Problem:
    """A kind of failure: by which words it is known, what it means, and the next command."""

    kind: str
    pattern: str
    meaning: str
    command: str


PROBLEMS = (
    Problem(
        "lock",
        r"Error acquiring the state lock|ConditionalCheckFailed|Error locking state",
        "another run holds the state's lock, or one that was killed left it",
        "look whether that run is alive; if it is not: terraform -chdir=terraform/{cloud} force-unlock {lock}",
    ),
    Problem(
        "expired credentials",
        r"ExpiredToken|token (?:included in the request )?(?:is|has) expired|RequestExpired|Token has expired"
        r"|invalid_grant|Reauthentication",
        "the credentials have run out",
        "{login}",
    ),
    Problem(
        "no credentials",
        r"No valid credential sources|Unable to locate credentials|could not find default credentials"
        r"|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|You do not currently have an active"
        r"|NoCredentials|InvalidAccessKeyId|AuthFailure",
        "there are no credentials that the cloud takes",
        "{login}",
    ),
    Problem(
        "missing backend",
        r"NoSuchBucket|S3 bucket .* does not exist|storage: bucket doesn't exist|bucket does not exist",
        "the bucket of the remote state is not there",
        "make it once: terraform -chdir=terraform/state/{cloud} init && terraform -chdir=terraform/state/{cloud} apply",
    ),
    Problem(
        "no rights",
        r"AccessDenied|UnauthorizedOperation|is not authorized to perform|PERMISSION_DENIED"
        r"|Required '[\w.]+' permission|AuthorizationError|403 Forbidden|googleapi: Error 403(?!.*quota)",
        "this identity may not do that, or it is another account's",
        "{whoami}; expected the account of this environment",
    ),
    Problem(
        "quota",
        r"LimitExceeded|VcpuLimitExceeded|AddressLimitExceeded|quota|QUOTA_EXCEEDED|TooManyBuckets",
        "the account's quota is used up",
        "{quota}; then run the same command again: it goes on where it stopped",
    ),
    Problem(
        "unsupported version",
        r"[Uu]nsupported Kubernetes (?:minor )?version|unsupported version|not a valid (?:master|cluster) version"
        r"|Nodegroup version|Unsupported Kubernetes minor version update",
        "the cloud does not take this version of Kubernetes, or the step to it",
        "{versions}; one minor version at a time, previous_kubernetes_version names what runs",
    ),
    Problem(
        "name taken",
        r"AlreadyExists|already exists|BucketAlreadyOwnedByYou|ResourceInUse|already in use"
        r"|EntityAlreadyExists|alreadyExists|Error 409",
        "a name is taken: by another environment, or by an apply that stopped before it wrote its state",
        "if it is this environment's: terraform -chdir=terraform/{cloud} import ADDRESS ID; else choose another `name`",
    ),
    Problem(
        "held",
        r"DependencyViolation|has dependencies and cannot be deleted|resourceInUseByAnother|is already being used by",
        "something that Terraform did not make holds it",
        "make cloud-destroy CLOUD={cloud} ENV={environment}, which names it",
    ),
    Problem(
        "protected",
        r"is protected, nothing was destroyed|deletion_protection|DeletionProtection|deletion protection",
        "it is protected",
        'set deletion_protection = false (in prod also confirm_unprotected = "prod"), apply, then destroy',
    ),
    Problem(
        "not initialised",
        r"Backend initialization required|Missing backend configuration|Please run \"terraform init\""
        r"|Module not installed|Required plugins are not installed|Inconsistent dependency lock file",
        "the root is not initialised",
        "terraform -chdir=terraform/{cloud} init -backend-config=envs/{environment}.backend.hcl",
    ),
    Problem(
        "unreachable",
        r"no such host|connection refused|Could not connect to the endpoint|i/o timeout|dial tcp|Unable to connect"
        r"|context deadline exceeded|Network is unreachable",
        "an address did not answer",
        "look at the network, a proxy or VPN, and run the same command again: it goes on where it stopped",
    ),
)
CLOUD_COMMANDS = {
    "eks": {
        "login": "aws sso login (or AWS_PROFILE=…), then `aws sts get-caller-identity`",
        "whoami": "aws sts get-caller-identity",
        "quota": "aws service-quotas list-service-quotas --service-code ec2 (or eks, vpc, elasticloadbalancing)",
        "versions": "aws eks describe-cluster-versions",
    },
    "gke": {
        "login": "gcloud auth application-default login, then `gcloud auth list`",
        "whoami": "gcloud auth list && gcloud config get project",
        "quota": "gcloud compute regions describe REGION --format='table(quotas.metric,quotas.limit,quotas.usage)'",
        "versions": "gcloud container get-server-config --region REGION",
    },
}


def explain_failure(text: str, cloud: str, environment: str) -> str:
    """One line: what it means, the program's own words, the next command; the words alone where it is none of ours."""
    plain = " ".join(re.sub(r"[│╷╵]", " ", _COLOUR.sub("", text)).split())
    words = clean_text(plain.partition("Error: ")[2] or plain, MAX_SHOWN)
    problem = find_problem(plain)
    if problem is None:
        return words
    details = {
        **CLOUD_COMMANDS[cloud],
        "cloud": cloud,
        "environment": environment,
        "lock": _find(_LOCK_ID, plain, "ID"),
    }
    meaning = problem.meaning
    if problem.kind == "lock" and (who := _find(_LOCK_WHO, plain, "")):
        meaning += f" ({who} since {_find(_LOCK_MADE, plain, 'a time that it does not say')})"
    return f"{meaning}: {words}; next: {problem.command.format(**details)}"


def find_problem(text: str) -> Problem | None:
    return next((problem for problem in PROBLEMS if re.search(problem.pattern, text)), None)


def _find(pattern: re.Pattern[str], text: str, otherwise: str) -> str:
    return found[1] if (found := pattern.search(text)) else otherwise
