"""AWS on loopback with the things that a cluster's controllers make: load balancers, groups, interfaces, volumes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
NAME = "lathe-test"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_MAX_ATTEMPTS": "1",
}


@dataclass(frozen=True)
class MotoCloud:
    """One account with a network and a cluster."""

    address: str
    network: str
    subnets: tuple[str, str]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, "AWS_ENDPOINT_URL": self.address}

    def add_balancer(self, stack: str) -> str:
        """As the AWS Load Balancer Controller makes one for an Ingress; its ARN."""
        tags = [{"Key": "elbv2.k8s.aws/cluster", "Value": NAME}, {"Key": "ingress.k8s.aws/stack", "Value": stack}]
        balancers = self.client("elbv2")
        made = balancers.create_load_balancer(Name=stack.replace("/", "-"), Subnets=list(self.subnets), Tags=tags)
        balancers.create_target_group(
            Name=f"tg-{stack.replace('/', '-')}", Protocol="HTTP", Port=80, VpcId=self.network, TargetType="ip"
        )
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def remove_balancers(self) -> None:
        """As the controller does when its object is deleted."""
        balancers = self.client("elbv2")
        for one in balancers.describe_load_balancers()["LoadBalancers"]:
            balancers.delete_load_balancer(LoadBalancerArn=one["LoadBalancerArn"])
        for one in balancers.describe_target_groups()["TargetGroups"]:
            balancers.delete_target_group(TargetGroupArn=one["TargetGroupArn"])

    def add_group(self, name: str) -> str:
        made = self.client("ec2").create_security_group(
            GroupName=name, Description="of a load balancer", VpcId=self.network
        )
        return str(made["GroupId"])

    def add_interface(self, description: str) -> str:
        made = self.client("ec2").create_network_interface(SubnetId=self.subnets[0], Description=description)
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def add_volume(self, claim: str) -> str:
        space, _, name = claim.partition("/")
        tags = {
            f"kubernetes.io/cluster/{NAME}": "owned",
            "CSIVolumeName": "pvc-1",
            "kubernetes.io/created-for/pvc/namespace": space,
            "kubernetes.io/created-for/pvc/name": name,
        }
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        made = self.client("ec2").create_volume(
            AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": listed}]
        )
        return str(made["VolumeId"])

    def remove_volumes(self) -> None:
        ec2 = self.client("ec2")
        for one in ec2.describe_volumes()["Volumes"]:
            ec2.delete_volume(VolumeId=one["VolumeId"])

    def add_cluster(self) -> None:
        self.client("eks").create_cluster(
            name=NAME,
            roleArn="arn:aws:iam::123456789012:role/cluster",
            resourcesVpcConfig={"subnetIds": list(self.subnets)},
        )

    def remove_network(self) -> None:
        """As a finished destroy leaves it."""
        ec2 = self.client("ec2")
        for subnet in self.subnets:
            ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=self.network)


@contextmanager
def run_moto_cloud(port: int) -> Iterator[MotoCloud]:
    """An empty account, then a network of two zones in it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    try:
        empty = MotoCloud(address, "", ("", ""))
        ec2 = empty.client("ec2")
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        yield MotoCloud(address, network, (subnets[0], subnets[1]))
    finally:
        httpx.post(f"{address}/moto-api/reset")  # the account is this process': the next test starts from nothing
        server.stop()
