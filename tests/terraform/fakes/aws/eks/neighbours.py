"""What EKS looks up in the rest of AWS before it takes a request: roles, subnets, keys, launch templates."""

import json
from collections.abc import Sequence
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from tests.terraform.fakes.aws.refusals import RefusedError

ZONES_OF_A_CLUSTER = 2


class Neighbours:
    """One account's EC2, IAM and KMS in one region."""

    def __init__(self, account: str, region: str) -> None:
        self.ec2: Any = ec2_backends[account][region]
        self.iam: Any = iam_backends[account]["aws"]
        self.kms: Any = kms_backends[account][region]

    def check_role(self, arn: str, service: str) -> None:
        """Raises: RefusedError unless the role is there and trusts the service."""
        roles = [role for role in self.iam.roles.values() if role.arn == arn]
        trusted = [
            name
            for role in roles
            for statement in json.loads(role.assume_role_policy_document)["Statement"]
            for name in as_list(statement.get("Principal", {}).get("Service", []))
        ]
        if service not in trusted:
            text = (
                f"Role with arn: {arn}, could not be assumed because it does not exist "
                "or the trusted entity is not correct"
            )
            raise RefusedError("InvalidParameterException", text)

    def check_principal(self, arn: str) -> None:
        """Raises: RefusedError unless this account has the role or user."""
        if arn not in {one.arn for one in (*self.iam.roles.values(), *self.iam.users.values())}:
            raise RefusedError("InvalidParameterException", "The specified principalArn is invalid: invalid principal.")

    def find_network(self, subnets: Sequence[str]) -> str:
        """The VPC of a cluster's subnets.

        Raises: RefusedError unless they are there, in one VPC and in two zones at least.
        """
        found = self.find_subnets(subnets)
        if len({subnet.availability_zone for subnet in found}) < ZONES_OF_A_CLUSTER:
            raise RefusedError("InvalidParameterException", "Subnets specified must be in at least two different AZs")
        networks = {subnet.vpc_id for subnet in found}
        if len(networks) > 1:
            raise RefusedError("InvalidParameterException", "Subnets must be in the same VPC")
        return str(networks.pop())

    def find_subnets(self, subnets: Sequence[str]) -> list[Any]:
        """Raises: RefusedError for one that is not there."""
        try:
            return [self.ec2.get_subnet(subnet) for subnet in subnets]
        except EC2ClientError as error:
            raise RefusedError("InvalidParameterException", str(error.message)) from error

    def check_key(self, arn: str) -> None:
        """Raises: RefusedError unless the key is there and enabled."""
        keys = [key for key in self.kms.keys.values() if key.arn == arn]
        if not keys or keys[0].key_state != "Enabled":
            raise RefusedError("InvalidParameterException", f"The keyArn in encryptionConfig provider {arn} is invalid")

    def find_template(self, number: str) -> str:
        """A launch template's name.

        Raises: RefusedError where it is not there.
        """
        try:
            return str(self.ec2.get_launch_template(number).name)
        except (EC2ClientError, KeyError) as error:
            text = f"Launch template {number} not found. Make sure that it exists."
            raise RefusedError("InvalidRequestException", text) from error

    def make_cluster_group(self, cluster: str, vpc: str, number: str) -> str:
        """The security group that EKS makes for a cluster and its nodes."""
        name = f"eks-cluster-sg-{cluster}-{number}"
        tags = {f"kubernetes.io/cluster/{cluster}": "owned"}
        return str(self.ec2.create_security_group(name, "EKS created security group", vpc, tags=tags).id)

    def remove_cluster_group(self, group: str, users: Sequence[str]) -> None:
        """EKS leaves it behind where something still uses it."""
        if not users:
            self.ec2.delete_security_group(group_id=group)


def as_list(value: Any) -> list[Any]:
    """What a policy may write alone or as a list."""
    return value if isinstance(value, list) else [value]
