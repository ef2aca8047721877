"""How AWS refuses: a code, a text, and a form that differs between its protocols."""

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

QUERY = ("iam", "sts", "rds", "elasticloadbalancing", "autoscaling", "cloudformation")


@dataclass
class RefusedError(Exception):
    """`code` is AWS's own, such as DependencyViolation."""

    code: str
    text: str
    status: int = 400


def render_refusal(service: str, refusal: RefusedError) -> Response:
    """`service` as a request's signature names it: ec2, sts, s3, eks, …"""
    code, text = escape(refusal.code), escape(refusal.text)
    if service == "ec2":
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors></Response>"
    elif service == "s3":
        body = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    elif service in QUERY:
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
    else:
        body = json.dumps({"__type": refusal.code, "message": refusal.text})
        return Response(body, refusal.status, {"x-amzn-ErrorType": refusal.code}, content_type="application/json")
    return Response(body, refusal.status, content_type="text/xml")
