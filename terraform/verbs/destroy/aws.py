"""What the controllers of an EKS cluster made in AWS, by the aws command line.

The network is the cluster's own, so whatever stands in it and is not Terraform's was made by a controller or by hand; a
volume stands in no network and is known by its tags.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cli.errors import OutsideError
from terraform.verbs.destroy.leftovers import Leftover
from terraform.verbs.outside_programs import ProgramResult, run_program
from terraform.verbs.roots.problems import explain_failure
from terraform.verbs.roots.state import ClusterPlace

MAX_TAGGED = 20  # load balancers whose tags one call returns
CSI_TAG = "CSIVolumeName"  # on all that the EBS driver made, of any cluster
MAKERS = {  # by a tag whose value says for what it was made; the first that is there
    "ingress.k8s.aws/stack": "the AWS Load Balancer Controller for Ingress",
    "service.k8s.aws/stack": "the AWS Load Balancer Controller for Service",
    "kubernetes.io/service-name": "the cloud controller for Service",
    "kubernetes.io/created-for/pvc/name": "the EBS driver for claim",
    "CSIVolumeName": "the EBS driver for volume",
    "elbv2.k8s.aws/cluster": "the AWS Load Balancer Controller of cluster",
    "eks:eks-cluster-name": "EKS Auto Mode of cluster",
}
DESCRIPTIONS = {  # by how a description begins
    "ELB ": "the load balancer {}",
    "aws-K8S-": "the VPC CNI of a node that is gone",
    "Amazon EKS": "EKS, which removes it some minutes after its cluster",
}
LIVING = "Name=instance-state-name,Values=pending,running,stopping,stopped"


class Aws:
    """One cluster's account and region; `managed` are the ids that Terraform's state holds."""

    def __init__(self, place: ClusterPlace, managed: frozenset[str]) -> None:
        self.place = place
        self.managed = managed

    def check_identity(self) -> str:
        """Raises: OutsideError."""
        found = self._query("sts", "get-caller-identity")
        return f"{found.get('Arn')} in account {found.get('Account')}"

    def has_cluster(self) -> bool:
        """Raises: OutsideError."""
        done = self._run("eks", "describe-cluster", "--name", self.place.name)
        if done.code and "ResourceNotFound" not in done.reason:
            raise OutsideError(f"aws eks describe-cluster: {self._explain(done)}")
        return done.code == 0

    def list_leftovers(self, is_destroyed: bool) -> list[Leftover]:
        """In the order in which they can be removed.

        Raises: OutsideError.
        """
        found = [*self._list_volumes()]
        if self.place.network:
            balancers = [*self._list_balancers(), *self._list_classic_balancers()]
            instances = [*self._list_instances()] if is_destroyed else []
            groups = [*self._list_target_groups()]
            found = [
                *balancers,
                *instances,
                *groups,
                *self._list_interfaces(is_destroyed),
                *self._list_groups(),
                *found,
            ]
        return [*found, *(self._list_log_groups() if is_destroyed else ())]

    def _list_balancers(self) -> Iterator[Leftover]:
        found = [
            one
            for one in self._query("elbv2", "describe-load-balancers")["LoadBalancers"]
            if one.get("VpcId") == self.place.network and one["LoadBalancerArn"] not in self.managed
        ]
        tags = self._read_balancer_tags([one["LoadBalancerArn"] for one in found])
        for one in found:
            arn = one["LoadBalancerArn"]
            yield self._name(
                "load balancer", arn, tags.get(arn, {}), f"elbv2 delete-load-balancer --load-balancer-arn {arn}"
            )

    def _read_balancer_tags(self, arns: list[str]) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = {}
        for start in range(0, len(arns), MAX_TAGGED):
            some = self._query("elbv2", "describe-tags", "--resource-arns", *arns[start : start + MAX_TAGGED])
            tags |= {one["ResourceArn"]: read_tags(one) for one in some["TagDescriptions"]}
        return tags

    def _list_classic_balancers(self) -> Iterator[Leftover]:
        for one in self._query("elb", "describe-load-balancers")["LoadBalancerDescriptions"]:
            name = one["LoadBalancerName"]
            if one.get("VPCId") == self.place.network and name not in self.managed:
                tags = self._query("elb", "describe-tags", "--load-balancer-names", name)["TagDescriptions"]
                given = read_tags(tags[0]) if tags else {}
                yield self._name("load balancer", name, given, f"elb delete-load-balancer --load-balancer-name {name}")

    def _list_target_groups(self) -> Iterator[Leftover]:
        for one in self._query("elbv2", "describe-target-groups")["TargetGroups"]:
            arn = one["TargetGroupArn"]
            if one.get("VpcId") == self.place.network and arn not in self.managed:
                yield self._name("target group", arn, {}, f"elbv2 delete-target-group --target-group-arn {arn}")

    def _list_interfaces(self, is_destroyed: bool) -> Iterator[Leftover]:
        """While the cluster stands, those of nodes, EKS, NAT and endpoints go with what they belong to."""
        for one in self._query("ec2", "describe-network-interfaces", "--filters", self._in_network)[
            "NetworkInterfaces"
        ]:
            number, description = one["NetworkInterfaceId"], one.get("Description", "")
            is_left = description.startswith("ELB ") or (
                one.get("Status") == "available" and description.startswith(("aws-K8S-", "ELB"))
            )
            if number not in self.managed and (is_left or is_destroyed):
                command = f"ec2 delete-network-interface --network-interface-id {number}"
                yield self._name("network interface", number, read_tags(one), command, description)

    def _list_groups(self) -> Iterator[Leftover]:
        """EKS's own group of the cluster goes with the cluster."""
        for one in self._query("ec2", "describe-security-groups", "--filters", self._in_network)["SecurityGroups"]:
            number, name, tags = one["GroupId"], one["GroupName"], read_tags(one)
            is_own = name.startswith(f"eks-cluster-sg-{self.place.name}-") or "aws:eks:cluster-name" in tags
            if number not in self.managed and name != "default" and not is_own:
                yield self._name("security group", number, tags, f"ec2 delete-security-group --group-id {number}", name)

    def _list_instances(self) -> Iterator[Leftover]:
        for held in self._query("ec2", "describe-instances", "--filters", self._in_network, LIVING)["Reservations"]:
            for one in held["Instances"]:
                number = one["InstanceId"]
                yield self._name("instance", number, read_tags(one), f"ec2 terminate-instances --instance-ids {number}")

    def _list_volumes(self) -> Iterator[Leftover]:
        for one in self._query("ec2", "describe-volumes", "--filters", f"Name=tag-key,Values={CSI_TAG}")["Volumes"]:
            number, tags = one["VolumeId"], read_tags(one)
            if self._is_of_cluster(tags) and number not in self.managed:
                yield self._name("volume", number, tags, f"ec2 delete-volume --volume-id {number}")

    def _list_log_groups(self) -> Iterator[Leftover]:
        """A control plane that ends writes its last lines after its group was deleted, and makes the group again."""
        prefix = f"/aws/eks/{self.place.name}/"
        for one in self._query("logs", "describe-log-groups", "--log-group-name-prefix", prefix)["logGroups"]:
            name = one["logGroupName"]
            yield Leftover(
                "log group",
                name,
                "EKS's control plane",
                self._command(f"logs delete-log-group --log-group-name {name}"),
            )

    @property
    def _in_network(self) -> str:
        return f"Name=vpc-id,Values={self.place.network}"

    def _is_of_cluster(self, tags: Mapping[str, str]) -> bool:
        name = self.place.name
        return f"kubernetes.io/cluster/{name}" in tags or name in (
            tags.get("KubernetesCluster"),
            tags.get("eks:eks-cluster-name"),
        )

    def _name(self, kind: str, number: str, tags: Mapping[str, str], command: str, words: str = "") -> Leftover:
        return Leftover(kind, number, name_maker(tags, words), self._command(command))

    def _command(self, command: str) -> str:
        return f"aws --region {self.place.region} {command}"

    def _run(self, *arguments: str) -> ProgramResult:
        return run_program("aws", "--region", self.place.region, "--output", "json", *arguments)

    def _query(self, *arguments: str) -> Any:
        done = self._run(*arguments)
        if done.code:
            raise OutsideError(f"aws {' '.join(arguments[:2])}: {self._explain(done)}")
        return json.loads(done.out)

    def _explain(self, done: ProgramResult) -> str:
        return explain_failure(done.reason, self.place.cloud, self.place.environment)


def read_tags(thing: Mapping[str, Any]) -> dict[str, str]:
    """A thing's tags as a mapping; the services write the list under one of three names."""
    entries = thing.get("Tags") or thing.get("TagSet") or thing.get("tags") or []
    return {entry["Key"]: entry.get("Value", "") for entry in entries}


def name_maker(tags: Mapping[str, str], words: str = "") -> str:
    """By the tags that each controller gives to what it makes, or else by its description or name."""
    for tag, maker in MAKERS.items():
        if tag in tags:
            namespace = tags.get("kubernetes.io/created-for/pvc/namespace")
            return f"{maker} {f'{namespace}/' if namespace and maker.endswith('claim') else ''}{tags[tag]}"
    for start, maker in DESCRIPTIONS.items():
        if words.startswith(start):
            return maker.format(words.removeprefix(start))
    return f"something that is not Terraform ({words})" if words else "something that is not Terraform"
