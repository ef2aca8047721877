"""The AWS on loopback of the rehearsal, with buckets that hold a state.

moto judges a bucket's policy without its conditions, so `Deny` for what comes without TLS would refuse everybody here.
"""

import runpy
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

FAKE = "tests.terraform.fakes.aws"


def judge_nothing(*_: Any) -> Any:
    """As a bucket without a policy."""
    return PermissionResult.NEUTRAL


if __name__ == "__main__":
    FakeBucket.get_permission = judge_nothing  # type: ignore[method-assign, assignment]
    runpy.run_module(FAKE, run_name="__main__")
