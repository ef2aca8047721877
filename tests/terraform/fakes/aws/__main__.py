"""Serves AWS on loopback until it is ended.

    python -m tests.terraform.fakes.aws --port 21500
    AWS_ENDPOINT_URL=http://127.0.0.1:21500 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test terraform apply

With `--endpoint` and `--ca` each cluster has the address of a real API server.
"""

import argparse
import base64
from collections.abc import Sequence
from pathlib import Path

from werkzeug.serving import run_simple

from tests.terraform.fakes.aws.options import NO_CERTIFICATE, QUOTAS, Options
from tests.terraform.fakes.aws.server import make_application


def read_quota(text: str) -> tuple[str, int]:
    """`vpc=0` and such."""
    kind, _, most = text.partition("=")
    if kind not in QUOTAS or not most.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r}, expected KIND=NUMBER with one of {', '.join(QUOTAS)}")
    return kind, int(most)


def read_options(arguments: Sequence[str] | None = None) -> tuple[int, Options]:
    """The port, and what this AWS is like."""
    parser = argparse.ArgumentParser(prog="python -m tests.terraform.fakes.aws", description="AWS on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account", default=Options.account, help="number of the account")
    parser.add_argument("--endpoint", help="address of the API server that each cluster has")
    parser.add_argument("--ca", type=Path, help="file with the certificate of that server's authority")
    parser.add_argument("--access-key", help="the one access key that is let in")
    parser.add_argument("--quota", type=read_quota, action="append", default=[], help="KIND=NUMBER, may be repeated")
    given = parser.parse_args(arguments)
    certificate = base64.b64encode(given.ca.read_bytes()).decode() if given.ca else NO_CERTIFICATE
    options = Options(given.account, given.endpoint, certificate, given.access_key, dict(given.quota))
    return given.port, options


if __name__ == "__main__":
    port, options = read_options()
    run_simple("127.0.0.1", port, make_application(options), threaded=True)
