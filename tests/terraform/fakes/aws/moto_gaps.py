"""What moto 5.2.5 takes but does not give back, so that a second plan would find a difference.

Each patch is a method of moto's that is called as before; a method that moto renames fails here at the start.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from moto.budgets.responses import BudgetsResponse
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.iam.access_control import PermissionResult
from moto.rds.models import DBParameterGroup, RDSBackend
from moto.s3.models import FakeBucket


def close_gaps() -> None:
    """Patches moto in this process, once."""
    _keep_subscribers_and_tags_of_budgets()
    _keep_parameters_and_insights_of_databases()
    _keep_tags_of_launch_templates_apart()
    _remove_interfaces_of_nat_gateways()
    _read_policies_of_log_buckets()
    rule: Any = SecurityGroupRule
    rule.description = property(
        lambda one: one.ip_range.get("Description") or (one.source_group or {}).get("Description")
    )


def _keep_subscribers_and_tags_of_budgets() -> None:
    tags: dict[str, dict[str, str]] = {}
    create = BudgetsResponse.create_budget

    def create_budget(self: Any) -> str:
        given = self._get_param("ResourceTags") or []
        name = f"budget/{self._get_param('Budget')['BudgetName']}"
        tags[name] = {tag["Key"]: tag["Value"] for tag in given}
        return create(self)

    def describe_subscribers(self: Any) -> str:
        kind = self._get_param("Notification")["NotificationType"]
        budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
        found = [one.subscribers for one in budget.notifications if one.details["NotificationType"] == kind]
        return json.dumps({"Subscribers": found[0] if found else []})

    def list_tags(self: Any) -> str:
        known = tags.get(self._get_param("ResourceARN").split(":")[-1], {})
        return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in known.items()]})

    BudgetsResponse.create_budget = create_budget  # type: ignore[method-assign]
    BudgetsResponse.describe_subscribers_for_notification = describe_subscribers  # type: ignore[attr-defined]
    BudgetsResponse.list_tags_for_resource = list_tags  # type: ignore[attr-defined]


def _keep_parameters_and_insights_of_databases() -> None:
    update, create = DBParameterGroup.update_parameters, RDSBackend.create_db_instance

    def update_parameters(self: Any, parameters: list[dict[str, Any]]) -> None:
        update(self, [{**parameter, "Source": "user"} for parameter in parameters])

    def create_db_instance(self: Any, arguments: dict[str, Any]) -> Any:
        database: Any = create(self, arguments)
        database.performance_insights_enabled = arguments.get("enable_performance_insights", False)
        database.performance_insights_kms_key_id = arguments.get("performance_insights_kms_key_id")
        return database

    DBParameterGroup.update_parameters = update_parameters  # type: ignore[assignment, method-assign]
    RDSBackend.create_db_instance = create_db_instance  # type: ignore[assignment, method-assign]


def _keep_tags_of_launch_templates_apart() -> None:
    create = LaunchTemplate.create_version

    def create_version(self: Any, data: dict[str, Any], description: str) -> Any:
        specifications = data.get("TagSpecifications", [])
        kept = [one for one in specifications if one["ResourceType"] != "launch-template"]
        return create(self, {**data, "TagSpecifications": kept}, description)

    LaunchTemplate.create_version = create_version  # type: ignore[method-assign]


def _remove_interfaces_of_nat_gateways() -> None:
    delete = NatGatewayBackend.delete_nat_gateway

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        gateway = delete(self, nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway

    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway  # type: ignore[method-assign]


def _read_policies_of_log_buckets() -> None:
    """moto takes the bucket's whole or the very prefix, AWS any pattern that covers it."""

    def covers(statement: dict[str, Any], name: str) -> bool:
        principal = statement["Principal"]
        return (
            statement["Effect"] == "Allow"
            and isinstance(principal, dict)
            and principal.get("Service") == "logging.s3.amazonaws.com"
            and "s3:PutObject" in statement["Action"]
            and fnmatchcase(name, statement["Resource"])
        )

    def may_log(target_bucket: Any, target_prefix: str | None) -> bool:
        name = f"arn:aws:s3:::{target_bucket.name}/{target_prefix or ''}log"
        statements = json.loads(target_bucket.policy or '{"Statement": []}')["Statement"]
        return any(covers(statement, name) for statement in statements)

    bucket: Any = FakeBucket
    bucket._log_permissions_enabled_policy = staticmethod(may_log)
    # moto judges without conditions: a Deny of what comes without TLS would refuse everybody
    bucket.get_permission = lambda *_: PermissionResult.NEUTRAL
