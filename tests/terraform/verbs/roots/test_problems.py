"""What goes wrong between a person and a cloud, each with the line that they need and the next command."""

import pytest

from terraform.verbs.roots.problems import CLOUD_COMMANDS, PROBLEMS, explain_failure, find_problem

# as Terraform's providers and the clouds' programs print it
WORDS = {
    "lock": (
        "Error: Error acquiring the state lock\n│ Error message: operation error S3: PutObject, "
        "StatusCode: 412, PreconditionFailed\n│ Lock Info:\n│   ID:        6f2a1c3e-11d2\n"
        "│   Who:       ada@laptop\n│   Created:   2026-11-28"
    ),
    "expired credentials": "Error: ExpiredToken: The security token included in the request is expired",
    "no credentials": "Error: No valid credential sources found\n│ Error: failed to refresh cached credentials",
    "missing backend": 'Error: Failed to get existing workspaces: S3 bucket "acme" does not exist.',
    "no rights": "Error: creating EKS Cluster: AccessDeniedException: User: a is not authorized to perform",
    "quota": "Error: creating EC2 EIP: AddressLimitExceeded: The maximum number of addresses has been reached.",
    "unsupported version": "InvalidParameterException: unsupported Kubernetes version 1.31",
    "name taken": "Error: creating S3 Bucket (lathe-test-mlflow): BucketAlreadyExists",
    "held": "Error: deleting EC2 Subnet: DependencyViolation: 'subnet-1' has dependencies and cannot be deleted.",
    "protected": "error: lathe-test is protected, nothing was destroyed: set deletion_protection = false",
    "not initialised": 'Error: Backend initialization required, please run "terraform init"',
    "unreachable": "Error: Get https://eks.eu-central-1.amazonaws.com: dial tcp: lookup: no such host",
}
GOOGLE_WORDS = {
    "no credentials": "Error: google: could not find default credentials. See https://cloud.google.com/docs",
    "quota": "Error: googleapi: Error 403: Quota 'CPUS' exceeded. Limit: 8.0 in region europe-west3., quotaExceeded",
    "no rights": "Error 403: Required 'container.clusters.create' permission for 'projects/acme', forbidden",
    "name taken": "Error: googleapi: Error 409: Already exists: projects/acme/locations/europe-west3/clusters/lathe",
    "held": "Error 400: The network resource 'n' is already being used by 'k8s-fw-a', resourceInUseByAnotherResource",
    "unsupported version": 'Error: googleapi: Error 400: Master version "1.31" is unsupported version.',
}


def test_every_kind_of_problem_has_an_example() -> None:
    assert set(WORDS) == {problem.kind for problem in PROBLEMS}


@pytest.mark.parametrize("kind", WORDS)
def test_what_aws_says_is_known_and_has_a_next_command(kind: str) -> None:
    problem = find_problem(WORDS[kind])
    assert problem is not None
    assert problem.kind == kind
    line = explain_failure(WORDS[kind], "eks", "test")
    assert "\n" not in line
    assert problem.meaning in line
    assert "; next: " in line
    assert "{" not in line.partition("; next: ")[2]


@pytest.mark.parametrize("kind", GOOGLE_WORDS)
def test_what_google_says_is_known_too(kind: str) -> None:
    problem = find_problem(GOOGLE_WORDS[kind])
    assert problem is not None
    assert problem.kind == kind
    assert "aws" not in explain_failure(GOOGLE_WORDS[kind], "gke", "test").partition("; next: ")[2]


def test_a_lock_names_who_holds_it_since_when_and_how_it_is_removed() -> None:
    line = explain_failure(WORDS["lock"], "eks", "prod")
    assert "(ada@laptop since 2026-11-28)" in line
    assert line.endswith("terraform -chdir=terraform/eks force-unlock 6f2a1c3e-11d2")


def test_what_is_none_of_these_is_given_in_its_own_words() -> None:
    assert explain_failure("╷\n│ Error: Invalid for_each argument\n╵", "eks", "test") == "Invalid for_each argument"


def test_both_clouds_have_every_command() -> None:
    assert CLOUD_COMMANDS["eks"].keys() == CLOUD_COMMANDS["gke"].keys()


def test_colours_and_underlines_do_not_hide_what_is_wrong() -> None:
    text = "\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0m\x1b[1mExpired\x1b[4mToken\x1b[0m: the token"
    assert explain_failure(text, "eks", "test").startswith(
        "the credentials have run out: ExpiredToken: the token; next: "
    )
