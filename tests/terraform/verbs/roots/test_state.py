"""What is read from Terraform's state before anything is done."""

import json
from typing import Any

import pytest

from cli.errors import InputError
from terraform.verbs.roots.state import locate_cluster, parse_state


def write_state(resources: list[dict[str, Any]], outputs: dict[str, Any] | None = None, version: int = 4) -> str:
    values = {name: {"value": value, "type": "string"} for name, value in (outputs or {}).items()}
    return json.dumps({"version": version, "serial": 1, "outputs": values, "resources": resources})


def make_resource(kind: str, name: str = "this", **attributes: Any) -> dict[str, Any]:
    instance = {"schema_version": 0, "attributes": attributes}
    return {"mode": "managed", "type": kind, "name": name, "provider": "p", "instances": [instance]}


def make_guard(value: Any) -> dict[str, Any]:
    return make_resource("terraform_data", "guard", input=value)


@pytest.mark.parametrize(
    ("value", "is_protected"),
    [
        ({"value": {"protected": True, "name": "lathe"}, "type": ["object", {}]}, True),
        ({"value": {"protected": False, "name": "lathe"}, "type": ["object", {}]}, False),
        ({"value": True, "type": "bool"}, True),
        ({"value": "false", "type": "string"}, False),
        (None, True),  # what is not understood is taken for protected
        ({"value": {"name": "lathe"}, "type": ["object", {}]}, True),
    ],
)
def test_the_guard_says_whether_a_destroy_is_refused(value: Any, is_protected: bool) -> None:
    assert parse_state(write_state([make_guard(value)])).is_protected is is_protected


def test_a_state_without_a_guard_says_neither() -> None:
    assert parse_state(write_state([make_resource("aws_vpc", id="vpc-1")])).is_protected is None


def test_a_guard_of_which_no_instance_is_left_is_none() -> None:
    guard = {**make_guard({"value": True}), "instances": []}
    assert parse_state(write_state([guard])).is_protected is None


def test_an_empty_text_is_a_state_of_nothing() -> None:
    state = parse_state("")
    assert state.managed == []
    assert locate_cluster("eks", "test", state) is None


@pytest.mark.parametrize("text", ["not JSON", '{"version": 3}', '{"version": 5}', '{"resources": []}', "[]", "null"])
def test_what_is_no_state_of_this_format_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"state|format"):
        parse_state(text)


def test_a_cluster_is_located_by_the_outputs() -> None:
    names = {"cluster_name": "lathe-test", "region": "eu-central-1", "network": "vpc-1", "kubeconfig": "aws eks"}
    place = locate_cluster("eks", "test", parse_state(write_state([], names)))
    assert place is not None
    assert (place.name, place.region, place.network, place.kubeconfig) == tuple(names.values())


def test_half_an_apply_has_no_outputs_and_is_located_by_its_resources() -> None:
    arn = "arn:aws:eks:eu-central-1:123456789012:cluster/lathe-test"
    resources = [
        make_resource("aws_eks_cluster", name_="x", arn=arn, id="lathe-test"),
        make_resource("aws_vpc", id="vpc-9"),
    ]
    resources[0]["instances"][0]["attributes"]["name"] = "lathe-test"
    place = locate_cluster("eks", "test", parse_state(write_state(resources)))
    assert place is not None
    assert (place.name, place.region, place.network) == ("lathe-test", "eu-central-1", "vpc-9")
    assert place.kubeconfig == "aws eks update-kubeconfig --region eu-central-1 --name lathe-test"


def test_ids_are_those_of_managed_resources_alone() -> None:
    read = {**make_resource("aws_ami", id="ami-1"), "mode": "data"}
    state = parse_state(
        write_state([read, make_resource("aws_lb", id="lb-1", arn="arn:aws:elb"), make_resource("aws_eip")])
    )
    assert state.ids == {"lb-1", "arn:aws:elb"}
