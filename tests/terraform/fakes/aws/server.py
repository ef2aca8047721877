"""One address for all of AWS: each request goes to EKS here, or to moto after what AWS would refuse is refused."""

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from tests.terraform.fakes.aws.dependencies import Network
from tests.terraform.fakes.aws.eks.api import Eks
from tests.terraform.fakes.aws.moto_gaps import close_gaps
from tests.terraform.fakes.aws.options import Options
from tests.terraform.fakes.aws.refusals import RefusedError, render_refusal

Environment = dict[str, Any]  # of WSGI
Application = Callable[[Environment, Any], Iterable[bytes]]


@dataclass(frozen=True)
class Signature:
    """What a request's signature says; empty where it has none."""

    access_key: str = ""
    region: str = ""
    service: str = ""


def make_application(options: Options) -> Application:
    """moto reads the account from the environment, at the first request."""
    os.environ |= {"MOTO_ACCOUNT_ID": options.account, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    close_gaps()
    eks, moto = Eks(options), DomainDispatcherApplication(create_backend_app)

    def answer(environment: Environment, start: Any) -> Iterable[bytes]:
        signature = read_signature(environment)
        try:
            check_access_key(options, signature)
            if signature.service == "eks":
                return answer_eks(eks, signature.region, environment)(environment, start)
            if signature.service == "ec2":
                given = read_form(environment)
                Network(options, signature.region).check(given.get("Action", ""), given)
            answered: Iterable[bytes] = moto(environment, start)
            return answered
        except RefusedError as refusal:
            return render_refusal(signature.service, refusal)(environment, start)

    return answer


def read_signature(environment: Environment) -> Signature:
    """From the header, or from the address where that is signed."""
    text = environment.get("HTTP_AUTHORIZATION", "") or unquote(environment.get("QUERY_STRING", ""))
    found = re.search(r"Credential=([^/,&]+)/\d+/([^/]+)/([^/]+)/aws4_request", text)
    return Signature(*found.groups()) if found else Signature()


def check_access_key(options: Options, signature: Signature) -> None:
    """Raises: RefusedError for another key than the one that is let in."""
    if options.access_key in (None, signature.access_key) or not signature.service:
        return
    text = "The security token included in the request is invalid."
    match signature.service:
        case "s3":
            missing = "The AWS Access Key Id you provided does not exist in our records."
            raise RefusedError("InvalidAccessKeyId", missing, 403)
        case "ec2":
            raise RefusedError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
        case "sts" | "iam" | "rds" | "elasticloadbalancing":
            raise RefusedError("InvalidClientTokenId", text, 403)
    raise RefusedError("UnrecognizedClientException", text, 403)


def read_form(environment: Environment) -> dict[str, str]:
    """The parameters of a request to EC2, whose body is put back for moto."""
    body = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
    environment["wsgi.input"] = BytesIO(body)
    return {key: values[0] for key, values in parse_qs(body.decode()).items()}


def answer_eks(eks: Eks, region: str, environment: Environment) -> Response:
    """Raises: RefusedError."""
    request = Request(environment)
    url = urlsplit(environment.get("RAW_URI") or environment["REQUEST_URI"])
    parts = [unquote(part) for part in url.path.strip("/").split("/")]
    body = request.get_json(silent=True) or {}
    try:
        answered = eks.handle(region, request.method, parts, body, parse_qs(url.query))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # clients repeat a request that is answered by 500, for minutes
        text = f"this fake of EKS failed at {request.method} {url.path}: {error!r}"
        raise RefusedError("InvalidRequestException", text) from error
    return Response(json.dumps(answered), content_type="application/json")
