"""A fake AWS beside a test, and what is left in it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port

REGION = "eu-central-1"
ROOT = Path(__file__).parents[3]
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
    '"Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}]}'
)


@dataclass(frozen=True)
class FakeCloud:
    """`address` is the one of every service."""

    address: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What Terraform and the AWS CLI need."""
        nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        return {**os.environ, **KEYS, **nothing, "AWS_ENDPOINT_URL": self.address, "AWS_EC2_METADATA_DISABLED": "true"}

    def client(self, service: str, access_key: str = "test") -> Any:
        keys = {"aws_access_key_id": access_key, "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.address, region_name=REGION, **keys)

    def make_role(self, name: str) -> str:
        """The ARN of a role that somebody else made."""
        return str(self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"])

    def list_left(self) -> dict[str, list[str]]:
        """What is still there of all that costs money or holds a name, without what an empty account has."""
        own = [{"Name": "tag:application", "Values": ["lathe"]}]
        ec2, s3, logs = self.client("ec2"), self.client("s3"), self.client("logs")
        gateways = ec2.describe_nat_gateways(Filters=own)["NatGateways"]
        found = {
            "clusters": self.client("eks").list_clusters()["clusters"],
            "networks": [one["VpcId"] for one in ec2.describe_vpcs(Filters=own)["Vpcs"]],
            "addresses": [one["AllocationId"] for one in ec2.describe_addresses()["Addresses"]],
            "gateways": [one["NatGatewayId"] for one in gateways if one["State"] != "deleted"],
            "buckets": [one["Name"] for one in s3.list_buckets()["Buckets"]],
            "images": [one["repositoryName"] for one in self.client("ecr").describe_repositories()["repositories"]],
            "logs": [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]],
            "roles": [one["RoleName"] for one in self.client("iam").list_roles()["Roles"]],
            "databases": self.client("rds").describe_db_instances()["DBInstances"],
        }
        return {kind: names for kind, names in found.items() if names}


@contextmanager
def run_fake(log: Path, *options: str) -> Iterator[FakeCloud]:
    """Serves until the block ends."""
    port = take_free_port()
    command: Sequence[str] = (sys.executable, "-m", "tests.terraform.fakes.aws", "--port", str(port), *options)
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    try:
        cloud = FakeCloud(f"http://127.0.0.1:{port}")
        wait_until(lambda: process.poll() is not None or answers(cloud), "the fake AWS answers")
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield cloud
    finally:
        process.terminate()
        process.wait(LAST_RESORT_SECONDS)


def answers(cloud: FakeCloud) -> bool:
    try:
        return httpx.get(f"{cloud.address}/moto-api/", timeout=LAST_RESORT_SECONDS).is_success
    except httpx.TransportError:
        return False
