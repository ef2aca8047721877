"""What EC2 refuses where moto does not: to take away what is in use, and to make more than the quota.

Load balancers, network interfaces and security groups that a cluster's controllers made are in no Terraform state, and
hold the network for ever: here they do too.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from tests.terraform.fakes.aws.options import QUOTAS, Options
from tests.terraform.fakes.aws.refusals import RefusedError


class Network:
    """One region's network, as EC2 and the load balancers of moto know it."""

    def __init__(self, options: Options, region: str) -> None:
        self.options = options
        self.ec2: Any = ec2_backends[options.account][region]
        self.balancers: list[Any] = list(elbv2_backends[options.account][region].load_balancers.values())
        self.interfaces: list[Any] = list(self.ec2.enis.values())

    def check(self, action: str, given: Mapping[str, str]) -> None:
        """Raises: RefusedError where AWS would refuse this action of EC2."""
        checks: dict[str, Callable[[], Iterator[str]]] = {
            "DeleteVpc": lambda: self.users_of_network(given["VpcId"]),
            "DeleteSubnet": lambda: self.users_of_subnet(given["SubnetId"]),
            "DeleteSecurityGroup": lambda: self.users_of_group(given.get("GroupId", "")),
            "DetachInternetGateway": lambda: self.users_of_gateway(given["VpcId"]),
        }
        if action in checks and (users := list(checks[action]())):
            raise RefusedError("DependencyViolation", f"{explain(action, given)} (in use by {', '.join(users)})")
        self.check_quota(action)

    def users_of_network(self, vpc: str) -> Iterator[str]:
        yield from (one.id for one in self.ec2.describe_subnets(filters={"vpc-id": vpc}))
        yield from (one.id for one in self.interfaces if one.subnet.vpc_id == vpc)
        yield from (one.name for one in self.balancers if one.vpc_id == vpc)
        yield from (one.id for one in self.ec2.groups[vpc].values() if one.name != "default")
        yield from (one.id for one in self.ec2.internet_gateways.values() if one.vpc and one.vpc.id == vpc)

    def users_of_subnet(self, subnet: str) -> Iterator[str]:
        yield from (one.id for one in self.interfaces if one.subnet.id == subnet)
        yield from (one.name for one in self.balancers if subnet in {place.id for place in one.subnets})

    def users_of_group(self, group: str) -> Iterator[str]:
        yield from (one.id for one in self.interfaces if group in {held.id for held in one.group_set})
        yield from (one.name for one in self.balancers if group in (one.security_groups or []))
        for groups in self.ec2.groups.values():
            for other in groups.values():
                rules = [*other.ingress_rules, *other.egress_rules]
                if other.id != group and any(mentions(rule, group) for rule in rules):
                    yield other.id

    def users_of_gateway(self, vpc: str) -> Iterator[str]:
        gateways = self.ec2.nat_gateways.values()
        yield from (one.id for one in gateways if one.vpc_id == vpc and one.state != "deleted")
        yield from (one.name for one in self.balancers if one.vpc_id == vpc and one.scheme != "internal")

    def check_quota(self, action: str) -> None:
        kinds = {"CreateVpc": "vpc", "AllocateAddress": "address", "CreateNatGateway": "nat-gateway"}
        kind = kinds.get(action)
        if kind is None or kind not in self.options.quotas:
            return
        there = {
            "vpc": self.ec2.vpcs,
            "address": self.ec2.addresses,
            "nat-gateway": [one for one in self.ec2.nat_gateways.values() if one.state != "deleted"],
        }[kind]
        if len(there) >= self.options.quotas[kind]:
            raise RefusedError(QUOTAS[kind], f"The maximum number of {kind}s has been reached.")


def mentions(rule: Any, group: str) -> bool:
    """Whether a security group's rule lets another group in."""
    return (rule.source_group or {}).get("GroupId") == group


def explain(action: str, given: Mapping[str, str]) -> str:
    """As EC2 puts it."""
    match action:
        case "DeleteVpc":
            return f"The vpc '{given['VpcId']}' has dependencies and cannot be deleted."
        case "DeleteSubnet":
            return f"The subnet '{given['SubnetId']}' has dependencies and cannot be deleted."
        case "DeleteSecurityGroup":
            return f"resource {given.get('GroupId')} has a dependent object"
        case _:
            return (
                f"Network {given['VpcId']} has some mapped public address(es). "
                "Please unmap those public address(es) before detaching the gateway."
            )
