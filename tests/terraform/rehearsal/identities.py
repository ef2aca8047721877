"""Who a token is of, as EKS decides it: STS says who signed it, the cluster's access entries what that role may do.

python -m tests.terraform.rehearsal.identities --port 21720 --aws http://127.0.0.1:21710 --cluster lathe-test
"""

import argparse
import base64
import json
import re
import urllib.parse
from http.server import ThreadingHTTPServer
from typing import Any

import boto3
import httpx

from tests.harness.loopback import QuietHandler
from tests.patience import LAST_RESORT_SECONDS

REGION = "eu-central-1"
PREFIX = "k8s-aws-v1."
GROUPS = {"AmazonEKSClusterAdminPolicy": ["system:masters"]}


class TokenError(Exception):
    """A token that nobody may come in with."""


def read_role(token: str, aws: str, cluster: str) -> str:
    """The ARN of the role that signed the token; STS answers as the signer's credentials say.

    Raises: TokenError, httpx.HTTPError.
    """
    raw = token.removeprefix(PREFIX)
    url = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode()
    if not token.startswith(PREFIX) or not url.startswith(f"{aws}/"):
        raise TokenError("the token was not signed for this STS")
    signed = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    # moto looks for the signer in a header alone; a presigned address has it in the query
    credential = f"AWS4-HMAC-SHA256 Credential={signed['X-Amz-Credential'][0]}, SignedHeaders=host, Signature=0"
    answer = httpx.get(url, headers={"x-k8s-aws-id": cluster, "Authorization": credential}, timeout=LAST_RESORT_SECONDS)
    found = re.search(r"<Arn>([^<]+)</Arn>", answer.text)
    if not answer.is_success or found is None:
        raise TokenError(f"STS answered {answer.status_code}")
    return re.sub(r":sts:(.*):assumed-role/([^/]+)/.*", r":iam:\1:role/\2", found[1])


def list_groups(eks: Any, cluster: str, role: str) -> list[str]:
    """Raises: the client's ResourceNotFoundException for a role that has no access entry."""
    entry = eks.describe_access_entry(clusterName=cluster, principalArn=role)["accessEntry"]
    policies = eks.list_associated_access_policies(clusterName=cluster, principalArn=role)["associatedAccessPolicies"]
    given = [group for one in policies for group in GROUPS.get(one["policyArn"].rpartition("/")[2], [])]
    return [*entry.get("kubernetesGroups", []), *given]


def review_token(token: str, aws: str, cluster: str) -> dict[str, Any]:
    """The status of a TokenReview; whatever goes wrong lets nobody in."""
    eks = boto3.client(
        "eks", endpoint_url=aws, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )
    try:
        role = read_role(token, aws, cluster)
        return {"authenticated": True, "user": {"username": role, "groups": list_groups(eks, cluster, role)}}
    except (TokenError, ValueError, KeyError, httpx.HTTPError, eks.exceptions.ClientError) as error:
        return {"authenticated": False, "error": str(error)[:200]}


def serve_reviews(port: int, aws: str, cluster: str) -> None:
    class Review(QuietHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = review_token(review["spec"]["token"], aws, cluster)
            answer = {"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status}
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    ThreadingHTTPServer(("127.0.0.1", port), Review).serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.terraform.rehearsal.identities")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--aws", required=True)
    parser.add_argument("--cluster", required=True)
    given = parser.parse_args()
    serve_reviews(given.port, given.aws, given.cluster)
