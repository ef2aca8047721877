"""The fake AWS refuses what AWS refuses: a fake that takes everything would prove nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.terraform.eks.fake_cloud import FakeCloud, run_fake
from tests.terraform.fakes.aws.__main__ import read_options

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeCloud]:
    log = tmp_path_factory.mktemp("aws") / "aws.log"
    with run_fake(log, "--quota", "vpc=3", "--quota", "cluster=1", "--access-key", "test") as found:
        yield found


@pytest.fixture(scope="module")
def subnets(cloud: FakeCloud) -> list[str]:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    places = {"eu-central-1a": "10.0.0.0/24", "eu-central-1b": "10.0.1.0/24"}
    return [
        ec2.create_subnet(VpcId=vpc, AvailabilityZone=zone, CidrBlock=cidr)["Subnet"]["SubnetId"]
        for zone, cidr in places.items()
    ]


@pytest.fixture(scope="module")
def role(cloud: FakeCloud) -> str:
    trusted = '"Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"'
    trust = '{"Statement": [{"Effect": "Allow", ' + trusted + "}]}"
    return str(cloud.client("iam").create_role(RoleName="cluster", AssumeRolePolicyDocument=trust)["Role"]["Arn"])


@pytest.fixture(scope="module")
def cluster(cloud: FakeCloud, subnets: list[str], role: str) -> dict[str, Any]:
    settings = {
        "name": "one",
        "version": "1.34",
        "roleArn": role,
        "resourcesVpcConfig": {"subnetIds": subnets},
        "accessConfig": {"authenticationMode": "API"},
        "clientRequestToken": "the-same",
    }
    cloud.client("eks").create_cluster(**settings)
    return settings


def read_code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_a_cluster_moves_by_one_minor_version_and_never_back(cloud: FakeCloud, cluster: dict[str, Any]) -> None:
    eks = cloud.client("eks")
    for version in ("1.36", "1.33", "1.99"):
        with pytest.raises(ClientError, match=r"(?i)unsupported kubernetes"):
            eks.update_cluster_version(name="one", version=version)
    assert eks.describe_cluster(name="one")["cluster"]["version"] == "1.34"


def test_a_request_repeated_with_its_token_is_done_once_and_a_taken_name_is_refused(
    cloud: FakeCloud, cluster: dict[str, Any]
) -> None:
    eks = cloud.client("eks")
    assert eks.create_cluster(**cluster)["cluster"]["name"] == "one"
    with pytest.raises(ClientError) as refused:
        eks.create_cluster(**cluster | {"clientRequestToken": "another"})
    assert read_code(refused) == "ResourceInUseException"


def test_what_eks_looks_up_has_to_be_there(cloud: FakeCloud, cluster: dict[str, Any], subnets: list[str]) -> None:
    eks = cloud.client("eks")
    other = {key: value for key, value in cluster.items() if key != "clientRequestToken"} | {"name": "two"}
    with pytest.raises(ClientError, match="Cluster limit exceeded"):
        eks.create_cluster(**other)
    with pytest.raises(ClientError, match="invalid principal"):
        eks.create_access_entry(clusterName="one", principalArn="arn:aws:iam::123456789012:role/nobody")
    with pytest.raises(ClientError, match="trusted entity is not correct"):
        eks.create_nodegroup(clusterName="one", nodegroupName="base", subnets=subnets, nodeRole=cluster["roleArn"])
    with pytest.raises(ClientError, match="Addon version specified is not supported"):
        eks.create_addon(clusterName="one", addonName="coredns", addonVersion="v1.36.0-eksbuild.1")


def test_what_a_controller_left_holds_subnet_group_and_network(cloud: FakeCloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="k8s-lathe", Description="x")["GroupId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    calls: dict[str, dict[str, str]] = {
        "delete_subnet": {"SubnetId": subnet},
        "delete_security_group": {"GroupId": group},
        "delete_vpc": {"VpcId": vpc},
    }
    for call, given in calls.items():
        with pytest.raises(ClientError) as refused:
            getattr(ec2, call)(**given)
        assert read_code(refused) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)


def test_a_load_balancer_holds_the_gateway_of_its_network(cloud: FakeCloud, subnets: list[str]) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    balancing = cloud.client("elbv2")
    made = balancing.create_load_balancer(Name="k8s-lathe", Subnets=subnets, Type="network")["LoadBalancers"][0]
    with pytest.raises(ClientError, match="mapped public address"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    balancing.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def test_a_full_quota_and_an_unknown_key_are_refused(cloud: FakeCloud, subnets: list[str]) -> None:
    ec2 = cloud.client("ec2")
    while len(ec2.describe_vpcs()["Vpcs"]) < 3:
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
    with pytest.raises(ClientError) as refused:
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
    assert read_code(refused) == "VpcLimitExceeded"
    for service, code in (
        ("sts", "InvalidClientTokenId"),
        ("ec2", "AuthFailure"),
        ("eks", "UnrecognizedClientException"),
    ):
        stranger = cloud.client(service, access_key="somebody")
        calls = {"sts": "get_caller_identity", "ec2": "describe_vpcs", "eks": "list_clusters"}
        with pytest.raises(ClientError) as refused:
            getattr(stranger, calls[service])()
        assert read_code(refused) == code


def test_a_quota_that_is_none_is_refused_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        read_options(["--port", "1", "--quota", "moon=1"])
    assert "'moon=1', expected KIND=NUMBER with one of vpc" in capsys.readouterr().err
    (tmp_path / "ca.pem").write_text("CA", encoding="utf-8")
    options = read_options(["--port", "1", "--endpoint", "https://127.0.0.1:6443", "--ca", str(tmp_path / "ca.pem")])[1]
    assert (options.endpoint, options.certificate) == ("https://127.0.0.1:6443", "Q0E=")
